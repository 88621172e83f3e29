/// The time that an element takes over sizes from some hundred bytes, where calls cost, to a gigabyte, where memory does:
/// sums, a·x + b and sin x + cos x of doubles, beside OpenMP loops. The number of bytes in a name is what an element moves.
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/simd/math.hpp>
#include <trireme/threads/executor.hpp>

#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <vector>

namespace tri = trireme;

namespace {

tri::thread_pool const& pool() {
  static tri::thread_pool const one;
  return one;
}

struct arrays {
  std::vector<double> in, out;
};
arrays& of_size(benchmark::State const& state) {
  static arrays a;
  auto const n = static_cast<std::size_t>(state.range(0));
  if (a.in.size() != n) {
    a.in.assign(n, 0.5);
    a.out.assign(n, 0);
  }
  return a;
}

template <class Job>
void time_of(benchmark::State& state, Job job) {
  auto& a = of_size(state);
  for (auto _ : state) {
    job(a.in, a.out);
    benchmark::ClobberMemory();
  }
}

inline constexpr auto line = [](auto x) { return 2.5 * x + 1; };
inline constexpr auto wave = [](auto x) {
  auto const both = tri::sincos(x);
  return both.sin + both.cos;
};

void sum_trireme(benchmark::State& state) {
  time_of(state, [](auto const& in, auto&) { benchmark::DoNotOptimize(tri::reduce(pool(), in, 0.0, std::plus<>{})); });
}
void sum_openmp(benchmark::State& state) {
  time_of(state, [](auto const& in, auto&) {
    double const* const x = in.data();
    auto const n = static_cast<std::ptrdiff_t>(in.size());
    double sum = 0;
#pragma omp parallel for simd schedule(static) reduction(+ : sum)
    for (std::ptrdiff_t i = 0; i < n; ++i) sum += x[i];
    benchmark::DoNotOptimize(sum);
  });
}
template <auto const& F>
void map_trireme(benchmark::State& state) {
  time_of(state, [](auto const& in, auto& out) { tri::transform(pool(), in, tri::simd(tri::fn<F>), tri::into(out)); });
}
template <class F>
void by_openmp(benchmark::State& state, F f) {
  time_of(state, [f](auto const& in, auto& out) {
    double const* const x = in.data();
    double* const y = out.data();
    auto const n = static_cast<std::ptrdiff_t>(in.size());
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t i = 0; i < n; ++i) y[i] = f(x[i]);
  });
}
void line_openmp(benchmark::State& state) { by_openmp(state, line); }
void wave_openmp(benchmark::State& state) {
  by_openmp(state, [](double x) { return std::sin(x) + std::cos(x); });
}
void copy(benchmark::State& state) {
  constexpr std::size_t block = 500'000;
  time_of(state, [](auto const& in, auto& out) {
    tri::for_each_index(pool(), in.size() / block,
                        [&](std::size_t i) { std::memcpy(&out[i * block], &in[i * block], block * sizeof(double)); });
  });
}

void sizes(benchmark::internal::Benchmark* b, std::int64_t bytes) {
  for (std::int64_t n = 100; n <= 1'000'000'000; n *= 10) b->Arg(n / bytes);
  b->UseRealTime();
}
void one_way(benchmark::internal::Benchmark* b) { sizes(b, 8); }
void both_ways(benchmark::internal::Benchmark* b) { sizes(b, 16); }

BENCHMARK(sum_trireme)->Name("sizes/sum, 8 bytes/trireme")->Apply(one_way);
BENCHMARK(sum_openmp)->Name("sizes/sum, 8 bytes/openmp")->Apply(one_way);
BENCHMARK(map_trireme<line>)->Name("sizes/a·x + b, 16 bytes/trireme")->Apply(both_ways);
BENCHMARK(line_openmp)->Name("sizes/a·x + b, 16 bytes/openmp")->Apply(both_ways);
BENCHMARK(map_trireme<wave>)->Name("sizes/sin x + cos x, 16 bytes/trireme")->Apply(both_ways);
BENCHMARK(wave_openmp)->Name("sizes/sin x + cos x, 16 bytes/libm_openmp")->Apply(both_ways);
BENCHMARK(copy)->Name("sizes/bandwidth, 16 bytes/memcpy")->Arg(62'500'000)->UseRealTime();

} // namespace
