/// @file transform.cpp
/// transform and starmap: all that can go in, all that can come out, and where it goes.
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <ranges>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;

namespace {

inline constexpr auto twice = [](auto const& x) { return x + x; };
inline constexpr auto subtract = [](double a, double b) { return a - b; };

/// Copies throw once `left` of them were made.
struct throwing_copy {
  static inline std::atomic<int> left{0}, alive{0};
  int value = 0;
  explicit throwing_copy(int v = 0) : value(v) { ++alive; }
  throwing_copy(throwing_copy const& other) : value(other.value) {
    if (--left < 0) throw std::runtime_error("the copy threw");
    ++alive;
  }
  throwing_copy& operator=(throwing_copy const& other) {
    if (--left < 0) throw std::runtime_error("the copy threw");
    value = other.value;
    return *this;
  }
  ~throwing_copy() { --alive; }
};

/// Fails a test if it is ever copied.
struct uncopied {
  int value;
  explicit uncopied(int v) : value(v) {}
  uncopied(uncopied const&) = delete;
  uncopied& operator=(uncopied const&) = delete;
  uncopied(uncopied&&) = default;
  uncopied& operator=(uncopied&&) = default;
};

} // namespace

TEST_CASE("transform: of every kind of range") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  auto const check = [&](auto const& in) {
    CHECK(tri::transform(ex, in, tri::fn<twice>) == std::vector{2, 4, 6});
    CHECK(tri::transform(pool, in, tri::fn<twice>) == std::vector{2, 4, 6});
    CHECK(tri::transform(far, in, tri::fn<twice>) == std::vector{2, 4, 6});
    CHECK(tri::transform(pool, in, [](int x) { return x; }) == std::vector{1, 2, 3});
  };
  check(std::vector{1, 2, 3});
  check(std::list{1, 2, 3});
  check(std::deque{1, 2, 3});
  check(std::array{1, 2, 3});
  int const array[] = {1, 2, 3};
  check(array);
  CHECK(tri::transform(pool, testing::read_once(4), tri::fn<twice>) == std::vector{0, 2, 4, 6});
  CHECK(tri::transform(far, testing::read_once(4), tri::fn<twice>) == std::vector{0, 2, 4, 6});
  CHECK(tri::transform(pool, std::vector<int>{}, tri::fn<twice>).empty());
  std::vector<std::string> const words{"a", "bc"};
  CHECK(tri::transform(pool, words, [](std::string const& s) { return s.size(); }) == std::vector<std::size_t>{1, 2});
#ifndef __clang__ // clang 14 can't compile libstdc++ 12's views
  std::istringstream text("5 6 7");
  CHECK(tri::transform(pool, std::ranges::subrange(std::istream_iterator<int>(text), std::istream_iterator<int>()),
                       tri::fn<twice>) == std::vector{10, 12, 14});
  CHECK(tri::transform(pool, std::views::iota(0, 3), tri::fn<twice>) == std::vector{0, 2, 4});
  CHECK(tri::transform(far, std::views::iota(0, 3), tri::fn<twice>) == std::vector{0, 2, 4});
  std::vector<int> const v{1, 2, 3, 4};
  CHECK(tri::transform(pool, v | std::views::filter([](int x) { return x % 2 == 0; }), tri::fn<twice>) == std::vector{4, 8});
  CHECK(tri::transform(pool, v | std::views::reverse | std::views::transform([](int x) { return 10 * x; }), tri::fn<twice>) ==
        std::vector{80, 60, 40, 20});
#endif
}

