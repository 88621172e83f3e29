/// The cost of a parallel loop itself: tiny loops, cheap elements, skewed work, and an exception half-way.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/threads/executor.hpp>

#include <benchmark/benchmark.h>
#include <oneapi/tbb/parallel_for.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace tri = trireme;

namespace {

std::size_t const width = tri::thread_pool{}.concurrency();
tri::thread_pool const& pool() {
  static tri::thread_pool const one;
  return one;
}

// ---- 2 and 16 trivial bodies ----

void trivial(std::size_t i) { benchmark::DoNotOptimize(i); }

void tiny_trireme(benchmark::State& state) {
  auto const n = state.range(0);
  for (auto _ : state) tri::for_each_index(pool(), n, trivial);
}
template <class Partitioner>
void tiny_tbb(benchmark::State& state) {
  auto const n = static_cast<std::size_t>(state.range(0));
  for (auto _ : state) tbb::parallel_for(std::size_t{0}, n, trivial, Partitioner{});
}
BENCHMARK(tiny_trireme)->Name("tiny/trireme")->Arg(2)->Arg(16)->UseRealTime();
BENCHMARK(tiny_tbb<tbb::auto_partitioner const>)->Name("tiny/tbb_auto")->Arg(2)->Arg(16)->UseRealTime();
BENCHMARK(tiny_tbb<tbb::static_partitioner const>)->Name("tiny/tbb_static")->Arg(2)->Arg(16)->UseRealTime();

// ---- 10⁷ trivial elements ----

std::vector<float>& elements() {
  static std::vector<float> v(10'000'000, 1.0f);
  return v;
}
void touch(float& x) { x = x * 0.5f + 1.0f; }

void cheap_trireme(benchmark::State& state) {
  for (auto _ : state) tri::for_each(pool(), elements(), [](float& x) { touch(x); });
}
void cheap_tbb(benchmark::State& state) {
  auto& v = elements();
  for (auto _ : state)
    tbb::parallel_for(tbb::blocked_range<std::size_t>(0, v.size()), [&](auto const& r) {
      for (std::size_t i = r.begin(); i != r.end(); ++i) touch(v[i]);
    });
}
void cheap_openmp(benchmark::State& state) {
  auto& v = elements();
  auto const n = static_cast<std::ptrdiff_t>(v.size());
  float* const x = v.data();
  for (auto _ : state) {
#pragma omp parallel for schedule(static)
    for (std::ptrdiff_t i = 0; i < n; ++i) touch(x[i]);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(cheap_trireme)->Name("cheap/trireme")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(cheap_tbb)->Name("cheap/tbb")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(cheap_openmp)->Name("cheap/openmp")->UseRealTime()->Unit(benchmark::kMicrosecond);

// ---- 1,000 items of i µs: the share of the ideal time, total work / width ----

void busy(std::size_t microseconds) {
  auto const end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
}
template <class Loop>
void skewed(benchmark::State& state, Loop const& loop) {
  double seconds = 0;
  for (auto _ : state) {
    auto const begun = std::chrono::steady_clock::now();
    loop();
    seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  }
  double const ideal = 1000.0 * 999.0 / 2 * 1e-6 / static_cast<double>(width);
  state.counters["of_ideal"] = ideal * static_cast<double>(state.iterations()) / seconds;
}
void skewed_trireme(benchmark::State& state) {
  skewed(state, [] { tri::for_each_index(pool(), 1000, busy); });
}
void skewed_tbb(benchmark::State& state) {
  skewed(state, [] { tbb::parallel_for(std::size_t{0}, std::size_t{1000}, busy); });
}
BENCHMARK(skewed_trireme)->Name("skewed/trireme")->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(skewed_tbb)->Name("skewed/tbb")->UseRealTime()->Unit(benchmark::kMillisecond);

// ---- a throw at body 5,000 of 10⁶: how many bodies still run ----

template <class Loop>
void throwing(benchmark::State& state, Loop const& loop) {
  std::vector<double> runs;
  for (auto _ : state) {
    std::atomic<std::size_t> bodies{0};
    try {
      loop([&](std::size_t i) {
        bodies.fetch_add(1, std::memory_order_relaxed);
        if (i == 5000) throw std::runtime_error("at body 5,000");
      });
    } catch (std::runtime_error const&) {
    }
    runs.push_back(static_cast<double>(bodies.load()));
  }
  std::nth_element(runs.begin(), runs.begin() + static_cast<std::ptrdiff_t>(runs.size() / 2), runs.end());
  state.counters["bodies"] = runs[runs.size() / 2];
}
void throwing_trireme(benchmark::State& state) {
  throwing(state, [](auto f) { tri::for_each_index(pool(), 1'000'000, f); });
}
void throwing_tbb(benchmark::State& state) {
  throwing(state, [](auto f) { tbb::parallel_for(std::size_t{0}, std::size_t{1'000'000}, f); });
}
BENCHMARK(throwing_trireme)->Name("throwing/trireme")->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(throwing_tbb)->Name("throwing/tbb")->UseRealTime()->Unit(benchmark::kMicrosecond);

} // namespace
