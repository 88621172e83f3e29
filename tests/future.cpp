/// @file future.cpp
/// Futures on every executor that has tasks: waiting, time limits, dropping, cancelling, what follows, and pools that go.
#include <trireme/trireme.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
#include <semaphore>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;
using testing::message_contains;

namespace {

inline constexpr auto next = [](int x) { return x + 1; };
inline constexpr auto fails = [](std::string const& text) -> int { throw std::domain_error(text); };
inline constexpr auto nap = [](int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ms;
};

template <class E>
void futures_follow(E const& ex) {
  CHECK(tri::submit(ex, tri::fn<next>, 1).then([](int x) { return std::to_string(x); }).get() == "2");
  bool called = false;
  CHECK_THROWS_MATCHES(
      tri::submit(ex, tri::fn<fails>, "passes by").then([&](int) { called = true; }).then([&] { called = true; }).get(),
      std::domain_error, message_contains("passes by"));
  CHECK(!called);
  CHECK_THROWS_MATCHES(tri::submit(ex, tri::fn<next>, 1).then([](int) -> int { throw std::range_error("mine"); }).get(),
                       std::range_error, message_contains("mine"));
  auto unwrapped = tri::submit(ex, tri::fn<next>, 1).then([&](int x) { return tri::submit(ex, tri::fn<next>, x); });
  static_assert(std::is_same_v<decltype(unwrapped), tri::future<int>>);
  CHECK(unwrapped.get() == 3);
  CHECK_THROWS_AS(tri::submit(ex, tri::fn<next>, 1).then([&](int) { return tri::submit(ex, tri::fn<fails>, "inner"); }).get(),
                  std::domain_error);
  CHECK_THROWS_AS(tri::submit(ex, tri::fn<next>, 1).then([](int) { return tri::future<int>(); }).get(), std::logic_error);

  auto shared = tri::submit(ex, tri::fn<next>, 1).share();
  auto const copy = shared;
  CHECK(shared.get() == 2);
  CHECK(copy.get() == 2);
  auto const a = copy.then([](int const& x) { return x + 1; }), b = shared.then([](int x) { return x + 2; });
  CHECK(a.valid());
  auto moved = tri::submit(ex, tri::fn<next>, 1);
  auto following = moved.then([](int) {});
  CHECK(!moved.valid());
  CHECK_THROWS_AS(moved.then([](int) {}), std::logic_error);
  following.get();

  // A time limit that is too short, for a task of its own length; and ones that are not.
  auto slow = tri::submit(ex, tri::fn<nap>, 60);
  if (!slow.ready()) {
    CHECK(!slow.wait_for(1ms));
    CHECK(!slow.wait_until(std::chrono::steady_clock::now()));
    CHECK(!slow.wait_until(std::chrono::system_clock::now() + 1ms));
    CHECK_THROWS_MATCHES(slow.get_for(1ms), tri::timed_out, message_contains("get_for"));
  }
  CHECK(slow.valid());
  CHECK(slow.wait_for(std::chrono::hours::max()));
  CHECK(slow.wait_until(std::chrono::steady_clock::time_point::max()));
  CHECK(slow.get_for(1h) == 60);
  CHECK_THROWS_AS(tri::future<int>().get_for(1s), std::logic_error);
}

} // namespace

TEST_CASE("future: then, share and time limits on every executor") {
  futures_follow(tri::inline_executor{});
  for (int const width : {1, 3}) {
    futures_follow(tri::thread_pool(width));
    futures_follow(tri::process_pool(width));
  }
}

TEST_CASE("future: then runs where it is told to") {
  tri::thread_pool const a(1), b(1);
  tri::process_pool const processes(1);
  auto const here = [](auto...) { return std::this_thread::get_id(); };
  auto const on_a = tri::submit(a, here).get(), on_b = tri::submit(b, here).get();
  CHECK(on_a != on_b);
  CHECK(tri::submit(a, here).then(here).get() == on_a);
  CHECK(tri::submit(a, here).then(b, here).get() == on_b);
  CHECK(tri::submit(a, here).then(b, here).then(here).get() == on_b);
  CHECK(tri::submit(a, here).then(b, here).then(a, here).get() == on_a);
  auto const back = tri::submit(processes, tri::fn<next>, 1).then(here).get();
  CHECK(back != on_a);
  CHECK(back != std::this_thread::get_id());
  CHECK(tri::submit(processes, tri::fn<next>, 1).then(b, here).get() == on_b);
  auto ready = tri::submit(a, here);
  ready.wait();
  CHECK(ready.then(tri::inline_executor{}, here).get() == std::this_thread::get_id());
}

