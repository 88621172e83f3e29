/// @file mpi/transform.hpp
/// Element by element on a cluster: each rank computes a run of the results on its own executor.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/operand.hpp>
#include <trireme/mpi/result.hpp>
#include <trireme/mpi/run.hpp>
#include <trireme/mpi/share_out.hpp>

#include <cstddef>
#include <optional>
#include <typeinfo>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// The part of transform that may throw: this rank's results, in `out`.
template <class E, class Out, class F, class... In>
void transform_share(mpi_cluster<E> const& cluster, Out& out, std::size_t n, F const& f, loop_options const& options, In&... in) {
  if (options.stop.stop_requested()) throw cancelled{}; // also on a rank that has no share
  share const mine = out.mine();
  if (mine.size() == 0) return;
  part_of_whole{mine.first, 1, n}([&] {
    auto const compute = [&](auto&&... part) {
      trireme::transform(cluster.inner(), part..., f, trireme::into(out.place()), by_one_rank(options));
    };
    compute(in.part(mine)...);
  });
}

/// Results, as `results` says, of all elements; `out` has them then.
template <class E, class Results, class Out, class F, class First, class... Rest>
void transform_together(mpi_cluster<E> const& cluster, Results const& results, std::optional<Out>& out, F const& f,
                        loop_options const& options, First&& first, Rest&&... rest) {
  auto const cuts = results.cuts(first, rest...);
  align_all(cluster, cuts, first, rest...);
  auto const read = [&] {
    first.read();
    (rest.read(), ...);
    (check_same_size(rest.size(), first.size(), "transform: in2"), ...);
    results.emplace(out, first.size(), cuts);
    return first.size();
  };
  if constexpr (Results::spread || First::spread || (Rest::spread || ...)) { // these elements stay, whatever the schedule
    auto const work = [&] {
      std::size_t const n = read();
      transform_share(cluster, *out, n, f, options, first, rest...);
      return n;
    };
    link_of(cluster).together(work, call_limit("transform", options.timeout, 0, typeid(Out).name()));
    out->gather(link_of(cluster));
  } else {
    auto const work = [&](share part, loop_options const& o) {
      auto const compute = [&](auto&&... in) {
        trireme::transform(cluster.inner(), in..., f, trireme::into(run(out->all(), part)), o);
      };
      compute(first.part(part), rest.part(part)...);
    };
    share_out(cluster, "transform", options, read, work, [&] { return out->all(); });
    out->settle();
  }
}

template <class E, class F, class First, class... Rest>
auto transform_fresh(mpi_cluster<E> const& cluster, F const& f, loop_options const& options, First&& first, Rest&&... rest) {
  using results = fresh_results<E, result_t<E, F, inner_t<E, First>, inner_t<E, Rest>...>, First>;
  std::optional<typename results::type> out;
  transform_together(cluster, results{cluster}, out, f, options, cluster_input<E, First>(cluster, first),
                     cluster_input<E, Rest>(cluster, rest)...);
  return out->finish();
}

template <class E, class Out, class F, class... R>
void transform_placed(mpi_cluster<E> const& cluster, into_type<Out>& place, F const& f, loop_options const& options, R&&... in) {
  using results = existing_results<E, result_t<E, F, inner_t<E, R>...>, Out>;
  std::optional<typename results::type> out;
  transform_together(cluster, results{cluster, place}, out, f, options, cluster_input<E, R>(cluster, in)...);
}

template <class E, class F, class... R>
consteval bool accepts_cluster_map() {
  if constexpr (accepts_map<E, F, inner_t<E, R>...>())
    return accepts_traveller<result_t<E, F, inner_t<E, R>...>>();
  else
    return false;
}

template <class E, class Out, class F, class... R>
consteval bool accepts_cluster_map_into() {
  if constexpr (accepts_cluster_map<E, F, R...>())
    return accepts_cluster_place<E, Out, result_t<E, F, inner_t<E, R>...>>();
  else
    return false;
}

} // namespace detail

/// out[i] = f(in[i]) for every i. `in` is a host range with the same elements on every rank, and the results, which have to be
/// transferable, arrive on every rank; elements are cut evenly: also few slow ones spread over all ranks. Or it is a spread
/// buffer, each rank's part of which is worked on where it is, and the result is one.
/// @throws as on one executor; what one rank throws, all ranks throw. `.progress` counts this rank's elements.
/// Cost: one allreduce of three words; for a host range one allgather of the results. With `.schedule = guided`, for host
/// ranges, a question and an answer of 12 bytes for each of some ten pieces a rank, another allreduce, and memory for the results once again. Spread data that lies by other cuts
/// than the first travels to where that is.
template <executor E, class R, class F>
[[nodiscard]] auto transform(mpi_cluster<E> const& cluster, R&& in, F f, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map<E, F, R>())
    return detail::transform_fresh(cluster, f, options, std::forward<R>(in));
  else
    return detail::refused{};
}

/// The same into existing storage: a host range on every rank, or a spread buffer. It may be the input.
/// @throws std::invalid_argument where the sizes differ, before any work.
template <executor E, class R, class F, class Out>
void transform(mpi_cluster<E> const& cluster, R&& in, F f, into_type<Out> place, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map_into<E, Out, F, R>())
    detail::transform_placed(cluster, place, f, options, std::forward<R>(in));
}

/// out[i] = f(in1[i], in2[i]) for every i. @throws std::invalid_argument where the sizes differ, before any work.
template <executor E, class R1, detail::data R2, class F>
[[nodiscard]] auto transform(mpi_cluster<E> const& cluster, R1&& in1, R2&& in2, F f, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map<E, F, R1, R2>())
    return detail::transform_fresh(cluster, f, options, std::forward<R1>(in1), std::forward<R2>(in2));
  else
    return detail::refused{};
}
template <executor E, class R1, detail::data R2, class F, class Out>
void transform(mpi_cluster<E> const& cluster, R1&& in1, R2&& in2, F f, into_type<Out> place, loop_options options = {}) {
  if constexpr (detail::accepts_cluster_map_into<E, Out, F, R1, R2>())
    detail::transform_placed(cluster, place, f, options, std::forward<R1>(in1), std::forward<R2>(in2));
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
