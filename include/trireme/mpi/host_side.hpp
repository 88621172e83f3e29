/// @file mpi/host_side.hpp
/// Memory of an executor as messages see it.
#pragma once
#include <trireme/core/executor.hpp>
#include <trireme/core/gathered.hpp>

#include <cstddef>
#include <type_traits>

namespace trireme { inline namespace v1 { namespace detail {

/// Elements of an executor as messages see them: a copy on the host, unless that is where they are.
template <class T, executor E>
class host_side {
public:
  host_side(E const& ex, T* data, std::size_t n) : ex_(ex), data_(data), copy_(host_executor<E> ? 0 : n) {}
  [[nodiscard]] T* data() { return host_executor<E> ? data_ : copy_.data(); }
  void fetch() {
    if (copy_.size() != 0) ex_.download(data_, copy_.data(), copy_.size() * sizeof(T), {}).wait();
  }
  void store() {
    if (copy_.size() != 0) ex_.upload(copy_.data(), data_, copy_.size() * sizeof(T), {}).wait();
  }

private:
  E ex_;
  T* data_;
  arrivals<std::remove_const_t<T>> copy_;
};

}}} // namespace trireme::v1::detail
