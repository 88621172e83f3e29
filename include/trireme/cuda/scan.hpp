/// @file cuda/scan.hpp
/// Running totals on a device: overloads of those of algorithm/scan.hpp. Sums of integers are the same in any order, and
/// are left to CUB; everything else keeps the fixed shape, as defined there.
#pragma once
#include <trireme/algorithm/scan.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/cuda/executor.hpp>

#include <cub/device/device_scan.cuh>

#include <cstddef>
#include <span>
#include <type_traits>

namespace trireme { inline namespace v1 {

namespace detail {

/// Unsigned arithmetic wraps in any order; signed has the same bits.
struct wrapping_plus {
  template <class A>
  constexpr A operator()(A a, A b) const {
    using bits = std::make_unsigned_t<A>;
    return static_cast<A>(static_cast<bits>(static_cast<bits>(a) + static_cast<bits>(b)));
  }
};

/// scan(room, bytes) is asked for its room first.
template <class Scan>
void scan_by_cub(cuda_device const& ex, std::size_t n, call_options const& options, Scan const& scan) {
  if (options.stop.stop_requested()) throw cancelled{};
  on_device const here(ex.ordinal());
  std::size_t bytes = 0;
  cuda_check(scan(nullptr, bytes), "cub::DeviceScan");
  buffer<std::byte, cuda_device> room(ex, bytes);
  cuda_check(scan(room.data(), bytes), "cub::DeviceScan");
  cuda_check(cudaStreamSynchronize(ex.context()->compute()), "cub::DeviceScan");
  if (options.progress) options.progress({n, n});
}

} // namespace detail

template <class A, class Op>
  requires detail::sum_in_any_order<A, Op>
auto on_inclusive_scan(cuda_device const& ex, std::span<A const> in, std::span<A> out, std::type_identity<A>, Op const&,
                       call_options const& options) {
  detail::scan_by_cub(ex, in.size(), options, [&](void* room, std::size_t& bytes) {
    return cub::DeviceScan::InclusiveScan(room, bytes, in.data(), out.data(), detail::wrapping_plus{}, in.size(),
                                          ex.context()->compute());
  });
}

template <class A, class Op>
  requires detail::sum_in_any_order<A, Op>
auto on_exclusive_scan(cuda_device const& ex, std::span<A const> in, std::span<A> out, A const& init, Op const&,
                       call_options const& options) {
  detail::scan_by_cub(ex, in.size(), options, [&](void* room, std::size_t& bytes) {
    return cub::DeviceScan::ExclusiveScan(room, bytes, in.data(), out.data(), detail::wrapping_plus{}, init, in.size(),
                                          ex.context()->compute());
  });
}

}} // namespace trireme::v1