TEST_CASE("transform: bools in and out") {
  tri::thread_pool const pool(3);
  std::vector<bool> bits(10'000);
  for (std::size_t i = 0; i < bits.size(); ++i) bits[i] = i % 3 == 0;
  auto const flipped = tri::transform(pool, bits, [](bool b) { return !b; });
  STATIC_REQUIRE(std::is_same_v<decltype(flipped), std::vector<std::uint8_t> const>);
  REQUIRE(flipped.size() == bits.size());
  for (std::size_t i = 0; i < bits.size(); ++i) REQUIRE((flipped[i] == 1) == !bits[i]);
  STATIC_REQUIRE(std::is_same_v<decltype(tri::transform(pool, tri::buffer(pool, std::vector{1}), [](int) { return true; })),
                                tri::buffer<std::uint8_t, tri::thread_pool>>);
}

TEST_CASE("transform: results that only move, have no default, or are made of the heap") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  std::vector<int> v(5000);
  for (int i = 0; i < 5000; ++i) v[static_cast<std::size_t>(i)] = i;
  auto const check = [&](auto const& executor) {
    auto const pointers = tri::transform(executor, v, [](int x) { return std::make_unique<int>(x); });
    auto const moved = tri::transform(executor, v, [](int x) { return testing::move_only(x); });
    auto const words = tri::transform(executor, v, [](int x) { return "a rather long word, " + std::to_string(x); });
    for (std::size_t i = 0; i < v.size(); ++i) {
      REQUIRE(*pointers[i] == v[i]);
      REQUIRE(moved[i].value == v[i]);
      REQUIRE(words[i] == "a rather long word, " + std::to_string(i));
    }
  };
  check(ex);
  check(pool);
}

TEST_CASE("transform: elements are not copied on a host executor") {
  tri::thread_pool const pool(3);
  std::vector<uncopied> v;
  std::list<uncopied> l;
  for (int i = 0; i < 100; ++i) {
    v.emplace_back(i);
    l.emplace_back(i);
  }
  auto const value = [](uncopied const& x) { return x.value; };
  auto const where = [](uncopied const& x) { return &x; };
  CHECK(tri::transform(pool, v, value)[99] == 99);
  CHECK(tri::transform(pool, v, where)[42] == &v[42]);
  CHECK(tri::transform(pool, l, where)[0] == &l.front());
  CHECK(tri::transform(pool, l, where)[99] == &l.back());
}

