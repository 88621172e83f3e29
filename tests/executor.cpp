/// @file executor.cpp
/// What the executor concept asks for beyond its syntax, of every model: completions, order, grain, stop, exceptions.
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <latch>
#include <memory>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;

/// The address sanitizer ends a program that asks for too much, unless it is told that this is a test.
extern "C" char const* __asan_default_options() { return "allocator_may_return_null=1"; }
using testing::far_executor;

namespace {
template <class Check>
void on_hosts(Check check) {
  check(tri::inline_executor{});
  for (int const width : {1, 2, 3, 7}) check(tri::thread_pool(width));
}
void sleep_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

struct not_an_executor {
  using completion_type = tri::inline_completion;
  std::size_t concurrency() const noexcept { return 1; }
  bool operator==(not_an_executor const&) const = default;
};
struct copyable_completion {
  bool ready() const noexcept { return true; }
  void wait() {}
};
} // namespace

TEST_CASE("executor: the concepts tell models from others") {
  STATIC_REQUIRE(tri::host_executor<tri::inline_executor>);
  STATIC_REQUIRE(tri::host_executor<tri::thread_pool>);
  STATIC_REQUIRE(tri::executor<far_executor>);
  STATIC_REQUIRE(!tri::host_executor<far_executor>);
  STATIC_REQUIRE(!tri::executor<not_an_executor>);
  STATIC_REQUIRE(!tri::executor<int>);
  STATIC_REQUIRE(tri::completion<tri::completion_t<tri::thread_pool>>);
  STATIC_REQUIRE(tri::completion<tri::completion_t<far_executor>>);
  STATIC_REQUIRE(!tri::completion<copyable_completion>);
  STATIC_REQUIRE(!std::copyable<tri::completion_t<tri::thread_pool>>);
  STATIC_REQUIRE(!std::copyable<tri::completion_t<tri::inline_executor>>);
}

TEST_CASE("bulk: every index once, in runs that respect the grain") {
  on_hosts([](auto const& ex) {
    for (std::size_t const n : testing::sizes(1, 2, 64, 1000))
      for (std::size_t const grain : testing::sizes(0, 1, 3, 64, 5000)) {
        CAPTURE(ex.concurrency(), n, grain);
        std::vector<std::atomic<int>> visits(n);
        std::atomic<bool> in_order = true, grain_kept = true;
        auto const f = [&](std::size_t first, std::size_t last) {
          if (!(first < last && last <= n)) in_order = false;
          if (grain != 0 && (first % grain != 0 || (last - first != grain && last != n))) grain_kept = false;
          for (std::size_t i = first; i < last; ++i) ++visits[i];
        };
        ex.bulk(n, f, {.grain = grain}).wait();
        CHECK(in_order);
        CHECK(grain_kept);
        int once = 0;
        for (auto const& v : visits) once += v == 1;
        CHECK(once == static_cast<int>(n));
      }
  });
}

TEST_CASE("bulk: of nothing calls nothing") {
  on_hosts([](auto const& ex) {
    auto c = ex.bulk(0, [](std::size_t, std::size_t) { FAIL("called"); });
    CHECK(c.ready());
    c.wait();
    CHECK_THROWS_MATCHES(ex.bulk(-1, [](std::size_t, std::size_t) {}), std::invalid_argument,
                         testing::message_contains("n must not be negative"));
    CHECK_THROWS_MATCHES(ex.bulk(1, [](std::size_t, std::size_t) {}, {.grain = -1}), std::invalid_argument,
                         testing::message_contains("grain must not be negative"));
  });
}

TEST_CASE("bulk: the exception comes from wait, each time, and never from bulk") {
  on_hosts([](auto const& ex) {
    auto c = ex.bulk(10, [](std::size_t, std::size_t) { throw std::domain_error("the kernel"); });
    for (int k = 0; k < 3; ++k) CHECK_THROWS_MATCHES(c.wait(), std::domain_error, testing::message_contains("the kernel"));
    CHECK(c.ready());
    auto moved = std::move(c);
    CHECK_THROWS_AS(moved.wait(), std::domain_error);
    // Nobody asks for these.
    static_cast<void>(ex.bulk(10, [](std::size_t, std::size_t) { throw 1; }));
    moved = ex.bulk(10, [](std::size_t, std::size_t) { throw 2; });
    moved = {};
    moved.wait();
  });
}

TEST_CASE("bulk: the kernel is copied, lives until the work is complete, and then goes") {
  on_hosts([](auto const& ex) {
    std::atomic<int> sum = 0;
    std::latch gone(1);
    auto c = [&] {
      std::shared_ptr<int> const life(new int(7), [&](int* p) {
        delete p;
        gone.count_down();
      });
      auto const f = [life, &sum](std::size_t first, std::size_t last) {
        sleep_ms(1);
        sum += *life * static_cast<int>(last - first);
      };
      return ex.bulk(10, f, {.grain = 1});
    }();
    c.wait();
    CHECK(sum == 70);
    c = {};
    // Not by a clock: a worker that looked for more to do holds the kernel until it is given time to let go of it.
    gone.wait();
  });
}

TEST_CASE("completion: the destructor and assignment wait") {
  on_hosts([](auto const& ex) {
    std::atomic<int> done = 0;
    auto const f = [&](std::size_t, std::size_t) {
      sleep_ms(5);
      ++done;
    };
    {
      auto const c = ex.bulk(4, f, {.grain = 1});
    }
    CHECK(done == 4);
    auto c = ex.bulk(4, f, {.grain = 1});
    c = {};
    CHECK(done == 8);
    CHECK(c.ready());
  });
}

