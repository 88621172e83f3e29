/// @file scan.cpp
/// inclusive_scan and exclusive_scan: values, types, in place, and one order at every width.
#include <trireme/algorithm/scan.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <numeric>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;

namespace {
/// Associative but not commutative: 2 × 2 matrices modulo 2⁶⁴. Any order that keeps the sequence gives the same.
struct affine {
  std::uint64_t times = 1, plus = 0;
  friend bool operator==(affine, affine) = default;
};
struct compose {
  constexpr affine operator()(affine a, affine b) const { return {a.times * b.times, a.plus * b.times + b.plus}; }
};

struct text_order {
  std::string operator()(std::string const& a, std::string const& b) const { return '(' + a + ' ' + b + ')'; }
};
} // namespace

TEST_CASE("scan: equal to the standard's for an associative op that does not commute") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  for (std::size_t const n :
       testing::sizes(0, 1, 2, 127, 128, 129, 255, 256, 257, 4096, 4097, 16'383, 16'384, 16'385, 16'513, 300'000)) {
    CAPTURE(n);
    std::vector<affine> in(n), expected(n);
    for (std::size_t i = 0; i < n; ++i) in[i] = {testing::scramble(i) | 1, testing::scramble(i + n)};
    std::inclusive_scan(in.begin(), in.end(), expected.begin(), compose{});
    CHECK((tri::inclusive_scan(ex, in, compose{}) == expected));
    CHECK((tri::inclusive_scan(pool, in, compose{}) == expected));
    CHECK((tri::inclusive_scan(far, in, compose{}) == expected));
    auto place = in;
    tri::inclusive_scan(pool, place, compose{}, tri::into(place));
    CHECK((place == expected));

    affine const init{3, 5};
    std::exclusive_scan(in.begin(), in.end(), expected.begin(), init, compose{});
    CHECK((tri::exclusive_scan(ex, in, init, compose{}) == expected));
    CHECK((tri::exclusive_scan(pool, in, init, compose{}) == expected));
    CHECK((tri::exclusive_scan(far, in, init, compose{}) == expected));
    place = in;
    tri::exclusive_scan(pool, place, init, compose{}, tri::into(place));
    CHECK((place == expected));
  }
}

TEST_CASE("scan: the order is the same at every width") {
  tri::inline_executor const ex;
  for (std::size_t const n : testing::sizes(1, 3, 129, 300)) {
    std::vector<std::string> in;
    for (std::size_t i = 0; i < n; ++i) in.push_back(std::to_string(i));
    auto const expected = tri::inclusive_scan(ex, in, text_order{});
    auto const before = tri::exclusive_scan(ex, in, std::string("init"), text_order{});
    for (int const width : {1, 2, 7}) {
      tri::thread_pool const pool(width);
      CHECK((tri::inclusive_scan(pool, in, text_order{}) == expected));
      CHECK((tri::exclusive_scan(pool, in, std::string("init"), text_order{}) == before));
    }
    // Whatever the parentheses, the operands stand in sequence, each once.
    std::string all = expected.back();
    std::erase_if(all, [](char c) { return c == '(' || c == ')'; });
    std::string sequence;
    for (auto const& s : in) sequence += (sequence.empty() ? "" : " ") + s;
    CHECK(all == sequence);
  }
}

namespace {

/// The inclusive totals in the shape that algorithm/scan.hpp has words for, element by element; init is one value, or none.
template <class T, class Op>
std::vector<T> slow_scan(std::vector<T> const& x, Op op, std::vector<T> const& init = {}) {
  std::vector<T> out, before_tile = init, before_segment; // one value, or none
  T p{};
  auto const behind = [&](std::vector<T> const& before, T v) { return before.empty() ? v : op(before.front(), v); };
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i % 128 == 0 && i > 0) {
      before_segment = {behind(before_segment, p)};
      if (i % 4096 == 0) {
        before_tile = {behind(before_tile, before_segment.front())};
        before_segment.clear();
      }
    }
    p = i % 128 == 0 ? x[i] : op(p, x[i]);
    out.push_back(behind(before_tile, behind(before_segment, p)));
  }
  return out;
}