TEST_CASE("future: what moves only, and functions of every kind") {
  tri::thread_pool const pool(2);
  auto boxed = tri::submit(pool, [p = std::make_unique<int>(3)]() mutable { return std::move(p); });
  CHECK(*boxed.then([](std::unique_ptr<int> p) { return std::make_unique<int>(*p + 1); }).get() == 4);
  struct counter {
    int n = 0;
    int add(int k) { return n += k; }
  };
  CHECK(tri::submit(pool, &counter::add, counter{1}, 2).get() == 3);
  CHECK(tri::submit(pool, [n = 1](int k) mutable { return n += k; }, 2).get() == 3);
  CHECK(tri::submit(pool, next, 2).get() == 3);
  CHECK(tri::submit(pool, [](testing::move_only m) { return m; }, testing::move_only(5)).get().value == 5);
  int outside = 0;
  tri::submit(pool, [](int& x) { x = 7; }, std::ref(outside)).get();
  CHECK(outside == 7);
}

namespace {
struct throws_when_copied {
  throws_when_copied() = default;
  throws_when_copied(throws_when_copied const&) { throw std::runtime_error("copied"); }
  throws_when_copied(throws_when_copied&&) = default;
};
struct throws_when_destroyed {
  bool armed = true;
  throws_when_destroyed() = default;
  throws_when_destroyed(throws_when_destroyed&& other) noexcept : armed(std::exchange(other.armed, false)) {}
  ~throws_when_destroyed() noexcept(false) {
    if (armed) throw std::runtime_error("destroyed");
  }
};
} // namespace

TEST_CASE("future: exceptions of copies and of destructors") {
  tri::thread_pool const pool(2);
  throws_when_copied const x;
  CHECK_THROWS_MATCHES(tri::submit(pool, [](throws_when_copied const&) {}, x), std::runtime_error, message_contains("copied"));
  tri::submit(pool, [](throws_when_copied const&) {}, throws_when_copied{}).get();
  auto fut = tri::submit(pool, next, 1);
  auto const f = [x = throws_when_copied{}](int) {};
  CHECK_THROWS_AS(fut.then(f), std::runtime_error);
  CHECK(fut.get() == 2); // still ours
  auto held = std::make_shared<int>(1);
  static_cast<void>(tri::submit(pool, [] { return throws_when_destroyed{}; })); // nobody could catch it
  tri::submit(pool, [armed = throws_when_destroyed{}, held] {}).get();
  CHECK(held.use_count() == 1);
}

TEST_CASE("future: nothing of a task is left when it is done") {
  tri::thread_pool const pool(2);
  for (int round = 0; round < 2000; ++round) {
    auto const held = std::make_shared<int>(round);
    tri::submit(pool, [held] {}).then([held] {}).wait();
    if (held.use_count() != 1) FAIL("a copy of the task is left");
  }
}

TEST_CASE("future: dropping one neither waits nor loses the task") {
  for (int const width : {1, 2}) {
    std::latch go(1), done(2);
    tri::thread_pool const pool(width);
    static_cast<void>(tri::submit(pool, [&] {
                        go.wait(); // would never end, if dropping waited
                        done.count_down();
                      }).then([&] { done.count_down(); }));
    go.count_down();
    done.wait();
  }
  tri::process_pool const processes(1);
  std::atomic<int> seen = 0;
  static_cast<void>(tri::submit(processes, tri::fn<nap>, 20));
  auto const begun = std::chrono::steady_clock::now();
  static_cast<void>(tri::submit(processes, tri::fn<nap>, 20).then([&](int ms) {
    seen = ms;
    seen.notify_one();
  }));
  CHECK(std::chrono::steady_clock::now() - begun < 40ms);
  seen.wait(0);
  CHECK(seen == 20);
}

