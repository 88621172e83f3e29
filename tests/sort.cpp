/// @file sort.cpp
/// sort: against std::stable_sort, for all that can be sorted, and with comparisons that throw.
#include <trireme/algorithm/sort.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::scramble;

namespace {

struct record {
  std::uint32_t key, place;
  friend bool operator==(record, record) = default;
};
constexpr auto by_key = [](record a, record b) { return a.key < b.key; };

enum class pattern { random, few_keys, sorted, reversed, equal, sawtooth };

std::vector<record> records(std::size_t n, pattern p) {
  std::vector<record> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    auto const at = static_cast<std::uint32_t>(i);
    auto const random = static_cast<std::uint32_t>(scramble(i));
    switch (p) {
      case pattern::random: out[i] = {random, at}; break;
      case pattern::few_keys: out[i] = {random % 5, at}; break;
      case pattern::sorted: out[i] = {at, at}; break;
      case pattern::reversed: out[i] = {~at, at}; break;
      case pattern::equal: out[i] = {1, at}; break;
      case pattern::sawtooth: out[i] = {at % 1000, at}; break;
    }
  }
  return out;
}

template <class E>
void check_against_standard(E const& ex, std::size_t n, pattern p) {
  auto expected = records(n, p);
  auto got = expected;
  std::stable_sort(expected.begin(), expected.end(), by_key);
  tri::sort(ex, got, by_key);
  CHECK((got == expected));
}

} // namespace