/// Weights of which most are 0, and the others of all magnitudes.
template <class T>
std::vector<T> sparse_weights(std::size_t n, std::uint64_t seed) {
  std::vector<T> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t const w = testing::scramble(i + (seed << 40));
    if (w % 8 == 0) out[i] = static_cast<T>(std::ldexp(static_cast<double>(w >> 11), -53 - static_cast<int>(w / 8 % 12)));
  }
  return out;
}

template <class T>
bool goes_down(std::vector<T> const& totals) {
  return !std::is_sorted(totals.begin(), totals.end());
}

} // namespace

TEST_CASE("scan: the shape is the one that is written down") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  auto const all = testing::numbers(70'000);
  auto const check = [&]<class T, class Op>(std::vector<T> const& in, T init, Op op, auto const& e) {
    auto const inclusive = slow_scan(in, op);
    auto exclusive = slow_scan(in, op, std::vector{init});
    exclusive.insert(exclusive.begin(), init);
    exclusive.pop_back();
    CHECK(testing::same_bits(tri::inclusive_scan(e, in, op), inclusive));
    CHECK(testing::same_bits(tri::exclusive_scan(e, in, init, op), exclusive));
    std::vector<T> place = in;
    tri::inclusive_scan(e, place, op, tri::into(place));
    CHECK(testing::same_bits(place, inclusive));
    place = in;
    tri::exclusive_scan(e, place, init, op, tri::into(place));
    CHECK(testing::same_bits(place, exclusive));
  };
  for (std::size_t const n : testing::sizes(1, 127, 128, 129, 4095, 4096, 4097, 20'479, 20'480, 20'608, 70'000)) {
    CAPTURE(n);
    std::vector const in(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
    check(in, 0.5, std::plus<>{}, ex);
    check(in, 0.5, std::plus<>{}, pool);
    check(in, 0.5, std::plus<>{}, far);
    std::vector<std::uint64_t> words(n);
    for (std::size_t i = 0; i < n; ++i) words[i] = testing::scramble(i);
    check(words, std::uint64_t{7}, testing::order_of{}, ex); // tells the order, as it is neither associative nor commutative
    check(words, std::uint64_t{7}, testing::order_of{}, pool);
  }
}

TEST_CASE("scan: totals of values that are not negative never go down, and find no element of weight 0") {
  auto const check = [](auto const& ex, auto zero, std::uint64_t seed) {
    using T = decltype(zero);
    auto const weights = sparse_weights<T>(1'000'000, seed);
    auto const totals = tri::inclusive_scan(ex, weights);
    CHECK(!goes_down(totals));
    auto const before = tri::exclusive_scan(ex, weights, T(0));
    CHECK(!goes_down(before));
    CHECK(std::equal(totals.begin(), totals.end() - 1, before.begin() + 1)); // 0 is the identity: the same totals, one place on
    auto const from = tri::exclusive_scan(ex, weights, T(0.7));
    CHECK(from[0] == T(0.7));
    CHECK(!goes_down(from));
    auto place = weights;
    tri::inclusive_scan(ex, place, tri::into(place));
    CHECK(place == totals);
    for (std::uint64_t k = 0; k < 10'000; ++k) {
      T const at = totals.back() * static_cast<T>(std::ldexp(static_cast<double>(testing::scramble(k + seed) >> 11), -53));
      auto const found = std::upper_bound(totals.begin(), totals.end(), at) - totals.begin();
      if (found < 1'000'000 && weights[static_cast<std::size_t>(found)] == 0)
        FAIL_CHECK("found element " << found << " of weight 0");
    }
  };
  tri::thread_pool const pool(3);
  for (std::uint64_t const seed : {1u, 2u, 3u}) {
    check(tri::inline_executor{}, 0.0, seed);
    check(tri::inline_executor{}, 0.0f, seed);
    check(pool, 0.0, seed);
  }
  check(testing::far_executor{}, 0.0f, 4);
  auto const largest = [](double a, double b) { return a < b ? b : a; }; // any op that is monotone
  CHECK(!goes_down(tri::inclusive_scan(pool, testing::numbers(100'000), largest)));
}

TEST_CASE("scan: ops that take their operands in any way") {
  tri::inline_executor const ex;
  std::vector<std::string> in;
  for (int i = 0; i < 5000; ++i) in.push_back(std::to_string(i % 10));
  std::string all;
  for (auto const& s : in) all += s;
  auto const check = [&](auto const& op) {
    auto const totals = tri::inclusive_scan(ex, in, op);
    auto const before = tri::exclusive_scan(ex, in, std::string(">"), op);
    CHECK(totals.back() == all);
    for (std::size_t const i : testing::sizes(0, 1, 127, 128, 300, 4095, 4096, 4097, 4999)) {
      CHECK(totals[i] == all.substr(0, i + 1));
      CHECK(before[i] == '>' + all.substr(0, i));
    }
  };
  check([](std::string const& a, std::string const& b) { return a + b; });
  check([](std::string a, std::string b) { return std::move(a) + std::move(b); });
  check([](std::string&& a, std::string&& b) { return std::move(a) + b; });
  check([](auto&& a, auto&& b) { // takes what it is given to pieces
    a += b;
    b.clear();
    return std::move(a);
  });
}

TEST_CASE("scan: types") {
  tri::inline_executor const ex;
  std::vector<std::uint8_t> const bytes(300, 1);
  auto const wrapped = tri::inclusive_scan(ex, bytes, std::plus<>{});
  STATIC_REQUIRE(std::is_same_v<decltype(wrapped), std::vector<std::uint8_t> const>);
  CHECK(wrapped[299] == 300 % 256);
  auto const wide = tri::exclusive_scan(ex, bytes, 0, std::plus<>{});
  STATIC_REQUIRE(std::is_same_v<decltype(wide), std::vector<int> const>);
  CHECK(wide[299] == 299);
  CHECK(tri::exclusive_scan(ex, std::vector<float>{0.25f, 1.0f}, 1.0)[1] == 1.25);
  std::list<int> const linked{3, 1, 4};
  CHECK(tri::inclusive_scan(ex, linked) == std::vector{3, 4, 8});
  CHECK(tri::inclusive_scan(ex, testing::read_once(4)) == std::vector{0, 1, 3, 6});
  Eigen::VectorXd const v = Eigen::VectorXd::Ones(5);
  auto const sums = tri::inclusive_scan(ex, v);
  STATIC_REQUIRE(std::is_same_v<decltype(sums), Eigen::VectorXd const>);
  CHECK(sums == Eigen::VectorXd::LinSpaced(5, 1, 5));
  Eigen::Matrix<double, 3, 3> m = Eigen::Matrix3d::Ones();
  tri::inclusive_scan(ex, m.row(1), std::plus<>{}, tri::into(m.row(1)));
  CHECK(m(1, 2) == 3);
  CHECK(m(0, 2) == 1);
}

TEST_CASE("scan: booleans") {
  tri::thread_pool const pool(3);
  std::vector<bool> const flags{true, true, false, true};
  auto const all = tri::inclusive_scan(pool, flags, std::logical_and<>{});
  REQUIRE(all.size() == 4);
  CHECK((all[0] && all[1] && !all[2] && !all[3]));
}

TEST_CASE("scan: errors") {
  tri::thread_pool const pool(3);
  std::vector<int> v(1000, 1);
  std::vector<int> small(999, 7);
  CHECK_THROWS_MATCHES(tri::inclusive_scan(pool, v, std::plus<>{}, tri::into(small)), std::invalid_argument,
                       testing::message_contains("999 elements, where 1000 are needed"));
  CHECK_THROWS_AS(tri::exclusive_scan(pool, v, 0, std::plus<>{}, tri::into(small)), std::invalid_argument);
  CHECK(small == std::vector(999, 7));
  auto const op = [](int a, int b) { return a + b > 700 ? throw std::overflow_error("too much") : a + b; };
  CHECK_THROWS_AS(tri::inclusive_scan(pool, v, op), std::overflow_error);
  CHECK_THROWS_AS(tri::exclusive_scan(pool, v, 0, op), std::overflow_error);
}

TEST_CASE("scan: pairs where memory is not shared") {
  testing::far_executor const far;
  using pair = std::pair<int, double>;
  auto const add = [](pair a, pair b) { return pair(a.first + b.first, a.second + b.second); };
  std::vector<pair> const pairs(1000, pair(1, 0.5));
  CHECK(tri::inclusive_scan(far, pairs, add).back() == pair(1000, 500.0));
  CHECK(tri::exclusive_scan(far, pairs, pair(1, 0.0), add).back() == pair(1000, 499.5));
}
