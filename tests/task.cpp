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
#include <string>
#include <thread>
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
  co_await tri::sleep_for(1ms);
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
    tri::thread_pool const pool(1);
    std::latch go(1), begun(1);
    auto busy = tri::submit(pool, [&] { go.wait(); });
    auto queued = tri::submit(pool, holds(held, begun));
    CHECK(queued.cancel());
    CHECK(held.use_count() == 1);
    go.count_down();
    CHECK_THROWS_AS(queued.get(), tri::cancelled);
    auto running = tri::submit(pool, holds(held, begun));
    begun.wait();
    CHECK(!running.cancel());
    CHECK(running.get() == 5);
  }
  for (int round = 0; round < 50; ++round) {
    std::optional<tri::thread_pool> pool(std::in_place, 1 + round % 2);
    std::latch go(1), in(1 + round % 2);
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
