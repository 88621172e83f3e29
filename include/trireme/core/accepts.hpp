/// @file accepts.hpp
/// What an algorithm refuses, each for one reason in one line. Where a check is false the algorithm returns `refused`,
/// which itself is passed over in silence: its line is written already.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/range.hpp>
#include <trireme/core/refused.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// Whether E's workers can be given these elements.
template <class E, class R>
consteval bool accepts_data() {
  if constexpr (std::same_as<std::remove_cvref_t<R>, refused>) {
    return false;
  } else if constexpr (any_buffer<R>) {
    constexpr bool here = std::same_as<typename std::remove_cvref_t<R>::executor_type, E>;
    static_assert(here, "trireme: the buffer lives on another kind of executor; copy it with to_host()");
    return here;
  } else {
    static_assert(data<R>, "trireme: the data must be a range, a vector of Eigen or a tri::buffer");
    if constexpr (data<R>) {
      constexpr bool ok = host_executor<E> || transferable<element_t<R>>;
      static_assert(ok, "trireme: this executor copies its data, so that elements must be trivially copyable, or "
                        "tuples, pairs or arrays of such");
      return ok;
    }
    return false;
  }
}

/// The same of values that E's workers make.
template <class E, class T>
consteval bool accepts_value() {
  constexpr bool ok = host_executor<E> || transferable<T>;
  static_assert(ok, "trireme: this executor copies its results, so that they must be trivially copyable, or tuples, "
                    "pairs or arrays of such");
  return ok;
}

/// Whether E can run this lambda although it has captures. An executor says so by specialisation.
template <class E, class Closure>
inline constexpr bool allows_captures = false;

/// Whether F is, or holds, a lambda with captures that E can't run.
template <class E, class F>
consteval bool has_refused_captures() {
  return any_part<F>([]<class T>(std::type_identity<T>) { return is_capturing_closure<T>() && !allows_captures<E, T>; });
}

/// Whether a kernel can be brought there; says why not, in one line.
template <class E, class F>
consteval bool accepts_function() {
  if constexpr (any_part<F>([]<class T>(std::type_identity<T>) { return std::same_as<T, refused>; })) {
    return false;
  } else if constexpr (!host_executor<E> && !(transferable<F> && !has_refused_captures<E, F>())) {
    static_assert(!has_refused_captures<E, F>(),
                  "trireme: this executor can't run a lambda with captures: bind its values with "
                  "tri::bind_front<f>(values...), f an inline constexpr lambda at namespace scope");
    static_assert(has_refused_captures<E, F>(), "trireme: this executor copies kernels byte by byte, and this one is "
                                                "not trivially copyable: specialise tri::enable_transferable if it may");
    return false;
  } else {
    return true;
  }
}

template <class F, class... A>
concept callable = requires(F& f, A&&... a) { f(std::forward<A>(a)...); }; // not std::invocable: no pointers to members

/// Whether it can also be called with these arguments.
template <class E, class F, class... A>
consteval bool accepts_kernel() {
  if constexpr (accepts_function<E, F>()) {
    constexpr bool ok = callable<F const, A...>, changes = !ok && callable<F, A...>;
    static_assert(!changes, "trireme: the kernel changes itself, but is called by many workers at once: remove `mutable` "
                            "from the lambda, or make operator() const");
    static_assert(ok || changes, "trireme: the kernel can't be called with these elements (it is called as const, "
                                 "by many workers at once)");
    return ok;
  } else {
    return false;
  }
}

/// Whether a kernel can be called there with an element of each R.
template <class E, class F, class... R>
consteval bool accepts_elements() {
  if constexpr ((accepts_data<E, R>() && ...))
    return accepts_kernel<E, F, operand_t<E, R>...>();
  else
    return false;
}

/// A kernel that returns bool gives bytes: parallel writes to std::vector<bool> lose bits.
template <class R>
using stored_t = std::conditional_t<std::same_as<std::remove_cvref_t<R>, bool>, std::uint8_t, std::remove_cvref_t<R>>;

/// What is stored for an element of each R.
template <class E, class F, class... R>
using result_t = stored_t<std::invoke_result_t<F const&, operand_t<E, R>...>>;

/// Whether a kernel has results there for an element of each R.
template <class E, class F, class... R>
consteval bool accepts_map() {
  if constexpr (accepts_elements<E, F, R...>()) {
    constexpr bool some = !std::is_void_v<result_t<E, F, R...>>;
    static_assert(some, "trireme: the kernel returns nothing: for_each calls it for its effect");
    if constexpr (some) {
      constexpr bool placed = std::is_move_assignable_v<result_t<E, F, R...>>;
      static_assert(
          placed,
          "trireme: the kernel's results can't be assigned, as where a member is const, so that they can't be put in place");
      return placed && accepts_value<E, result_t<E, F, R...>>();
    }
  }
  return false;
}

