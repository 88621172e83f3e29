/// @file reduce.cpp
/// reduce and transform_reduce: what they take, what they convert, what they let through. Their order is in tiles.cpp.
#include <trireme/algorithm/reduce.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tri = trireme;

TEST_CASE("reduce: of every kind of range") {
  tri::thread_pool const pool(3);
  for (int const n : {0, 1, 40, 5000}) {
    CAPTURE(n);
    std::vector<int> v(static_cast<std::size_t>(n));
    std::iota(v.begin(), v.end(), 1);
    long const expected = static_cast<long>(n) * (n + 1) / 2;
    CHECK(tri::reduce(pool, v) == expected);
    CHECK(tri::reduce(pool, v, 0L, std::plus<>{}) == expected);
    CHECK(tri::reduce(pool, std::list<int>(v.begin(), v.end()), 0L, std::plus<>{}) == expected);
    CHECK(tri::reduce(pool, std::deque<int>(v.begin(), v.end()), 0L, std::plus<>{}) == expected);
    CHECK(tri::reduce(pool, testing::read_once(n + 1), 0L, std::plus<>{}) == expected);
    Eigen::VectorXi const e = Eigen::Map<Eigen::VectorXi const>(v.data(), n);
    CHECK(tri::reduce(pool, e) == expected);
    CHECK(tri::reduce(pool, 2 * e, 0L, std::plus<>{}) == 2 * expected);
    CHECK(tri::reduce(pool, e.reverse(), 0L, std::plus<>{}) == expected);
  }
  std::vector<bool> const bits{true, false, true};
  CHECK(tri::reduce(pool, bits, 0, std::plus<>{}) == 2);
}

