/// @file fn.cpp
/// Which kernels are portable, by the design's table, and how fn and bind_front call.
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/scan.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/algorithm/sort.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/random/generator.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "testing.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;

namespace {

inline constexpr auto twice = [](auto x) { return x + x; };
inline constexpr auto sum_of_three = [](int a, int b, int c) { return 100 * a + 10 * b + c; };
inline constexpr auto by_reference = [](int& x) -> int& { return ++x; };
inline constexpr auto never_throws = [](int x) noexcept { return x; };
inline constexpr auto element_of = [](std::span<int const> v, int i) { return v[static_cast<std::size_t>(i)]; };
inline constexpr auto through = [](std::reference_wrapper<int> sum, int x) { return sum.get() += x; };
constexpr int plain_function(int x) { return x + 7; }

struct polynomial {
  std::array<int, 3> coefficients;
  constexpr int operator()(int x) const { return coefficients[0] + x * (coefficients[1] + x * coefficients[2]); }
};
inline constexpr polynomial quadratic{{1, 2, 3}};

struct in_class {
  static constexpr auto negated = [](int x) { return -x; };
  static constexpr polynomial linear{{5, 1, 0}};
};

struct not_transferable {
  std::string text;
  int operator()(int x) const { return x; }
};
struct has_destructor {
  ~has_destructor() {}
  int operator()(int x) const { return x; }
};
/// Byte by byte, though its copy constructor does not show it.
struct permitted {
  permitted() = default;
  permitted(permitted const&) {}
  permitted& operator=(permitted const&) = default;
  int operator()(int x) const { return x + 1; }
  int operator()(int x, int y) const { return x + y; }
  template <class Rng>
    requires requires(Rng& rng) { rng.uniform(); }
  double operator()(Rng& rng) const {
    return rng.uniform();
  }
};
struct permitted_less : permitted {
  bool operator()(int x, int y) const { return x < y; }
};
inline constexpr auto with_permitted = [](permitted const& f, int x) { return f(x); };

/// As a compiler would see a kernel that was carried over byte by byte.
template <class F>
F carried(F const& f) {
  static_assert(tri::transferable<F>);
  alignas(F) std::byte bytes[sizeof(F)];
  std::memcpy(bytes, static_cast<void const*>(&f), sizeof(F));
  return *std::launder(reinterpret_cast<F const*>(bytes));
}

template <class T>
auto captures_in_template(T t) {
  return [t](T const&) { return t; };
}
template <class T>
auto plain_in_template() {
  return [](T x) { return x; };
}
struct with_member {
  int value = 3;
  auto captures_this() const {
    return [this](int x) { return x + value; };
  }
};
/// Is not a lambda, though its template argument is one.
template <class F>
struct holder {
  int state;
  constexpr int operator()(int x) const { return F{}(x) + state; }
};
template <class F>
inline constexpr bool portable = tri::portable_kernel<F>;

} // namespace

template <>
inline constexpr bool trireme::enable_transferable<permitted> = true;
template <>
inline constexpr bool trireme::enable_transferable<permitted_less> = true;

TEST_CASE("fn: transferable") {
  STATIC_REQUIRE(tri::transferable<int>);
  STATIC_REQUIRE(tri::transferable<double const>);
  STATIC_REQUIRE(tri::transferable<int*>);
  STATIC_REQUIRE(tri::transferable<std::span<int>>);
  STATIC_REQUIRE(tri::transferable<std::pair<int, double>>);
  STATIC_REQUIRE(tri::transferable<std::tuple<int, double>>);
  STATIC_REQUIRE(tri::transferable<std::array<int, 3>>);
  STATIC_REQUIRE(!tri::transferable<std::string>);
  STATIC_REQUIRE(!tri::transferable<std::unique_ptr<int>>);
  STATIC_REQUIRE(!tri::transferable<has_destructor>);
  STATIC_REQUIRE(tri::transferable<permitted>);
  STATIC_REQUIRE(tri::transferable<permitted const>);
  STATIC_REQUIRE(tri::transferable<std::pair<int const, permitted>>);
  STATIC_REQUIRE(tri::transferable<std::tuple<std::array<permitted, 2>, std::optional<permitted>>>);
  STATIC_REQUIRE(!tri::transferable<std::tuple<int, std::string>>);
  STATIC_REQUIRE(!tri::transferable<std::optional<std::string>>);
}

