/// Single tasks: from submit to the result on another thread, in great numbers, from several threads, in recursion, of
/// unequal length; and the answer to a request to stop. Peers: oneTBB by hand, std::async, BS::thread_pool and Taskflow where
/// their headers are in the folder that TRIREME_BENCHMARK_PEERS names, and dispenso where CMake finds its package.
#include <trireme/algorithm/as_completed.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/submit.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/threads/executor.hpp>

#include <benchmark/benchmark.h>
#ifdef TRIREME_BENCH_DISPENSO
#include <dispenso/future.h>
#include <dispenso/thread_pool.h>
#endif
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#if __has_include(<BS_thread_pool.hpp>)
#include <BS_thread_pool.hpp>
#define TRIREME_BENCH_BS
#endif
#if __has_include(<taskflow/taskflow.hpp>)
#include <taskflow/taskflow.hpp>
#define TRIREME_BENCH_TASKFLOW
#endif

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using benchmark::kMillisecond;
using std::chrono::steady_clock;

namespace {

std::size_t const width = tri::thread_pool{}.concurrency();

// ---- What there is: each can start f with a future of its result, and without one ----

struct with_trireme {
  tri::thread_pool pool;
  template <class F>
  auto future(F f) {
    return tri::submit(pool, std::move(f));
  }
  template <class F>
  void start(F f) {
    static_cast<void>(tri::submit(pool, std::move(f)));
  }
};
struct with_tbb {
  tbb::task_arena arena;
  template <class F>
  auto future(F f) {
    auto promise = std::make_shared<std::promise<int>>();
    auto result = promise->get_future();
    arena.enqueue([promise, f] { promise->set_value(f()); });
    return result;
  }
  template <class F>
  void start(F f) {
    arena.enqueue(std::move(f));
  }
};
struct with_async {
  template <class F>
  auto future(F f) {
    return std::async(std::launch::async, std::move(f));
  }
};
#ifdef TRIREME_BENCH_BS
struct with_bs {
  BS::thread_pool<> pool{width};
  template <class F>
  auto future(F f) {
    return pool.submit_task(std::move(f));
  }
  template <class F>
  void start(F f) {
    pool.detach_task(std::move(f));
  }
};
#endif
#ifdef TRIREME_BENCH_TASKFLOW
struct with_taskflow {
  tf::Executor executor{width};
  template <class F>
  auto future(F f) {
    return executor.async(std::move(f));
  }
  template <class F>
  void start(F f) {
    executor.silent_async(std::move(f));
  }
};
#endif
#ifdef TRIREME_BENCH_DISPENSO
struct with_dispenso {
  dispenso::ThreadPool pool{width};
  template <class F>
  auto future(F f) {
    return dispenso::async(pool, std::launch::async, std::move(f)); // else it runs on the calling thread when the pool is busy
  }
  template <class F>
  void start(F f) {
    pool.schedule(std::move(f), dispenso::ForceQueuingTag{});
  }
};
#endif

template <class Peer>
Peer& peer() {
  static Peer one;
  return one;
}

// ---- From submit to get ----

template <class Peer>
void submit_get(benchmark::State& state) {
  auto& p = peer<Peer>();
  for (auto _ : state) benchmark::DoNotOptimize(p.future([] { return 1; }).get());
}
template <class Peer>
void after_idle(benchmark::State& state) {
  auto& p = peer<Peer>();
  for (auto _ : state) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    auto const begun = steady_clock::now();
    benchmark::DoNotOptimize(p.future([] { return 1; }).get());
    state.SetIterationTime(std::chrono::duration<double>(steady_clock::now() - begun).count());
  }
}

// ---- 10⁶ tasks ----

constexpr int million = 1'000'000;

template <class Peer>
void many_without_futures(benchmark::State& state) {
  auto& p = peer<Peer>();
  for (auto _ : state) {
    std::atomic<int> left = million;
    for (int k = 0; k < million; ++k) p.start([&] { left.fetch_sub(1, std::memory_order_release); });
    while (left.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  }
}
template <class Peer>
void many_with_futures(benchmark::State& state) {
  auto& p = peer<Peer>();
  for (auto _ : state) {
    std::vector<decltype(p.future([] { return 1; }))> all;
    all.reserve(million);
    for (int k = 0; k < million; ++k) all.push_back(p.future([k] { return k; }));
    for (auto& f : all) benchmark::DoNotOptimize(f.get());
  }
}
template <class Peer>
void from_four_threads(benchmark::State& state) {
  auto& p = peer<Peer>();
  for (auto _ : state) {
    std::atomic<int> left = million;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int k = 0; k < million / 4; ++k) p.start([&] { left.fetch_sub(1, std::memory_order_release); });
      });
    while (left.load(std::memory_order_acquire) != 0) std::this_thread::yield();
  }
}

template <class Peer>
void add(char const* name) {
  auto const called = [&](char const* what) { return std::string(what) + '/' + name; };
  benchmark::RegisterBenchmark(called("submit_get").c_str(), submit_get<Peer>)->UseRealTime();
  benchmark::RegisterBenchmark(called("after_idle").c_str(), after_idle<Peer>)->UseManualTime()->Iterations(300);
  if constexpr (!std::is_same_v<Peer, with_async>) {
    benchmark::RegisterBenchmark(called("million").c_str(), many_without_futures<Peer>)
        ->UseRealTime()
        ->Iterations(1)
        ->Unit(kMillisecond);
    benchmark::RegisterBenchmark(called("million_futures").c_str(), many_with_futures<Peer>)
        ->UseRealTime()
        ->Iterations(1)
        ->Unit(kMillisecond);
    benchmark::RegisterBenchmark(called("four_submitters").c_str(), from_four_threads<Peer>)
        ->UseRealTime()
        ->Iterations(1)
        ->Unit(kMillisecond);
  }
}
int const added = [] {
  add<with_trireme>("trireme");
  add<with_tbb>("tbb");
  add<with_async>("std_async");
#ifdef TRIREME_BENCH_BS
  add<with_bs>("bs_thread_pool");
#endif
#ifdef TRIREME_BENCH_TASKFLOW
  add<with_taskflow>("taskflow");
#endif
#ifdef TRIREME_BENCH_DISPENSO
  add<with_dispenso>("dispenso");
#endif
  return 0;
}();