TEST_CASE("reduce: the type is init's, and narrow elements are widened first") {
  tri::inline_executor const ex;
  std::vector<std::uint8_t> const bytes(1000, 255);
  CHECK(tri::reduce(ex, bytes, 0, std::plus<>{}) == 255'000);
  CHECK(tri::transform_reduce(ex, bytes, 0, std::plus<>{}, [](std::uint8_t b) { return b; }) == 255'000);
  CHECK(tri::transform_reduce(ex, bytes, 0.5, std::plus<>{}, [](std::uint8_t) { return 1.0f / 3.0f; }) ==
        testing::Approx(1000.0 / 3 + 0.5));
  STATIC_REQUIRE(std::is_same_v<decltype(tri::reduce(ex, bytes)), std::uint8_t>);
  STATIC_REQUIRE(std::is_same_v<decltype(tri::reduce(ex, bytes, 0.0f, std::plus<>{})), float>);
  std::vector<short> const shorts{1, 2, 3};
  CHECK(tri::reduce(ex, shorts) == 6);
  CHECK(tri::transform_reduce(ex, shorts, short{1}, std::plus<>{}, std::negate<>{}) == -5);
}

TEST_CASE("reduce: what init may be beside the type of the elements") {
  tri::inline_executor const ex;
  std::vector<std::int64_t> const large(3, std::int64_t{1} << 40);
  std::vector<double> const halves(10, 0.5);
  CHECK(tri::reduce(ex, large, 0.0) == 3 * 0x1p40);
  CHECK(tri::reduce(ex, large, std::uint64_t{0}) == std::uint64_t{3} << 40);
  CHECK(tri::reduce(ex, std::vector<unsigned>{1, 2}, 0) == 3);
  CHECK(tri::reduce(ex, std::vector<std::uint32_t>{~0u, ~0u}, std::int64_t{0}) == 0x1fffffffe);
  CHECK(tri::reduce(ex, std::vector<char>{1, 2}, 0) == 3);
  CHECK(tri::reduce(ex, halves, 0.0f) == 5.0f);
  // A cast of the user's says that it is meant.
  CHECK(tri::transform_reduce(ex, halves, 0, std::plus<>{}, [](double x) { return static_cast<int>(x + x); }) == 10);
  CHECK(tri::transform_reduce(ex, large, false, std::logical_or<>{}, [](std::int64_t x) { return x != 0; }));
  CHECK(tri::transform_reduce(ex, halves, 0, std::plus<>{}, [](double x) { return x > 0; }) == 10);
}

TEST_CASE("reduce: other operations") {
  tri::thread_pool const pool(3);
  auto const x = testing::numbers(10'000);
  auto const smaller = [](double a, double b) { return std::min(a, b); };
  CHECK(tri::reduce(pool, x, std::numeric_limits<double>::infinity(), smaller) == *std::min_element(x.begin(), x.end()));

  // An accumulator that is neither trivially copyable nor default constructible.
  struct bag {
    explicit bag(double v) : counts{{v < 0, 1}} {}
    std::map<bool, int> counts;
  };
  struct merge {
    bag operator()(bag a, bag const& b) const {
      for (auto const& [key, count] : b.counts) a.counts[key] += count;
      return a;
    }
  };
  auto const total = tri::transform_reduce(pool, x, bag(1.0), merge{}, [](double v) { return bag(v); });
  auto const negative = static_cast<int>(std::count_if(x.begin(), x.end(), [](double v) { return v < 0; }));
  CHECK(total.counts.at(true) == negative);
  CHECK(total.counts.at(false) == 10'001 - negative);
}

TEST_CASE("reduce: exceptions of op, of f, of the range") {
  tri::thread_pool const pool(3);
  std::vector<int> v(20'000);
  std::iota(v.begin(), v.end(), 0);
  for (int const bad : {0, 10'000, 19'999}) {
    auto const op = [bad](int a, int b) { return a == bad || b == bad ? throw std::domain_error("op") : std::max(a, b); };
    CHECK_THROWS_AS(tri::reduce(pool, v, -1, op), std::domain_error);
    auto const f = [bad](int a) { return a == bad ? throw std::out_of_range("f " + std::to_string(a)) : a; };
    CHECK_THROWS_MATCHES(tri::transform_reduce(pool, v, 0, std::plus<>{}, f), std::out_of_range,
                         testing::message_contains("f " + std::to_string(bad)));
  }
  CHECK_THROWS_WITH(tri::reduce(pool, testing::read_once(100, 50), 0, std::plus<>{}), testing::contains("the range threw"));
  CHECK(tri::reduce(pool, v, 0L, std::plus<>{}) == 199'990'000L);
}

TEST_CASE("transform_reduce: ten slow elements use all workers") {
  // Inside one tile. Held together by a count, not by the clock: each waits until three others are there at once.
  tri::thread_pool const pool(4);
  std::atomic<int> inside = 0, most = 0;
  std::vector<int> const v(10, 1);
  auto const f = [&](int x) {
    int const now = ++inside;
    int seen = most;
    while (now > seen && !most.compare_exchange_weak(seen, now)) {
    }
    for (int k = 0; k < 2000 && most < 4; ++k) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    --inside;
    return x;
  };
  CHECK(tri::transform_reduce(pool, v, 0, std::plus<>{}, f) == 10);
  CHECK(most == 4);
}

TEST_CASE("reduce: pairs, bools and values without a default, also where memory is not shared") {
  auto const check = [](auto const& ex) {
    using pair = std::pair<int, double>;
    auto const add = [](pair a, pair b) { return pair(a.first + b.first, a.second + b.second); };
    std::vector<pair> const pairs(5000, pair(1, 0.5));
    CHECK(tri::reduce(ex, pairs, pair(), add) == pair(5000, 2500.0));
    CHECK(tri::transform_reduce(ex, pairs, pair(), add, [](pair p) { return pair(p.first, 1.0); }) == pair(5000, 5000.0));
    std::vector<bool> flags{true, false, true};
    CHECK(tri::reduce(ex, flags, true, std::logical_and<>{}) == false);
    CHECK(tri::transform_reduce(ex, flags, 0, std::plus<>{}, [](bool b) { return b ? 0 : 1; }) == 1);
    CHECK(tri::reduce(ex, tri::buffer(ex, flags), 0) == 2);
    struct no_default {
      explicit no_default(int v) : value(v) {}
      int value;
    };
    auto const plus = [](no_default a, no_default b) { return no_default(a.value + b.value); };
    CHECK(tri::reduce(ex, std::vector(100, no_default(2)), no_default(1), plus).value == 201);
  };
  check(tri::inline_executor{});
  check(tri::thread_pool(3));
  check(testing::far_executor{});
}

TEST_CASE("transform_reduce: an accumulator that no stack has room for") {
  struct histogram {
    std::array<double, 40'000> bins{};
  };
  auto const add = [](histogram a, histogram const& b) {
    for (std::size_t k = 0; k < a.bins.size(); ++k) a.bins[k] += b.bins[k];
    return a;
  };
  auto const one = [](int x) {
    histogram h;
    h.bins[static_cast<std::size_t>(x)] = 1;
    return h;
  };
  std::vector<int> in(100);
  for (std::size_t i = 0; i < in.size(); ++i) in[i] = static_cast<int>(i * 100 % 700);
  auto const check = [&](auto const& ex) {
    auto const h = std::make_unique<histogram>(tri::transform_reduce(ex, in, histogram{}, add, one));
    for (std::size_t k = 0; k < 7; ++k) CHECK(h->bins[100 * k] == (k < 2 ? 15 : 14));
    CHECK(std::accumulate(h->bins.begin(), h->bins.end(), 0.0) == 100);
  };
  check(tri::inline_executor{});
  check(tri::thread_pool(3));
}
