/// @file fn.hpp
/// Kernels that every backend can run: a function named by a constant, with or without bound arguments.
#pragma once
#include <cstddef>
#include <string_view>
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

/// A wrapper of a kernel, such as draws<N>(f), names what it wraps `kernel_type`.
template <class F>
consteval bool is_capturing_closure() {
  if constexpr (requires { typename F::kernel_type; })
    return is_capturing_closure<typename F::kernel_type>();
  else
    return is_closure_type<F>() && !(std::is_empty_v<F> && std::is_default_constructible_v<F>);
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
  constexpr auto operator()(A&&... a) const noexcept(noexcept(F(std::forward<A>(a)...)))
      -> decltype(F(std::forward<A>(a)...)) {
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
  template <class... A>
  constexpr auto operator()(A&&... a) const -> decltype(F(std::declval<B const&>()..., std::forward<A>(a)...)) {
    constexpr auto f = F;
    return this->call(f, std::forward<A>(a)...);
  }
};

} // namespace detail

/// The portable kernel that calls f with leading arguments bound: bind_front<f>(a, b)(x) is f(a, b, x), as
/// std::bind_front<f>(a, b) of C++26. The arguments are kept by value (std::reference_wrapper stays itself).
template <auto const& F, class... B>
[[nodiscard]] constexpr auto bind_front(B&&... bound) {
  return detail::front_binder<F, std::decay_t<B>...>{{{std::forward<B>(bound)}...}};
}

}} // namespace trireme::v1
