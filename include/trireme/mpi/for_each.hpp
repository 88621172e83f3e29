/// @file mpi/for_each.hpp
/// A function called for its effect, for every index or element, on a cluster.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/operand.hpp>
#include <trireme/mpi/result.hpp>
#include <trireme/mpi/share_out.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// Whether F leaves its element as it is: it takes a temporary, too.
template <class F, class R>
inline constexpr bool only_reads = std::is_invocable_v<F const&, typename data_element<R>::type>;

} // namespace detail

/// Calls f(i) for every i in [0, n), each on one rank; returns when all ranks are done. What f changes, it changes in the
/// memory of its rank.
/// @throws as on one executor; what f throws on one rank, all ranks throw. `.progress` counts this rank's indices.
/// Cost: beside the calls, one allreduce of three words; with `.schedule = guided` two, and a question and an answer of 12 bytes
/// for each of some ten pieces a rank.
template <executor E, class F>
void for_each_index(mpi_cluster<E> const& cluster, count<"n"> n, F f, loop_options options = {}) {
  if constexpr (detail::accepts_kernel<E, F, std::size_t>()) {
    auto const run = [&](detail::share part, loop_options const& o) {
      detail::within("for_each_index", o, [&](loop_options const& limited) {
        detail::watched_bulk(cluster.inner(), part.size(), detail::shifted_run<detail::index_run<F>>{{f}, part.first},
                             detail::to_bulk<E>(limited), limited.progress);
      });
    };
    detail::share_out(cluster, "for_each_index", options, [&] { return std::size_t{n}; }, run);
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
    if constexpr (any_buffer<R>) {
      check_spread(cluster, range);
      auto const mine = share_of(range.cuts(), cluster.rank());
      link_of(cluster).together(
          [&] {
            part_of_whole{mine.first, 1,
                          range.size()}([&] { trireme::for_each(cluster.inner(), range.local(), f, by_one_rank(options)); });
            return range.size();
          },
          call_limit("for_each", options.timeout));
    } else if constexpr (only_reads<F, R>) {
      cluster_input<E, R> data(cluster, range);
      auto const read = [&] {
        data.read();
        return data.size();
      };
      share_out(cluster, "for_each", options, read,
                [&](share part, loop_options const& o) { trireme::for_each(cluster.inner(), data.part(part), f, o); });
    } else if constexpr (accepts_traveller<element_t<R>>()) {
      std::optional<changed_results<R>> data;
      auto const read = [&] { return data.emplace(range).size(); };
      auto const change = [&](share part, loop_options const& o) {
        auto const elements = data->place(part);
        trireme::for_each(cluster.inner(), elements, f, o);
        data->changed(part);
      };
      share_out(cluster, "for_each", options, read, change, [&] { return data->all(); });
      data->settle();
    }
  }
}

}} // namespace trireme::v1
