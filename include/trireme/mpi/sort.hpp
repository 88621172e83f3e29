/// @file mpi/sort.hpp
/// Sort on a cluster, stably: each rank sorts its share, then gets its part of the result from all, and merges it.
#pragma once
#include <trireme/algorithm/merge_runs.hpp>
#include <trireme/algorithm/sort.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/order.hpp>
#include <trireme/core/tiles.hpp>
#include <trireme/mpi/buffer.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/exchange.hpp>
#include <trireme/mpi/host_side.hpp>
#include <trireme/mpi/operand.hpp>
#include <trireme/mpi/result.hpp>
#include <trireme/mpi/splits.hpp>
#include <trireme/mpi/timed_call.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// Runs of any size, run k from bounds[k] to bounds[k + 1], of which `width` have become one.
struct listed_runs {
  std::size_t const* bounds;
  std::size_t runs, width, n;
  [[nodiscard]] constexpr std::size_t size() const { return n; }
  [[nodiscard]] constexpr run_pair pair_at(std::size_t out) const {
    std::size_t k = 0;
    while (bound(k + 2 * width) <= out) k += 2 * width;
    return {bound(k), bound(k + width), bound(k + 2 * width)};
  }

private:
  [[nodiscard]] constexpr std::size_t bound(std::size_t k) const { return bounds[k < runs ? k : runs]; }
};

/// Progress of a part of a call as that of n elements, of which it brings those from `first` to `last`.
inline progress_callback progress_between(progress_callback const& progress, std::size_t first, std::size_t last, std::size_t n) {
  if (!progress) return {};
  return [&progress, first, last, n](trireme::progress p) {
    double const part = static_cast<double>(p.done) / static_cast<double>(p.total);
    progress({p.done == p.total ? last : first + static_cast<std::size_t>(static_cast<double>(last - first) * part), n});
  };
}

/// Merges the runs at `room` to `data`, both of as many elements. Whatever fails, they are all at `data` afterwards.
template <executor E, class T, class Less>
void merge_into(E const& ex, buffer<T, E>& room, T* data, std::vector<std::size_t> const& bounds, Less const& less,
                progress_callback const& progress, timed_call<call_options> const& timed) {
  std::size_t const n = bounds.back(), runs = bounds.size() - 1, blocks = n / sort_block + (n % sort_block != 0);
  std::size_t passes = 1, done = 0; // the way back
  for (std::size_t width = 1; width < runs; width *= 2) ++passes;
  auto const tell = [&] {
    if (++done, progress) progress({done, passes});
  };
  T* from = room.data();
  T* to = data;
  auto const bring_back = [&] {
    if (from != data) on_bulk(ex, blocks, gather_blocks<sort_block, T>{data, from, nullptr, n, true}, {});
  };
  try {
    timed.within_time([&](call_options const& limited) {
      buffer<std::size_t, E> const there(ex, bounds);
      merger<tile_size, E> merging(ex, n);
      std::size_t const grain = limited.stop.stop_possible() ? 1 : 0;
      for (std::size_t width = 1; width < runs; width *= 2) {
        merging.pass(from, to, listed_runs{there.data(), runs, width, n}, less,
                     {.grain = grain, .stop = limited.stop, .after = {}});
        std::swap(from, to);
        tell();
      }
    });
  } catch (...) {
    bring_back();
    throw;
  }
  bring_back();
  tell();
}

