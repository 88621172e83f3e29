/// @file mpi/transform.hpp
/// Element by element on a cluster: each rank computes a run of the results on its own executor, and all ranks get all.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/share.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <tuple>
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

template <class Data>
auto view_of(Data& data) {
  return data.view();
}
template <class T>
std::span<T> view_of(std::span<T> data) {
  return data;
}

/// The part of transform that may throw: this rank's results. Emplaces them in `out` by make(n). Returns n.
template <class E, class Out, class Make, class F, class First, class... Rest>
std::size_t transform_share(mpi_cluster<E> const& cluster, std::optional<Out>& out, Make const& make, F const& f,
                            loop_options const& options, First& first, Rest&... rest) {
  (check_same_size(rest.size(), first.size(), "transform: in2"), ...);
  make(first.size());
  share const mine = out->mine();
  if (mine.size() != 0) {
    part_of_whole{mine.first, 1, first.size()}([&] {
      auto const compute = [&](auto const&... in) { trireme::transform(cluster.inner(), in..., f, trireme::into(out->place()), options); };
      compute(run(view_of(first), mine), run(view_of(rest), mine)...);
    });
  }
  return first.size();
}

template <class E, class F, class... R>
auto transform_together(mpi_cluster<E> const& cluster, F const& f, loop_options const& options, R&&... in) {
  using T = result_t<E, F, R...>;
  using results = shared_results<T, std::tuple_element_t<0, std::tuple<R&&...>>>;
  mpi_link const& link = link_of(cluster);
  std::optional<results> out;
  link.together([&] {
    auto const make = [&](std::size_t n) { out.emplace(link, n); };
    return [&](auto&&... data) { return transform_share(cluster, out, make, f, options, data...); }(
        host_input<R>(inline_executor{}, std::forward<R>(in))...);
  });
  static_cast<void>(out->gather(link));
  return out->finish();
}

template <class E, class F, class Out, class... R>
void transform_into_together(mpi_cluster<E> const& cluster, into_type<Out>& place, F const& f, loop_options const& options, R&&... in) {
  using results = placed_results<result_t<E, F, R...>, Out>;
  mpi_link const& link = link_of(cluster);
  std::optional<results> out;
  link.together([&] {
    auto const make = [&](std::size_t n) { out.emplace(link, place, n); };
    return [&](auto&&... data) { return transform_share(cluster, out, make, f, options, data...); }(
        host_input<R>(inline_executor{}, std::forward<R>(in))...);
  });
  out->gather(link);
}

template <class E, class F, class... R>
consteval bool accepts_cluster_map() {
  if constexpr (accepts_map<E, F, R...>())
    return accepts_traveller<result_t<E, F, R...>>();
  else
    return false;
}

template <class E, class Out, class F, class... R>
consteval bool accepts_cluster_map_into() {
  if constexpr (accepts_cluster_map<E, F, R...>())
    return accepts_place<inline_executor, Out, result_t<E, F, R...>>();
  else
    return false;
}

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

/// out[i] = f(in[i]) for every i, on every rank; `in` is a host range with the same elements on every rank. Elements are cut
/// evenly: also few slow ones spread over all ranks.
/// @throws as on one executor; what one rank throws, all ranks throw. `.progress` counts this rank's elements.
/// Cost: one allreduce of three words, and one allgather of the results, which have to be transferable.
template <executor E, class R, class F>
[[nodiscard]] auto transform(mpi_cluster<E> const& cluster, R&& in, F f, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map<E, F, R>())
    return detail::transform_together(cluster, f, options, std::forward<R>(in));
  else
    return detail::refused{};
}

/// The same into existing storage, on every rank, which may be the input.
/// @throws std::invalid_argument where the sizes differ, before any work.
template <executor E, class R, class F, class Out>
void transform(mpi_cluster<E> const& cluster, R&& in, F f, into_type<Out> place, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map_into<E, Out, F, R>())
    detail::transform_into_together(cluster, place, f, options, std::forward<R>(in));
}

/// out[i] = f(in1[i], in2[i]) for every i. @throws std::invalid_argument where the sizes differ, before any work.
template <executor E, class R1, detail::data R2, class F>
[[nodiscard]] auto transform(mpi_cluster<E> const& cluster, R1&& in1, R2&& in2, F f, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map<E, F, R1, R2>())
    return detail::transform_together(cluster, f, options, std::forward<R1>(in1), std::forward<R2>(in2));
  else
    return detail::refused{};
}
template <executor E, class R1, detail::data R2, class F, class Out>
void transform(mpi_cluster<E> const& cluster, R1&& in1, R2&& in2, F f, into_type<Out> place, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map_into<E, Out, F, R1, R2>())
    detail::transform_into_together(cluster, place, f, options, std::forward<R1>(in1), std::forward<R2>(in2));
}

/// f(get<0>(t), get<1>(t), …) for every tuple, pair or array t of a range; else as transform.
template <executor E, class R, class F>
[[nodiscard]] auto starmap(mpi_cluster<E> const& cluster, R&& tuples, F f, loop_options options = {}) {
  return transform(cluster, std::forward<R>(tuples), detail::applied<F>{std::move(f)}, options);
}
template <executor E, class R, class F, class Out>
void starmap(mpi_cluster<E> const& cluster, R&& tuples, F f, into_type<Out> place, loop_options options = {}) {
  transform(cluster, std::forward<R>(tuples), detail::applied<F>{std::move(f)}, place, options);
}

}} // namespace trireme::v1