TEST_CASE("future: waiting inside a task helps, at any width") {
  for (int const width : {1, 2, 3}) {
    tri::thread_pool const pool(width);
    auto const three_levels = [&] {
      return tri::submit(pool, [&] { return tri::submit(pool, [&] { return tri::submit(pool, next, 1).get() + 1; }).get() + 1; });
    };
    CHECK(three_levels().get() == 4);
    std::vector<tri::future<int>> many;
    for (int k = 0; k < 200; ++k) many.push_back(three_levels());
    for (auto& f : many) CHECK(f.get() == 4);
    // What can't be begun yet: the thread waits, and another takes its place.
    CHECK(tri::submit(pool, [&] {
            return tri::submit(pool, next, 1).then(next).then([&](int x) { return tri::submit(pool, next, x).then(next); }).get();
          }).get() == 5);
    CHECK(tri::submit(pool, [&] {
            int sum = 0;
            for (int k = 0; k < 100; ++k) {
              auto f = tri::submit(pool, next, k).then(next);
              while (!f.wait_for(1ms)) {
              }
              sum += f.get();
            }
            return sum;
          }).get() == 5150);
    // In the kernels of loops, and loops in tasks.
    std::atomic<int> sum = 0;
    tri::for_each_index(pool, 50, [&](std::size_t) { sum += tri::submit(pool, next, 0).then(next).get(); });
    CHECK(sum == 100);
    sum = 0;
    std::vector<tri::future<void>> loops;
    for (int k = 0; k < 20; ++k)
      loops.push_back(tri::submit(pool, [&] {
        tri::for_each_index(pool, 10, [&](std::size_t) { sum += tri::submit(pool, next, 0).get(); }, {.chunk_size = 1});
      }));
    for (auto& f : loops) f.get();
    CHECK(sum == 200);
  }
}

namespace {
/// Task k waits for k + 1, so that a worker which helps has them all on its stack.
template <std::size_t Frame>
void waits_in_a_chain(int length) {
  std::latch all_queued(1);
  tri::thread_pool const pool(2);
  auto const occupy = [&all_queued] { all_queued.wait(); };
  auto busy = tri::submit(pool, occupy), also_busy = tri::submit(pool, occupy);
  std::vector<tri::shared_future<int>> tasks(static_cast<std::size_t>(length));
  for (std::size_t k = 0; k < tasks.size(); ++k)
    tasks[k] = tri::submit(pool, [&tasks, k] {
                 std::array<char volatile, Frame> frame;
                 frame[0] = 1;
                 frame[Frame - 1] = 1;
                 int const behind = k + 1 == tasks.size() ? 0 : tasks[k + 1].get();
                 return behind + frame[0] * frame[Frame - 1];
               }).share();
  all_queued.count_down();
  CHECK(tasks[0].get() == length);
}
} // namespace

TEST_CASE("future: waits inside of waits, deeper than a stack") {
  waits_in_a_chain<1'000>(40'000);
  waits_in_a_chain<500'000>(100);
}

TEST_CASE("future: two pools whose tasks wait for each other's") {
  tri::thread_pool const a(1), b(1);
  int total = 0;
  for (int k = 0; k < 200; ++k)
    total += tri::submit(a, [&] {
               return tri::submit(b, [&] { return tri::submit(a, [&] { return tri::submit(b, next, 0).get(); }).get(); }).get();
             }).get();
  CHECK(total == 200);
}

TEST_CASE("future: as many tasks at once as the pool is wide, beside each other") {
  for (int const width : {1, 2, 10}) {
    std::latch all(width); // passed only if all of them run at once
    tri::thread_pool const pool(width);
    std::vector<tri::future<void>> tasks;
    for (int k = 0; k < width; ++k) tasks.push_back(tri::submit(pool, [&] { all.arrive_and_wait(); }));
    std::atomic<int> inside = 0, most = 0;
    for (int k = 0; k < 50; ++k)
      tasks.push_back(tri::submit(pool, [&] {
        int const now = ++inside;
        int seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        std::this_thread::sleep_for(1ms);
        --inside;
      }));
    for (auto& f : tasks) f.get();
    CHECK(most <= width);
  }
}

