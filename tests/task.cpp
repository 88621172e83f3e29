/// @file task.cpp
/// Coroutines: on the calling thread, on executors, moved between them, many at once, cancelled, left behind.
#include <trireme/trireme.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <latch>
#include <memory>
#include <optional>
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

template <class E>
tri::task<int> adds(E const& ex, int x) {
  int const y = co_await tri::submit(ex, tri::fn<next>, x);
  auto fut = tri::submit(ex, tri::fn<next>, y);
  co_return co_await fut;
}
template <class E>
tri::task<std::string> catches(E const& ex) {
  try {
    co_await tri::submit(ex, tri::fn<fails>, "inside");
  } catch (std::domain_error const& e) {
    co_return e.what();
  }
  co_return "nothing thrown";
}
template <class E>
tri::task<> throws_on(E const& ex) {
  co_await tri::submit(ex, tri::fn<fails>, "outside");
}
template <class E>
tri::task<int> nested(E const& ex, int depth) {
  if (depth == 0) co_return 0;
  co_return co_await nested(ex, depth - 1) + co_await tri::submit(ex, tri::fn<next>, 0);
}
template <class E>
tri::task<int> sum_of_shared(E const& ex) {
  auto const shared = tri::submit(ex, tri::fn<next>, 1).share();
  co_return co_await shared + co_await shared;
}

template <class E>
void coroutines_work(E const& ex) {
  CHECK(tri::sync_wait(adds(ex, 1)) == 3);
  CHECK(tri::sync_wait(catches(ex)) == "inside");
  CHECK_THROWS_MATCHES(tri::sync_wait(throws_on(ex)), std::domain_error, message_contains("outside"));
  CHECK(tri::sync_wait(nested(ex, 50)) == 50);
  CHECK(tri::sync_wait(sum_of_shared(ex)) == 4);
  CHECK(tri::submit(ex, adds(ex, 1)).get() == 3);
  CHECK_THROWS_AS(tri::submit(ex, throws_on(ex)).get(), std::domain_error);
  CHECK(tri::submit(ex, adds(ex, 1)).then([](int x) { return x + 1; }).get() == 4);
  static_cast<void>(adds(ex, 1)); // lazy: never begins
}

} // namespace

TEST_CASE("task: on every executor") {
  coroutines_work(tri::inline_executor{});
  for (int const width : {1, 3}) {
    coroutines_work(tri::thread_pool(width));
    coroutines_work(tri::process_pool(width));
  }
}

namespace {
/// By a pointer that may change: clang takes the calling thread for the same before and after a wait.
std::thread::id (*volatile calling_thread)() noexcept = std::this_thread::get_id;

tri::task<int> wanders(tri::thread_pool const& a, tri::thread_pool const& b, std::thread::id on_a, std::thread::id on_b) {
  int right = 0;
  auto const here = calling_thread();
  co_await tri::submit(a, next, 1);
  right += calling_thread() == here;
  co_await tri::resume_on(a);
  right += calling_thread() == on_a;
  co_await tri::submit(b, next, 1); // and back
  right += calling_thread() == on_a;
  co_await tri::resume_on(b);
  right += calling_thread() == on_b;
  co_await tri::sleep_for(1ms);
  right += calling_thread() == on_b;
  co_return right;
}
} // namespace

TEST_CASE("task: goes on where it belongs") {
  tri::thread_pool const a(1), b(1);
  auto const here = [] { return std::this_thread::get_id(); };
  auto const on_a = tri::submit(a, here).get(), on_b = tri::submit(b, here).get();
  CHECK(tri::sync_wait(wanders(a, b, on_a, on_b)) == 5);
  CHECK(tri::submit(a, wanders(a, b, on_a, on_b)).get() == 5);
}

namespace {
tri::task<std::unique_ptr<int>> boxed(std::unique_ptr<int> p) {
  co_await tri::sleep_for(0ms);
  ++*p;
  co_return std::move(p);
}
tri::task<int> waits(int k) {
  co_await tri::sleep_for(20ms);
  co_return k;
}
tri::task<long> thousand(tri::thread_pool const& pool) {
  std::vector<tri::future<int>> all;
  for (int k = 0; k < 1000; ++k) all.push_back(tri::submit(pool, waits(k)));
  long sum = 0;
  for (int const k : co_await tri::when_all(all)) sum += k;
  co_return sum;
}
} // namespace

TEST_CASE("task: what moves only") { CHECK(*tri::sync_wait(boxed(std::make_unique<int>(3))) == 4); }

