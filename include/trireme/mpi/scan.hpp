/// @file mpi/scan.hpp
/// Running totals on a cluster, in the shape that algorithm/scan.hpp fixes: each rank scans its whole tiles, and is told the totals of
/// those before.
#pragma once
#include <trireme/algorithm/scan.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/result.hpp>
#include <trireme/core/tiles.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/buffer.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/operand.hpp>
#include <trireme/mpi/result.hpp>
#include <trireme/mpi/timed_call.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

template <class E, class R, class A, class Op>
consteval bool accepts_cluster_scan_as() {
  if constexpr (accepts_reduction<E, inner_t<E, R>, A, Op>())
    return accepts_traveller<A>();
  else
    return false;
}

/// The same with the type of the elements.
template <class E, class R, class Op>
consteval bool accepts_cluster_scan() {
  if constexpr (accepts_scan<E, inner_t<E, R>, Op>())
    return accepts_traveller<typename data_element<R>::type>();
  else
    return false;
}

/// A rank's share of a scan of n ≥ 1 elements, cut between tiles.
template <class A, executor E>
class share_of_scan {
public:
  share_of_scan(mpi_link const& link, E const& inner, std::vector<std::size_t> const& cuts)
      : inner_(inner), mine_(share_of(cuts, link.rank())), tiles_(share_of_tiles(cuts, link.rank())),
        values_(inline_executor{}, tile_count(cuts.back())) {
    for (std::size_t const cut : cuts) bounds_.push_back(tile_count(cut));
    if (mine_.size() != 0) passes_.emplace(inner, mine_.size(), mine_.first, cuts.back() > segment_size);
  }

  /// The totals of this rank's tiles.
  template <class View, class Op>
  void total(View in, Op const& op, std::stop_token const& stop) {
    passes_->total(in, op, stop);
    if (bounds_.back() > 1)
      inner_.download(passes_->tiles(), values_.data() + tiles_.first, tiles_.size() * sizeof(slot<A>), {}).wait();
  }
  /// Brings all ranks' totals to all. Collective.
  void gather(mpi_link const& link) { link.gather(values_.data(), sizeof(slot<A>), bounds_); }

  /// The results of this rank; what stands before them is a chain through the tiles of the ranks before, which every rank makes alone.
  template <bool Exclusive, class View, class Out, class Init, class Op>
  void finish(View in, Out out, Init const& init, Op const& op, std::stop_token const& stop) {
    if (tiles_.first == 0) return passes_->template finish<Exclusive>(in, out, init, op, stop);
    chain_tiles<A, Init, Op>{values_.data(), tiles_.first, init, op}(0, 1);
    passes_->template finish<Exclusive>(in, out, A(in_slot<A>(values_.data()[tiles_.first - 1])), op, stop);
  }

private:
  static share share_of_tiles(std::vector<std::size_t> const& cuts, int rank) {
    share const elements = share_of(cuts, rank);
    return {tile_count(elements.first), tile_count(elements.last)};
  }

  E inner_;
  share mine_, tiles_;
  std::vector<std::size_t> bounds_;    // which tiles are whose
  scratch<A, inline_executor> values_; // the totals of all tiles
  std::optional<scan_passes<A, E>> passes_;
};

/// The scan of `in`, in `out`, which results.emplace makes and which has what finish() returns. Data and results are the
/// ranks' by cluster.cuts(n).
template <class A, bool Exclusive, class E, class R, class Results, class Init, class Op>
void scan_together(mpi_cluster<E> const& cluster, char const* call, R&& in, Results const& results,
                   std::optional<typename Results::type>& out, Init const& init, Op const& op, call_options const& options) {
  mpi_link const& link = link_of(cluster);
  timed_call const timed(link, call, typeid(A).name(), options);
  std::size_t n = 0;
  std::optional<cluster_input<E, R>> data;
  timed.together([&] {
    data.emplace(cluster, in);
    data->read();
    return n = data->size();
  });
  auto const cuts = cluster.cuts(n);
  if constexpr (cluster_input<E, R>::spread) data->align(cluster, cuts);

  using part_type = decltype(data->part(share{}));
  std::optional<part_type> part;
  std::optional<input<E, part_type&>> there;
  std::optional<share_of_scan<A, E>> scan;
  share const mine = share_of(cuts, cluster.rank());
  timed.together([&] {
    results.emplace(out, n, cuts);
    if (n == 0) return n;
    timed.within_time([&](call_options const& limited) {
      scan.emplace(link, cluster.inner(), cuts);
      part.emplace(data->part(mine));
      there.emplace(cluster.inner(), *part);
      if (mine.size() == 0) return;
      scan->total(there->view(), op, limited.stop);
      tell_of_pass(options, 1, mine.size());
    });
    return n;
  });
  if (n == 0) return;
  scan->gather(link);
  timed.together([&] {
    if (mine.size() == 0) return n;
    timed.within_time([&](call_options const& limited) {
      auto place = into(out->place());
      existing<E, decltype(place.out)> to(cluster.inner(), place, mine.size());
      scan->template finish<Exclusive>(there->view(), to.view(), init, op, limited.stop);
      to.finish();
      tell_of_pass(options, 2, mine.size());
    });
    return n;
  });
  out->gather(link);
}

