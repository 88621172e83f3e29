/// @file order.cpp
/// The default order of elements is a strict weak order, with NaNs last wherever they are, against orders written out by hand.
#include <trireme/algorithm/sort.hpp>
#include <trireme/core/order.hpp>
#include <trireme/inline/executor.hpp>

#include "testing.hpp"

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <limits>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace tri = trireme;

namespace {

template <class T>
constexpr T nan_of = std::numeric_limits<T>::quiet_NaN();
constexpr double inf = std::numeric_limits<double>::infinity();

/// `classes` has the values in the order wanted; those of one inner list are equal. Every pair of them is compared.
template <class T, class Less = tri::ascending>
void ordered(std::vector<std::vector<T>> const& classes, Less const& less = {}) {
  for (std::size_t i = 0; i < classes.size(); ++i)
    for (std::size_t j = 0; j < classes.size(); ++j)
      for (auto const& a : classes[i])
        for (auto const& b : classes[j]) {
          CAPTURE(i, j);
          CHECK(less(a, b) == (i < j));
        }
}

struct spaceship {
  double value;
  int place;
  auto operator<=>(spaceship const&) const = default;
};
struct only_spaceship { // without ==
  double value;
  std::partial_ordering operator<=>(only_spaceship const& b) const { return value <=> b.value; }
};
struct less_and_equal {
  double value;
  friend bool operator<(less_and_equal a, less_and_equal b) { return a.value < b.value; }
  friend bool operator==(less_and_equal a, less_and_equal b) { return a.value == b.value; }
};
struct only_less {
  int value;
  friend bool operator<(only_less a, only_less b) { return a.value < b.value; }
};
struct base_first : std::pair<double, int> {
  using pair::pair;
};
/// No standard container: its own < holds.
struct longest_first : std::vector<double> {
  using vector::vector;
  friend bool operator<(longest_first const& a, longest_first const& b) { return a.size() > b.size(); }
};

} // namespace

TEST_CASE("the default order of floating-point numbers of all widths") {
  ordered<float>({{-1}, {-0.0f, 0.0f}, {2}, {nan_of<float>, -nan_of<float>}});
  ordered<double>({{-inf}, {-1}, {-0.0, 0.0}, {5e-324}, {inf}, {nan_of<double>, -nan_of<double>}});
  ordered<long double>({{-1}, {-0.0l, 0.0l}, {2}, {nan_of<long double>, -nan_of<long double>}});
  CHECK(tri::ascending{}(1.0f, 2.0));
  CHECK(tri::ascending{}(1.0, nan_of<float>));
  CHECK_FALSE(tri::ascending{}(nan_of<float>, nan_of<double>));
}

TEST_CASE("the default order has NaNs last member by member") {
  constexpr double n = nan_of<double>;
  using pair = std::pair<double, std::string>;
  ordered<pair>(
      {{pair(0.0, "a"), pair(-0.0, "a")}, {pair(0.0, "b")}, {pair(2, "a")}, {pair(n, "a"), pair(-n, "a")}, {pair(n, "b")}});
  using tuple = std::tuple<int, float, double>;
  float const f = nan_of<float>;
  ordered<tuple>({{tuple(1, 1, n)}, {tuple(1, 2, 0)}, {tuple(1, 2, n)}, {tuple(1, f, 0)}, {tuple(1, f, n)}, {tuple(2, 0, 0)}});
  ordered<std::array<double, 2>>({{{0, n}}, {{1, 0}}, {{n, 0}}, {{n, n}, {-n, n}}});
  ordered<std::optional<double>>({{std::nullopt}, {0.0, -0.0}, {1.0}, {n}});
  using nested = std::pair<std::array<double, 2>, std::optional<float>>;
  ordered<nested>({{nested({0, 1}, std::nullopt)},
                   {nested({0, 1}, 3.0f)},
                   {nested({0, 1}, f)},
                   {nested({0, n}, std::nullopt)},
                   {nested({0, n}, f)},
                   {nested({n, 0}, 1.0f)}});
  using vector = std::vector<double>;
  ordered<vector>(
      {{vector{}}, {vector{1}}, {vector{1, 1}}, {vector{1, n}, vector{1, -n}}, {vector{1, n, 0}}, {vector{2}}, {vector{n}}});
  using list = std::list<std::pair<float, int>>;
  ordered<list>({{list{}}, {list{{1.0f, 2}}}, {list{{1.0f, 2}, {f, 1}}}, {list{{f, 1}}}, {list{{f, 2}}}});
  ordered<std::tuple<>>({{std::tuple<>{}, std::tuple<>{}}});
  ordered<std::array<double, 0>>({{std::array<double, 0>{}, std::array<double, 0>{}}});
}

