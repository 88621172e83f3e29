/// @file gathered.hpp
/// Elements that are collected into one piece of memory.
#pragma once
#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
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

}}} // namespace trireme::v1::detail