/// Results in the spread storage that `into` names. Where that is a part of a buffer whose owners don't have the scan's tiles
/// of it, they go there by way of a spread buffer of our own.
template <class E, class Out>
class placed_scan {
  using element = std::remove_pointer_t<decltype(std::declval<Out&>().local().data())>;

public:
  placed_scan(mpi_cluster<E> const& cluster, into_type<Out>& place, std::size_t n)
      : cluster_(cluster), cuts_(place.out.cuts()), out_(cluster, place, n) {
    check_spread(cluster, place.out);
    if (cuts_ != cluster.cuts(n)) own_.emplace(cluster, n);
  }
  [[nodiscard]] buffer_view<element, E> place() { return own_ ? own_->place().subspan(0, own_->mine().size()) : out_.place(); }
  void gather(mpi_link const& link) {
    if (!own_) return;
    auto all = own_->finish();
    cluster_input<E, decltype(all)&> moved(cluster_, all);
    moved.align(cluster_, cuts_);
    link.together([&] {
      auto to = out_.place();
      if (to.size() != 0) transform(cluster_.inner(), moved.part(out_.mine()), std::identity{}, into(to));
      return cuts_.back();
    });
  }

private:
  mpi_cluster<E> cluster_;
  std::vector<std::size_t> cuts_;
  placed_spread<E, Out> out_;
  std::optional<spread_results<element, E>> own_;
};
template <class E, class Out>
struct placed_scans {
  using type = placed_scan<E, Out>;
  mpi_cluster<E> const& cluster;
  into_type<Out>& place;
  void emplace(std::optional<type>& out, std::size_t n, std::vector<std::size_t> const&) const { out.emplace(cluster, place, n); }
};

template <class A, bool Exclusive, class E, class R, class Init, class Op>
auto scan_to_new(mpi_cluster<E> const& cluster, char const* call, R&& in, Init const& init, Op const& op,
                 call_options const& options) {
  using results = fresh_results<E, stored_t<A>, R>;
  std::optional<typename results::type> out;
  scan_together<A, Exclusive>(cluster, call, std::forward<R>(in), results{cluster}, out, init, op, options);
  return out->finish();
}

template <class A, bool Exclusive, class E, class R, class Init, class Op, class Out>
void scan_to_place(mpi_cluster<E> const& cluster, char const* call, R&& in, Init const& init, Op const& op, into_type<Out>& place,
                   call_options const& options) {
  using results = std::conditional_t<any_buffer<Out>, placed_scans<E, Out>, existing_results<E, stored_t<A>, Out>>;
  std::optional<typename results::type> out;
  scan_together<A, Exclusive>(cluster, call, std::forward<R>(in), results{cluster, place}, out, init, op, options);
}

} // namespace detail

/// out[i] = in[0] op … op in[i], in the type of the elements, with the bits of inline_executor. A host range is the same on
/// every rank, and its scan a std::vector there; of a spread buffer the scan is a spread buffer.
/// @param op  associative; also called on the host, on every rank. Elements are transferable.
/// @param options  `.progress` counts this rank's elements.
/// @throws what op throws on one rank, on all ranks; other failures as on one executor.
/// Cost: two reads of the data and one write, spread over the ranks; three allreduces of three words, and one allgather of a
/// value for 4096 elements. Of a host range, another one of the results.
template <executor E, class R, class Op = std::plus<>>
[[nodiscard]] auto inclusive_scan(mpi_cluster<E> const& cluster, R&& in, Op op = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_cluster_scan<E, R, Op>()) {
    using element = typename detail::data_element<R>::type;
    return detail::scan_to_new<element, false>(cluster, "inclusive_scan", std::forward<R>(in), detail::no_init{}, op, options);
  } else {
    return detail::refused{};
  }
}

/// The same into existing storage, which may be the input: a host range on every rank, or a spread buffer.
/// @throws std::invalid_argument where the sizes differ, before any work.
template <executor E, class R, class Op, class Out>
void inclusive_scan(mpi_cluster<E> const& cluster, R&& in, Op op, into_type<Out> place, call_options const& options = {}) {
  if constexpr (detail::accepts_cluster_scan<E, R, Op>()) {
    using element = typename detail::data_element<R>::type;
    if constexpr (detail::accepts_cluster_place<E, Out, element>())
      detail::scan_to_place<element, false>(cluster, "inclusive_scan", std::forward<R>(in), detail::no_init{}, op, place,
                                            options);
  }
}

template <executor E, class R, class Out>
void inclusive_scan(mpi_cluster<E> const& cluster, R&& in, into_type<Out> place, call_options const& options = {}) {
  inclusive_scan(cluster, std::forward<R>(in), std::plus<>{}, place, options);
}

/// out[i] = init op in[0] op … op in[i - 1], in the type of init. Results, errors and cost as for inclusive_scan.
template <executor E, class R, class A, class Op = std::plus<>>
[[nodiscard]] auto exclusive_scan(mpi_cluster<E> const& cluster, R&& in, A init, Op op = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_cluster_scan_as<E, R, A, Op>())
    return detail::scan_to_new<A, true>(cluster, "exclusive_scan", std::forward<R>(in), init, op, options);
  else
    return detail::refused{};
}

template <executor E, class R, class A, class Op, class Out>
void exclusive_scan(mpi_cluster<E> const& cluster, R&& in, A init, Op op, into_type<Out> place,
                    call_options const& options = {}) {
  if constexpr (detail::accepts_cluster_scan_as<E, R, A, Op>()) {
    if constexpr (detail::accepts_cluster_place<E, Out, A>())
      detail::scan_to_place<A, true>(cluster, "exclusive_scan", std::forward<R>(in), init, op, place, options);
  }
}

template <executor E, class R, class A, class Out>
void exclusive_scan(mpi_cluster<E> const& cluster, R&& in, A init, into_type<Out> place, call_options const& options = {}) {
  exclusive_scan(cluster, std::forward<R>(in), init, std::plus<>{}, place, options);
}

}} // namespace trireme::v1
