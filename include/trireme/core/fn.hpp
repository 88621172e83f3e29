/// @file fn.hpp
/// Kernels that every backend can run: a function named by a constant, with or without bound arguments.
#pragma once
#include <trireme/core/refused.hpp>

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// Whether values of T can be carried to another memory byte by byte. Specialise it for a type that can although
/// its copy constructor is not trivial.
template <class T>
inline constexpr bool enable_transferable = std::is_trivially_copy_constructible_v<T> && std::is_trivially_destructible_v<T>;

template <class T>
concept transferable = enable_transferable<std::remove_cv_t<T>>;

namespace detail {

/// A type of the library's own that holds values of a user's says which: `using parts = parts_of<F>`. It is then as
/// transferable, and as portable, as these are: its own copy constructor does not show what was specialised for a part.
template <class... T>
struct parts_of {
  static constexpr bool transferable = (v1::transferable<T> && ...);
  template <class Test>
  static consteval bool any(Test test);
};

template <class T>
inline constexpr bool is_parts = false;
template <class... T>
inline constexpr bool is_parts<parts_of<T...>> = true;

template <class T>
concept made_of_parts = requires { requires is_parts<typename T::parts>; };

/// Whether test holds for the type, or for a part that it is made of.
template <class T, class Test>
consteval bool any_part(Test test) {
  if constexpr (made_of_parts<T>)
    return T::parts::any(test);
  else
    return test(std::type_identity<T>{});
}

template <class... T>
template <class Test>
consteval bool parts_of<T...>::any(Test test) {
  return (any_part<T>(test) || ...);
}

} // namespace detail

template <detail::made_of_parts T>
inline constexpr bool enable_transferable<T> = T::parts::transferable;
template <class... T>
inline constexpr bool enable_transferable<std::tuple<T...>> = (transferable<T> && ...);
template <class A, class B>
inline constexpr bool enable_transferable<std::pair<A, B>> = transferable<A> && transferable<B>;
template <class T, std::size_t N>
inline constexpr bool enable_transferable<std::array<T, N>> = transferable<T>;
template <class T>
inline constexpr bool enable_transferable<std::optional<T>> = transferable<T>;

namespace detail {

/// The type of a lambda expression. No trait tells; the compiler's own name for it does: "...<lambda(...)>" (g++),
/// "(lambda at file:line:col)" (clang), "lambda [](...)..." (EDG, nvcc's front end).
template <class F>
consteval bool is_closure_type() {
  if constexpr (!std::is_class_v<F>) {
    return false;
  } else {
#if defined(__clang__) || defined(__GNUC__)
    std::string_view name = __PRETTY_FUNCTION__;
    name = name.substr(name.find("F = ") + 4);
    name.remove_suffix(1);
    if (name.find("(lambda at ") != name.npos && name.back() == ')') return true;
    if (name.ends_with('>')) { // the bracket that closes the name must be the one of <lambda(...)>
      std::size_t depth = 0;
      for (std::size_t i = name.size(); i-- > 0;) {
        depth += name[i] == '>' && !(i > 0 && name[i - 1] == '-') ? 1u : 0u;
        if (name[i] == '<' && --depth == 0) return name.substr(i).starts_with("<lambda(");
      }
    }
    return name.starts_with("lambda [");
#else
    return false;
#endif
  }
}

/// Of a lambda with captures, or of a wrapper of one such as draws<N>(f).
template <class F>
consteval bool is_capturing_closure() {
  return any_part<F>([]<class T>(std::type_identity<T>) {
    return is_closure_type<T>() && !(std::is_empty_v<T> && std::is_default_constructible_v<T>);
  });
}

} // namespace detail

/// A function object that every backend can run: transferable, and not a lambda with captures, which may hold
/// pointers to what only the caller's memory has.
template <class F>
concept portable_kernel = transferable<F> && !detail::is_capturing_closure<std::remove_cv_t<F>>();

/// The type of `fn<f>`.
template <auto const& F>
struct fn_type {
  template <class... A>
  constexpr auto operator()(A&&... a) const noexcept(noexcept(F(std::forward<A>(a)...))) -> decltype(F(std::forward<A>(a)...)) {
    constexpr auto f = F; // a device has no address for F; a copy in the function it has
    return f(std::forward<A>(a)...);
  }
};

/// The portable kernel that calls f: a function, or an `inline constexpr` lambda or function object at namespace or
/// static class scope. It needs no annotation on any backend and is inlined where it is called.
template <auto const& F>
inline constexpr fn_type<F> fn{};

namespace detail {

/// One bound argument. Kept as base classes, since a std::tuple is not trivially copyable.
template <std::size_t I, class T>
struct bound_argument {
  T value;
};

template <class I, class... B>
struct bound_arguments;

template <std::size_t... I, class... B>
struct bound_arguments<std::index_sequence<I...>, B...> : bound_argument<I, B>... {
  template <class F, class... A>
  constexpr decltype(auto) call(F const& f, A&&... a) const {
    return f(static_cast<bound_argument<I, B> const&>(*this).value..., std::forward<A>(a)...);
  }

  /// visit(position, value) for every bound argument: what an executor checks pointers and spans with.
  template <class V>
  constexpr void for_each_bound(V&& visit) const {
    (visit(I, static_cast<bound_argument<I, B> const&>(*this).value), ...);
  }
};

template <auto const& F, class... B>
struct front_binder : bound_arguments<std::index_sequence_for<B...>, B...> {
  using parts = parts_of<B...>;
  template <class... A>
  constexpr auto operator()(A&&... a) const -> decltype(F(std::declval<B const&>()..., std::forward<A>(a)...)) {
    constexpr auto f = F;
    return this->call(f, std::forward<A>(a)...);
  }
};

/// A buffer or matrix, told by its members: it owns memory, or keeps an executor alive.
template <class B>
concept executors_memory = requires { typename B::executor_type; };

} // namespace detail

/// The portable kernel that calls f with leading arguments bound: bind_front<f>(a, b)(x) is f(a, b, x), as
/// std::bind_front<f>(a, b) of C++26. The arguments are kept by value (std::reference_wrapper stays itself).
template <auto const& F, class... B>
[[nodiscard]] constexpr auto bind_front(B&&... bound) {
  constexpr bool plain = (!detail::executors_memory<std::decay_t<B>> && ...);
  static_assert(plain, "trireme: bind_front: a buffer stays with its owner: bind b.view(), the span of its elements");
  if constexpr (plain)
    return detail::front_binder<F, std::decay_t<B>...>{{{std::forward<B>(bound)}...}};
  else
    return detail::refused{};
}

}} // namespace trireme::v1