TEST_CASE("fn: the table of portable kernels") {
  int local = 3, other = 3;
  ++local;
  // fn, of lambdas and function objects, at namespace and class scope
  STATIC_REQUIRE(portable<decltype(tri::fn<twice>)>);
  STATIC_REQUIRE(portable<tri::fn_type<quadratic>>);
  STATIC_REQUIRE(portable<tri::fn_type<in_class::negated>>);
  STATIC_REQUIRE(portable<tri::fn_type<plain_function>>);
  // bind_front
  STATIC_REQUIRE(portable<decltype(tri::bind_front<sum_of_three>(1, 2))>);
  STATIC_REQUIRE(portable<decltype(tri::bind_front<element_of>(std::span<int const>()))>);
  STATIC_REQUIRE(portable<decltype(tri::bind_front<twice>(std::tuple<int, int>()))>);
  STATIC_REQUIRE(!portable<decltype(tri::bind_front<twice>(std::string()))>);
  // function objects
  STATIC_REQUIRE(portable<polynomial>);
  STATIC_REQUIRE(portable<std::plus<>>);
  STATIC_REQUIRE(portable<holder<decltype(twice)>>);
  STATIC_REQUIRE(!portable<not_transferable>);
  STATIC_REQUIRE(!portable<has_destructor>);
  STATIC_REQUIRE(portable<permitted>);
  // lambdas in place, without captures
  STATIC_REQUIRE(portable<decltype([](int x) { return x; })>);
  STATIC_REQUIRE(portable<decltype([](auto x) { return x; })>);
  STATIC_REQUIRE(portable<decltype([](int x) noexcept -> int { return x; })>);
  STATIC_REQUIRE(portable<decltype(plain_in_template<std::vector<int>>())>);
  // lambdas with captures
  auto const by_value = [local](int x) { return x + local; };
  auto const by_ref = [&other](int x) { return x + other; };
  auto const generic = [&other](auto x) { return x + other; };
  auto const with_init = [k = 5](int x) noexcept { return x + k; };
  auto const is_mutable = [k = 5](int x) mutable { return k += x; };
  auto const nested = [&other] { return [&other](int x) { return x + other; }; }();
  auto const returns_pointer = [&other](std::vector<std::pair<int, int>> const&) -> int* { return &other; };
  STATIC_REQUIRE(!portable<decltype(by_value)>);
  STATIC_REQUIRE(!portable<decltype(by_ref)>);
  STATIC_REQUIRE(!portable<decltype(generic)>);
  STATIC_REQUIRE(!portable<decltype(with_init)>);
  STATIC_REQUIRE(!portable<decltype(is_mutable)>);
  STATIC_REQUIRE(!portable<decltype(nested)>);
  STATIC_REQUIRE(!portable<decltype(returns_pointer)>);
  STATIC_REQUIRE(!portable<decltype(captures_in_template(1))>);
  STATIC_REQUIRE(!portable<decltype(captures_in_template(std::pair<int, int>()))>);
  STATIC_REQUIRE(!portable<decltype(with_member{}.captures_this())>);
  // what wraps a kernel is as portable as that
  STATIC_REQUIRE(portable<decltype(tri::draws<2>(tri::fn<twice>))>);
  STATIC_REQUIRE(!portable<decltype(tri::draws<2>(by_ref))>);
  STATIC_REQUIRE(portable<decltype(tri::draws<2>(permitted()))>);
  STATIC_REQUIRE(portable<decltype(tri::bind_front<twice>(permitted()))>);
  STATIC_REQUIRE(!portable<decltype(tri::bind_front<twice>(by_ref))>);
  static_cast<void>(by_value(other) + by_ref(1) + generic(1) + with_init(1) + nested(1));
}

TEST_CASE("fn: calls") {
  CHECK(tri::fn<twice>(4) == 8);
  CHECK(tri::fn<twice>(std::string("ab")) == "abab");
  STATIC_REQUIRE(tri::fn<twice>(1.5) == 3);
  STATIC_REQUIRE(tri::fn<quadratic>(2) == 17);
  CHECK(tri::fn<in_class::negated>(3) == -3);
  CHECK(tri::fn<in_class::linear>(3) == 8);
  CHECK(tri::fn<plain_function>(1) == 8);
  int x = 1;
  CHECK(&tri::fn<by_reference>(x) == &x);
  CHECK(x == 2);
  STATIC_REQUIRE(noexcept(tri::fn<never_throws>(1)));
  STATIC_REQUIRE(!noexcept(tri::fn<twice>(1)));
  STATIC_REQUIRE(!std::is_invocable_v<tri::fn_type<sum_of_three>, int>);
  STATIC_REQUIRE(!std::is_invocable_v<tri::fn_type<by_reference>, int const&>);
  STATIC_REQUIRE(std::is_empty_v<tri::fn_type<quadratic>>);
}