TEST_CASE("transform: results whose copies throw") {
  tri::thread_pool const pool(3);
  std::vector<int> const v(1000, 3);
  auto const make = [](int x) { return throwing_copy(x); };
  for (int const allowed : {0, 1, 500, 999, 100'000}) {
    CAPTURE(allowed);
    {
      throwing_copy::left = allowed;
      // It has no move, so that storing a result copies.
      try {
        auto const out = tri::transform(pool, v, make);
        CHECK(allowed >= 1000);
        CHECK(out.size() == 1000);
      } catch (std::runtime_error const& e) {
        CHECK(allowed < 1000);
        CHECK(std::string(e.what()) == "the copy threw");
      }
    }
    CHECK(throwing_copy::alive == 0);
  }
}

TEST_CASE("transform: Eigen's vectors, expressions and rows") {
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  auto const check = [](auto const& ex) {
    Eigen::VectorXd const v = Eigen::VectorXd::LinSpaced(100, 0, 99);
    auto const w = tri::transform(ex, v, tri::fn<twice>);
    STATIC_REQUIRE(std::is_same_v<decltype(w), Eigen::VectorXd const>);
    CHECK(w == 2 * v);
    CHECK(tri::transform(ex, v + v, tri::fn<twice>) == 4 * v);
    CHECK(tri::transform(ex, v.reverse(), tri::fn<twice>) == 2 * v.reverse());
    CHECK(tri::transform(ex, v.segment(10, 5), tri::fn<twice>) == 2 * v.segment(10, 5));
    Eigen::MatrixXd m = Eigen::MatrixXd::Random(7, 9);
    Eigen::MatrixXd const before = m;
    auto const row = tri::transform(ex, m.row(3), tri::fn<twice>);
    STATIC_REQUIRE(decltype(row)::RowsAtCompileTime == 1);
    CHECK(row == 2 * m.row(3));
    CHECK(tri::transform(ex, m.diagonal(), tri::fn<twice>) == 2 * m.diagonal());
    auto const flags = tri::transform(ex, v, [](double x) { return x > 50; });
    CHECK((flags.size() == 100 && flags[50] == 0 && flags[51] == 1));

    tri::transform(ex, m.row(3), tri::fn<twice>, tri::into(m.row(5)));
    CHECK(m.row(5) == 2 * before.row(3));
    CHECK(m.topRows(5) == before.topRows(5));
    CHECK(m.row(6) == before.row(6));
    std::vector<double> out(100);
    tri::transform(ex, v, tri::fn<twice>, tri::into(out));
    CHECK(Eigen::Map<Eigen::VectorXd>(out.data(), 100) == 2 * v);
    Eigen::VectorXd place(100);
    tri::transform(ex, out, tri::fn<twice>, tri::into(place));
    CHECK(place == 4 * v);
    Eigen::Map<Eigen::VectorXd, 0, Eigen::InnerStride<2>> strided(place.data(), 50);
    tri::transform(ex, strided, tri::fn<twice>, tri::into(strided));
    CHECK((place[0] == 0 && place[2] == 16 && place[3] == 12));
  };
  check(tri::inline_executor{});
  check(pool);
  check(far);
}

TEST_CASE("transform: into ranges of every kind, and of other types") {
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  auto const check = [](auto const& ex) {
    std::vector<int> const in{1, 2, 3};
    std::deque<int> deque(3);
    tri::transform(ex, in, tri::fn<twice>, tri::into(deque));
    CHECK(deque == std::deque{2, 4, 6});
    std::list<int> list(3);
    tri::transform(ex, in, tri::fn<twice>, tri::into(list));
    CHECK(list == std::list{2, 4, 6});
    int array[3] = {};
    tri::transform(ex, in, tri::fn<twice>, tri::into(array));
    CHECK(array[2] == 6);
    std::vector<int> wide(5, 7);
    tri::transform(ex, in, tri::fn<twice>, tri::into(std::span(wide).subspan(1, 3)));
    CHECK(wide == std::vector{7, 2, 4, 6, 7});
    std::vector<double> doubles(3);
    tri::transform(ex, in, tri::fn<twice>, tri::into(doubles));
    CHECK(doubles == std::vector{2.0, 4.0, 6.0});
    auto same = in;
    tri::transform(ex, same, tri::fn<twice>, tri::into(same));
    CHECK(same == std::vector{2, 4, 6});
  };
  check(tri::inline_executor{});
  check(pool);
  check(far);
}

TEST_CASE("transform: sizes that do not fit") {
  tri::thread_pool const pool(3);
  std::vector<double> const ten(10, 1.0), nine(9, 1.0);
  std::vector<double> out(9, 7.0);
  std::atomic<int> calls = 0;
  auto const f = [&](double x) {
    ++calls;
    return x;
  };
  CHECK_THROWS_MATCHES(tri::transform(pool, ten, f, tri::into(out)), std::invalid_argument,
                       testing::message_contains("into: the storage has 9 elements, where 10 are needed"));
  CHECK_THROWS_MATCHES(tri::transform(pool, ten, nine, subtract), std::invalid_argument,
                       testing::message_contains("in2 has 9 elements, where 10 are needed"));
  CHECK_THROWS_AS(tri::transform(pool, ten, nine, subtract, tri::into(out)), std::invalid_argument);
  CHECK_THROWS_AS(tri::transform(pool, nine, ten, subtract, tri::into(out)), std::invalid_argument);
  CHECK(calls == 0);
  CHECK(out == std::vector<double>(9, 7.0));
}

TEST_CASE("transform: buffers of another executor of the same kind") {
  testing::far_executor const far, other;
  tri::buffer const b(other, std::vector{1, 2, 3});
  CHECK_THROWS_MATCHES(tri::transform(far, b, tri::fn<twice>), std::invalid_argument,
                       testing::message_contains("lives on another executor"));
  // Host executors see each other's memory.
  tri::thread_pool const one(1), two(2);
  tri::buffer const h(one, std::vector{1, 2, 3});
  CHECK(tri::transform(two, h, tri::fn<twice>).to_host() == std::vector{2, 4, 6});
}

TEST_CASE("transform: what f throws, and nothing is left behind") {
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  std::vector<int> v(10'000);
  for (int i = 0; i < 10'000; ++i) v[static_cast<std::size_t>(i)] = i;
  for (int const bad : {0, 5000, 9999}) {
    auto const f = [bad](int x) { return x == bad ? throw std::domain_error(std::to_string(x)) : std::make_unique<int>(x); };
    CHECK_THROWS_MATCHES(tri::transform(pool, v, f), std::domain_error, testing::message_contains(std::to_string(bad)));
  }
  CHECK_THROWS_AS(tri::transform(far, v, [](int x) { return x == 77 ? throw std::domain_error("77") : x; }), std::domain_error);
  CHECK(far.live() == 0);
  CHECK_THROWS_WITH(tri::transform(pool, testing::read_once(100, 50), tri::fn<twice>), testing::contains("the range threw"));
}

TEST_CASE("starmap: tuples, pairs and arrays") {
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  auto const f = [](double a, int b) { return a * b; };
  CHECK(tri::starmap(pool, std::vector<std::tuple<double, int>>{{1.5, 2}, {2.5, 4}}, f) == std::vector{3.0, 10.0});
  CHECK(tri::starmap(pool, std::list<std::pair<double, int>>{{1.5, 2}, {2.5, 4}}, f) == std::vector{3.0, 10.0});
  CHECK(tri::starmap(far, std::vector<std::array<double, 2>>{{1, 2}, {3, 5}}, tri::fn<subtract>) == std::vector{-1.0, -2.0});
  CHECK(tri::starmap(pool, std::vector<std::tuple<int, int, int>>{{1, 2, 3}}, [](int a, int b, int c) { return a + b * c; }) ==
        std::vector{7});
  std::vector<double> out(2);
  tri::starmap(pool, std::vector<std::tuple<double, int>>{{1.5, 2}, {2.5, 4}}, f, tri::into(out));
  CHECK(out == std::vector{3.0, 10.0});
}

TEST_CASE("transform: elements of every shape, where memory is shared and where not") {
  auto const check = [](auto const& ex) {
    enum class color : unsigned char { red, green };
    struct no_default {
      explicit no_default(int v) : value(v) {}
      int value;
    };
    struct alignas(128) wide {
      double x[3];
    };
    std::vector<int> const in{1, 2, 3};
    CHECK(tri::transform(ex, std::vector{color::green, color::red}, [](color c) { return c == color::red; }) ==
          std::vector<std::uint8_t>{0, 1});
    CHECK(tri::transform(ex, std::vector<wide>(3, wide{{1, 2, 3}}), [](wide const& w) { return w.x[2]; }) == std::vector(3, 3.0));
    CHECK(tri::transform(ex, in, [](int x) { return no_default(x); })[2].value == 3);
    CHECK(tri::transform(ex, std::vector{no_default(5)}, [](no_default const& x) { return x.value; }) == std::vector{5});
    CHECK(tri::transform(ex, in, [](int x) { return std::tuple(x, x * 0.5); })[1] == std::tuple(2, 1.0));
    std::map<int, double> pairs{{1, 0.5}, {2, 1.5}};
    CHECK(tri::starmap(ex, pairs, [](int a, double b) { return a * b; }) == std::vector{0.5, 3.0});
    CHECK(tri::starmap(ex, tri::buffer(ex, pairs), [](int a, double b) { return a * b; }).to_host() == std::vector{0.5, 3.0});
    // What is read is const, in every range.
    std::deque<int> deque{1, 2};
    auto const is_const = [](auto& x) { return std::is_const_v<std::remove_reference_t<decltype(x)>>; };
    CHECK(tri::transform(ex, deque, is_const) == std::vector<std::uint8_t>{1, 1});
    std::vector<bool> flags{true, false};
    CHECK(tri::transform(ex, flags, [](auto b) { return b; }) == std::vector<std::uint8_t>{1, 0});
    CHECK(tri::transform(ex, std::initializer_list<int>{1, 2}, tri::fn<twice>) == std::vector{2, 4});
#ifndef __clang__ // clang 14 can't compile libstdc++ 12's views
    CHECK(tri::transform(ex, std::views::iota(0, 3), tri::fn<twice>) == std::vector{0, 2, 4});
    auto odd = in | std::views::filter([](int x) { return x != 2; });
    CHECK(tri::transform(ex, odd, tri::fn<twice>) == std::vector{2, 6});
    std::istringstream text("1 0");
    CHECK(tri::transform(ex, std::views::istream<bool>(text), [](bool b) { return !b; }) == std::vector<std::uint8_t>{0, 1});
#endif
  };
  check(tri::inline_executor{});
  check(tri::thread_pool(3));
  check(testing::far_executor{});
}
