/// @file monte_carlo.cu
/// π and a European option by 10¹⁰ samples of floats, against kernels by hand with cuRAND's Philox4x32-10. Those keep sums
/// in double, of values and of their squares, as a mean with its error needs; Trireme's sums have a fixed shape beside.
#include "gpu.hpp"

#include <curand_kernel.h>

#include <cmath>
#include <cstddef>
#include <cstdint>

namespace {

namespace tri = trireme;

constexpr std::size_t samples = 10'000'000'000;

inline constexpr auto in_circle = [](auto& rng) {
  auto x = rng.uniform();
  auto y = rng.uniform();
  return tri::select(x * x + y * y < 1.0f, 4.0f, 0.0f);
};

// S = K = 100, r = 0.05, σ = 0.2, T = 1: log S + (r - σ²/2)·T, σ·√T, and the discount; Black and Scholes say 10.450584.
constexpr float strike = 100, discount = 0.951229425f, log_drifted = 4.635170186f, volatility = 0.2f;
inline constexpr auto call_option = [](auto& rng) {
  constexpr float k = 100, after = 0.951229425f, drifted = 4.635170186f, sigma = 0.2f;
  auto const s = tri::exp(drifted + sigma * rng.normal());
  return after * tri::max(s - k, 0.0f);
};

struct sums {
  double values = 0, squares = 0;
};

/// Adds up what `four(state)` returns for a draw of four numbers, over all threads.
template <class Four>
__global__ void by_hand(Four four, std::uint64_t seed, std::size_t draws, sums* total) {
  std::size_t const thread = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x, threads = std::size_t{gridDim.x} * blockDim.x;
  curandStatePhilox4_32_10_t state;
  curand_init(seed, thread, 0, &state);
  sums mine;
  for (std::size_t i = thread; i < draws; i += threads) {
    auto const part = four(state);
    mine.values += static_cast<double>(part.x);
    mine.squares += static_cast<double>(part.y);
  }
  for (unsigned s = 16; s > 0; s /= 2) {
    mine.values += __shfl_down_sync(~0u, mine.values, s);
    mine.squares += __shfl_down_sync(~0u, mine.squares, s);
  }
  if (threadIdx.x % 32 == 0) {
    atomicAdd(&total->values, mine.values);
    atomicAdd(&total->squares, mine.squares);
  }
}

struct two_points {
  static constexpr std::size_t samples_each = 2;
  __device__ float2 operator()(curandStatePhilox4_32_10_t& state) const {
    float4 const u = curand_uniform4(&state);
    float const a = u.x * u.x + u.y * u.y < 1.0f ? 4.0f : 0.0f, b = u.z * u.z + u.w * u.w < 1.0f ? 4.0f : 0.0f;
    return {a + b, a * a + b * b};
  }
};
struct four_payoffs {
  static constexpr std::size_t samples_each = 4;
  __device__ float2 operator()(curandStatePhilox4_32_10_t& state) const {
    float4 const z = curand_normal4(&state);
    float2 sum{0, 0};
    for (float const n : {z.x, z.y, z.z, z.w}) {
      float const payoff = discount * fmaxf(expf(log_drifted + volatility * n) - strike, 0.0f);
      sum.x += payoff;
      sum.y += payoff * payoff;
    }
    return sum;
  }
};

template <class Four>
void curand(benchmark::State& state, double expected, double within) {
  tri::buffer<sums, tri::cuda_device> total(gpu::device(), 1);
  sums found;
  int threads = 256, per_processor = 0;
  gpu::cuda_check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&per_processor, by_hand<Four>, threads, 0), "occupancy");
  auto const blocks = static_cast<unsigned>(gpu::device().context()->processors()) * static_cast<unsigned>(per_processor);
  gpu::measure(state, [&] {
    gpu::cuda_check(cudaMemsetAsync(total.data(), 0, sizeof(sums), gpu::stream()), "cudaMemsetAsync");
    by_hand<<<blocks, static_cast<unsigned>(threads), 0, gpu::stream()>>>(Four{}, 42, samples / Four::samples_each, total.data());
    gpu::launched();
    gpu::cuda_check(cudaMemcpyAsync(&found, total.data(), sizeof found, cudaMemcpyDeviceToHost, gpu::stream()),
                    "cudaMemcpyAsync");
    gpu::wait();
    gpu::check_near(found.values / static_cast<double>(samples), expected, within);
  });
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(samples));
}

template <class F>
void trireme_of(benchmark::State& state, F const& f, double expected, double within) {
  gpu::measure(state,
               [&] { gpu::check_near(tri::monte_carlo<float>(gpu::device(), samples, f, {.seed = 42}).mean, expected, within); });
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(samples));
}

void pi_trireme(benchmark::State& state) { trireme_of(state, tri::draws<2>(tri::fn<in_circle>), 3.14159265, 1e-3); }
void pi_curand(benchmark::State& state) { curand<two_points>(state, 3.14159265, 1e-3); }
void option_trireme(benchmark::State& state) { trireme_of(state, tri::draws<1>(tri::fn<call_option>), 10.450584, 1e-2); }
void option_curand(benchmark::State& state) { curand<four_payoffs>(state, 10.450584, 1e-2); }
BENCHMARK(pi_trireme)->Name("gpu/pi, 1e10 floats/trireme")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(pi_curand)->Name("gpu/pi, 1e10 floats/curand")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(option_trireme)->Name("gpu/option, 1e10 floats/trireme")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(option_curand)->Name("gpu/option, 1e10 floats/curand")->UseRealTime()->Unit(benchmark::kMillisecond);

} // namespace
