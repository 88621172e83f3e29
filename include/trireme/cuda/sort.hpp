/// @file cuda/sort.hpp
/// Stable sort on a device, by CUB: an overload of that of algorithm/sort.hpp, with the same result.
#pragma once
#include <trireme/algorithm/sort.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/error.hpp>
#include <trireme/cuda/executor.hpp>

#include <cub/device/device_merge_sort.cuh>

#include <cstddef>

namespace trireme { inline namespace v1 {

template <class T, class Less>
auto on_sort(cuda_device const& ex, T* data, std::size_t n, Less const& less, call_options const& options) {
  if (n < 2) return;
  if (options.stop.stop_requested()) throw cancelled{};
  detail::check_on_device(ex.ordinal(), less);
  detail::on_device const here(ex.ordinal());
  cudaStream_t const stream = ex.context()->compute();
  std::size_t bytes = 0;
  detail::cuda_check(cub::DeviceMergeSort::StableSortKeys(nullptr, bytes, data, n, less, stream), "cub::DeviceMergeSort");
  buffer<std::byte, cuda_device> room(ex, bytes);
  detail::cuda_check(cub::DeviceMergeSort::StableSortKeys(room.data(), bytes, data, n, less, stream), "cub::DeviceMergeSort");
  detail::cuda_check(cudaStreamSynchronize(stream), "cub::DeviceMergeSort");
  if (options.progress) options.progress({n, n});
}

}} // namespace trireme::v1
