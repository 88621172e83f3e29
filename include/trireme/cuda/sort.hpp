/// @file cuda/sort.hpp
/// Stable sort on a device, by CUB: an overload of that of algorithm/sort.hpp, with the same result.
#pragma once
#include <trireme/algorithm/sort.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/error.hpp>
#include <trireme/cuda/completion.hpp>
#include <trireme/cuda/executor.hpp>
#include <trireme/cuda/failure.hpp>

#include <cub/device/device_merge_sort.cuh>

#include <cstddef>

namespace trireme { inline namespace v1 {

/// Where `less` fails, the elements in a buffer are unspecified afterwards, and need not all be there.
template <class T, class Less>
auto on_sort(cuda_device const& ex, T* data, std::size_t n, Less const& less, call_options const& options) {
  if (n < 2) return;
  if (options.stop.stop_requested()) throw cancelled{};
  detail::check_on_device(ex.ordinal(), less);
  detail::on_device const here(ex.ordinal());
  cudaStream_t const stream = ex.context()->compute();
  detail::lent_record record(*ex.context());
  detail::recorded_calls<Less> const recorded{less, record.get()};
  std::size_t bytes = 0;
  detail::cuda_check(cub::DeviceMergeSort::StableSortKeys(nullptr, bytes, data, n, recorded, stream), "cub::DeviceMergeSort");
  buffer<std::byte, cuda_device> room(ex, bytes);
  detail::cuda_check(cub::DeviceMergeSort::StableSortKeys(room.data(), bytes, data, n, recorded, stream), "cub::DeviceMergeSort");
  detail::cuda_check(cudaStreamSynchronize(stream), "cub::DeviceMergeSort");
  record.check();
  if (options.progress) options.progress({n, n});
}

}} // namespace trireme::v1
