/// @file cuda/sort.hpp
/// Stable sort on a device, with the result of algorithm/sort.hpp. By CUB where less is known to be an order. With a less that is
/// none CUB would lose elements, or read what is not its own: it cuts its merges anew at each level, and takes for granted
/// that the cuts agree. So a user's less has the merges of merge_runs.hpp, a thread for a short tile.
///
/// On a device nvcc 13 has a NaN `<=>` itself equal: a type whose NaNs are to come last has an `==`. It also leaves the `==`
/// undefined that a defaulted `friend operator<=>` implies, which the linker tells: write that of a member, or both.
#pragma once
#include <trireme/algorithm/sort.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/order.hpp>
#include <trireme/cuda/executor.hpp>

#include <cub/device/device_merge_sort.cuh>

#include <cstddef>

namespace trireme { inline namespace v1 {

namespace detail {

inline constexpr std::size_t device_tile = 16; ///< elements that one thread sorts or merges

template <class T, class Less>
void sort_by_cub(cuda_device const& ex, T* data, std::size_t n, Less const& less) {
  on_device const here(ex.ordinal());
  cudaStream_t const stream = ex.context()->compute();
  std::size_t bytes = 0;
  cuda_check(cub::DeviceMergeSort::StableSortKeys(nullptr, bytes, data, n, less, stream), "cub::DeviceMergeSort");
  buffer<std::byte, cuda_device> room(ex, bytes);
  cuda_check(cub::DeviceMergeSort::StableSortKeys(room.data(), bytes, data, n, less, stream), "cub::DeviceMergeSort");
  cuda_check(cudaStreamSynchronize(stream), "cub::DeviceMergeSort");
}

} // namespace detail

template <class T, class Less>
auto on_sort(cuda_device const& ex, T* data, std::size_t n, Less const& less, call_options const& options) {
  if (n < 2) return;
  if (options.stop.stop_requested()) throw cancelled{};
  detail::check_on_device(ex.ordinal(), less);
  if constexpr (detail::known_order<Less, T>) {
    detail::sort_by_cub(ex, data, n, less);
    if (options.progress) options.progress({n, n});
  } else {
    detail::merge_sort<detail::device_tile, detail::device_tile>(ex, data, n, less, options);
  }
}

}} // namespace trireme::v1
