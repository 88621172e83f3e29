/// Loops that memory limits: the sum of 10⁸ doubles, and a·x + b over 5·10⁷ doubles into existing storage,
/// and over 10⁸ floats by packs.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/simd/kernel.hpp>
#include <trireme/threads/executor.hpp>

#include <benchmark/benchmark.h>
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_reduce.h>

#include <cstddef>
#include <cstring>
#include <functional>
#include <numeric>
#include <vector>

namespace tri = trireme;

namespace {

tri::thread_pool const& pool() {
  static tri::thread_pool const one;
  return one;
}

std::vector<double>& numbers() {
  static std::vector<double> v = [] {
    std::vector<double> x(100'000'000);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<double>(i % 1000) * 0.5;
    return x;
  }();
  return v;
}

void bytes(benchmark::State& state, std::size_t per_iteration) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * static_cast<std::int64_t>(per_iteration));
}

// ---- reduce ----

void reduce_trireme(benchmark::State& state) {
  auto& v = numbers();
  for (auto _ : state) benchmark::DoNotOptimize(tri::reduce(pool(), v, 0.0, std::plus<>{}));
  bytes(state, v.size() * sizeof(double));
}
void reduce_tbb(benchmark::State& state) {
  auto& v = numbers();
  for (auto _ : state)
    benchmark::DoNotOptimize(tbb::parallel_reduce(
        tbb::blocked_range<std::size_t>(0, v.size()), 0.0,
        [&](auto const& r, double sum) {
          for (std::size_t i = r.begin(); i != r.end(); ++i) sum += v[i];
          return sum;
        },
        std::plus<>{}));
  bytes(state, v.size() * sizeof(double));
}
/// A plain parallel read, which is also the unordered vectorised sum: the compiler may reorder it as it likes.
void reduce_unordered(benchmark::State& state) {
  auto& v = numbers();
  double const* const x = v.data();
  auto const n = static_cast<std::ptrdiff_t>(v.size());
  for (auto _ : state) {
    double sum = 0;
#pragma omp parallel for simd schedule(static) reduction(+ : sum)
    for (std::ptrdiff_t i = 0; i < n; ++i) sum += x[i];
    benchmark::DoNotOptimize(sum);
  }
  bytes(state, v.size() * sizeof(double));
}
BENCHMARK(reduce_trireme)->Name("reduce/trireme")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(reduce_tbb)->Name("reduce/tbb")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(reduce_unordered)->Name("reduce/unordered")->UseRealTime()->Unit(benchmark::kMillisecond);

// ---- a·x + b into existing storage ----

struct line {
  double a, b;
  constexpr double operator()(double x) const { return a * x + b; }
};
constexpr std::size_t half = 50'000'000;

void axpb_trireme(benchmark::State& state) {
  std::span<double const> const x(numbers().data(), half);
  static std::vector<double> y(half);
  for (auto _ : state) tri::transform(pool(), x, line{2.5, 1.0}, tri::into(y));
  bytes(state, 2 * half * sizeof(double));
}
void axpb_openmp(benchmark::State& state) {
  double const* const x = numbers().data();
  static std::vector<double> storage(half);
  double* const y = storage.data();
  line const f{2.5, 1.0};
  for (auto _ : state) {
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t i = 0; i < static_cast<std::ptrdiff_t>(half); ++i) y[i] = f(x[i]);
    benchmark::ClobberMemory();
  }
  bytes(state, 2 * half * sizeof(double));
}
BENCHMARK(axpb_trireme)->Name("axpb/trireme")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(axpb_openmp)->Name("axpb/openmp")->UseRealTime()->Unit(benchmark::kMillisecond);

// ---- the same of 10⁸ floats by packs, beside copies by the C library on as many threads ----

inline constexpr auto float_line = [](auto x) { return 2.5F * x + 1; };
constexpr std::size_t floats = 100'000'000;
std::vector<float>& from() {
  static std::vector<float> v(floats, 1.5F);
  return v;
}
std::vector<float>& to() {
  static std::vector<float> v(floats);
  return v;
}

void simd_axpb_trireme(benchmark::State& state) {
  for (auto _ : state) tri::transform(pool(), from(), tri::simd(tri::fn<float_line>), tri::into(to()));
  bytes(state, 2 * floats * sizeof(float));
}
void simd_axpb_unpacked(benchmark::State& state) {
  for (auto _ : state) tri::transform(pool(), from(), tri::fn<float_line>, tri::into(to()));
  bytes(state, 2 * floats * sizeof(float));
}
void simd_axpb_memcpy(benchmark::State& state) {
  constexpr std::size_t block = 1'000'000;
  for (auto _ : state)
    tri::for_each_index(pool(), floats / block,
                        [](std::size_t i) { std::memcpy(&to()[i * block], &from()[i * block], block * sizeof(float)); });
  bytes(state, 2 * floats * sizeof(float));
}
BENCHMARK(simd_axpb_trireme)->Name("axpb by packs/trireme")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(simd_axpb_unpacked)->Name("axpb by packs/trireme_plain")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(simd_axpb_memcpy)->Name("axpb by packs/memcpy")->UseRealTime()->Unit(benchmark::kMillisecond);

} // namespace