// ---- Recursion: fib(27), 832,040 calls ----

long fib_trireme(tri::thread_pool const& pool, int n) {
  if (n < 2) return n;
  auto one = tri::submit(pool, [&pool, n] { return fib_trireme(pool, n - 1); });
  long const other = fib_trireme(pool, n - 2);
  return one.get() + other;
}
long fib_tbb(int n) {
  if (n < 2) return n;
  long one = 0;
  tbb::task_group group;
  group.run([&one, n] { one = fib_tbb(n - 1); });
  long const other = fib_tbb(n - 2);
  group.wait();
  return one + other;
}
void recursion_trireme(benchmark::State& state) {
  auto const& pool = peer<with_trireme>().pool;
  for (auto _ : state) benchmark::DoNotOptimize(tri::submit(pool, [&] { return fib_trireme(pool, 27); }).get());
}
void recursion_tbb(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(peer<with_tbb>().arena.execute([] { return fib_tbb(27); }));
}
BENCHMARK(recursion_trireme)->Name("fib27/trireme")->UseRealTime()->Unit(kMillisecond);
BENCHMARK(recursion_tbb)->Name("fib27/tbb")->UseRealTime()->Unit(kMillisecond);

// ---- 1,000 tasks of i µs: the share of the ideal time, total work / width ----

void busy(std::size_t microseconds) {
  auto const end = steady_clock::now() + std::chrono::microseconds(microseconds);
  while (steady_clock::now() < end) {
  }
}
void skewed_trireme(benchmark::State& state) {
  auto const& pool = peer<with_trireme>().pool;
  double ideal = 0;
  auto const begun = steady_clock::now();
  for (auto _ : state) {
    std::vector<tri::future<void>> all;
    for (std::size_t k = 0; k < 1000; ++k) all.push_back(tri::submit(pool, busy, k));
    for (auto& f : all) f.get();
    ideal += 999 * 1000 / 2 * 1e-6 / static_cast<double>(width);
  }
  state.counters["of_ideal"] = ideal / std::chrono::duration<double>(steady_clock::now() - begun).count();
}
BENCHMARK(skewed_trireme)->Name("skewed_tasks/trireme")->UseRealTime()->Unit(kMillisecond);

// ---- Waiting in the order of the ends, or in that of the beginnings ----

template <bool InOrderOfEnds>
void wait_for_all(benchmark::State& state) {
  auto const& pool = peer<with_trireme>().pool;
  for (auto _ : state) {
    std::vector<tri::future<int>> all;
    for (int k = 0; k < 100'000; ++k) all.push_back(tri::submit(pool, [k] { return k; }));
    if constexpr (InOrderOfEnds) {
      for (auto& f : tri::as_completed(all)) benchmark::DoNotOptimize(f.get());
    } else {
      for (auto& f : all) benchmark::DoNotOptimize(f.get());
    }
  }
}
BENCHMARK(wait_for_all<true>)->Name("hundred_thousand/trireme")->UseRealTime()->Unit(kMillisecond);
BENCHMARK(wait_for_all<false>)->Name("hundred_thousand/trireme_in_order")->UseRealTime()->Unit(kMillisecond);

// ---- What a bar costs the loop that it shows ----

template <bool Shown>
void with_a_bar(benchmark::State& state) {
  auto const& pool = peer<with_trireme>().pool;
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> const nowhere(std::fopen("/dev/null", "w"), std::fclose);
  for (auto _ : state) {
    tri::loop_options options;
    if constexpr (Shown) options.progress = tri::progress_bar("loop", nowhere.get());
    tri::for_each_index(pool, 500'000'000, [](std::size_t i) { benchmark::DoNotOptimize(i); }, options);
  }
}
BENCHMARK(with_a_bar<true>)->Name("progress_bar/trireme")->UseRealTime()->Unit(kMillisecond);
BENCHMARK(with_a_bar<false>)->Name("progress_bar/trireme_without")->UseRealTime()->Unit(kMillisecond);

// ---- From a request to stop a loop of cheap bodies to its return ----

void stop_request(benchmark::State& state) {
  auto const& pool = peer<with_trireme>().pool;
  for (auto _ : state) {
    auto const stop = std::make_unique<std::stop_source>();
    steady_clock::time_point asked;
    std::jthread const asks([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      asked = steady_clock::now();
      stop->request_stop();
    });
    try {
      tri::for_each_index(pool, std::size_t{1} << 40, [](std::size_t i) { benchmark::DoNotOptimize(i); },
                          {.stop = stop->get_token()});
    } catch (tri::cancelled const&) {
    }
    state.SetIterationTime(std::chrono::duration<double>(steady_clock::now() - asked).count());
  }
}
BENCHMARK(stop_request)->Name("stop_request/trireme")->UseManualTime()->Iterations(50)->Unit(benchmark::kMicrosecond);

} // namespace
