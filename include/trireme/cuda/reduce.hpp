/// @file cuda/reduce.hpp
/// Reductions on a device: overloads of those of algorithm/reduce.hpp, with the same bits.
#pragma once
#include <trireme/algorithm/reduce.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/cuda/executor.hpp>
#include <trireme/cuda/fold.hpp>

#include <type_traits>

namespace trireme { inline namespace v1 {

template <class View, class A, class Op>
auto on_reduce(cuda_device const& ex, View in, std::type_identity<A>, Op const& op, call_options const& options) {
  return detail::device_fold<A>(ex, in.size(), detail::element_source<A, View>{in}, op, {options.stop, options.progress});
}

template <class View, class A, class Op, class F>
auto on_transform_reduce(cuda_device const& ex, View in, std::type_identity<A>, Op const& op, F const& f,
                         call_options const& options) {
  return detail::device_fold<A>(ex, in.size(), detail::mapped_source<A, View, F>{in, f}, op, {options.stop, options.progress});
}

}} // namespace trireme::v1