TEST_CASE("future: cancel") {
  for (int const width : {1, 2}) {
    std::latch begun(width), go(1);
    tri::thread_pool const pool(width);
    std::vector<tri::future<void>> busy;
    for (int k = 0; k < width; ++k)
      busy.push_back(tri::submit(pool, [&] {
        begun.count_down();
        go.wait();
      }));
    begun.wait();
    bool ran = false;
    auto const held = std::make_shared<int>(0);
    auto queued = tri::submit(pool, [&ran, held] { ran = true; });
    auto following = tri::submit(pool, [&ran] { ran = true; }).then([held] {});
    CHECK(queued.cancel());
    CHECK(following.cancel());
    CHECK(queued.ready());
    CHECK(following.ready());
    CHECK(held.use_count() == 1);
    CHECK(!queued.cancel());
    CHECK(!busy[0].cancel());
    go.count_down();
    CHECK_THROWS_AS(queued.get(), tri::cancelled);
    CHECK_THROWS_AS(following.get(), tri::cancelled);
    for (auto& f : busy) f.get();

    // One that has begun is asked.
    std::latch inside(1);
    auto asked = tri::submit(
        pool,
        [&](std::stop_token stop, int x) {
          inside.count_down();
          while (!stop.stop_requested()) std::this_thread::yield();
          return x;
        },
        5);
    inside.wait();
    CHECK(!asked.cancel());
    CHECK(asked.get() == 5);
    auto then_asked = tri::submit(pool, next, 1).then([](std::stop_token stop, int x) { return stop.stop_possible() ? x : 0; });
    CHECK(then_asked.get() == 2);
  }
}

TEST_CASE("future: cancel on processes") {
  tri::process_pool const pool(1);
  auto busy = tri::submit(pool, tri::fn<nap>, 100);
  std::vector<tri::future<int>> queued;
  for (int k = 0; k < 20; ++k) queued.push_back(tri::submit(pool, tri::fn<nap>, 1000));
  auto last = tri::submit(pool, tri::fn<next>, 1);
  for (auto& f : queued) CHECK(f.cancel());
  for (auto& f : queued) CHECK_THROWS_AS(f.get(), tri::cancelled);
  CHECK(busy.get() == 100);
  CHECK(last.get() == 2);
}

