/// @file order.hpp
/// The default order of elements: that of <, and what < does not order, as NaNs, behind all else.
#pragma once
#include <trireme/core/fn.hpp>

#include <array>
#include <compare>
#include <concepts>
#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

template <class T>
concept partially_ordered = requires(T const& x) {
  { x <=> x } -> std::same_as<std::partial_ordering>;
};
template <class T>
concept weakly_ordered = requires(T const& x) {
  { x <=> x } -> std::convertible_to<std::weak_ordering>;
};
template <class T>
concept tells_equality = requires(T const& x) {
  { x == x } -> std::convertible_to<bool>;
};

/// The order of values of T. `partial`: whether some may be unordered by <, so that these have to be asked for; `known`: whether
/// it is a strict weak order whatever a user's type says.
template <class T>
struct value_order {
  static constexpr bool partial = partially_ordered<T> || (!weakly_ordered<T> && tells_equality<T>);
  static constexpr bool known = std::is_scalar_v<T>;

  static constexpr bool before(T const& a, T const& b) {
    if constexpr (std::floating_point<T>)
      return a < b || (!orders_itself(b) && orders_itself(a));
    else if constexpr (partial) // such a value may be less than another all the same, by a member before its NaN
      return orders_itself(a) && (!orders_itself(b) || static_cast<bool>(a < b));
    else
      return static_cast<bool>(a < b);
  }
  /// Negative, 0 or positive. A number, since a device has no address for the constants of std::weak_ordering.
  static constexpr int compare(T const& a, T const& b) {
    if constexpr (std::floating_point<T>) {
      if (a < b || b < a) return a < b ? -1 : 1;
      return a == b ? 0 : static_cast<int>(a != a) - static_cast<int>(b != b);
    } else if constexpr (weakly_ordered<T>) {
      auto const order = a <=> b;
      return order < 0 ? -1 : order > 0 ? 1 : 0;
    } else {
      return before(a, b) ? -1 : before(b, a) ? 1 : 0;
    }
  }

private:
  static constexpr bool orders_itself(T const& x) {
    if constexpr (tells_equality<T>) // asked first: on a device nvcc 13 has a NaN <=> itself equal
      if (!static_cast<bool>(x == x)) return false;
    if constexpr (partially_ordered<T> && !std::floating_point<T>) return (x <=> x) == 0;
    return true;
  }
};

template <class T>
using order_of_part = value_order<std::remove_cvref_t<T>>;

/// Members one after the other: the first that differ decide.
template <class Tuple, class... T>
struct tuple_order {
  static constexpr bool partial = (order_of_part<T>::partial || ...);
  static constexpr bool known = (order_of_part<T>::known && ...);

  static constexpr bool before(Tuple const& a, Tuple const& b) { return compare(a, b) < 0; }
  static constexpr int compare(Tuple const& a, Tuple const& b) { return compare(a, b, std::index_sequence_for<T...>{}); }

private:
  template <std::size_t... I>
  static constexpr int compare(Tuple const& a, Tuple const& b, std::index_sequence<I...>) {
    int order = 0;
    static_cast<void>(((order = order_of_part<T>::compare(std::get<I>(a), std::get<I>(b)), order != 0) || ...));
    return order;
  }
};

template <class A, class B>
struct value_order<std::pair<A, B>> : tuple_order<std::pair<A, B>, A, B> {};
template <class... T>
struct value_order<std::tuple<T...>> : tuple_order<std::tuple<T...>, T...> {};

/// Elements one after the other; what is shorter comes before what it begins.
template <class Range, class T>
struct range_order {
  static constexpr bool partial = value_order<T>::partial;
  static constexpr bool known = value_order<T>::known;

  static constexpr bool before(Range const& a, Range const& b) { return compare(a, b) < 0; }
  static constexpr int compare(Range const& a, Range const& b) {
    auto i = a.begin();
    auto j = b.begin();
    for (; i != a.end() && j != b.end(); ++i, ++j)
      if (int const order = value_order<T>::compare(*i, *j); order != 0) return order;
    return static_cast<int>(i != a.end()) - static_cast<int>(j != b.end());
  }
};

template <class T, std::size_t N>
struct value_order<std::array<T, N>> : range_order<std::array<T, N>, T> {};
template <class T, class A>
struct value_order<std::vector<T, A>> : range_order<std::vector<T, A>, T> {};
template <class T, class A>
struct value_order<std::deque<T, A>> : range_order<std::deque<T, A>, T> {};
template <class T, class A>
struct value_order<std::list<T, A>> : range_order<std::list<T, A>, T> {};

