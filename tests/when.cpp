/// @file when.cpp
/// when_all, when_any and as_completed: ranges and packs, order, exceptions, early ends, inside tasks.
#include <trireme/trireme.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <latch>
#include <memory>
#include <ranges>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

inline constexpr auto next = [](int x) { return x + 1; };
inline constexpr auto fails = [](int x) -> int { throw std::domain_error(std::to_string(x)); };
inline constexpr auto nap = [](int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ms;
};
inline constexpr auto nothing = [] {};

template <class E>
auto many(E const& ex, int n) {
  std::vector<tri::future<int>> all;
  for (int k = 0; k < n; ++k) all.push_back(tri::submit(ex, tri::fn<next>, k));
  return all;
}

template <class E>
void several(E const& ex) {
  for (int const n : {0, 1, 2, 100}) {
    auto const values = tri::when_all(many(ex, n)).get();
    CHECK(values.size() == static_cast<std::size_t>(n));
    for (int k = 0; k < n; ++k) CHECK(values[static_cast<std::size_t>(k)] == k + 1);

    auto futures = many(ex, n);
    std::multiset<int> seen;
    auto ends = tri::as_completed(futures);
    CHECK(ends.size() == static_cast<std::size_t>(n));
    for (auto& f : ends) {
      static_assert(std::is_same_v<decltype(f), tri::future<int>&>);
      CHECK(f.ready());
      seen.insert(f.get());
    }
    CHECK(seen.size() == static_cast<std::size_t>(n));
    CHECK((n == 0 || (*seen.begin() == 1 && *seen.rbegin() == n)));
    int sum = 0;
    for (auto& f : tri::as_completed(many(ex, n))) sum += f.get();
    CHECK(sum == n * (n + 1) / 2);
  }
  // Exceptions: the first in order; to the one who asks.
  auto bad = many(ex, 3);
  bad.push_back(tri::submit(ex, tri::fn<fails>, 3));
  bad.push_back(tri::submit(ex, tri::fn<fails>, 4));
  CHECK_THROWS_MATCHES(tri::when_all(bad).get(), std::domain_error, message_contains("3"));
  CHECK(!bad[0].valid());
  auto mixed = many(ex, 2);
  mixed.push_back(tri::submit(ex, tri::fn<fails>, 2));
  int threw = 0;
  for (auto& f : tri::as_completed(mixed)) try {
      f.get();
    } catch (std::domain_error const&) {
      ++threw;
    }
  CHECK(threw == 1);

  // Packs, of different types.
  auto all = tri::when_all(tri::submit(ex, tri::fn<next>, 1), tri::submit(ex, tri::fn<nothing>),
                           tri::submit(ex, tri::fn<next>, 2).share());
  static_assert(std::is_same_v<decltype(all), tri::future<std::tuple<int, std::monostate, int>>>);
  CHECK(all.get() == std::tuple(2, std::monostate{}, 3));
  std::vector<tri::future<void>> of_nothing;
  of_nothing.push_back(tri::submit(ex, tri::fn<nothing>));
  static_assert(std::is_same_v<decltype(tri::when_all(of_nothing)), tri::future<void>>);
  tri::when_all(of_nothing).get();
  auto a = tri::submit(ex, tri::fn<next>, 1);
  auto b = tri::submit(ex, tri::fn<nothing>);
  std::set<std::size_t> positions;
  for (auto const& f : tri::as_completed(a, b)) {
    std::visit([](auto* one) { CHECK(one->ready()); }, f);
    positions.insert(f.index());
  }
  CHECK(positions == std::set<std::size_t>{0, 1});
  CHECK(tri::when_all(tri::submit(ex, tri::fn<next>, 1), tri::submit(ex, tri::fn<next>, 5))
            .then([](auto const& t) { return std::get<0>(t) + std::get<1>(t); })
            .get() == 8);

  // The first.
  auto slow = tri::submit(ex, tri::fn<nap>, 30);
  auto first = tri::when_any(slow);
  CHECK(first.get() == 0);
  CHECK(slow.get() == 30);
  auto some = many(ex, 10);
  std::size_t const which = tri::when_any(some).get();
  CHECK(some[which].ready());
  CHECK(some[which].get() == static_cast<int>(which) + 1);
  CHECK_THROWS_AS(tri::when_any(some), std::logic_error); // one is not valid any more
  CHECK_THROWS_AS(tri::when_any(std::vector<tri::future<int>>{}), std::invalid_argument);
  CHECK_THROWS_AS(tri::as_completed(some), std::logic_error);
}

} // namespace

TEST_CASE("when: on every executor") {
  several(tri::inline_executor{});
  for (int const width : {1, 3}) {
    several(tri::thread_pool(width));
    several(tri::process_pool(width));
  }
}