/// Whether T can be assigned to the elements of Out, which are there already.
template <class E, class Out, class T>
consteval bool accepts_place() {
  if constexpr (accepts_data<E, Out>()) {
    constexpr bool ok = std::is_assignable_v<decltype(std::declval<storage<E, Out, false>&>().view()[0]), T>;
    static_assert(ok, "trireme: into: the results can't be assigned to the elements of the storage");
    return ok;
  } else {
    return false;
  }
}

template <class E, class Out, class F, class... R>
consteval bool accepts_map_into() {
  if constexpr (accepts_map<E, F, R...>())
    return accepts_place<E, Out, result_t<E, F, R...>>();
  else
    return false;
}

#if defined(__SIZEOF_INT128__)
__extension__ typedef __int128 widest_int; // an integer, whatever std::is_integral says of it
__extension__ typedef unsigned __int128 widest_unsigned;
#else
using widest_int = long long;
using widest_unsigned = unsigned long long;
#endif

/// The width of an integer, of a bool, or of an enumeration's values; 0 of anything else.
template <class T>
consteval std::size_t integer_bits() {
  if constexpr (std::same_as<T, bool>)
    return 1;
  else if constexpr (std::is_integral_v<T> || std::same_as<T, widest_int> || std::same_as<T, widest_unsigned>)
    return 8 * sizeof(T);
  else if constexpr (std::is_enum_v<T>)
    return integer_bits<std::underlying_type_t<T>>();
  else
    return 0;
}

/// Whether each T that is combined in the type of init, A, keeps its value: the usual slip is a 0 where a 0.0 or a wider 0 was meant, as in
/// std::accumulate. Signs, and a double that is said to be added in float, are left to the user.
template <class A, class T>
consteval bool keeps_values() {
  using value = std::remove_cvref_t<std::unwrap_reference_t<std::remove_cvref_t<T>>>;
  constexpr bool cut = integer_bits<A>() != 0 && std::is_floating_point_v<value>;
  static_assert(!cut, "trireme: init is an integer, to which each of these floating-point values would be cut: write 0.0 for 0, "
                      "or a cast in the f "
                      "of transform_reduce");
  constexpr bool narrow = integer_bits<A>() != 0 && integer_bits<A>() < integer_bits<value>();
  static_assert(
      !narrow,
      "trireme: init is a narrower integer than the values, which would wrap: give it their type, such as std::int64_t{0} for "
      "0, or write a cast in the f of transform_reduce");
  return !cut && !narrow;
}

/// Whether op's results and what is combined become As.
template <class A, class Op, class T>
consteval bool accepts_fold_of() {
  constexpr bool made = std::is_constructible_v<A, T>;
  static_assert(made, "trireme: what is to be combined can't be converted to the type of init");
  constexpr bool closed = std::is_constructible_v<A, std::invoke_result_t<Op const&, A, A>>;
  static_assert(closed, "trireme: what op returns can't be converted to the type of init");
  return made && closed;
}

/// Whether op combines values of A there, each made of a T.
template <class E, class A, class Op, class T>
consteval bool accepts_fold() {
  if constexpr (accepts_value<E, A>() && accepts_function<E, Op>()) {
    constexpr bool combines = callable<Op const, A, A> || callable<Op, A, A>;
    static_assert(combines, "trireme: op can't be called with two values of the type of init: to map the elements first, "
                            "give transform_reduce an op and an f");
    if constexpr (combines) {
      if constexpr (accepts_kernel<E, Op, A, A>()) return accepts_fold_of<A, Op, T>();
    }
  }
  return false;
}

template <class E, class R, class A, class Op>
consteval bool accepts_reduction() {
  if constexpr (accepts_data<E, R>()) {
    if constexpr (keeps_values<A, operand_t<E, R>>()) return accepts_fold<E, A, Op, operand_t<E, R>>();
  }
  return false;
}

template <class E, class R, class A, class Op, class F>
consteval bool accepts_mapped_reduction() {
  if constexpr (accepts_elements<E, F, R>()) {
    using element = std::remove_cvref_t<operand_t<E, R>>;
    using result = std::invoke_result_t<F const&, operand_t<E, R>>;
    // What f makes of elements as narrow as init is an int only since the language computes in no less.
    constexpr bool promoted = std::same_as<std::remove_cvref_t<result>, int> && integer_bits<element>() != 0 &&
                              integer_bits<element>() <= integer_bits<A>();
    if constexpr (keeps_values<A, std::conditional_t<promoted, element, result>>()) return accepts_fold<E, A, Op, result>();
  }
  return false;
}

}}} // namespace trireme::v1::detail