TEST_CASE("the default order has values behind all else that do not equal themselves") {
  constexpr double n = nan_of<double>;
  ordered<spaceship>({{{0, 1}, {-0.0, 1}}, {{0, 2}}, {{1, 0}}, {{n, 0}, {n, 1}, {-n, 7}}});
  ordered<only_spaceship>({{{0}}, {{1}}, {{n}, {-n}}});
  ordered<less_and_equal>({{{0}}, {{1}}, {{n}, {-n}}});
  ordered<base_first>({{{0.0, n == n}}, {{0.0, 1}}, {{n, 1}, {n, 2}}});
  using variant = std::variant<int, double>;
  ordered<variant>({{variant(3)}, {variant(1.0)}, {variant(2.0)}, {variant(n), variant(-n)}});
  using pair = std::pair<spaceship, less_and_equal>;
  ordered<pair>({{{{1, 1}, {2}}}, {{{1, 1}, {n}}}, {{{n, 1}, {1}}, {{n, 2}, {1}}}, {{{n, 0}, {n}}}});
}

TEST_CASE("what has no such values is ordered by its own <") {
  ordered<int>({{-1}, {0}, {1}});
  ordered<std::string>({{""}, {"a"}, {"ab"}, {"b"}});
  ordered<only_less>({{{1}}, {{2}}});
  ordered<std::pair<std::string, int>>({{{"a", 1}}, {{"a", 2}}, {{"b", 0}}});
  ordered<longest_first>({{longest_first{2, 2}}, {longest_first{1}, longest_first{3}}, {longest_first{}}});
  std::set<int> const two{1, 2}, one{3};
  CHECK(tri::ascending{}(two, one));
  std::vector<bool> const bits{false, true};
  CHECK(tri::ascending{}(bits[0], bits[1]));
  int x[2]{};
  CHECK(tri::ascending{}(&x[0], &x[1]));
  CHECK(tri::ascending{}(std::tuple<double const&>(1.0), std::tuple<double const&>(nan_of<double>)));
}

namespace {
inline constexpr std::less<> named_less{};
inline constexpr std::greater<double> named_greater{};
} // namespace

TEST_CASE("sort: std::less and std::greater are the default order and its reverse") {
  constexpr double n = nan_of<double>;
  tri::inline_executor const ex;
  std::vector<double> const in{3, n, 1, -n, 2};
  auto const check = [&](auto const& less, bool up) {
    auto x = in;
    tri::sort(ex, x, less);
    if (!up) std::reverse(x.begin(), x.end());
    CHECK(std::vector(x.begin(), x.begin() + 3) == std::vector<double>{1, 2, 3});
    CHECK((x[3] != x[3] && x[4] != x[4]));
  };
  check(std::less<>{}, true);
  check(std::less<double>{}, true);
  check(std::less<long double>{}, true);
  check(std::ranges::less{}, true);
  check(tri::fn<named_less>, true);
  check(std::greater<>{}, false);
  check(std::greater<double>{}, false);
  check(std::greater<long double>{}, false);
  check(std::ranges::greater{}, false);
  check(tri::fn<named_greater>, false);

  std::vector<std::pair<double, int>> pairs{{1, 0}, {n, 1}, {2, 2}, {n, 0}, {1, 1}};
  auto const seconds = [&] {
    std::vector<int> out;
    for (auto const& p : pairs) out.push_back(p.second);
    return out;
  };
  tri::sort(ex, pairs, std::greater<>{});
  CHECK(seconds() == std::vector{1, 0, 2, 1, 0});
  tri::sort(ex, pairs, std::less<std::pair<double, int>>{});
  CHECK(seconds() == std::vector{0, 1, 2, 0, 1});
}
