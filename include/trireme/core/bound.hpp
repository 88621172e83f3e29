/// @file bound.hpp
/// What is bound into a kernel, looked at before it goes to another memory: pointers must lead to what is there.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace trireme { namespace type_names {

/// Whether T is one of the library's own aggregates, such as the run kernels that hold the user's kernel. The compiler's
/// name for it tells; in a namespace of its own, since g++ leaves out the one that it is in.
template <class T>
consteval bool is_own_aggregate() {
  if constexpr (std::is_class_v<T> && std::is_aggregate_v<T> && !std::is_empty_v<T>) {
    std::string_view const name = __PRETTY_FUNCTION__;
    return name.substr(name.find("T = ") + 4).starts_with("trireme::");
  } else {
    return false;
  }
}

}} // namespace trireme::type_names

namespace trireme { inline namespace v1 { namespace detail {

/// Stands for the initialiser of any member.
struct any_member {
  template <class T>
  constexpr operator T() const;
};

template <class T, std::size_t... I>
concept made_of_members = requires { T{(static_cast<void>(I), any_member{})...}; };

/// The largest number of initialisers that an aggregate of at most N members takes: with fewer, those left out would need a default.
template <class T, std::size_t N = 12>
consteval std::size_t count_members() {
  constexpr bool fits = []<std::size_t... I>(std::index_sequence<I...>) {
    return made_of_members<T, I...>;
  }(std::make_index_sequence<N>{});
  if constexpr (fits || N == 0)
    return N;
  else
    return count_members<T, N - 1>();
}

/// visit(m) for every member of an aggregate of the library's, which have eight at most.
template <class T, class V>
void for_each_member(T const& x, V&& visit) {
  constexpr std::size_t n = count_members<T>();
  static_assert(n >= 1 && n <= 8, "trireme: extend for_each_member");
  auto const all = [&](auto const&... m) { (visit(m), ...); };
  if constexpr (n == 1) {
    auto const& [a] = x;
    all(a);
  } else if constexpr (n == 2) {
    auto const& [a, b] = x;
    all(a, b);
  } else if constexpr (n == 3) {
    auto const& [a, b, c] = x;
    all(a, b, c);
  } else if constexpr (n == 4) {
    auto const& [a, b, c, d] = x;
    all(a, b, c, d);
  } else if constexpr (n == 5) {
    auto const& [a, b, c, d, e] = x;
    all(a, b, c, d, e);
  } else if constexpr (n == 6) {
    auto const& [a, b, c, d, e, f] = x;
    all(a, b, c, d, e, f);
  } else if constexpr (n == 7) {
    auto const& [a, b, c, d, e, f, g] = x;
    all(a, b, c, d, e, f, g);
  } else {
    auto const& [a, b, c, d, e, f, g, h] = x;
    all(a, b, c, d, e, f, g, h);
  }
}

/// A view of elements that lie elsewhere: a span, a string_view, a Map of Eigen.
template <class T>
concept pointer_and_size = requires(T const& x) {
  x.size();
  requires std::is_pointer_v<decltype(x.data())>;
};

/// The memory that kernels can reach: `contains(p, bytes)`, and two texts for messages, `owner` and `advice`.
template <class M>
[[noreturn]] void refuse_bound(M const&, std::size_t position, char const* what) {
  throw std::invalid_argument("trireme: " + std::string(M::owner) + ": " +
                              (position == 0 ? "the result" : "argument " + std::to_string(position)) + " " + what +
                              " outside of " + std::string(M::advice));
}

/// @throws std::invalid_argument that names the position, from 1, or the result, 0, where x leads out of that memory.
template <class M, class T>
void check_argument(M const& memory, std::size_t position, T const& x) {
  if constexpr (std::is_pointer_v<T>) {
    if constexpr (!std::is_function_v<std::remove_pointer_t<T>>) {
      if (x != nullptr && !memory.contains(x, 1)) refuse_bound(memory, position, "is a pointer");
    }
  } else if constexpr (pointer_and_size<T>) {
    auto const* const own = reinterpret_cast<char const*>(&x);
    auto const* const first = reinterpret_cast<char const*>(x.data());
    bool const inside = !std::less<>{}(first, own) && std::less<>{}(first, own + sizeof(T)); // as in a std::array
    std::size_t const bytes = static_cast<std::size_t>(x.size()) * sizeof(*x.data());
    if (bytes != 0 && !inside && !memory.contains(first, bytes)) refuse_bound(memory, position, "is a view of elements");
  } else if constexpr (requires {
                         typename T::type;
                         x.get();
                         requires std::is_same_v<T, std::reference_wrapper<typename T::type>>;
                       }) {
    if constexpr (!std::is_function_v<typename T::type>) {
      if (!memory.contains(&x.get(), 1)) refuse_bound(memory, position, "is a reference to an object");
    }
  }
}

struct ignore_bound {
  template <class T>
  constexpr void operator()(std::size_t, T const&) const {}
};
template <class F>
concept binds_arguments = requires(F const& f) { f.for_each_bound(ignore_bound{}); };

/// The same for what is bound in f, wherever in the library's own kernels it is wrapped. function(p) is called for every
/// pointer to a function.
template <class M, class F, class Function>
void check_kernel(M const& memory, F const& f, Function const& function) {
  if constexpr (std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>) {
    function(f);
  } else if constexpr (binds_arguments<F>) {
    f.for_each_bound([&]<class T>(std::size_t position, T const& x) {
      check_argument(memory, position + 1, x);
      if constexpr (std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>) function(x);
    });
  } else if constexpr (type_names::is_own_aggregate<F>()) {
    for_each_member(f, [&](auto const& m) { check_kernel(memory, m, function); });
  }
}

}}} // namespace trireme::v1::detail
