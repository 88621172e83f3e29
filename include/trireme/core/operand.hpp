/// @file operand.hpp
/// Data brought to the plain views that an `on_X` takes.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/passing.hpp>
#include <trireme/core/range.hpp>

#include <concepts>
#include <cstddef>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// What an algorithm takes: a buffer or host data.
template <class R>
concept data = any_buffer<R> || host_data<R>;

template <class R>
struct data_element {
  using type = element_t<R>;
};
template <any_buffer R>
struct data_element<R> {
  using type = typename std::remove_cvref_t<R>::value_type;
};

/// A temporary that leads to memory of somebody else: a view, a part of a buffer, a Map or a part of Eigen's.
template <class R>
inline constexpr bool leads_elsewhere = std::ranges::borrowed_range<R> || (any_buffer<R> && std::copyable<R>);
template <class R>
  requires requires { typename R::PlainObject; }
inline constexpr bool leads_elsewhere<R> = !std::same_as<R, typename R::PlainObject>;

/// Whether the caller can still see what was written there.
template <class R>
concept outlives_call = std::is_lvalue_reference_v<R> || leads_elsewhere<std::remove_cv_t<R>>;

inline void check_same_size(std::size_t have, std::size_t want, char const* what) {
  if (have != want)
    throw std::invalid_argument(std::string("trireme: ") + what + " has " + std::to_string(have) + " elements, where " +
                                std::to_string(want) + " are needed");
}

/// A buffer as a view of it, if workers of ex may touch its memory.
template <class E, class B>
auto whole_buffer(E const& ex, B& b) {
  if (!host_executor<E> && !(b.executor() == ex))
    throw std::invalid_argument("trireme: the buffer lives on another executor than the call runs on");
  return buffer_view<std::remove_pointer_t<decltype(b.data())>, E>(b.executor(), b.data(), b.size());
}

template <class V>
constexpr V const_view(V v) {
  return v;
}
template <class T>
constexpr std::span<T const> const_view(std::span<T> v) {
  return v;
}
template <class T>
constexpr strided_view<T const> const_view(strided_view<T> v) {
  return {v.first, v.stride, v.count};
}

/// How a range is read: through const where it allows that, so that no kernel is given what it could write to.
template <class R>
using read_t = std::conditional_t<host_data<std::remove_reference_t<R> const>, std::remove_reference_t<R> const&, R>;

/// Whether R has to be copied for E's workers to see it.
template <class E, class R>
inline constexpr bool has_to_pass = !any_buffer<R> && !host_executor<E>;

/// Data that is read. `view()` can be indexed in kernels on ex; host data is uploaded for it where ex does not see it,
/// unless it goes in pieces.
template <class E, class R>
class input {
public:
  static constexpr bool passes = has_to_pass<E, R>;

  input(E const& ex, R&& r) : held_(hold(ex, r)) {}
  [[nodiscard]] std::size_t size() const { return held_.size(); }
  [[nodiscard]] auto view() { return const_view(held_.view()); }
  [[nodiscard]] auto const& passenger() const { return held_; }

private:
  static auto hold(E const& ex, std::remove_reference_t<R>& r) {
    if constexpr (any_buffer<R>)
      return whole_buffer(ex, std::as_const(r));
    else if constexpr (host_executor<E>)
      return host_operand<read_t<R>>(std::forward<R>(r));
    else
      return passing_range<E, read_t<R>, passage::in>(ex, std::forward<R>(r));
  }

  decltype(hold(std::declval<E const&>(), std::declval<std::remove_reference_t<R>&>())) held_;
};
template <class E, class R>
input(E const&, R&&) -> input<E, R>;

/// What a kernel is called with for an element of R.
template <class E, class R>
using operand_t = decltype(std::declval<input<E, R>&>().view()[0]);

/// Existing storage that is written, and that is read before if it is to be `changed`. Where ex does not see it `finish()`
/// copies to where the caller looks.
template <class E, class R, bool Changed>
class storage {
  static_assert(!Changed || any_buffer<R> || host_executor<E> || outlives_call<R>,
                "trireme: this executor would change a copy of a temporary range, which nobody could read");

public:
  static constexpr bool passes = has_to_pass<E, R>;

  storage(E const& ex, std::remove_reference_t<R>& r) : held_(hold(ex, r)) {}
  [[nodiscard]] std::size_t size() const { return held_.size(); }
  [[nodiscard]] auto view() { return held_.view(); }
  [[nodiscard]] auto const& passenger() const { return held_; }
  void finish() {
    if constexpr (passes) held_.finish();
  }

private:
  static auto hold(E const& ex, std::remove_reference_t<R>& r) {
    if constexpr (any_buffer<R>)
      return whole_buffer(ex, r);
    else if constexpr (host_executor<E>)
      return host_operand<R>(std::forward<R>(r));
    else
      return passing_range<E, R, Changed ? passage::both : passage::out>(ex, std::forward<R>(r));
  }

  decltype(hold(std::declval<E const&>(), std::declval<std::remove_reference_t<R>&>())) held_;
};

}}} // namespace trireme::v1::detail
