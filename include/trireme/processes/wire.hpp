/// @file processes/wire.hpp
/// Values that travel between processes, by one recursive definition: their bytes where these are the value; of the standard
/// library's containers, pairs, tuples, optionals and variants one element after the other; by cereal what has functions for it.
#pragma once
#include <trireme/processes/wire_archive.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <list>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <queue>
#include <set>
#include <stack>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A vector or a string of values that are their bytes.
template <class T>
inline constexpr bool is_flat_sequence = false;
template <class T, class A>
inline constexpr bool is_flat_sequence<std::vector<T, A>> = flat<T> && !std::is_same_v<T, bool>;
template <class C, class T, class A>
inline constexpr bool is_flat_sequence<std::basic_string<C, T, A>> = true;

/// A matrix, vector or array of Eigen, with elements of its own.
template <class T>
concept eigen_dense = requires(T& m, T const& c) {
  requires std::is_same_v<typename T::PlainObject, T>;
  requires flat<typename T::Scalar>;
  m.resize(c.rows(), c.cols());
  c.data();
};

/// How a type is written that is none of these: as elements behind their number, as parts, or by cereal.
enum class wire_kind { cereal, sequence, parts, array, optional, variant };
template <class... E>
struct wire_by_cereal { // with the elements that cereal will come to
  static constexpr wire_kind kind = wire_kind::cereal;
  using elements = std::tuple<std::type_identity<E>...>;
};
template <wire_kind Kind, class... E>
struct wire_as : wire_by_cereal<E...> {
  static constexpr wire_kind kind = Kind;
};
template <class T>
struct wire_form : wire_by_cereal<> {};
template <class T, class A>
struct wire_form<std::vector<T, A>> : wire_as<wire_kind::sequence, T> {};
template <class T, class A>
struct wire_form<std::deque<T, A>> : wire_as<wire_kind::sequence, T> {};
template <class T, class A>
struct wire_form<std::list<T, A>> : wire_as<wire_kind::sequence, T> {};
template <class T, class C, class A>
struct wire_form<std::set<T, C, A>> : wire_as<wire_kind::sequence, T> {};
template <class T, class C, class A>
struct wire_form<std::multiset<T, C, A>> : wire_as<wire_kind::sequence, T> {};
template <class K, class T, class C, class A>
struct wire_form<std::map<K, T, C, A>> : wire_as<wire_kind::sequence, std::pair<K, T>> {};
template <class K, class T, class C, class A>
struct wire_form<std::multimap<K, T, C, A>> : wire_as<wire_kind::sequence, std::pair<K, T>> {};
template <class T, class H, class P, class A>
struct wire_form<std::unordered_set<T, H, P, A>> : wire_as<wire_kind::sequence, T> {};
template <class T, class H, class P, class A>
struct wire_form<std::unordered_multiset<T, H, P, A>> : wire_as<wire_kind::sequence, T> {};
template <class K, class T, class H, class P, class A>
struct wire_form<std::unordered_map<K, T, H, P, A>> : wire_as<wire_kind::sequence, std::pair<K, T>> {};
template <class K, class T, class H, class P, class A>
struct wire_form<std::unordered_multimap<K, T, H, P, A>> : wire_as<wire_kind::sequence, std::pair<K, T>> {};
template <class A, class B>
struct wire_form<std::pair<A, B>> : wire_as<wire_kind::parts, std::remove_cv_t<A>, std::remove_cv_t<B>> {};
template <class... T>
struct wire_form<std::tuple<T...>> : wire_as<wire_kind::parts, std::remove_cv_t<T>...> {};
template <class T, std::size_t N>
struct wire_form<std::array<T, N>> : wire_as<wire_kind::array, T> {};
template <class T>
struct wire_form<std::optional<T>> : wire_as<wire_kind::optional, T> {};
template <class... T>
struct wire_form<std::variant<T...>> : wire_as<wire_kind::variant, T...> {};
template <class T> // what is polymorphic cereal knows by its registered name
using wire_pointee = std::conditional_t<std::is_polymorphic_v<T>, wire_by_cereal<>, wire_by_cereal<T>>;
template <class T, class D>
struct wire_form<std::unique_ptr<T, D>> : wire_pointee<T> {};
template <class T>
struct wire_form<std::shared_ptr<T>> : wire_pointee<T> {};
template <class T, class A>
struct wire_form<std::forward_list<T, A>> : wire_by_cereal<T> {};
template <class T, class C>
struct wire_form<std::queue<T, C>> : wire_by_cereal<T> {};
template <class T, class C>
struct wire_form<std::stack<T, C>> : wire_by_cereal<T> {};
template <class T, class C, class L>
struct wire_form<std::priority_queue<T, C, L>> : wire_by_cereal<T> {};

