/// @file cuda/reduce.hpp
/// Reductions on a device: overloads of those of algorithm/reduce.hpp, with the same bits.
#pragma once
#include <trireme/algorithm/reduce.hpp>
#include <trireme/cuda/executor.hpp>
#include <trireme/cuda/fold.hpp>

#include <type_traits>

namespace trireme { inline namespace v1 {

template <class View, class A, class Op>
auto on_reduce(cuda_device const& ex, View in, std::type_identity<A>, Op const& op) {
  return detail::device_fold<A>(ex, in.size(), detail::element_source<A, View>{in}, op);
}

template <class View, class A, class Op, class F>
auto on_transform_reduce(cuda_device const& ex, View in, std::type_identity<A>, Op const& op, F const& f) {
  return detail::device_fold<A>(ex, in.size(), detail::mapped_source<A, View, F>{in, f}, op);
}

}} // namespace trireme::v1
