/// The same work by one thread up to as many as there are cores.
#include <trireme/algorithm/matmul.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/into.hpp>
#include <trireme/simd/math.hpp>
#include <trireme/threads/executor.hpp>

#include <Eigen/Core>
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace tri = trireme;

namespace {

inline constexpr auto in_circle = [](auto& rng) {
  auto const x = rng.uniform();
  auto const y = rng.uniform();
  return tri::select(x * x + y * y < 1, 4.0, 0.0);
};
inline constexpr auto wave = [](auto x) { return tri::sin(x) + tri::cos(x); };

template <class Job>
void add(std::string const& name, std::size_t width, Job job) {
  auto const run = [=](benchmark::State& state) {
    tri::thread_pool const pool(width);
    for (auto _ : state) {
      job(pool);
      benchmark::ClobberMemory();
    }
  };
  benchmark::RegisterBenchmark(("threads/" + name + "/trireme/" + std::to_string(width)).c_str(), run)
      ->UseRealTime()
      ->Unit(benchmark::kMillisecond);
}

[[maybe_unused]] bool const registered = [] {
  using matrix = Eigen::MatrixXd;
  struct data {
    matrix a = matrix::Random(1000, 1000), b = matrix::Random(1000, 1000), c = matrix::Zero(1000, 1000);
    std::vector<double> small = std::vector<double>(1'000'000, 0.5), out = small, large = std::vector<double>(50'000'000, 0.5);
  };
  auto const x = std::make_shared<data>();
  std::vector<std::size_t> widths;
  std::size_t const cores = std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t w = 1; w < cores; w *= 2) widths.push_back(w);
  widths.push_back(cores);
  for (std::size_t const w : widths) {
    add("π, float", w, [](auto const& pool) {
      benchmark::DoNotOptimize(tri::monte_carlo<float>(pool, 1 << 24, tri::simd(tri::draws<2>(tri::fn<in_circle>))));
    });
    add("sin x + cos x of 10⁶ doubles", w,
        [=](auto const& pool) { tri::transform(pool, x->small, tri::simd(tri::fn<wave>), tri::into(x->out)); });
    add("matrix product, 1000², double", w, [=](auto const& pool) { tri::matmul(pool, x->a, x->b, tri::into(x->c)); });
    add("sum of 5·10⁷ doubles", w,
        [=](auto const& pool) { benchmark::DoNotOptimize(tri::reduce(pool, x->large, 0.0, std::plus<>{})); });
  }
  return true;
}();

} // namespace
