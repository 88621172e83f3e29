/// @file stdexec.cpp
/// thread_pool as a scheduler of P2300, against stdexec itself.
#include <trireme/interop/stdexec.hpp>

#include "../testing.hpp"

#include <atomic>
#include <cstddef>
#include <latch>
#include <numeric>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <vector>

namespace tri = trireme;

TEST_CASE("stdexec: schedule, then, and exceptions") {
  tri::thread_pool const pool(2);
  auto const scheduler = pool.get_scheduler();
  static_assert(stdexec::scheduler<decltype(pool.get_scheduler())>);
  auto const here = std::this_thread::get_id();
  auto const [there, x] =
      stdexec::sync_wait(stdexec::schedule(scheduler) | stdexec::then([] { return std::this_thread::get_id(); }) |
                         stdexec::let_value([](auto id) { return stdexec::just(id, 7); }))
          .value();
  CHECK(there != here);
  CHECK(x == 7);
  CHECK_THROWS_AS(stdexec::sync_wait(stdexec::schedule(scheduler) | stdexec::then([] { throw std::domain_error(""); })),
                  std::domain_error);
  auto const [a, b] = stdexec::sync_wait(stdexec::when_all(stdexec::starts_on(scheduler, stdexec::just(1)),
                                                           stdexec::starts_on(scheduler, stdexec::just(2))))
                          .value();
  CHECK(a + b == 3);
  CHECK(scheduler == pool.get_scheduler());
}

TEST_CASE("stdexec: bulk runs as the pool's loop") {
  std::latch all(3); // passed only if three run at once
  tri::thread_pool const pool(3);
  stdexec::sync_wait(stdexec::schedule(pool.get_scheduler()) |
                     stdexec::bulk(stdexec::par, 3, [&](int) { all.arrive_and_wait(); }));
  std::vector<int> hits(100'000);
  std::atomic<int> inside = 0;
  auto const [sum] = stdexec::sync_wait(stdexec::starts_on(pool.get_scheduler(), stdexec::just(5)) |
                                        stdexec::bulk(stdexec::par, hits.size(),
                                                      [&](std::size_t i, int& five) {
                                                        hits[i] += five;
                                                        ++inside;
                                                      }) |
                                        stdexec::then([&](int) { return std::accumulate(hits.begin(), hits.end(), 0); }))
                         .value();
  CHECK(sum == 500'000);
  CHECK(inside == 100'000);
  CHECK_THROWS_AS(stdexec::sync_wait(stdexec::schedule(pool.get_scheduler()) | stdexec::bulk(stdexec::par, 100,
                                                                                             [](int i) {
                                                                                               if (i == 50) throw i;
                                                                                             })),
                  int);
}