TEST_CASE("completion: not ready while the work is held up, on a pool with a thread of its own") {
  std::latch gate(1);
  tri::thread_pool const pool(2);
  auto c = pool.bulk(1, [&](std::size_t, std::size_t) { gate.wait(); });
  CHECK(!c.ready());
  gate.count_down();
  c.wait();
  CHECK(c.ready());
}

TEST_CASE("after: the order of a chain, also past a failure") {
  auto const check = [](auto const& ex) {
    using completion = tri::completion_t<std::remove_cvref_t<decltype(ex)>>;
    std::vector<int> order; // not guarded: the order itself guards it
    std::vector<completion> chain;
    chain.reserve(20);
    for (int k = 0; k < 20; ++k) {
      auto const f = [&order, k](std::size_t, std::size_t) {
        order.push_back(k);
        if (k == 5) throw std::runtime_error("five");
      };
      if (k == 0)
        chain.push_back(ex.bulk(1, f));
      else
        chain.push_back(ex.bulk(1, f, {.grain = 0, .stop = {}, .after = chain.back()}));
    }
    for (std::size_t k = 20; k-- > 0;)
      if (k == 5)
        CHECK_THROWS_WITH(chain[k].wait(), testing::contains("five"));
      else
        chain[k].wait();
    std::vector<int> expected;
    for (int k = 0; k < 20; ++k) expected.push_back(k);
    CHECK(order == expected);
  };
  on_hosts(check);
}

TEST_CASE("after: the predecessor may be gone before its successor begins") {
  on_hosts([](auto const& ex) {
    using completion = tri::completion_t<std::remove_cvref_t<decltype(ex)>>;
    std::atomic<int> done = 0;
    std::optional<completion> first(ex.bulk(1, [&](std::size_t, std::size_t) {
      sleep_ms(5);
      done = 1;
    }));
    std::atomic<int> seen = -1;
    auto second = ex.bulk(1, [&](std::size_t, std::size_t) { seen = done.load(); }, {.grain = 0, .stop = {}, .after = *first});
    first.reset();
    second.wait();
    CHECK(seen == 1);
    // An empty bulk still waits for what it comes after.
    done = 0;
    auto third = ex.bulk(1, [&](std::size_t, std::size_t) {
      sleep_ms(5);
      done = 1;
    });
    ex.bulk(0, [](std::size_t, std::size_t) {}, {.grain = 0, .stop = {}, .after = third}).wait();
    CHECK(done == 1);
  });
}

TEST_CASE("after: copies wait for it") {
  on_hosts([](auto const& ex) {
    std::vector<int> from{0}, to{9};
    auto work = ex.bulk(1, [&](std::size_t, std::size_t) {
      sleep_ms(5);
      from[0] = 42;
    });
    void* const p = ex.allocate(sizeof(int), alignof(int));
    auto up = ex.upload(from.data(), p, sizeof(int), {.after = work});
    auto down = ex.download(p, to.data(), sizeof(int), {.after = up});
    down.wait();
    CHECK(to[0] == 42);
    ex.deallocate(p, sizeof(int));
  });
}

TEST_CASE("stop: cancelled if indices were left out, else not") {
  on_hosts([](auto const& ex) {
    std::stop_source stop;
    std::atomic<int> calls = 0;
    auto c = ex.bulk(1000,
                     [&](std::size_t, std::size_t) {
                       if (++calls == 10) stop.request_stop();
                     },
                     {.grain = 1, .stop = stop.get_token()});
    CHECK_THROWS_AS(c.wait(), tri::cancelled);
    CHECK(calls >= 10);
    CHECK(calls < 1000);
    calls = 0;
    CHECK_THROWS_AS(ex.bulk(1000, [&](std::size_t, std::size_t) { ++calls; }, {.grain = 0, .stop = stop.get_token()}).wait(),
                    tri::cancelled);
    CHECK(calls == 0);
    ex.bulk(0, [](std::size_t, std::size_t) {}, {.grain = 0, .stop = stop.get_token()}).wait();
    std::stop_source unused;
    ex.bulk(10, [&](std::size_t first, std::size_t last) { calls += static_cast<int>(last - first); },
            {.grain = 0, .stop = unused.get_token()})
        .wait();
    CHECK(calls == 10);
  });
  STATIC_REQUIRE(std::derived_from<tri::cancelled, tri::error>);
  STATIC_REQUIRE(std::derived_from<tri::error, std::runtime_error>);
}

TEST_CASE("allocate: aligned, and std::bad_alloc beyond all memory") {
  on_hosts([](auto const& ex) {
    for (std::size_t const align : testing::sizes(1, 16, 64, 256, 4096)) {
      void* const p = ex.allocate(1, align);
      CHECK(reinterpret_cast<std::uintptr_t>(p) % align == 0);
      ex.deallocate(p, 1);
    }
    // The pointer is kept somewhere: clang leaves out an allocation that nobody looks at.
    void* volatile kept = nullptr;
    CHECK_THROWS_AS(kept = ex.allocate(static_cast<std::size_t>(-1), 8), std::bad_alloc);
    CHECK_THROWS_AS(kept = ex.allocate(static_cast<std::size_t>(-1) / 4, 8), std::bad_alloc);
    CHECK(kept == nullptr);
  });
}

TEST_CASE("inline_executor: at once, in order, on the calling thread, and one like another") {
  tri::inline_executor const ex;
  CHECK(ex == tri::inline_executor{});
  CHECK(ex.concurrency() == 1);
  std::vector<std::size_t> seen;
  auto const c = ex.bulk(10,
                         [&](std::size_t first, std::size_t last) {
                           for (; first < last; ++first) seen.push_back(first);
                         },
                         {.grain = 3});
  CHECK(c.ready());
  CHECK(seen == std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}
