/// @file processes_start.cpp
/// From nothing to the first result of a process_pool, in a program that has no other threads, as Python's in processes.py
/// has none; small, and with 4 GB resident.
#include <trireme/processes/submit.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstring>
#include <optional>
#include <vector>

namespace tri = trireme;

namespace {

inline constexpr auto nothing = [] {};

void start(benchmark::State& state, std::size_t resident) {
  std::vector<char> ballast(resident);
  std::memset(ballast.data(), 1, ballast.size());
  for (auto _ : state) {
    std::optional<tri::process_pool> pool(2);
    tri::submit(*pool, tri::fn<nothing>).get();
    state.PauseTiming();
    pool.reset();
    state.ResumeTiming();
  }
}
void start_small(benchmark::State& state) { start(state, 0); }
void start_large(benchmark::State& state) { start(state, std::size_t{4} << 30); }

} // namespace

BENCHMARK(start_small)->Name("processes/start to first result/trireme")->UseRealTime();
BENCHMARK(start_large)->Name("processes/start to first result, 4 GB resident/trireme")->Iterations(20)->UseRealTime();