TEST_CASE("future: a pool that goes breaks what has not begun, and finishes what has") {
  for (int const width : {1, 2}) {
    std::latch begun(width);
    std::optional<tri::thread_pool> pool(std::in_place, width);
    std::binary_semaphore go(0);
    std::vector<tri::future<int>> busy, queued;
    std::vector<tri::future<std::string>> following;
    for (int k = 0; k < width; ++k)
      busy.push_back(tri::submit(*pool, [&] {
        begun.count_down();
        go.acquire();
        go.release();
        return 1;
      }));
    begun.wait();
    for (int k = 0; k < 100; ++k) queued.push_back(tri::submit(*pool, next, k));
    for (int k = 0; k < 10; ++k) following.push_back(tri::submit(*pool, next, k).then([](int x) { return std::to_string(x); }));
    {
      std::jthread const going([&] { pool.reset(); });
      queued.back().wait(); // broken while the others run
      go.release();
    }
    for (auto& f : busy) CHECK(f.get() == 1);
    for (auto& f : queued) CHECK_THROWS_MATCHES(f.get(), tri::broken_promise, message_contains("executor went"));
    for (auto& f : following) CHECK_THROWS_AS(f.get(), tri::cancelled);
  }
  tri::future<int> late = tri::submit(tri::thread_pool(2), next, 1);
  late.wait();
  auto late_too = late.then(next);
  CHECK_THROWS_AS(late_too.get(), tri::broken_promise);
  tri::thread_pool const other(2); // may have the other one's queue; not its tasks
  late = tri::submit(tri::thread_pool(2), [] { return 1; });
  late.wait();
  CHECK_THROWS_AS(late.then(next).get(), tri::error);

  std::optional<tri::process_pool> processes(std::in_place, 1);
  auto first = tri::submit(*processes, tri::fn<nap>, 50);
  while (first.wait_for(10ms)) {
  }
  std::vector<tri::future<int>> rest;
  for (int k = 0; k < 10; ++k) rest.push_back(tri::submit(*processes, tri::fn<nap>, 10'000));
  auto after = tri::submit(*processes, tri::fn<nap>, 10'000).then(next);
  processes.reset();
  CHECK(first.get() == 50);
  for (auto& f : rest) CHECK_THROWS_AS(f.get(), tri::broken_promise);
  CHECK_THROWS_AS(after.get(), tri::broken_promise);
}

TEST_CASE("future: a task that waits for a queued one while the pool goes") {
  for (int round = 0; round < 100; ++round) {
    std::optional<tri::thread_pool> pool(std::in_place, 1 + round % 2);
    auto const& shown = *pool;
    std::latch begun(1);
    auto outer = tri::submit(shown, [&] {
      auto f = tri::submit(shown, next, 1).then(next);
      begun.count_down();
      try {
        return f.get();
      } catch (tri::cancelled const&) {
        return -1;
      }
    });
    begun.wait();
    pool.reset();
    int const got = outer.get();
    CHECK((got == 3 || got == -1));
  }
}

TEST_CASE("future: the last handle may go inside a task") {
  for (int const width : {1, 2})
    for (int round = 0; round < 50; ++round) {
      auto pool = std::make_unique<tri::thread_pool>(width);
      auto& p = *pool;
      std::atomic<bool> ran = false;
      auto fut = tri::submit(p, [held = std::move(pool), &ran]() mutable {
        held.reset();
        ran = true;
      });
      fut.wait();
      CHECK(ran);
    }
  auto pool = std::make_unique<tri::process_pool>(1);
  auto& p = *pool;
  auto last = tri::submit(p, tri::fn<next>, 1).then([held = std::move(pool)](int x) mutable {
    held.reset();
    return x;
  });
  CHECK(last.get() == 2);
}

TEST_CASE("future: a long chain, built before and after its beginning has ended") {
  for (int const width : {1, 2}) {
    std::latch go(1);
    tri::thread_pool const pool(width);
    for (bool wait : {true, false}) {
      auto f = tri::submit(pool, [&] {
        if (wait) go.wait();
        return 0;
      });
      for (int k = 0; k < 100'000; ++k) f = f.then(next);
      if (wait) go.count_down();
      CHECK(f.get() == 100'000);
    }
    auto inside = tri::submit(pool, [&] {
      auto f = tri::submit(pool, next, -1);
      for (int k = 0; k < 100'000; ++k) f = f.then(next);
      return f.get();
    });
    CHECK(inside.get() == 100'000);
    auto failing = tri::submit(pool, [&]() -> int { throw 1; });
    for (int k = 0; k < 100'000; ++k) failing = failing.then(next);
    CHECK_THROWS_AS(failing.get(), int);
  }
  auto done = tri::submit(tri::inline_executor{}, next, -1);
  for (int k = 0; k < 100'000; ++k) done = done.then(next);
  CHECK(done.get() == 100'000);
}

TEST_CASE("future: a million tasks in flight") {
  std::latch go(1);
  tri::thread_pool const pool(2);
  auto gate = tri::submit(pool, [&] { go.wait(); });
  std::vector<tri::future<int>> all;
  for (int k = 0; k < 1'000'000; ++k) all.push_back(tri::submit(pool, next, k));
  go.count_down();
  std::size_t wrong = 0;
  for (int k = 0; k < 1'000'000; ++k) wrong += all[static_cast<std::size_t>(k)].get() != k + 1;
  CHECK(wrong == 0);
  std::atomic<int> left = 1'000'000;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&] {
        for (int k = 0; k < 250'000; ++k)
          static_cast<void>(tri::submit(pool, [&] {
            if (--left == 0) left.notify_all();
          }));
      });
  }
  for (int seen = left; seen != 0; seen = left) left.wait(seen);
}

TEST_CASE("future: many threads wait for one") {
  tri::thread_pool const pool(2);
  for (int round = 0; round < 200; ++round) {
    auto const shared = tri::submit(pool, next, round).share();
    std::atomic<int> right = 0;
    {
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([&, t] {
          if (t % 2 == 0) static_cast<void>(shared.wait_for(1h));
          right += shared.get() == round + 1;
        });
    }
    CHECK(right == 4);
  }
}
