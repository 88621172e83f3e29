/// @file core/cluster.hpp
/// The concept of many executors that share the work of each call.
#pragma once
#include <trireme/core/executor.hpp>

#include <concepts>
#include <cstddef>
#include <vector>

namespace trireme { inline namespace v1 {

/// One executor on each of several ranks, processes that run the same program and make the same calls. No kernel sees all of
/// their memory: data is the same on every rank, or is spread over the ranks in whole tiles.
///
/// - `inner()`: this rank's executor; `rank()`, `size()`: which of how many; `concurrency()`: workers of all ranks together.
/// - `cuts(n)`: which of n elements are whose: rank r owns [cuts[r], cuts[r + 1]) of a spread buffer.
template <class C>
concept executor_cluster =
    std::copyable<C> && std::equality_comparable<C> && executor<typename C::inner_type> && requires(C const& c, std::size_t n) {
      { c.inner() } noexcept -> std::same_as<typename C::inner_type const&>;
      { c.rank() } noexcept -> std::same_as<int>;
      { c.size() } noexcept -> std::same_as<int>;
      { c.concurrency() } noexcept -> std::same_as<std::size_t>;
      { c.cuts(n) } -> std::same_as<std::vector<std::size_t>>;
    };

/// What data can live on.
template <class E>
concept executor_or_cluster = executor<E> || executor_cluster<E>;

}} // namespace trireme::v1