/// Whether several pointers to one object may be in a T. These are written by one archive, which has them share it again.
template <class T>
inline constexpr bool wire_shares = []<class... E>(std::tuple<std::type_identity<E>...>) {
  return (wire_shares<E> || ...);
}(typename wire_form<T>::elements{});
template <class T>
inline constexpr bool wire_shares<std::shared_ptr<T>> = true;
template <class T>
inline constexpr bool wire_shares<std::weak_ptr<T>> = true;
template <class T>
inline constexpr wire_kind wire_kind_of = wire_shares<T> ? wire_kind::cereal : wire_form<T>::kind;

template <class T>
consteval bool travels() {
  if constexpr (flat<T> || is_flat_sequence<T> || eigen_dense<T>) {
    return true;
  } else if constexpr (!std::is_object_v<T>) {
    return false;
  } else {
    constexpr bool elements = []<class... E>(std::tuple<std::type_identity<E>...>) {
      return (travels<E>() && ...);
    }(typename wire_form<T>::elements{});
    if constexpr (!elements || wire_kind_of<T> != wire_kind::cereal)
      return elements;
    else
      return cereal::traits::is_output_serializable<T, wire_output>::value &&
             cereal::traits::is_input_serializable<T, wire_input>::value && std::is_default_constructible_v<T>;
  }
}

template <class T>
void write_value(wire_writer& out, T const& x) {
  constexpr wire_kind kind = wire_kind_of<T>;
  if constexpr (flat<T>) {
    if constexpr (!std::is_empty_v<T>) out.put(static_cast<void const*>(std::addressof(x)), sizeof x);
  } else if constexpr (is_flat_sequence<T>) {
    std::uint64_t const n = x.size();
    out.put(&n, sizeof n);
    out.put(x.data(), n * sizeof(typename T::value_type));
  } else if constexpr (eigen_dense<T>) {
    std::int64_t const shape[2]{x.rows(), x.cols()};
    out.put(shape, sizeof shape);
    out.put(x.data(), static_cast<std::size_t>(x.size()) * sizeof(typename T::Scalar));
  } else if constexpr (kind == wire_kind::sequence) {
    std::uint64_t const n = x.size();
    out.put(&n, sizeof n);
    if constexpr (std::is_same_v<typename T::value_type, bool>)
      for (bool const e : x) write_value(out, e);
    else
      for (auto const& e : x) write_value(out, e);
  } else if constexpr (kind == wire_kind::parts) {
    std::apply([&](auto const&... part) { (write_value(out, part), ...); }, x);
  } else if constexpr (kind == wire_kind::array) {
    for (auto const& e : x) write_value(out, e);
  } else if constexpr (kind == wire_kind::optional) {
    write_value(out, x.has_value());
    if (x) write_value(out, *x);
  } else if constexpr (kind == wire_kind::variant) {
    if (x.valueless_by_exception()) throw std::bad_variant_access{};
    write_value(out, std::uint64_t{x.index()});
    std::visit([&](auto const& value) { write_value(out, value); }, x);
  } else {
    wire_output archive(out);
    archive(x);
  }
}

template <class T>
T read_value(wire_reader& in);

template <class T>
T read_flat_sequence(wire_reader& in) {
  using element = typename T::value_type;
  auto const n = in.number<std::uint64_t>();
  char const* const from = in.take(n, sizeof(element));
  if (reinterpret_cast<std::uintptr_t>(from) % alignof(element) == 0) {
    auto const* const first = reinterpret_cast<element const*>(from); // one pass, with nothing zeroed before
    return T(first, first + n);
  }
  if constexpr (std::is_default_constructible_v<element>) {
    T x(n, element());
    if (n != 0) std::memcpy(static_cast<void*>(x.data()), from, n * sizeof(element));
    return x;
  } else {
    T x;
    x.reserve(n);
    for (std::uint64_t k = 0; k < n; ++k) {
      wire_reader one(from + k * sizeof(element), sizeof(element));
      x.push_back(read_value<element>(one));
    }
    return x;
  }
}

