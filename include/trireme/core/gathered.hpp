/// @file gathered.hpp
/// Elements that are collected into one piece of memory, one by one or as bytes that are copied there.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// What std::vector<bool> is not: bools side by side, which a span can show. Not to be used after a move.
class bool_vector {
public:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool* data() noexcept { return data_.get(); }
  [[nodiscard]] bool const* data() const noexcept { return data_.get(); }

  void reserve(std::size_t n) {
    if (n <= capacity_) return;
    auto more = std::make_unique<bool[]>(n);
    std::copy_n(data_.get(), size_, more.get());
    data_ = std::move(more);
    capacity_ = n;
  }
  void clear() noexcept { size_ = 0; }
  void push_back(bool x) {
    if (size_ == capacity_) reserve(std::max<std::size_t>(64, 2 * capacity_));
    data_[size_++] = x;
  }

private:
  std::unique_ptr<bool[]> data_;
  std::size_t size_ = 0, capacity_ = 0;
};

/// An array that grows, of any T.
template <class T>
using gathered = std::conditional_t<std::is_same_v<T, bool>, bool_vector, std::vector<T>>;

/// Memory for n values that come as bytes, and then a vector of them. T needs no default.
template <class T>
class arrivals {
  static constexpr bool direct = std::is_default_constructible_v<T> && !std::is_same_v<T, bool>;
  struct alignas(T) place {
    std::byte bytes[sizeof(T)];
  };

public:
  explicit arrivals(std::size_t n) : values_(n) {}
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] T* data() noexcept { return reinterpret_cast<T*>(values_.data()); }
  /// Once, at the end.
  [[nodiscard]] std::vector<T> finish() {
    if constexpr (direct)
      return std::move(values_);
    else // a vector can't have elements to be filled later, or has them in bits
      return std::vector<T>(data(), data() + size());
  }

private:
  std::vector<std::conditional_t<direct, T, place>> values_;
};

}}} // namespace trireme::v1::detail