TEST_CASE("when: in the order of the ends") {
  tri::thread_pool const pool(4);
  std::vector<std::unique_ptr<std::latch>> gates;
  std::vector<tri::future<int>> futures;
  for (int k = 0; k < 4; ++k) {
    gates.push_back(std::make_unique<std::latch>(1));
    futures.push_back(tri::submit(pool, [&gate = *gates.back(), k] {
      gate.wait();
      return k;
    }));
  }
  auto any = tri::when_any(futures);
  CHECK(!any.ready());
  std::vector<int> order;
  gates[2]->count_down();
  CHECK(any.get() == 2);
  for (auto& f : tri::as_completed(futures)) {
    order.push_back(f.get());
    static constexpr int following[] = {3, -1, 0, 1};
    if (following[order.back()] >= 0) gates[static_cast<std::size_t>(following[order.back()])]->count_down();
  }
  CHECK(order == std::vector{2, 0, 3, 1});
}

TEST_CASE("when: processes tell of their ends") {
  tri::process_pool const pool(3);
  std::vector<tri::future<int>> naps;
  for (int const ms : {400, 10, 150}) naps.push_back(tri::submit(pool, tri::fn<nap>, ms));
  std::vector<int> order;
  for (auto& f : tri::as_completed(naps)) order.push_back(f.get());
  CHECK(order == std::vector{10, 150, 400});
}

TEST_CASE("when: left early, or not looked at") {
  std::latch go(1);
  tri::thread_pool const pool(2);
  {
    auto futures = many(pool, 20);
    futures.push_back(tri::submit(pool, [&] {
      go.wait();
      return 0;
    }));
    for (auto& f : tri::as_completed(futures)) {
      CHECK(f.ready());
      break;
    }
    static_cast<void>(tri::when_any(futures));
    static_cast<void>(tri::when_all(futures));
  }
  go.count_down();
}

TEST_CASE("when: what goes on for long keeps nothing of those who waited for another") {
  std::latch go(1);
  tri::thread_pool const pool(2);
  auto const endless = tri::submit(pool, [&go] {
                         go.wait();
                         return std::make_shared<int>(0);
                       }).share();
  auto const held = std::make_shared<int>(1);
  auto const quick = [&] { return tri::submit(pool, [held] { return held; }).share(); };
  for (int round = 0; round < 100; ++round) {
    std::vector<tri::shared_future<std::shared_ptr<int>>> both{endless, quick()};
    if (round % 2 != 0) std::swap(both[0], both[1]);
    CHECK(tri::when_any(both).get() == static_cast<std::size_t>(1 - round % 2));
    for (auto& f : tri::as_completed(both)) {
      CHECK(f.get() == held);
      break;
    }
    auto other = quick();
    other.wait();
    auto cancelled = tri::when_any(endless, endless);
    cancelled.cancel();
    auto follows = endless.then([other](std::shared_ptr<int> const&) {});
    follows.cancel();
  }
  CHECK(held.use_count() == 1);
  go.count_down();
}

TEST_CASE("when: inside tasks, at any width") {
  for (int const width : {1, 2}) {
    tri::thread_pool const pool(width);
    auto const inside = tri::submit(pool, [&] {
      int sum = 0;
      for (int const x : tri::when_all(many(pool, 50)).get()) sum += x;
      for (auto& f : tri::as_completed(many(pool, 50))) sum += f.get();
      for (auto& f : tri::as_completed(many(pool, 5))) {
        auto g = f.then(next);
        auto h = tri::submit(pool, next, 0);
        sum += static_cast<int>(tri::when_any(g, h).get() * 0);
        sum += g.get() + h.get();
      }
      return sum;
    });
    inside.wait();
    CHECK(inside.ready());
  }
}

TEST_CASE("when: cancelled as a whole") {
  std::latch go(1), begun(1);
  tri::thread_pool const pool(1);
  auto busy = tri::submit(pool, [&] {
    begun.count_down();
    go.wait();
  });
  begun.wait();
  std::atomic<int> ran = 0;
  std::vector<tri::future<int>> queued;
  for (int k = 0; k < 10; ++k) queued.push_back(tri::submit(pool, [&] { return ++ran; }));
  auto all = tri::when_all(queued);
  CHECK(all.cancel());
  go.count_down();
  CHECK_THROWS_AS(all.get(), tri::cancelled);
  busy.get();
  tri::submit(pool, nothing).get();
  CHECK(ran == 0);
}

TEST_CASE("when: a hundred thousand") {
  tri::thread_pool const pool(2);
  auto futures = many(pool, 100'000);
  std::size_t sum = 0;
  for (auto& f : tri::as_completed(futures)) sum += static_cast<std::size_t>(f.get());
  CHECK(sum == std::size_t{100'000} * 100'001 / 2);
  auto const values = tri::when_all(many(pool, 100'000)).get();
  CHECK(values.back() == 100'000);
}
