/// @file mpi/for_each.hpp
/// A function called for its effect, for every index or element, on a cluster.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/operand.hpp>
#include <trireme/mpi/result.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// f of indices that begin elsewhere.
template <class F>
struct later_index {
  using parts = parts_of<F>;
  F f;
  std::size_t base;
  constexpr void operator()(std::size_t i) const { f(base + i); }
};

/// Whether F leaves its element as it is: it takes a temporary, too.
template <class F, class R>
inline constexpr bool only_reads = std::is_invocable_v<F const&, typename data_element<R>::type>;

} // namespace detail

/// Calls f(i) for every i in [0, n), each on one rank; returns when all ranks are done. What f changes, it changes in the
/// memory of its rank.
/// @throws as on one executor; what f throws on one rank, all ranks throw. `.progress` counts this rank's indices.
/// Cost: beside the calls, one allreduce of three words.
template <executor E, class F>
void for_each_index(mpi_cluster<E> const& cluster, count<"n"> n, F f, loop_options options = {}) {
  if constexpr (detail::accepts_kernel<E, F, std::size_t>()) {
    detail::mpi_link const& link = link_of(cluster);
    link.together([&] {
      auto const mine = detail::share_of(detail::even_cuts(n, link.size()), link.rank());
      if (mine.size() != 0)
        detail::part_of_whole{mine.first, 1, n}(
            [&] { trireme::for_each_index(cluster.inner(), mine.size(), detail::later_index<F>{f, mine.first}, options); });
      return std::size_t{n};
    });
  }
}

/// Calls f(x) for every element x, in any order. f may take its element by reference and change it: of a spread buffer each
/// rank its own; of a host range, which is the same on every rank, a part on each, and then all ranks have all.
/// @throws what f throws on a rank, on all ranks; which elements were then visited is unspecified.
/// Cost: one allreduce of three words; where a host range is changed, one allgather of its elements.
template <executor E, class R, class F>
void for_each(mpi_cluster<E> const& cluster, R&& range, F f, loop_options options = {}) {
  using namespace detail;
  if constexpr (packed_bits<R>) {
    for_each(cluster, std::as_const(range), std::move(f), std::move(options));
  } else if constexpr (accepts_data<E, inner_t<E, R>>()) {
    mpi_link const& link = link_of(cluster);
    if constexpr (any_buffer<R>) {
      check_spread(cluster, range);
      link.together([&] {
        auto const mine = share_of(range.cuts(), cluster.rank());
        part_of_whole{mine.first, 1, range.size()}([&] { trireme::for_each(cluster.inner(), range.local(), f, options); });
        return range.size();
      });
    } else if constexpr (only_reads<F, R>) {
      cluster_input<E, R> data(cluster, range);
      link.together([&] {
        data.read();
        auto const mine = share_of(even_cuts(data.size(), cluster.size()), cluster.rank());
        part_of_whole{mine.first, 1, data.size()}([&] { trireme::for_each(cluster.inner(), data.part(mine), f, options); });
        return data.size();
      });
    } else if constexpr (accepts_traveller<element_t<R>>()) {
      std::optional<changed_results<R>> data;
      link.together([&] {
        data.emplace(link, range);
        auto const mine = data->mine();
        auto part = data->place();
        part_of_whole{mine.first, 1, data->size()}([&] { trireme::for_each(cluster.inner(), part, f, options); });
        return data->size();
      });
      data->gather(link);
    }
  }
}

}} // namespace trireme::v1
