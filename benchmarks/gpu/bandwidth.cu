/// @file bandwidth.cu
/// reduce, transform and a·x+b over 2²⁸ floats that lie on the device, each against a copy on the device that moves as many
/// bytes, and reduce against CUB, which does not promise an order.
#include "gpu.hpp"

#include <cub/device/device_reduce.cuh>

#include <cstddef>
#include <vector>

namespace {

namespace tri = trireme;
using floats = tri::buffer<float, tri::cuda_device>;

constexpr std::size_t n = std::size_t{1} << 28;

inline constexpr auto axpb = [](float a, float b, float x) { return a * x + b; };
inline constexpr auto sum = [](float a, float b) { return a + b; };

/// Three vectors for all of them; made by the first that runs.
floats& vector(int which) {
  static std::vector<floats> all;
  while (all.size() < 3) {
    all.emplace_back(gpu::device(), n);
    gpu::cuda_check(cudaMemsetAsync(all.back().data(), 0, n * sizeof(float), gpu::stream()), "cudaMemsetAsync");
    gpu::wait();
  }
  return all[static_cast<std::size_t>(which)];
}

/// Moves `moved` bytes in all: half of them read, half of them written.
void copy(benchmark::State& state, double moved) {
  gpu::measure(state, [&] {
    // From the front of one to the front of another, and what is more than that to the third.
    auto left = static_cast<std::size_t>(moved / 2);
    for (int to = 1; left > 0; ++to) {
      std::size_t const size = std::min(left, n * sizeof(float));
      gpu::cuda_check(cudaMemcpyAsync(vector(to).data(), vector(0).data(), size, cudaMemcpyDeviceToDevice, gpu::stream()),
                      "cudaMemcpyAsync");
      left -= size;
    }
    gpu::wait();
  });
  gpu::bytes(state, moved);
}

constexpr double moved_by_reduce = n * sizeof(float), moved_by_axpb = 2 * moved_by_reduce, moved_by_sum = 3 * moved_by_reduce;

void reduce_trireme(benchmark::State& state) {
  gpu::measure(state, [] { benchmark::DoNotOptimize(tri::reduce(gpu::device(), vector(0))); });
  gpu::bytes(state, moved_by_reduce);
}
void reduce_cub(benchmark::State& state) {
  std::size_t room_size = 0;
  float* const none = nullptr;
  gpu::cuda_check(cub::DeviceReduce::Sum(nullptr, room_size, none, none, n, gpu::stream()), "cub::DeviceReduce");
  tri::buffer<std::byte, tri::cuda_device> room(gpu::device(), room_size);
  floats result(gpu::device(), 1);
  gpu::measure(state, [&] {
    gpu::cuda_check(cub::DeviceReduce::Sum(room.data(), room_size, vector(0).data(), result.data(), n, gpu::stream()),
                    "cub::DeviceReduce");
    float found = 0;
    gpu::cuda_check(cudaMemcpyAsync(&found, result.data(), sizeof found, cudaMemcpyDeviceToHost, gpu::stream()),
                    "cudaMemcpyAsync");
    gpu::wait();
    benchmark::DoNotOptimize(found);
  });
  gpu::bytes(state, moved_by_reduce);
}
void axpb_trireme(benchmark::State& state) {
  gpu::measure(state, [] { tri::transform(gpu::device(), vector(0), tri::bind_front<axpb>(2.5f, 0.5f), tri::into(vector(1))); });
  gpu::bytes(state, moved_by_axpb);
}
void sum_trireme(benchmark::State& state) {
  gpu::measure(state, [] { tri::transform(gpu::device(), vector(0), vector(1), tri::fn<sum>, tri::into(vector(2))); });
  gpu::bytes(state, moved_by_sum);
}

BENCHMARK(reduce_trireme)->Name("gpu/reduce, 2^28 floats/trireme")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(reduce_cub)->Name("gpu/reduce, 2^28 floats/cub")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(copy, half, moved_by_reduce)
    ->Name("gpu/reduce, 2^28 floats/copy")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);
BENCHMARK(axpb_trireme)->Name("gpu/a·x+b, 2^28 floats/trireme")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(copy, whole, moved_by_axpb)->Name("gpu/a·x+b, 2^28 floats/copy")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(sum_trireme)->Name("gpu/transform x+y, 2^28 floats/trireme")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(copy, more, moved_by_sum)
    ->Name("gpu/transform x+y, 2^28 floats/copy")
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

} // namespace
