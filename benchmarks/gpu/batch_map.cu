/// @file batch_map.cu
/// sin + cos of 4 GB of floats on the host, in batches, against the link: as many bytes from pinned memory to the device and
/// from the device to pinned memory, both at once.
#include "gpu.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace {

namespace tri = trireme;

constexpr std::size_t n = std::size_t{1} << 30, batch = std::size_t{1} << 22, size = n * sizeof(float);

inline constexpr auto sin_plus_cos = [](float x) {
  auto const both = tri::sincos(x);
  return both.sin + both.cos;
};

std::vector<float> const& in() {
  static std::vector<float> const x(n, 0.5f);
  return x;
}
float* pinned_in() {
  static auto const x = [] {
    auto p = tri::detail::make_pinned<float>(n);
    std::copy(in().begin(), in().end(), p.get());
    return p;
  }();
  return x.get();
}

void map(benchmark::State& state, std::span<float const> x) {
  gpu::measure(state, [&] {
    float last = 0;
    tri::batch_map(gpu::device(), x, tri::fn<sin_plus_cos>, [&](std::span<float const> done) { last = done.back(); },
                   {.batch_size = batch});
    gpu::check_near(static_cast<double>(last), 1.357008, 1e-5);
  });
  gpu::bytes(state, 2.0 * size);
}
void pinned(benchmark::State& state) { map(state, {pinned_in(), n}); }
void pageable(benchmark::State& state) { map(state, in()); }

void link(benchmark::State& state) {
  tri::buffer<float, tri::cuda_device> up(gpu::device(), n), down(gpu::device(), n);
  auto const to = tri::detail::make_pinned<float>(n);
  gpu::measure(state, [&] {
    auto const first = gpu::device().upload(pinned_in(), up.data(), size);
    auto const second = gpu::device().download(down.data(), to.get(), size);
  });
  gpu::bytes(state, 2.0 * size);
}

BENCHMARK(pinned)->Name("gpu/batch_map sin+cos, 4 GB/trireme")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(pageable)->Name("gpu/batch_map sin+cos, 4 GB/trireme_from_a_vector")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(link)->Name("gpu/batch_map sin+cos, 4 GB/link")->UseRealTime()->Unit(benchmark::kMillisecond);

} // namespace
