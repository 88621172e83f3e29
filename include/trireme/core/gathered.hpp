/// @file gathered.hpp
/// Elements that are collected into one piece of memory.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// What std::vector<bool> is not: bools side by side, which a span can show and memory can be copied to.
class bool_vector {
public:
  explicit bool_vector(std::size_t n = 0) { resize(n); }
  bool_vector(bool_vector&& other) noexcept
      : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)), capacity_(std::exchange(other.capacity_, 0)) {}
  bool_vector& operator=(bool_vector other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    return *this;
  }
  ~bool_vector() = default;

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
  void resize(std::size_t n) {
    reserve(n);
    if (n > size_) std::fill(data_.get() + size_, data_.get() + n, false);
    size_ = n;
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

}}} // namespace trireme::v1::detail
