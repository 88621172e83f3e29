/// @file launch.cu
/// What a call costs that does nothing: for_each_index with an empty kernel, against a bare launch and the wait for an event.
#include "gpu.hpp"

#include <cstddef>

namespace {

namespace tri = trireme;

inline constexpr auto nothing = [](std::size_t) {};
__global__ void empty() {}

void trireme_loop(benchmark::State& state) {
  auto const n = state.range(0);
  gpu::measure(state, [=] { tri::for_each_index(gpu::device(), n, tri::fn<nothing>); });
}
void bare(benchmark::State& state) {
  auto const blocks = static_cast<unsigned>((state.range(0) + 255) / 256);
  auto const done = tri::detail::make_event();
  gpu::measure(state, [&] {
    empty<<<blocks, 256, 0, gpu::stream()>>>();
    gpu::launched();
    gpu::cuda_check(cudaEventRecord(done.get(), gpu::stream()), "cudaEventRecord");
    gpu::cuda_check(cudaEventSynchronize(done.get()), "cudaEventSynchronize");
  });
}
BENCHMARK(trireme_loop)->Name("gpu/empty loop/trireme")->Arg(1)->Arg(1 << 16)->UseRealTime();
BENCHMARK(bare)->Name("gpu/empty loop/bare")->Arg(1)->Arg(1 << 16)->UseRealTime();

} // namespace