/// Sorts the elements of all ranks, of which this one has `mine`, as many as by the cuts before and after.
template <class E, class T, class Less>
void sort_together(mpi_cluster<E> const& cluster, std::vector<std::size_t> const& cuts, buffer_view<T, E> mine, Less const& less,
                   progress_callback const& progress, timed_call<call_options> const& timed) {
  mpi_link const& link = link_of(cluster);
  E const& inner = cluster.inner();
  std::size_t const n = cuts.back(), size = mine.size(), half = link.size() == 1 ? size : size / 2;
  auto const before = progress_between(progress, 0, half, size), after = progress_between(progress, half, size, size);
  std::optional<buffer<T, E>> room;
  std::optional<host_side<T, E>> leaving, coming;
  std::optional<run_splits<T>> splits;
  timed.together([&] {
    timed.within_time(
        [&](call_options const& limited) { trireme::sort(inner, mine, less, {.progress = before, .stop = limited.stop}); });
    if (link.size() == 1) return n;
    room.emplace(inner, size);
    leaving.emplace(inner, mine.data(), size);
    coming.emplace(inner, room->data(), size);
    splits.emplace(link, cuts);
    leaving->fetch();
    return n;
  });
  if (link.size() == 1) return;

  while (splits->tell(link)) {
    splits->offer(link, leaving->data());
    timed.together([&] {
      timed.within_time([&](call_options const& limited) {
        if (limited.stop.stop_requested()) throw cancelled{};
        splits->narrow(less);
      });
      return n;
    });
  }

  std::optional<exchange> move;
  std::vector<std::uint64_t> goes, comes;
  std::vector<std::size_t> sends, bounds{0};
  timed.together([&] {
    sends = splits->sends(size);
    goes.resize(static_cast<std::size_t>(link.size()));
    comes.resize(goes.size());
    bounds.reserve(goes.size() + 1);
    for (std::size_t r = 0; r < goes.size(); ++r) goes[r] = sends[r + 1] - sends[r];
    return n;
  });
  check_mpi(MPI_Alltoall(goes.data(), 1, MPI_UINT64_T, comes.data(), 1, MPI_UINT64_T, link.comm()), "MPI_Alltoall");
  timed.together([&] {
    for (auto const count : comes) bounds.push_back(bounds.back() + static_cast<std::size_t>(count));
    if (bounds.back() != size) throw no_order();
    move.emplace(link, sends, bounds, sizeof(T));
    std::erase(comes, 0u);
    return n;
  });
  move->run(leaving->data(), coming->data());
  timed.together([&] {
    coming->store(); // from here on this rank's elements are those that came
    bounds.resize(1);
    for (auto const count : comes) bounds.push_back(bounds.back() + static_cast<std::size_t>(count));
    merge_into(inner, *room, mine.data(), bounds, less, after, timed);
    return n;
  });
}

template <class E, class R, class Less>
consteval bool accepts_cluster_sort() {
  if constexpr (accepts_sort<E, inner_t<E, R>, Less>())
    return accepts_traveller<typename data_element<R>::type>();
  else
    return false;
}

} // namespace detail

/// Sorts in place, stably, with the result of inline_executor: a host range, which is the same on every rank, or a spread buffer
/// or a part of one, whose elements stay spread. Elements are transferable.
///
/// @param less  as in algorithm/sort.hpp; portable_kernel where the ranks' executors do not see host memory; also called on the
/// host.
/// @param options  `.progress` counts this rank's elements.
/// @throws what less throws on one rank, on all ranks; `cancelled`, `timed_out`; std::invalid_argument where less is seen to be
/// no strict weak order. A host range is then as it was; the elements of a spread buffer are all there, in an unspecified order,
/// and on any rank.
/// Cost: a sort of each rank's share, and a merge of a run from each rank; memory for another n elements over all ranks. Each
/// element travels at most once, straight to its place. Before that the ranks agree where to cut, in about log₁₁ n rounds: in
/// each every rank sends any other 32 elements and three words, and all meet in an allreduce of three words. Of a host range,
/// another allgather of the result.
template <executor E, class R, class Less = ascending>
void sort(mpi_cluster<E> const& cluster, R&& range, Less less = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_cluster_sort<E, R, Less>()) {
    using element = typename detail::data_element<R>::type;
    detail::timed_call const timed(link_of(cluster), "sort", typeid(element).name(), options);
    auto const order = detail::order_by<element>(less);
    if constexpr (any_buffer<R>) {
      std::size_t const n = range.size();
      timed.together([&] {
        detail::check_spread(cluster, range);
        return n;
      });
      auto&& local = range.local();
      detail::sort_together(cluster, range.cuts(), local.subspan(0, local.size()), order, options.progress, timed);
    } else {
      using place = std::remove_reference_t<R>&;
      into_type<place> there{range};
      std::vector<std::size_t> cuts;
      std::optional<detail::placed_results<element, place>> all;
      std::optional<buffer<element, E>> mine;
      timed.together([&] {
        detail::cluster_input<E, place> data(cluster, range);
        data.read();
        cuts = cluster.cuts(data.size());
        all.emplace(link_of(cluster), there, cuts);
        mine.emplace(cluster.inner(), data.part(all->mine()));
        return data.size();
      });
      detail::sort_together(cluster, cuts, mine->subspan(0, mine->size()), order, options.progress, timed);
      timed.together([&] {
        cluster.inner().download(mine->data(), all->place().data(), mine->size() * sizeof(element), {}).wait();
        return cuts.back();
      });
      all->gather(link_of(cluster));
    }
  }
}

}} // namespace trireme::v1