TEST_CASE("sort: stable, at sizes around its blocks and runs") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  for (std::size_t const n : testing::sizes(0, 1, 2, 3, 15, 16, 17, 31, 32, 33, 4095, 4097, 32'767, 32'768, 32'769, 65'535,
                                            65'536, 65'537, 98'305, 131'073, 300'000))
    for (pattern const p :
         {pattern::random, pattern::few_keys, pattern::sorted, pattern::reversed, pattern::equal, pattern::sawtooth}) {
      CAPTURE(n, static_cast<int>(p));
      check_against_standard(pool, n, p);
      if (p == pattern::few_keys) check_against_standard(ex, n, p);
      if (p == pattern::few_keys) check_against_standard(far, n, p);
    }
}

TEST_CASE("sort: other orders and element types") {
  tri::thread_pool const pool(3);
  std::vector<int> v(100'000);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<int>(scramble(i) % 1'000'000);
  auto expected = v;
  tri::sort(pool, v, std::greater<>{});
  std::sort(expected.begin(), expected.end(), std::greater<>{});
  CHECK((v == expected));

  std::vector<std::string> words;
  for (std::size_t i = 0; i < 40'000; ++i) words.push_back("a rather long word, " + std::to_string(scramble(i) % 20'000));
  auto sorted_words = words;
  tri::sort(pool, words);
  std::stable_sort(sorted_words.begin(), sorted_words.end());
  CHECK((words == sorted_words));

  std::vector<testing::move_only> moved;
  for (std::size_t i = 0; i < 40'000; ++i) moved.emplace_back(static_cast<int>(scramble(i) % 1000));
  tri::sort(pool, moved, std::less<>{});
  CHECK(std::is_sorted(moved.begin(), moved.end()));
  std::vector<int> counts(1000);
  for (auto const& m : moved) ++counts.at(static_cast<std::size_t>(m.value));
  std::vector<int> wanted(1000);
  for (std::size_t i = 0; i < 40'000; ++i) ++wanted[scramble(i) % 1000];
  CHECK((counts == wanted));

  std::vector<std::unique_ptr<int>> pointers;
  for (int i = 0; i < 1000; ++i)
    pointers.push_back(std::make_unique<int>(static_cast<int>(scramble(static_cast<unsigned>(i)) % 99)));
  tri::sort(pool, pointers, [](auto const& a, auto const& b) { return *a < *b; });
  CHECK(std::is_sorted(pointers.begin(), pointers.end(), [](auto const& a, auto const& b) { return *a < *b; }));
}

TEST_CASE("sort: ranges that are not one piece of memory") {
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  std::vector<double> const in = testing::numbers(50'000);
  auto expected = in;
  std::sort(expected.begin(), expected.end());

  std::deque<double> deque(in.begin(), in.end());
  tri::sort(pool, deque);
  CHECK(std::equal(deque.begin(), deque.end(), expected.begin(), expected.end()));
  std::list<double> list(in.begin(), in.end());
  tri::sort(pool, list);
  CHECK(std::equal(list.begin(), list.end(), expected.begin(), expected.end()));
  list.assign(in.begin(), in.end());
  tri::sort(far, list);
  CHECK(std::equal(list.begin(), list.end(), expected.begin(), expected.end()));

  Eigen::VectorXd v = Eigen::Map<Eigen::VectorXd const>(in.data(), static_cast<Eigen::Index>(in.size()));
  tri::sort(pool, v);
  CHECK(std::equal(v.data(), v.data() + v.size(), expected.begin(), expected.end()));
  Eigen::MatrixXd m(3, 4);
  m << 9, 8, 7, 6, 5, 3, 4, 2, 1, 1, 1, 1;
  tri::sort(pool, m.row(1));
  CHECK(m.row(1) == Eigen::RowVector4d(2, 3, 4, 5));
  CHECK(m.row(0) == Eigen::RowVector4d(9, 8, 7, 6));

  std::array<int, 5> array{5, 4, 3, 2, 1};
  tri::sort(pool, array);
  CHECK(array == std::array{1, 2, 3, 4, 5});
  std::vector<int> part{9, 8, 7, 6, 5};
  tri::sort(pool, std::span(part).subspan(1, 3));
  CHECK(part == std::vector{9, 6, 7, 8, 5});
}

TEST_CASE("sort: vector<bool>, whose references are proxies") {
  tri::inline_executor const ex;
  for (unsigned bits = 0; bits < 256; ++bits) {
    std::vector<bool> v;
    for (unsigned k = 0; k < 8; ++k) v.push_back((bits >> k & 1) != 0);
    auto expected = v;
    std::stable_sort(expected.begin(), expected.end());
    tri::sort(ex, v);
    REQUIRE(v == expected);
  }
}

TEST_CASE("sort: a comparison that throws loses no element") {
  tri::thread_pool const pool(3);
  tri::inline_executor const ex;
  std::size_t const n = 100'000;
  auto in = records(n, pattern::random);
  for (auto& r : in) r.key |= 1;
  // A third element is drawn by its place, so that the throw comes in the insertion, in a block and in a merge.
  for (long const calls : {0L, 100L, 50'000L, 1'000'000L, 1'500'000L, 1'700'000L}) {
    CAPTURE(calls);
    std::atomic<long> left = calls;
    auto const less = [&left](record a, record b) {
      if (--left < 0) throw std::runtime_error("compared enough");
      return a.key < b.key;
    };
    auto const check = [&](auto const& executor) {
      left = calls;
      auto got = in;
      try {
        tri::sort(executor, got, less);
        CHECK(std::is_sorted(got.begin(), got.end(), by_key));
      } catch (std::runtime_error const& e) {
        CHECK(std::string(e.what()) == "compared enough");
      }
      auto const by_place = [](record a, record b) { return a.place < b.place; };
      std::sort(got.begin(), got.end(), by_place);
      CHECK((got == in));
    };
    check(pool);
    check(ex);
    left = calls;
    std::deque<std::string> words;
    for (std::size_t i = 0; i < 5000; ++i) words.push_back(std::to_string(scramble(i)));
    auto const before = words;
    try {
      tri::sort(pool, words, [&](std::string const& a, std::string const& b) {
        if (--left < 0) throw std::runtime_error("compared enough");
        return a < b;
      });
    } catch (std::runtime_error const&) {
    }
    CHECK(std::is_permutation(words.begin(), words.end(), before.begin()));
  }
}

namespace {

/// Sorts, and has the elements as they were before by their places: all there, each once, whatever less says.
template <class E, class R, class Less, class Place>
void loses_none(E const& ex, R range, Less const& less, Place const& place) {
  auto const before = range;
  try {
    tri::sort(ex, range, less);
  } catch (std::invalid_argument const& e) {
    CHECK_THAT(e.what(), testing::contains("less is no strict weak order"));
  }
  std::vector<bool> seen(before.size());
  std::size_t same = 0;
  for (auto const& x : range) {
    std::size_t const at = place(x);
    same += at < before.size() && !seen[at] && place(before[at]) == at ? 1u : 0u;
    seen.at(at) = true;
  }
  CHECK(same == before.size());
}

struct weighed { // with < alone, which can't tell that it does not order NaNs
  double weight;
  std::uint32_t place;
  friend constexpr bool operator<(weighed a, weighed b) { return a.weight < b.weight; }
};

} // namespace

TEST_CASE("sort: with a comparison that is no order no element is lost") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  auto const place = [](auto const& x) { return std::size_t{x.place}; };
  for (std::size_t const n : testing::sizes(0, 1, 2, 17, 4097, 32'768, 32'769, 40'000, 65'537, 150'000)) {
    CAPTURE(n);
    std::vector<weighed> in(n);
    for (std::uint32_t i = 0; i < n; ++i)
      in[i] = {i % 10 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(scramble(i) % 1000), i};
    auto const by_weight = [](weighed a, weighed b) { return a.weight < b.weight; };
    loses_none(pool, in, by_weight, place);
    loses_none(ex, in, by_weight, place);
    loses_none(far, in, by_weight, place);
    loses_none(pool, in, tri::ascending{}, place);
    loses_none(
        pool, in, [](weighed, weighed) { return true; }, place);
    loses_none(
        pool, in, [](weighed a, weighed b) { return a.place <= b.place; }, place);
    loses_none(
        pool, in, [](weighed a, weighed b) { return scramble(a.place * 31u + b.place) % 2 == 0; }, place);
    std::atomic<std::uint32_t> calls = 0; // says another thing each time
    auto const by_chance = [&](auto const&, auto const&) { return scramble(calls.fetch_add(1)) % 2 == 0; };
    loses_none(pool, in, by_chance, place);
    std::vector<std::pair<double, std::string>> pairs; // sorted by their positions
    for (auto const& x : in) pairs.emplace_back(x.weight, std::to_string(x.place));
    auto const place_in_text = [](auto const& x) { return std::size_t{std::stoul(x.second)}; };
    loses_none(
        pool, pairs, [](auto const& a, auto const& b) { return a.first < b.first; }, place_in_text);
    loses_none(ex, pairs, by_chance, place_in_text);
    loses_none(pool, std::deque(in.begin(), in.end()), by_weight, place);
  }
}

TEST_CASE("sort: says that less is no order where the cuts of a merge show it") {
  std::vector<weighed> in(200'000);
  for (std::uint32_t i = 0; i < in.size(); ++i)
    in[i] = {i % 10 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(scramble(i) % 1000), i};
  auto const by_weight = [](weighed a, weighed b) { return a.weight < b.weight; };
  CHECK_THROWS_AS(tri::sort(tri::thread_pool(2), in, by_weight), std::invalid_argument);
  CHECK_THROWS_AS(tri::sort(tri::inline_executor{}, in), std::invalid_argument);
}

TEST_CASE("sort: pairs, and parts of matrices, where memory is shared and where not") {
  auto const check = [](auto const& ex) {
    std::vector<std::pair<std::uint32_t, int>> pairs;
    for (std::uint32_t i = 0; i < 100'000; ++i) pairs.emplace_back(scramble(i) % 1000, static_cast<int>(i));
    auto expected = pairs;
    tri::buffer there(ex, pairs);
    auto const by_first = [](auto const& a, auto const& b) { return a.first < b.first; };
    std::stable_sort(expected.begin(), expected.end(), by_first);
    tri::sort(ex, pairs, by_first);
    CHECK(pairs == expected);
    tri::sort(ex, there, by_first);
    CHECK(there.to_host() == expected);
    Eigen::Matrix3i m;
    m << 3, 1, 2, 6, 5, 4, 9, 8, 7;
    tri::sort(ex, m.row(0));
    tri::sort(ex, m.col(2));
    CHECK(m.row(0) == Eigen::RowVector3i(1, 2, 3));
    CHECK(m.col(2) == Eigen::Vector3i(3, 4, 7));
    std::array a{3, 1, 2};
    tri::sort(ex, std::span(a).first(2));
    CHECK(a == std::array{1, 3, 2});
  };
  check(tri::inline_executor{});
  check(tri::thread_pool(3));
  check(testing::far_executor{});
}

TEST_CASE("sort: NaNs come last, inside pairs and arrays too, stably") {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  std::size_t const n = 200'000;
  std::vector<double> numbers(n);
  std::vector<std::pair<double, std::string>> pairs;
  std::vector<std::pair<std::array<float, 2>, std::uint32_t>> arrays(n);
  for (std::size_t i = 0; i < n; ++i) {
    numbers[i] = i % 7 == 0 ? nan : static_cast<double>(scramble(i) % 1000);
    pairs.emplace_back(numbers[i], std::to_string(scramble(i) % 5));
    arrays[i] = {{static_cast<float>(i % 3 == 0 ? nan : static_cast<double>(i % 2)), static_cast<float>(numbers[i])},
                 static_cast<std::uint32_t>(i % 4)};
  }
  auto const key = [](auto x) { return std::pair(x != x, x == x ? x : 0); };
  auto const by_number = [&](double a, double b) { return key(a) < key(b); };
  auto const by_pair = [&](auto const& a, auto const& b) {
    return std::pair(key(a.first), a.second) < std::pair(key(b.first), b.second);
  };
  auto const by_array = [&](auto const& a, auto const& b) {
    return std::tuple(key(a.first[0]), key(a.first[1]), a.second) < std::tuple(key(b.first[0]), key(b.first[1]), b.second);
  };
  auto const check = [&](auto const& ex, auto in, auto const& model, auto const& less) {
    auto expected = in;
    std::stable_sort(expected.begin(), expected.end(), model);
    tri::sort(ex, in, less);
    CHECK(std::equal(in.begin(), in.end(), expected.begin(), expected.end(),
                     [&](auto const& a, auto const& b) { return !model(a, b) && !model(b, a); }));
  };
  auto const reversed = [](auto const& model) { return [&model](auto const& a, auto const& b) { return model(b, a); }; };
  auto const on = [&](auto const& ex) {
    check(ex, numbers, by_number, tri::ascending{});
    check(ex, numbers, by_number, std::less<>{});
    check(ex, numbers, reversed(by_number), std::greater<double>{});
    check(ex, arrays, by_array, tri::ascending{});
    check(ex, arrays, reversed(by_array), std::greater<>{});
  };
  on(tri::inline_executor{});
  on(tri::thread_pool(3));
  on(testing::far_executor{});
  check(tri::thread_pool(3), pairs, by_pair, tri::ascending{});
  check(tri::inline_executor{}, pairs, reversed(by_pair), std::ranges::greater{});
}
