/// @file cuda/overloads.hpp
/// All that a device does better than the general definitions, declared: where there is a cuda_device, a call finds the
/// same definition in every file of a program. <trireme/cuda.hpp> has them all; a file that includes single ones of them,
/// <trireme/cuda/monte_carlo.hpp> perhaps, compiles in a third of the time, and is refused where it calls another one.
#pragma once
#include <trireme/core/matrix_view.hpp>

#include <complex>
#include <concepts>
#include <cstddef>
#include <functional>
#include <span>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

class cuda_device;
struct call_options;
struct monte_carlo_options;
struct simulate_options;

namespace detail {

/// Whether op on A may be done in any order without a change.
template <class A, class Op>
inline constexpr bool sum_in_any_order = std::integral<A> && (std::same_as<Op, std::plus<>> || std::same_as<Op, std::plus<A>>);

/// What cuBLAS multiplies.
template <class T>
concept blas_scalar = std::same_as<T, float> || std::same_as<T, double> || std::same_as<T, std::complex<float>> ||
                      std::same_as<T, std::complex<double>>;

} // namespace detail

// `auto` is what refuses a call where there is no definition.

template <class View, class A, class Op>
auto on_reduce(cuda_device const& ex, View in, std::type_identity<A>, Op const& op, call_options const& options);

template <class View, class A, class Op, class F>
auto on_transform_reduce(cuda_device const& ex, View in, std::type_identity<A>, Op const& op, F const& f,
                         call_options const& options);

template <class A, class Op>
  requires detail::sum_in_any_order<A, Op>
auto on_inclusive_scan(cuda_device const& ex, std::span<A const> in, std::span<A> out, std::type_identity<A>, Op const&,
                       call_options const& options);

template <class A, class Op>
  requires detail::sum_in_any_order<A, Op>
auto on_exclusive_scan(cuda_device const& ex, std::span<A const> in, std::span<A> out, A const& init, Op const&,
                       call_options const& options);

template <class T, class Less>
auto on_sort(cuda_device const& ex, T* data, std::size_t n, Less const& less, call_options const& options);

template <class Sampler>
auto on_monte_carlo(cuda_device const& ex, std::size_t n, Sampler const& sampler, monte_carlo_options const& options);

template <class Out, class Sampler>
auto on_simulate(cuda_device const& ex, Out out, Sampler const& sampler, simulate_options const& options);

template <detail::blas_scalar T>
auto on_matmul(cuda_device const& ex, detail::matrix_view<T const> a, detail::matrix_view<T const> b, detail::matrix_view<T> c);

template <class As, class Bs, class Cs>
  requires detail::blas_scalar<typename std::remove_cvref_t<decltype(std::declval<Cs const&>()[0])>::value_type>
auto on_batch_matmul(cuda_device const& ex, As const& as, Bs const& bs, Cs const& cs);

}} // namespace trireme::v1
