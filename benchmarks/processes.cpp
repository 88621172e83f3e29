/// @file processes.cpp
/// process_pool against what the issue asks of it, and Python's pools by processes.py, in the same units. The Monte Carlo
/// of 10^8 samples is compared with a thread_pool of the same width.
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/processes/submit.hpp>
#include <trireme/threads/executor.hpp>

#include <benchmark/benchmark.h>
#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace tri = trireme;

namespace {

inline constexpr auto nothing = [] {};
inline constexpr auto own_pid = [] { return ::getpid(); };
inline constexpr auto size_of = [](std::vector<double> const& v) { return v.size(); };
inline constexpr auto size_of_span = [](std::span<double const> v) { return v.size(); };
inline constexpr auto in_circle = [](auto& rng) {
  auto x = rng.uniform();
  auto y = rng.uniform();
  return tri::select(x * x + y * y < 1.0, 4.0, 0.0);
};
inline constexpr auto die = [] { ::raise(SIGKILL); };

/// Threads have run in this program (the case of processes_start.cpp is that of one where none have).
void start_beside_threads(benchmark::State& state) {
  for (auto _ : state) {
    std::optional<tri::process_pool> pool(2);
    tri::submit(*pool, tri::fn<nothing>).get();
    state.PauseTiming();
    pool.reset();
    state.ResumeTiming();
  }
}

void empty_task(benchmark::State& state) {
  tri::process_pool const pool(2);
  for (auto _ : state) tri::submit(pool, tri::fn<nothing>).get();
}
void empty_task_after_idle(benchmark::State& state) {
  tri::process_pool const pool(2);
  for (auto _ : state) {
    ::usleep(1000);
    auto const begun = std::chrono::steady_clock::now();
    tri::submit(pool, tri::fn<nothing>).get();
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
}
void tasks_one_by_one(benchmark::State& state) { // the time is that of one
  tri::process_pool const pool(2);
  std::vector<tri::future<void>> open;
  for (auto _ : state) {
    open.push_back(tri::submit(pool, tri::fn<nothing>));
    if (open.size() == 10'000) {
      for (auto& f : open) f.get();
      open.clear();
    }
  }
  for (auto& f : open) f.get();
}
void argument_cold(benchmark::State& state) {
  std::vector<double> const v(12'500'000, 1.0);
  for (auto _ : state) {
    state.PauseTiming();
    std::optional<tri::process_pool> pool(2);
    tri::submit(*pool, tri::fn<nothing>).get();
    state.ResumeTiming();
    benchmark::DoNotOptimize(tri::submit(*pool, tri::fn<size_of>, v).get());
    state.PauseTiming();
    pool.reset();
    state.ResumeTiming();
  }
}
void argument_warm(benchmark::State& state) {
  std::vector<double> const v(12'500'000, 1.0);
  tri::process_pool const pool(1);
  for (int k = 0; k < 3; ++k) tri::submit(pool, tri::fn<size_of>, v).get();
  for (auto _ : state) benchmark::DoNotOptimize(tri::submit(pool, tri::fn<size_of>, v).get());
}
void argument_in_buffer(benchmark::State& state) {
  tri::process_pool const pool(2);
  tri::buffer const v(pool, std::vector<double>(12'500'000, 1.0));
  for (auto _ : state) benchmark::DoNotOptimize(tri::submit(pool, tri::fn<size_of_span>, v.view()).get());
}
void kill_noticed(benchmark::State& state) {
  tri::process_pool const pool(1);
  for (auto _ : state) {
    auto task = tri::submit(pool, tri::fn<die>);
    try {
      task.get();
    } catch (tri::worker_lost const&) {
    }
  }
}
void kill_and_next_task(benchmark::State& state) {
  tri::process_pool const pool(1);
  for (auto _ : state) {
    try {
      tri::submit(pool, tri::fn<die>).get();
    } catch (tri::worker_lost const&) {
    }
    auto const begun = std::chrono::steady_clock::now();
    benchmark::DoNotOptimize(tri::submit(pool, tri::fn<own_pid>).get());
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
  }
}
template <class E>
void pi(benchmark::State& state) {
  E const ex(2);
  for (auto _ : state)
    benchmark::DoNotOptimize(tri::monte_carlo(ex, 100'000'000, tri::draws<2>(tri::fn<in_circle>), {.seed = 42}));
}

} // namespace

BENCHMARK(start_beside_threads)->Name("processes/start to first result, beside threads/trireme")->UseRealTime();
BENCHMARK(empty_task)->Name("processes/empty task/trireme")->UseRealTime();
BENCHMARK(empty_task_after_idle)->Name("processes/empty task after 1 ms idle/trireme")->UseManualTime();
BENCHMARK(tasks_one_by_one)->Name("processes/tasks one by one/trireme")->UseRealTime();
BENCHMARK(argument_cold)->Name("processes/100 MB argument, cold/trireme")->UseRealTime();
BENCHMARK(argument_warm)->Name("processes/100 MB argument, warm/trireme")->UseRealTime();
BENCHMARK(argument_in_buffer)->Name("processes/100 MB in a buffer/trireme")->UseRealTime();
BENCHMARK(kill_noticed)->Name("processes/SIGKILL noticed/trireme")->UseRealTime();
BENCHMARK(kill_and_next_task)->Name("processes/task after a SIGKILL/trireme")->UseManualTime();
BENCHMARK(pi<tri::process_pool>)->Name("processes/pi, 1e8 samples/trireme")->UseRealTime();
BENCHMARK(pi<tri::thread_pool>)->Name("processes/pi, 1e8 samples/threads")->UseRealTime();
