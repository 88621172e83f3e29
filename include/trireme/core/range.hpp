/// @file range.hpp
/// Host data as algorithms take it: any input range, and Eigen's vectors and vector expressions without their header.
#pragma once
#include <trireme/core/gathered.hpp>

#include <concepts>
#include <cstddef>
#include <iterator>
#include <memory>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// A dense vector or vector expression of Eigen, told by its members.
template <class R>
concept eigen_vector = requires(R const& r) {
  typename R::PlainObject;
  typename R::Scalar;
  { r.derived() };
  { r.coeff(0) };
  requires bool(R::IsVectorAtCompileTime);
};

/// One with memory of its own, rather than an expression to compute.
template <class R>
concept eigen_storage = eigen_vector<R> && requires(R const& r) {
  { r.data() } -> std::convertible_to<typename R::Scalar const*>;
  { r.innerStride() };
};

template <class R>
concept contiguous_storage = !eigen_vector<R> && std::ranges::contiguous_range<R> && std::ranges::sized_range<R>;

/// A std::vector<bool> that can be written: several workers at once would lose bits of one word.
template <class R>
concept packed_bits = std::ranges::range<R> && std::same_as<std::ranges::range_value_t<R>, bool> &&
                      std::is_class_v<std::ranges::range_reference_t<R>>;

/// Whether elements can be assigned; also true of what has none, about which another line has to speak.
template <class R>
consteval bool writable() {
  using range = std::remove_reference_t<R>;
  if constexpr (requires(range& r) { *r.data(); })
    return !std::is_const_v<std::remove_reference_t<decltype(*std::declval<range&>().data())>>;
  else if constexpr (eigen_vector<range>)
    return false; // an expression
  else if constexpr (std::ranges::input_range<range>) {
    using reference = std::ranges::range_reference_t<range>;
    return std::is_assignable_v<reference, std::ranges::range_value_t<range>> &&
           !std::same_as<reference, std::ranges::range_value_t<range>>; // a temporary is assigned to in vain
  } else {
    return true;
  }
}

template <class R>
struct element {};
template <class R>
  requires(!eigen_vector<R> && std::ranges::input_range<R>)
struct element<R> {
  using type = std::ranges::range_value_t<R>;
};
template <eigen_vector R>
struct element<R> {
  using type = typename R::Scalar;
};

} // namespace detail

/// What algorithms take from the host: a std::ranges::input_range or a vector of Eigen.
template <class R>
concept host_data = requires { typename detail::element<std::remove_reference_t<R>>::type; };

/// The type of the elements, without reference or const.
template <host_data R>
using element_t = typename detail::element<std::remove_reference_t<R>>::type;

namespace detail {

/// Elements at a fixed distance in memory, as in a row of a column-major matrix.
template <class T>
struct strided_view {
  T* first;
  std::ptrdiff_t stride;
  std::size_t count;
  constexpr T& operator[](std::size_t i) const { return first[static_cast<std::ptrdiff_t>(i) * stride]; }
  [[nodiscard]] constexpr std::size_t size() const { return count; }
};

/// A random-access range by its first iterator.
template <class I>
struct iterator_view {
  I first;
  std::size_t count;
  constexpr decltype(auto) operator[](std::size_t i) const { return first[static_cast<std::iter_difference_t<I>>(i)]; }
  [[nodiscard]] constexpr std::size_t size() const { return count; }
};

/// Elements that lie anywhere, each found through a pointer.
template <class T>
struct pointer_view {
  T* const* first;
  std::size_t count;
  constexpr T& operator[](std::size_t i) const { return *first[i]; }
  [[nodiscard]] constexpr std::size_t size() const { return count; }
};

/// A range in the caller's memory, as something that can be indexed from any thread. Nothing is copied where the
/// range can be indexed itself; of a list, pointers are collected; a single-pass range and an expression of Eigen
/// are evaluated, once. `R` is the range's type with its reference.
template <class R>
class host_operand {
  using range = std::remove_reference_t<R>;

public:
  explicit host_operand(R&& r) : kept_(keep(r)), size_(count(r)) {}

  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] auto view() {
    if constexpr (eigen_storage<range>)
      return strided_view<std::remove_pointer_t<decltype(kept_->data())>>{
          kept_->data(), static_cast<std::ptrdiff_t>(kept_->innerStride()), size_};
    else if constexpr (eigen_vector<range>)
      return std::span(std::as_const(kept_).data(), size_);
    else if constexpr (contiguous_storage<range>)
      return std::span(std::ranges::data(*kept_), size_);
    else if constexpr (std::ranges::random_access_range<range>)
      return iterator_view<std::ranges::iterator_t<range>>{std::ranges::begin(*kept_), size_};
    else if constexpr (by_pointer)
      return pointer_view<std::remove_pointer_t<typename decltype(kept_)::value_type>>{kept_.data(), size_};
    else
      return std::span(kept_.data(), size_);
  }

private:
  static constexpr bool by_pointer = !eigen_vector<range> && std::ranges::forward_range<range> &&
                                     std::is_lvalue_reference_v<std::ranges::range_reference_t<range>>;

  static auto keep(range& r) {
    if constexpr (eigen_storage<range>) {
      return std::addressof(r);
    } else if constexpr (eigen_vector<range>) {
      return typename range::PlainObject(r);
    } else if constexpr (std::ranges::random_access_range<range>) {
      return std::addressof(r);
    } else if constexpr (by_pointer) {
      std::vector<std::add_pointer_t<std::ranges::range_reference_t<range>>> pointers;
      for (auto& x : r) pointers.push_back(std::addressof(x));
      return pointers;
    } else {
      gathered<std::ranges::range_value_t<range>> values;
      for (auto&& x : r) values.push_back(std::forward<decltype(x)>(x));
      return values;
    }
  }
  std::size_t count(range& r) const {
    if constexpr (eigen_vector<range>)
      return static_cast<std::size_t>(r.size());
    else if constexpr (std::ranges::random_access_range<range>)
      return static_cast<std::size_t>(std::ranges::distance(r));
    else
      return kept_.size();
  }

  decltype(keep(std::declval<range&>())) kept_;
  std::size_t size_;
};

/// The elements as values in one piece of memory, to be copied elsewhere: the range's own, or gathered.
template <class T, class R>
class contiguous_elements {
public:
  explicit contiguous_elements(R&& r) {
    using range = std::remove_reference_t<R>;
    if constexpr (eigen_storage<range>) {
      if constexpr (std::same_as<typename range::Scalar, T>) {
        if (r.innerStride() == 1) {
          elements_ = {r.data(), static_cast<std::size_t>(r.size())};
          return;
        }
      }
    } else if constexpr (contiguous_storage<range>) {
      if constexpr (std::same_as<std::ranges::range_value_t<range>, T>) {
        elements_ = {std::ranges::data(r), static_cast<std::size_t>(std::ranges::size(r))};
        return;
      }
    }
    host_operand<R> operand(std::forward<R>(r));
    auto const view = operand.view();
    gathered_.reserve(operand.size());
    for (std::size_t i = 0; i < operand.size(); ++i) gathered_.push_back(static_cast<T>(view[i]));
    elements_ = {gathered_.data(), gathered_.size()};
  }
  contiguous_elements(contiguous_elements const&) = delete;
  contiguous_elements& operator=(contiguous_elements const&) = delete;

  [[nodiscard]] std::span<T const> view() const noexcept { return elements_; }

private:
  gathered<T> gathered_;
  std::span<T const> elements_;
};

} // namespace detail

}} // namespace trireme::v1
