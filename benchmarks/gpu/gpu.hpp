/// @file gpu.hpp
/// What the benchmarks on a GPU share. All times are those of the host's clock, from a call until its result is complete:
/// Trireme's calls return then, and after a peer its stream is waited for.
#pragma once
#include <trireme/cuda.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <stdexcept>
#include <string>

namespace gpu {

namespace tri = trireme;
using tri::detail::cuda_check;

inline tri::cuda_device const& device() {
  static tri::cuda_device const one;
  return one;
}

/// Where peers work: on Trireme's stream, so that nothing but the calls themselves differs.
inline cudaStream_t stream() { return device().context()->compute(); }
inline void wait() { cuda_check(cudaStreamSynchronize(stream()), "cudaStreamSynchronize"); }
inline void launched() { cuda_check(cudaGetLastError(), "a peer's kernel"); }

/// Times f, after a run that opens libraries and makes the clocks rise.
template <class F>
void measure(benchmark::State& state, F const& f) {
  try {
    f();
    for (auto _ : state) f();
  } catch (std::exception const& e) {
    state.SkipWithError(e.what());
  }
}

/// Bytes that each run moves.
inline void bytes(benchmark::State& state, double of_one) {
  state.SetBytesProcessed(static_cast<std::int64_t>(of_one * static_cast<double>(state.iterations())));
}

/// @throws where a peer or Trireme did not compute what the other does.
inline void check_near(double value, double expected, double within) {
  if (!(value > expected - within && value < expected + within))
    throw std::runtime_error("the result is " + std::to_string(value) + ", not " + std::to_string(expected));
}

} // namespace gpu
