/// @file thread_pool.cpp
/// thread_pool: its width, its handles, nesting in every way, exceptions that end a loop, and life beside other users of
/// oneTBB.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/sort.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/threads/executor.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <array>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstddef>
#include <latch>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tri = trireme;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {
void sleep_ms(int ms) { std::this_thread::sleep_for(milliseconds(ms)); }

/// The number of innermost calls of loops of n in loops of n, `depth` deep.
std::size_t nested(tri::thread_pool const& pool, std::size_t n, int depth) {
  std::atomic<std::size_t> calls = 0;
  tri::for_each_index(pool, n, [&](std::size_t) { calls += depth == 1 ? 1 : nested(pool, n, depth - 1); });
  return calls;
}
} // namespace

TEST_CASE("thread_pool: width") {
  CHECK(tri::thread_pool().concurrency() == tri::detail::available_cores());
  for (int const width : {1, 2, 3, 7, 40}) CHECK(tri::thread_pool(width).concurrency() == static_cast<std::size_t>(width));
  CHECK(tri::thread_pool(3u).concurrency() == 3);
  CHECK_THROWS_MATCHES(tri::thread_pool(0), std::invalid_argument,
                       testing::message_contains("thread_pool: width must be 1 to 65535, but is 0"));
  CHECK_THROWS_MATCHES(tri::thread_pool(-4), std::invalid_argument,
                       testing::message_contains("width must not be negative, but is -4"));
  CHECK_THROWS_AS(tri::thread_pool(65'536), std::invalid_argument);
  CHECK_THROWS_AS(tri::thread_pool(std::numeric_limits<std::size_t>::max()), std::invalid_argument);
}

TEST_CASE("thread_pool: copies are the same pool") {
  tri::thread_pool const a(2), b(2);
  CHECK(a != b);
  auto const c = a;
  CHECK(a == c);
  auto d = b;
  CHECK(d == b);
  d = a;
  CHECK(d == c);
  std::optional<tri::thread_pool> first(tri::thread_pool(3));
  auto const second = *first;
  first.reset();
  std::atomic<int> calls = 0;
  tri::for_each_index(second, 100, [&](std::size_t) { ++calls; });
  CHECK(calls == 100);
  auto taken = std::move(d);
  CHECK(taken == a);
}

TEST_CASE("thread_pool: a handle that was moved from still is one") {
  tri::thread_pool pool(2);
  tri::thread_pool const moved = std::move(pool);
  CHECK(pool == moved);
  CHECK(tri::reduce(pool, std::vector<int>(10, 1)) == 10);
}

TEST_CASE("thread_pool: a pool of any width has that many kernels at once, and no more") {
  for (int const width : {1, 2, 5, 10}) {
    tri::thread_pool const pool(width);
    CAPTURE(width);
    // Each waits for all of the others: passed only if all of them run at once, whatever the number of cores.
    std::barrier all(width);
    std::atomic<int> inside = 0, most = 0;
    tri::for_each_index(pool, 3 * width,
                        [&](std::size_t) {
                          int const now = ++inside;
                          int seen = most;
                          while (now > seen && !most.compare_exchange_weak(seen, now)) {
                          }
                          all.arrive_and_wait();
                          --inside;
                        },
                        {.chunk_size = 1});
    CHECK(most == width);
    // The same for work handed over, whether the threads or the one who waits for it come first.
    for (int const ms : {0, 20}) {
      std::barrier again(width);
      auto c =
          pool.bulk(static_cast<std::size_t>(width), [&](std::size_t, std::size_t) { again.arrive_and_wait(); }, {.grain = 1});
      sleep_ms(ms);
      c.wait();
    }
  }
}

TEST_CASE("thread_pool: ten sleepers at once on ten workers, and for two such pools at once") {
  auto const sleepers = [](int& took) {
    tri::thread_pool const pool(10);
    auto const begun = steady_clock::now();
    tri::for_each_index(pool, 100, [](std::size_t) { sleep_ms(20); });
    took = static_cast<int>(std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun).count());
  };
  int a = 0, b = 0;
  {
    std::jthread const other([&] { sleepers(a); });
    sleepers(b);
  }
  CHECK(a >= 200);
  CHECK(b >= 200);
  CHECK(a < 600); // one after the other: 2000
  CHECK(b < 600);
}

TEST_CASE("thread_pool: nested in itself, several levels deep") {
  for (int const width : {1, 2, 3}) {
    tri::thread_pool const pool(width);
    for (int depth = 1; depth <= 5; ++depth) {
      std::size_t expected = 1;
      for (int k = 0; k < depth; ++k) expected *= 7;
      CHECK(nested(pool, 7, depth) == expected);
    }
    // Other algorithms, and work that is waited for, inside kernels.
    std::vector<int> const v(5000, 1);
    std::atomic<int> sum = 0;
    tri::for_each_index(pool, 20, [&](std::size_t i) {
      sum += tri::reduce(pool, v);
      auto c = pool.bulk(i, [&](std::size_t first, std::size_t last) { sum += static_cast<int>(last - first); });
      if (i % 2 == 0) c.wait();
      auto sorted = tri::transform(pool, v, [&](int x) { return x * static_cast<int>(i); });
      tri::sort(pool, sorted);
      sum += sorted.back();
    });
    CHECK(sum == 20 * 5000 + 190 + 190);
  }
}

TEST_CASE("thread_pool: a kernel that holds a lock is not given another run on top") {
  // While the inner loop waits for its last runs, the thread must not begin one of the outer loop: it would lock the
  // mutex that it holds.
  tri::thread_pool const pool(3);
  std::mutex mutex;
  int count = 0;
  tri::for_each_index(pool, 200,
                      [&](std::size_t) {
                        std::lock_guard const lock(mutex);
                        tri::for_each_index(pool, 8, [&](std::size_t) { sleep_ms(0); });
                        ++count;
                      },
                      {.chunk_size = 1});
  CHECK(count == 200);
}

TEST_CASE("thread_pool: two pools inside one another") {
  tri::thread_pool const a(2), b(3);
  std::atomic<int> calls = 0;
  tri::for_each_index(a, 20, [&](std::size_t) { tri::for_each_index(b, 20, [&](std::size_t) { ++calls; }); });
  tri::for_each_index(b, 20, [&](std::size_t) { tri::for_each_index(a, 20, [&](std::size_t) { ++calls; }); });
  CHECK(calls == 800);
}

TEST_CASE("thread_pool: two pools that use each other") {
  tri::thread_pool const a(2), b(2);
  std::atomic<int> calls = 0;
  for (int round = 0; round < 1000; ++round)
    tri::for_each_index(a, 4, [&](std::size_t) {
      tri::for_each_index(b, 4, [&](std::size_t) { tri::for_each_index(a, 4, [&](std::size_t) { ++calls; }); });
    });
  CHECK(calls == 64'000);
}

namespace {
std::atomic<std::size_t> counted{0};
void counts(std::size_t first, std::size_t last) { counted += last - first; }
} // namespace

TEST_CASE("thread_pool: a kernel that is a plain function") {
  tri::thread_pool const pool(2);
  on_bulk(pool, 1000, counts, {});
  CHECK(counted == 1000);
  pool.bulk(1000, &counts).wait();
  CHECK(counted == 2000);
}

TEST_CASE("thread_pool: exceptions at every place, and fewer bodies than there are") {
  for (int const width : {1, 2, 3}) {
    tri::thread_pool const pool(width);
    for (std::size_t const n : testing::sizes(1, 2, 100, 100'000))
      for (std::size_t const bad : {std::size_t{0}, n / 2, n - 1}) {
        CAPTURE(width, n, bad);
        std::atomic<std::size_t> bodies = 0;
        auto const f = [&](std::size_t i) {
          ++bodies;
          if (i == bad) throw std::out_of_range(std::to_string(i));
        };
        CHECK_THROWS_MATCHES(tri::for_each_index(pool, n, f), std::out_of_range, testing::message_contains(std::to_string(bad)));
        CHECK(bodies >= 1);
        CHECK(bodies <= n);
      }
    // Bodies that take some time: the others notice the exception within a run.
    std::atomic<int> bodies = 0;
    CHECK_THROWS_AS(tri::for_each_index(pool, 10'000,
                                        [&](std::size_t i) {
                                          ++bodies;
                                          if (i == 0) throw 1;
                                          std::this_thread::sleep_for(std::chrono::microseconds(100));
                                        }),
                    int);
    CHECK(bodies < 5000);
    // Many throw: one arrives.
    CHECK_THROWS_AS(tri::for_each_index(pool, 1000, [](std::size_t) { throw 1; }), int);
    // Through two levels.
    CHECK_THROWS_AS(tri::for_each_index(pool, 10,
                                        [&](std::size_t) {
                                          tri::for_each_index(pool, 10, [](std::size_t k) {
                                            if (k == 7) throw std::domain_error("");
                                          });
                                        }),
                    std::domain_error);
    CHECK(nested(pool, 10, 2) == 100);
  }
}

TEST_CASE("thread_pool: many threads call one pool") {
  for (int const width : {1, 2, 3}) {
    tri::thread_pool const pool(width);
    std::atomic<int> wrong = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 8; ++t)
        threads.emplace_back([&, t] {
          std::vector<int> const v(10'000, t);
          for (int k = 0; k < 50; ++k) {
            wrong += tri::reduce(pool, v) != 10'000 * t;
            try {
              tri::for_each_index(pool, 100, [&](std::size_t i) {
                if (i == 50) throw t;
              });
              ++wrong;
            } catch (int caught) {
              wrong += caught != t;
            }
          }
        });
    }
    CHECK(wrong == 0);
  }
}

TEST_CASE("thread_pool: work handed over in any number, waited for in any order, from any thread") {
  for (int const width : {1, 2, 3}) {
    tri::thread_pool const pool(width);
    std::atomic<int> sum = 0;
    std::vector<tri::thread_completion> all;
    for (int k = 0; k < 500; ++k)
      all.push_back(pool.bulk(10, [&](std::size_t first, std::size_t last) { sum += static_cast<int>(last - first); }));
    std::jthread other([mine = std::move(all[250])]() mutable { mine.wait(); });
    for (std::size_t k = all.size(); k-- > 0;) all[k].wait();
    other.join();
    CHECK(sum == 5000);
  }
}

TEST_CASE("thread_pool: TBB inside a kernel, and its limits elsewhere") {
  tri::thread_pool const pool(4);
  std::atomic<int> calls = 0;
  tri::for_each_index(pool, 50, [&](std::size_t) { oneapi::tbb::parallel_for(0, 100, [&](int) { ++calls; }); });
  CHECK(calls == 5000);
  oneapi::tbb::global_control const one(oneapi::tbb::global_control::max_allowed_parallelism, 1);
  std::barrier all(4);
  tri::for_each_index(pool, 4, [&](std::size_t) { all.arrive_and_wait(); }, {.chunk_size = 1});
}

TEST_CASE("thread_pool: inside a task group of the user's that was cancelled, all the work is done") {
  tri::thread_pool const pool(3);
  std::atomic<int> calls = 0;
  oneapi::tbb::task_group group;
  group.run_and_wait([&] {
    group.cancel();
    tri::for_each_index(pool, 1000, [&](std::size_t) { ++calls; });
    pool.bulk(1000, [&](std::size_t first, std::size_t last) { calls += static_cast<int>(last - first); }).wait();
  });
  CHECK(calls == 2000);
  calls = 0;
  oneapi::tbb::task_group_context context;
  oneapi::tbb::parallel_for(
      0, 1,
      [&](int) {
        context.cancel_group_execution();
        tri::for_each_index(pool, 1000, [&](std::size_t) { ++calls; });
      },
      context);
  CHECK(calls == 1000);
}

TEST_CASE("thread_pool: called from inside TBB algorithms") {
  tri::thread_pool const pool(3);
  std::atomic<int> calls = 0;
  oneapi::tbb::parallel_for(0, 50, [&](int) { tri::for_each_index(pool, 100, [&](std::size_t) { ++calls; }); });
  CHECK(calls == 5000);
}

TEST_CASE("thread_pool: the last handle may go on a thread of the pool") {
  for (int const width : {1, 2, 3})
    for (int round = 0; round < 50; ++round) {
      auto const ran = std::make_shared<std::latch>(1);
      std::atomic<bool> released = false;
      {
        // The kernel owns a handle, and is the last to go: with the completion waited for elsewhere.
        std::optional<tri::thread_pool> pool(std::in_place, width);
        auto held = std::make_shared<std::optional<tri::thread_pool>>(*pool);
        auto c = pool->bulk(1, [held, ran, &released](std::size_t, std::size_t) {
          ran->wait();
          held->reset();
          released = true;
        });
        held.reset();
        pool.reset();
        ran->count_down();
        c.wait();
        CHECK(released);
      }
    }
}

TEST_CASE("thread_pool: completions outlive all handles") {
  for (int const width : {1, 2}) {
    std::atomic<int> calls = 0;
    tri::thread_completion c;
    {
      tri::thread_pool const pool(width);
      c = pool.bulk(100, [&](std::size_t first, std::size_t last) { calls += static_cast<int>(last - first); });
    }
    c.wait();
    CHECK(calls == 100);
  }
}

TEST_CASE("thread_pool: made and gone many times, used or not") {
  for (int k = 0; k < 200; ++k) {
    tri::thread_pool const pool(1 + k % 4);
    if (k % 2 == 0) CHECK(nested(pool, 3, 2) == 9);
  }
}

TEST_CASE("thread_pool: from inside another arena, with all places of the pool taken") {
  tri::thread_pool const pool(2);
  std::atomic<int> in = 0, calls = 0;
  tri::for_each_index(pool, 2, [&](std::size_t) {
    ++in;
    while (in < 2) std::this_thread::yield();
    oneapi::tbb::task_arena other(1);
    other.execute([&] { tri::for_each_index(pool, 100, [&](std::size_t) { ++calls; }); });
  });
  CHECK(calls == 200);
}

TEST_CASE("thread_pool: work that nobody waits for is done") {
  for (int const width : {1, 2, 3}) {
    tri::thread_pool const pool(width);
    std::atomic<int> calls = 0;
    auto const work = pool.bulk(10, [&](std::size_t first, std::size_t last) { calls += static_cast<int>(last - first); });
    while (!work.ready()) std::this_thread::yield();
    CHECK(calls == 10);
  }
}

TEST_CASE("thread_pool: nothing of a kernel is left when its completion is") {
  for (int round = 0; round < 5000; ++round) {
    static tri::thread_pool const two(2), three(3);
    auto const& pool = round % 2 == 0 ? two : three;
    auto const held = std::make_shared<int>(round);
    {
      auto work = pool.bulk(64, [held](std::size_t, std::size_t) {});
      work.wait();
      if (held.use_count() != 1) FAIL("a copy of the kernel is left");
    }
  }
}

TEST_CASE("thread_pool: a long chain of work, waited for at its end") {
  for (int const width : {1, 3}) {
    tri::thread_pool const pool(width);
    std::atomic<int> calls = 0;
    std::vector<tri::thread_completion> chain;
    chain.reserve(200'000);
    for (int k = 0; k < 200'000; ++k)
      chain.push_back(pool.bulk(1, [&](std::size_t, std::size_t) { ++calls; },
                                {.grain = 0, .stop = {}, .after = k == 0 ? nullptr : &chain.back()}));
    chain.back().wait();
    CHECK(calls == 200'000);
  }
}

TEST_CASE("thread_pool: as many indices as there can be") {
  // Cut where a run's end would not fit.
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (std::size_t const grain : {std::size_t{0}, most / 2 + 1}) {
    std::atomic<std::size_t> sum = 0;
    std::atomic<bool> ordered = true;
    tri::thread_pool(2)
        .bulk(most,
              [&](std::size_t first, std::size_t last) {
                if (first >= last) ordered = false;
                sum += last - first;
              },
              {.grain = grain})
        .wait();
    CHECK(ordered);
    CHECK(sum == most);
  }
}