TEST_CASE("task: a thousand waits at once, on two threads") {
  tri::thread_pool const pool(2);
  auto const begun = std::chrono::steady_clock::now();
  CHECK(tri::sync_wait(thousand(pool)) == 499'500);
  CHECK(std::chrono::steady_clock::now() - begun < 10s); // one after the other on two threads: at least that
  std::vector<tri::future<int>> all;
  for (int k = 0; k < 1000; ++k) all.push_back(tri::submit(pool, waits(k)));
  long sum = 0;
  for (auto& f : tri::as_completed(all)) sum += f.get();
  CHECK(sum == 499'500);
}

namespace {
tri::task<int> holds(std::shared_ptr<int> held, std::latch& begun) {
  begun.count_down();
  co_await tri::sleep_for(1h);
  co_return *held;
}
tri::task<int> until_it_goes(tri::future<void> f, std::shared_ptr<int>) {
  try {
    co_await f;
  } catch (tri::broken_promise const&) {
    co_return -1;
  }
  co_return 1;
}
} // namespace

TEST_CASE("task: cancelled before it begins, or after; and a pool that goes") {
  auto const held = std::make_shared<int>(5);
  {
    std::latch go(1), begun(1);
    tri::thread_pool const pool(1);
    auto busy = tri::submit(pool, [&] { go.wait(); });
    auto queued = tri::submit(pool, holds(held, begun));
    CHECK(queued.cancel());
    CHECK(held.use_count() == 1);
    go.count_down();
    CHECK_THROWS_AS(queued.get(), tri::cancelled);
    auto running = tri::submit(pool, holds(held, begun));
    begun.wait();
    CHECK(!running.cancel()); // whether it is at its wait by now or not
    CHECK_THROWS_AS(running.get(), tri::cancelled);
    CHECK(held.use_count() == 1);
  }
  for (int round = 0; round < 50; ++round) {
    std::latch go(1), in(1 + round % 2);
    std::optional<tri::thread_pool> pool(std::in_place, 1 + round % 2);
    std::vector<tri::future<void>> busy;
    for (int k = 0; k < 1 + round % 2; ++k)
      busy.push_back(tri::submit(*pool, [&] {
        in.count_down();
        go.wait();
      }));
    in.wait();
    auto coroutine = tri::submit(tri::inline_executor{}, until_it_goes(tri::submit(*pool, [] {}), held));
    {
      std::jthread const going([&] { pool.reset(); });
      CHECK(coroutine.get() == -1);
      go.count_down();
    }
    CHECK(held.use_count() == 1);
  }
}

namespace {
tri::task<int> sleeps_long() {
  co_await tri::sleep_for(1h);
  co_return 1;
}
tri::task<int> goes_on_when_cancelled(std::latch& begun) {
  begun.count_down();
  bool stopped = false;
  try {
    co_return co_await sleeps_long();
  } catch (tri::cancelled const&) {
    stopped = true;
  }
  co_await tri::sleep_for(1ms); // one request ends one wait
  co_return stopped ? 7 : 8;
}
tri::task<int> works_then_waits(std::latch& begun, std::latch& asked) {
  begun.count_down();
  asked.wait();
  co_return co_await sleeps_long();
}
tri::task<int> waits_for(tri::shared_future<int> f) { co_return co_await f; }
tri::task<int> waits_for_own(tri::future<int> f) { co_return co_await f; }
} // namespace

TEST_CASE("task: cancelled while it waits") {
  tri::thread_pool const pool(2);
  SECTION("the wait ends, also that of a coroutine that it awaits, and it may go on") {
    std::latch begun(1);
    auto f = tri::submit(pool, goes_on_when_cancelled(begun));
    begun.wait();
    f.cancel();
    CHECK(f.get() == 7);
  }
  SECTION("at work, it learns of it at its next wait") {
    std::latch begun(1), asked(1);
    auto f = tri::submit(pool, works_then_waits(begun, asked));
    begun.wait();
    f.cancel();
    asked.count_down();
    CHECK_THROWS_AS(f.get(), tri::cancelled);
  }
  SECTION("what it waits for alone is cancelled with it, what others wait for too is not") {
    for (int round = 0; round < 1000; ++round) { // also what ends with a result as soon as it is asked to stop
      std::latch in(1);
      auto own = tri::submit(pool, [&](std::stop_token stop) {
        in.count_down();
        while (!stop.stop_requested()) {
        }
        return 1;
      });
      in.wait();
      auto f = tri::submit(tri::inline_executor{}, waits_for_own(std::move(own)));
      f.cancel();
      CHECK_THROWS_AS(f.get(), tri::cancelled);
    }
    std::latch go(1);
    auto const shared = tri::submit(pool, [&] {
                          go.wait();
                          return 5;
                        }).share();
    auto first = tri::submit(pool, waits_for(shared)), second = tri::submit(pool, waits_for(shared));
    first.cancel();
    CHECK_THROWS_AS(first.get(), tri::cancelled);
    go.count_down();
    CHECK(second.get() == 5);
  }
  SECTION("at any moment") {
    int ended = 0;
    for (int round = 0; round < 2'000; ++round) {
      auto f = tri::submit(pool, waits_for_own(tri::submit(pool, next, 1)));
      for (int k = round % 50; k > 0; --k) std::this_thread::yield();
      f.cancel();
      try {
        ended += f.get() == 2;
      } catch (tri::cancelled const&) {
        ++ended;
      }
    }
    CHECK(ended == 2'000);
  }
}

TEST_CASE("task: functions that make coroutines, as tasks and as what follows") {
  tri::thread_pool const pool(2);
  std::string const long_text = "longer than any small string could be, so that it lies elsewhere";
  auto const made = [long_text](std::string const& more) -> tri::task<std::string> {
    co_await tri::sleep_for(1ms); // the function, which was moved into the task, and its argument are still there
    co_return long_text + more;
  };
  auto f = tri::submit(pool, std::decay_t<decltype(made)>(made), "!");
  static_assert(std::is_same_v<decltype(f), tri::future<std::string>>);
  CHECK(f.get() == long_text + "!");
  std::atomic<bool> ran = false;
  tri::submit(pool, [&ran]() -> tri::task<> {
    co_await tri::sleep_for(1ms);
    ran = true;
  }).get();
  CHECK(ran);
  auto follows = tri::submit(pool, next, 1).then(waits);
  static_assert(std::is_same_v<decltype(follows), tri::future<int>>);
  CHECK(follows.get() == 2);
  CHECK_THROWS_AS(
      tri::submit(pool, [](int) -> tri::task<int> { throw std::domain_error("before it is one"); }, 1).get(), std::domain_error);
}

TEST_CASE("task: awaited twice, or not at all") {
  tri::task<int> t;
  CHECK(!t.valid());
  CHECK_THROWS_AS(tri::sync_wait(std::move(t)), std::logic_error);
  CHECK_THROWS_AS(tri::submit(tri::inline_executor{}, tri::task<int>()), std::logic_error);
  tri::inline_executor const here;
  auto const awaits_nothing = [](tri::inline_executor) -> tri::task<int> { co_return co_await tri::future<int>(); };
  CHECK_THROWS_AS(tri::sync_wait(awaits_nothing(here)), std::logic_error);
}

TEST_CASE("task: a long loop of waits needs no stack") {
  tri::thread_pool const pool(2);
  auto const loop = [](tri::thread_pool const& p) -> tri::task<int> {
    int x = 0;
    for (int k = 0; k < 20'000; ++k) x = co_await tri::submit(p, next, x);
    co_return x;
  };
  CHECK(tri::submit(pool, loop(pool)).get() == 20'000);
  CHECK(tri::sync_wait(loop(pool)) == 20'000);
  auto const ready = [](tri::inline_executor ex) -> tri::task<int> {
    int x = 0;
    for (int k = 0; k < 100'000; ++k) x = co_await tri::submit(ex, next, x);
    co_return x;
  };
  CHECK(tri::sync_wait(ready(tri::inline_executor{})) == 100'000);
}

namespace {
tri::task<int> child(int x) { co_return x; }
tri::task<int> deep(int n) {
  if (n == 0) co_return 0;
  co_return co_await deep(n - 1) + 1;
}
} // namespace

TEST_CASE("task: coroutines in a loop or in a chain need no stack, whatever the compiler does") {
  tri::thread_pool const pool(2);
  auto const loop = []() -> tri::task<int> {
    int sum = 0;
    for (int k = 0; k < 300'000; ++k) sum += co_await child(1);
    co_return sum;
  };
  CHECK(tri::sync_wait(loop()) == 300'000);
  CHECK(tri::submit(pool, loop()).get() == 300'000);
  CHECK(tri::sync_wait(deep(100'000)) == 100'000);
}

TEST_CASE("sleep_for: order, cancelling, and a limit for another future") {
  auto const begun = std::chrono::steady_clock::now();
  auto slow = tri::sleep_for(40ms), quick = tri::sleep_for(5ms);
  CHECK(tri::when_any(slow, quick).get() == 1);
  slow.wait();
  CHECK(std::chrono::steady_clock::now() - begun >= 40ms);
  auto never = tri::sleep_for(std::chrono::hours::max());
  CHECK(!never.wait_for(1ms));
  CHECK(never.cancel());
  CHECK_THROWS_AS(never.get(), tri::cancelled);
  static_cast<void>(tri::sleep_for(1ms));
  tri::thread_pool const pool(1);
  CHECK(tri::sleep_for(1ms).then(pool, [] { return 7; }).get() == 7);
}