template <class T>
T read_matrix(wire_reader& in) {
  auto const rows = in.number<std::int64_t>(), cols = in.number<std::int64_t>();
  auto const fits = [](std::int64_t n, int fixed) { return n >= 0 && (fixed < 0 || n == fixed); };
  std::size_t const most = in.left() / sizeof(typename T::Scalar);
  if (!fits(rows, T::RowsAtCompileTime) || !fits(cols, T::ColsAtCompileTime) ||
      (cols != 0 && static_cast<std::uint64_t>(rows) > most / static_cast<std::uint64_t>(cols)))
    wire_reader::damaged();
  T x;
  x.resize(rows, cols);
  std::size_t const bytes = static_cast<std::size_t>(x.size()) * sizeof(typename T::Scalar);
  if (bytes != 0) std::memcpy(static_cast<void*>(x.data()), in.take(bytes), bytes);
  return x;
}

template <class T>
T read_sequence(wire_reader& in) {
  using element = typename std::tuple_element_t<0, typename wire_form<T>::elements>::type;
  auto const n = in.number<std::uint64_t>();
  if (!std::is_empty_v<element> && n > in.left()) wire_reader::damaged(); // each takes a byte, or more
  T x;
  if constexpr (requires { x.reserve(n); }) x.reserve(n);
  for (std::uint64_t k = 0; k < n; ++k) {
    if constexpr (requires { x.push_back(std::declval<element>()); })
      x.push_back(read_value<element>(in));
    else
      x.insert(x.end(), read_value<element>(in));
  }
  return x;
}

template <class V, std::size_t... I>
V read_variant(wire_reader& in, std::index_sequence<I...>) {
  using reader = V (*)(wire_reader&);
  static constexpr reader readers[]{
      [](wire_reader& from) { return V(std::in_place_index<I>, read_value<std::variant_alternative_t<I, V>>(from)); }...};
  auto const index = in.number<std::uint64_t>();
  if (index >= sizeof...(I)) wire_reader::damaged();
  return readers[index](in);
}

/// @throws std::runtime_error where the bytes can't be such a value.
template <class T>
T read_value(wire_reader& in) {
  constexpr wire_kind kind = wire_kind_of<T>;
  if constexpr (flat<T>) {
    alignas(T) std::byte bytes[sizeof(T)]{};
    if constexpr (!std::is_empty_v<T>) std::memcpy(bytes, in.take(sizeof(T)), sizeof(T));
    return *std::launder(reinterpret_cast<T*>(bytes));
  } else if constexpr (is_flat_sequence<T>) {
    return read_flat_sequence<T>(in);
  } else if constexpr (eigen_dense<T>) {
    return read_matrix<T>(in);
  } else if constexpr (kind == wire_kind::sequence) {
    return read_sequence<T>(in);
  } else if constexpr (kind == wire_kind::parts) {
    return [&]<class... E>(std::tuple<std::type_identity<E>...>) {
      return T{read_value<E>(in)...}; // in this order, for the braces
    }(typename wire_form<T>::elements{});
  } else if constexpr (kind == wire_kind::array) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return T{{(static_cast<void>(I), read_value<typename T::value_type>(in))...}};
    }(std::make_index_sequence<std::tuple_size_v<T>>{});
  } else if constexpr (kind == wire_kind::optional) {
    return in.number<unsigned char>() != 0 ? T(read_value<typename T::value_type>(in)) : T();
  } else if constexpr (kind == wire_kind::variant) {
    return read_variant<T>(in, std::make_index_sequence<std::variant_size_v<T>>{});
  } else {
    T x{};
    wire_input archive(in);
    archive(x);
    return x;
  }
}

}}} // namespace trireme::v1::detail

namespace cereal {

/// Eigen's matrices inside of other types.
template <class Archive, trireme::detail::eigen_dense T>
void save(Archive& archive, T const& m) {
  archive(static_cast<std::int64_t>(m.rows()), static_cast<std::int64_t>(m.cols()));
  archive(binary_data(m.data(), static_cast<std::size_t>(m.size()) * sizeof(typename T::Scalar)));
}
template <class Archive, trireme::detail::eigen_dense T>
void load(Archive& archive, T& m) {
  std::int64_t rows = 0, cols = 0;
  archive(rows, cols);
  m.resize(rows, cols);
  archive(binary_data(m.data(), static_cast<std::size_t>(m.size()) * sizeof(typename T::Scalar)));
}

} // namespace cereal