TEST_CASE("fn: bind_front is std::bind_front, bytes and all") {
  CHECK(tri::bind_front<sum_of_three>(1, 2)(3) == std::bind_front(sum_of_three, 1, 2)(3));
  CHECK(tri::bind_front<sum_of_three>()(1, 2, 3) == 123);
  CHECK(tri::bind_front<sum_of_three>(1)(2, 3) == 123);
  CHECK(tri::bind_front<sum_of_three>(1, 2, 3)() == 123);
  STATIC_REQUIRE(tri::bind_front<quadratic>(2)() == 17);
  auto const bound = carried(tri::bind_front<sum_of_three>(7, 8));
  CHECK(bound(9) == 789);
  std::vector<int> const v{5, 6};
  CHECK(carried(tri::bind_front<element_of>(std::span(v)))(1) == 6);
  int sum = 0;
  auto const adds = tri::bind_front<through>(std::ref(sum));
  adds(3);
  adds(4);
  CHECK(sum == 7);
  // By value: what was bound may change or go.
  int a = 1;
  auto const copy = tri::bind_front<twice>(a);
  a = 50;
  CHECK(copy() == 2);
  CHECK(tri::bind_front<twice>(std::string("ab"))() == "abab");
  STATIC_REQUIRE(!std::is_invocable_v<decltype(tri::bind_front<sum_of_three>(1, 2, 3)), int>);
}

TEST_CASE("fn: every portable kernel runs where there is no view of host memory") {
  testing::far_executor const far;
  std::vector<int> const in{1, 2, 3};
  CHECK(tri::transform(far, in, tri::fn<twice>) == std::vector{2, 4, 6});
  CHECK(tri::transform(far, in, tri::fn<quadratic>) == std::vector{6, 17, 34});
  CHECK(tri::transform(far, in, tri::fn<in_class::negated>) == std::vector{-1, -2, -3});
  CHECK(tri::transform(far, in, tri::fn<in_class::linear>) == std::vector{6, 7, 8});
  CHECK(tri::transform(far, in, tri::fn<plain_function>) == std::vector{8, 9, 10});
  CHECK(tri::transform(far, in, tri::bind_front<sum_of_three>(1, 2)) == std::vector{121, 122, 123});
  CHECK(tri::transform(far, in, polynomial{{0, 0, 1}}) == std::vector{1, 4, 9});
  CHECK(tri::transform(far, in, [](int x) { return x * 10; }) == std::vector{10, 20, 30});
  tri::buffer const table(far, std::vector{30, 10, 20, 40});
  CHECK(tri::transform(far, in, tri::bind_front<element_of>(table.view())) == std::vector{10, 20, 40});
}

TEST_CASE("fn: a specialisation of enable_transferable reaches through every algorithm") {
  testing::far_executor const far;
  std::vector<int> in{3, 1, 2};
  std::vector<std::pair<int, int>> const pairs{{1, 2}, {3, 4}};
  permitted const f;
  CHECK(tri::transform(far, in, f) == std::vector{4, 2, 3});
  CHECK(tri::transform(far, in, in, f) == std::vector{6, 2, 4});
  CHECK(tri::transform(far, in, tri::bind_front<with_permitted>(f)) == std::vector{4, 2, 3});
  CHECK(tri::starmap(far, pairs, f) == std::vector{3, 7});
  CHECK(tri::batch_map(far, in, f) == std::vector{4, 2, 3});
  CHECK(tri::reduce(far, in, 0, f) == 6);
  CHECK(tri::transform_reduce(far, in, 0, f, f) == 9);
  CHECK(tri::inclusive_scan(far, in, f) == std::vector{3, 4, 6});
  CHECK(tri::exclusive_scan(far, in, 0, f) == std::vector{0, 3, 4});
  tri::for_each(far, in, f);
  tri::for_each_index(far, 3, [](std::size_t) {});
  CHECK(tri::monte_carlo(far, 10, f).samples == 10);
  CHECK(tri::monte_carlo(far, 10, tri::draws<1>(f)).samples == 10);
  CHECK(tri::simulate(far, 10, f).size() == 10);
  tri::sort(far, in, permitted_less{});
  CHECK(in == std::vector{1, 2, 3});
  CHECK(tri::transform(far, std::vector<permitted>(2), [](permitted const& p) { return p(1); }) == std::vector{2, 2});
}
