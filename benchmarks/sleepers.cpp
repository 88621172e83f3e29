/// Work that waits: 100 kernels that sleep 0.1 s on ten workers, whatever the number of cores. Ideal: 1.0 s.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/submit.hpp>
#include <trireme/threads/executor.hpp>

#include <benchmark/benchmark.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <chrono>
#include <cstddef>
#include <thread>
#include <vector>

namespace tri = trireme;

namespace {

void nap(std::size_t) { std::this_thread::sleep_for(std::chrono::milliseconds(100)); }

void one_pool(benchmark::State& state) {
  tri::thread_pool const pool(10);
  for (auto _ : state) tri::for_each_index(pool, 100, nap);
}
void two_pools(benchmark::State& state) {
  tri::thread_pool const a(10), b(10);
  for (auto _ : state) {
    std::jthread const other([&] { tri::for_each_index(b, 100, nap); });
    tri::for_each_index(a, 100, nap);
  }
}
void sleep_in_tasks(tri::thread_pool const& pool) {
  std::vector<tri::future<void>> all;
  for (std::size_t k = 0; k < 100; ++k) all.push_back(tri::submit(pool, nap, k));
  for (auto& f : all) f.get();
}
void tasks(benchmark::State& state) {
  tri::thread_pool const pool(10);
  for (auto _ : state) sleep_in_tasks(pool);
}
void tasks_of_two_pools(benchmark::State& state) {
  tbb::global_control const two(tbb::global_control::max_allowed_parallelism, 2); // which is not ours to heed
  tri::thread_pool const a(10), b(10);
  for (auto _ : state) {
    std::jthread const other([&] { sleep_in_tasks(b); });
    sleep_in_tasks(a);
  }
}
void tbb_arena(benchmark::State& state) {
  tbb::task_arena arena(10);
  for (auto _ : state) arena.execute([] { tbb::parallel_for(std::size_t{0}, std::size_t{100}, nap, tbb::simple_partitioner{}); });
}
BENCHMARK(one_pool)->Name("sleepers/trireme")->UseRealTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(two_pools)->Name("sleepers/trireme_two_pools")->UseRealTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(tasks)->Name("sleepers/trireme_tasks")->UseRealTime()->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(tasks_of_two_pools)
    ->Name("sleepers/trireme_tasks_of_two_pools")
    ->UseRealTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(tbb_arena)->Name("sleepers/tbb_arena")->UseRealTime()->Iterations(1)->Unit(benchmark::kMillisecond);

} // namespace