/// Nothing comes before every value.
template <class T>
struct value_order<std::optional<T>> {
  static constexpr bool partial = value_order<T>::partial;
  static constexpr bool known = value_order<T>::known;

  static constexpr bool before(std::optional<T> const& a, std::optional<T> const& b) { return compare(a, b) < 0; }
  static constexpr int compare(std::optional<T> const& a, std::optional<T> const& b) {
    if (!a.has_value() || !b.has_value()) return static_cast<int>(a.has_value()) - static_cast<int>(b.has_value());
    return value_order<T>::compare(*a, *b);
  }
};

} // namespace detail

/// The order of <, and behind all else what < does not order: NaNs, in pairs, tuples, arrays, optionals and vectors too, member
/// by member; and values that are not equal to themselves, by `==`, or by a `<=>` whose result is a std::partial_ordering where
/// that says so alone. Of these types it is a strict weak order, as far as < is one of the other values. -0.0 and 0.0 are equal.
struct ascending {
  template <class A, class B>
  requires requires(A const& a, B const& b) {
    { a < b } -> std::convertible_to<bool>;
  }
  constexpr bool operator()(A const& a, B const& b) const {
    if constexpr (std::floating_point<A> && std::floating_point<B>)
      return a < b || (b != b && a == a);
    else if constexpr (std::same_as<A, B> && detail::value_order<A>::partial)
      return detail::value_order<A>::before(a, b);
    else
      return a < b;
  }
};

namespace detail {

/// `ascending`, or its reverse, of values of As, to which elements are converted; of elements themselves where it is void.
template <class As, bool Reverse>
struct default_order {
  constexpr bool operator()(As const& a, As const& b) const { return Reverse ? ascending{}(b, a) : ascending{}(a, b); }
};
template <bool Reverse>
struct default_order<void, Reverse> {
  template <class A, class B>
  constexpr bool operator()(A const& a, B const& b) const {
    if constexpr (Reverse)
      return ascending{}(b, a);
    else
      return ascending{}(a, b);
  }
};

/// What orders elements of T where the caller gave a Less: the same; but std::less and std::greater are the default order and its
/// reverse, where these differ.
template <class Less, class T>
struct order_given {
  using type = Less;
};
template <class As, class T, bool Reverse>
using default_order_of =
    std::conditional_t<value_order<std::conditional_t<std::is_void_v<As>, T, As>>::partial, default_order<As, Reverse>,
                       std::conditional_t<Reverse, std::greater<As>, std::less<As>>>;
template <class As, class T>
struct order_given<std::less<As>, T> {
  using type = default_order_of<As, T, false>;
};
template <class As, class T>
struct order_given<std::greater<As>, T> {
  using type = default_order_of<As, T, true>;
};
template <class T>
struct order_given<std::ranges::less, T> : order_given<std::less<>, T> {};
template <class T>
struct order_given<std::ranges::greater, T> : order_given<std::greater<>, T> {};
template <auto const& F, class T>
requires(!std::same_as<typename order_given<std::remove_cvref_t<decltype(F)>, T>::type,
                       std::remove_cvref_t<decltype(F)>>) struct order_given<fn_type<F>, T>
    : order_given<std::remove_cvref_t<decltype(F)>, T> {
};

/// Whether a Less is known to be a strict weak order of elements of T, with nothing of a user's in it.
template <class Less, class T>
inline constexpr bool known_order = false;
template <class T>
inline constexpr bool known_order<ascending, T> = value_order<T>::known;
template <class As, bool Reverse, class T>
inline constexpr bool known_order<default_order<As, Reverse>, T> =
    value_order<std::conditional_t<std::is_void_v<As>, T, As>>::known;
template <class As, class T>
inline constexpr bool known_order<std::less<As>, T> = known_order<default_order<As, false>, T>;
template <class As, class T>
inline constexpr bool known_order<std::greater<As>, T> = known_order<default_order<As, true>, T>;

/// The order that `less` stands for, of elements of T.
template <class T, class Less>
constexpr auto order_by(Less const& less) {
  using order = typename order_given<Less, T>::type;
  if constexpr (std::same_as<order, Less>)
    return less;
  else
    return order{};
}

} // namespace detail

}} // namespace trireme::v1
