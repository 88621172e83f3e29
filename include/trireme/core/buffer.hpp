/// @file buffer.hpp
/// Memory in an executor's own space, and `into`, which names existing storage as the place for a result.
#pragma once
#include <trireme/core/cluster.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/core/range.hpp>

#include <concepts>
#include <cstddef>
#include <limits>
#include <new>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

/// A part of a buffer: does not own it, must not outlive it, and is taken wherever a buffer is.
template <class T, executor_or_cluster E>
class buffer_view {
public:
  using value_type = std::remove_cv_t<T>;
  using executor_type = E;

  buffer_view(E const& ex, T* data, std::size_t n) : executor_(ex), data_(data), size_(n) {}

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T* data() const noexcept { return data_; }
  [[nodiscard]] std::span<T> view() const noexcept { return {data_, size_}; }
  [[nodiscard]] E const& executor() const noexcept { return executor_; }

  /// The n elements from the i-th. @throws std::out_of_range where the view has fewer.
  [[nodiscard]] buffer_view subspan(count<"i"> i, count<"n"> n) const {
    if (i > size_ || n > size_ - i)
      throw std::out_of_range("trireme: subspan: elements " + std::to_string(i) + " to " + std::to_string(i) + " + " +
                              std::to_string(n) + " of " + std::to_string(size_));
    return {executor_, data_ + i, n};
  }

  /// A copy on the host; returns when it is complete.
  [[nodiscard]] std::vector<value_type> to_host() const {
    detail::arrivals<value_type> out(size_);
    executor_.download(data_, out.data(), size_ * sizeof(T), {}).wait();
    return out.finish();
  }

private:
  E executor_;
  T* data_;
  std::size_t size_;
};

/// n elements in the memory of an executor. Move-only; frees its memory, and keeps the executor alive until then.
/// Of a cluster: mpi/buffer.hpp.
template <class T, executor_or_cluster E>
class buffer {
  // Not only what is trivially copyable by the letter: a std::tuple or std::pair of such is not, because its assignment
  // is not trivial, but its bytes carry its value all the same.
  static_assert(transferable<T>, "trireme: a buffer's elements must be transferable: trivially copyable, or tuples, "
                                 "pairs or arrays of such");

public:
  using value_type = T;
  using executor_type = E;

  /// n elements, uninitialised. @throws std::invalid_argument for a negative n, std::bad_alloc.
  buffer(E const& ex, count<"n"> n) : executor_(ex), size_(n) {
    if (size_ > std::numeric_limits<std::ptrdiff_t>::max() / sizeof(T)) throw std::bad_array_new_length{};
    if (size_ != 0) data_ = static_cast<T*>(executor_.allocate(size_ * sizeof(T), alignof(T)));
  }

  /// A copy of a range. One upload where the range is contiguous; otherwise it is gathered on the host first.
  template <host_data R>
  buffer(E const& ex, R&& range) : buffer(ex, detail::contiguous_elements<T, R>(std::forward<R>(range))) {}

  buffer(buffer&& other) noexcept
      : executor_(other.executor_), data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  buffer& operator=(buffer&& other) noexcept {
    buffer moved(std::move(other));
    std::swap(executor_, moved.executor_);
    std::swap(data_, moved.data_);
    std::swap(size_, moved.size_);
    return *this;
  }
  ~buffer() {
    if (data_ != nullptr) executor_.deallocate(data_, size_ * sizeof(T));
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] T* data() noexcept { return data_; }
  [[nodiscard]] T const* data() const noexcept { return data_; }
  /// The elements, to bind into kernels on this executor.
  [[nodiscard]] std::span<T> view() noexcept { return {data_, size_}; }
  [[nodiscard]] std::span<T const> view() const noexcept { return {data_, size_}; }
  [[nodiscard]] E const& executor() const noexcept { return executor_; }

  [[nodiscard]] buffer_view<T, E> subspan(count<"i"> i, count<"n"> n) { return whole(*this).subspan(i, n); }
  [[nodiscard]] buffer_view<T const, E> subspan(count<"i"> i, count<"n"> n) const { return whole(*this).subspan(i, n); }
  [[nodiscard]] std::vector<T> to_host() const { return whole(*this).to_host(); }

  /// Replaces the elements by those of a range of the same size; returns when that is done.
  /// @throws std::invalid_argument where the sizes differ; the buffer is then unchanged.
  template <host_data R>
  void assign(R&& range) {
    detail::contiguous_elements<T, R> const from(std::forward<R>(range));
    if (from.view().size() != size_)
      throw std::invalid_argument("trireme: assign: range has " + std::to_string(from.view().size()) + " elements, the buffer " +
                                  std::to_string(size_));
    fill(from.view());
  }

private:
  template <class B>
  static auto whole(B& b) {
    return buffer_view<std::remove_pointer_t<decltype(b.data())>, E>(b.executor_, b.data(), b.size_);
  }
  template <class R>
  buffer(E const& ex, detail::contiguous_elements<T, R> const& from) : buffer(ex, from.view().size()) {
    fill(from.view());
  }
  void fill(std::span<T const> from) { executor_.upload(from.data(), data_, from.size_bytes(), {}).wait(); }

  E executor_;
  T* data_ = nullptr;
  std::size_t size_;
};

template <executor_or_cluster E, host_data R>
buffer(E, R&&) -> buffer<element_t<R>, E>;

namespace detail {
template <class B>
inline constexpr bool is_buffer = false;
template <class T, class E>
inline constexpr bool is_buffer<buffer<T, E>> = true;
template <class T, class E>
inline constexpr bool is_buffer<buffer_view<T, E>> = true;
} // namespace detail

/// A buffer or a part of one.
template <class B>
concept any_buffer = detail::is_buffer<std::remove_cvref_t<B>>;

}} // namespace trireme::v1
