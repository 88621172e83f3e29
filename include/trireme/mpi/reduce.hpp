/// @file mpi/reduce.hpp
/// Reductions on a cluster: each rank combines whole tiles on its own executor, and all ranks combine what these give.
#pragma once
#include <trireme/algorithm/fold.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/forest.hpp>
#include <trireme/mpi/transform.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// Progress of one subtree as progress of a rank's share.
inline progress_callback progress_of_part(progress_callback const& progress, std::size_t before, std::size_t all) {
  if (!progress) return {};
  return [&progress, before, all](trireme::progress p) { progress({before + p.done, all}); };
}

/// make(elements, control) of the subtrees that this rank has of n elements.
template <class A, class Make>
void grow(std::optional<forest<A>>& trees, mpi_link const& link, std::size_t n, call_options const& options, Make const& make) {
  if (options.stop.stop_requested()) throw cancelled{}; // also on a rank that has none
  trees.emplace(link, n);
  std::size_t done = 0, all = trees->size();
  trees->fill([&](share part) {
    fold_control const control{options.stop, progress_of_part(options.progress, done, all)};
    done += part.size();
    return make(part, control);
  });
}

/// f as an A.
template <class A, class F>
struct made_from {
  using parts = parts_of<F>;
  F f;
  template <class T>
  constexpr A operator()(T&& x) const {
    return static_cast<A>(f(std::forward<T>(x)));
  }
};

/// So few tiles that whole ones would leave ranks idle; and not more values than are soon sent to all of them.
inline bool cut_by_elements(std::size_t n, int ranks) {
  std::size_t const tiles = tile_count(n);
  return ranks > 1 && tiles <= 64 && tiles < 4 * static_cast<std::size_t>(ranks);
}

struct never_by_elements {};

/// init combined with all elements. value(view of a run, control) is that of a subtree; each(element), if there is such, what an
/// element brings, where few ones are cut evenly.
template <class E, class R, class A, class Op, class Value, class Each = never_by_elements>
A reduce_together(mpi_cluster<E> const& cluster, char const* call, std::remove_reference_t<R>& in, A init, Op const& op,
                  call_options const& options, Value const& value, Each const& each = {}) {
  mpi_link const& link = link_of(cluster);
  std::optional<forest<A>> trees;
  std::optional<shared_results<A>> values;
  std::size_t n = 0;
  cluster_input<E, R> data(cluster, in);
  if constexpr (any_buffer<R>) data.align(cluster, cluster.cuts(data.size()));
  auto const work = [&] {
    check_timeout(call, options.timeout);
    data.read();
    n = data.size();
    if (n == 0) return n;
    if constexpr (!std::same_as<Each, never_by_elements> && !any_buffer<R>) {
      if (cut_by_elements(n, link.size())) {
        loop_options const loop{.chunk_size = 0, .progress = options.progress, .stop = options.stop, .timeout = options.timeout};
        values.emplace(link, even_cuts(n, link.size()));
        transform_share(cluster, *values, n, each, loop, data);
        return n;
      }
    }
    within(call, options, [&](call_options const& limited) {
      grow(trees, link, n, limited, [&](share part, fold_control const& control) {
        auto const elements = data.part(part);
        input<E, decltype((elements))> there(cluster.inner(), elements);
        return value(there.view(), control);
      });
    });
    return n;
  };
  call_limit const limit(call, options.timeout, 0, typeid(A).name());
  link.together(work, limit);
  if (n == 0) return init;
  if (trees)
    trees->gather(link);
  else
    values->gather(link);
  std::optional<A> result;
  auto const finish = [&] {
    if (trees) {
      result.emplace(op(std::move(init), trees->combine(op)));
    } else {
      std::span<A const> const all = values->all();
      result.emplace(op(std::move(init), on_reduce(inline_executor{}, all, std::type_identity<A>{}, op, {})));
    }
    return n;
  };
  if constexpr (std::is_nothrow_invocable_v<Op const&, A, A>)
    static_cast<void>(finish());
  else
    link.together(finish, limit);
  return *std::move(result);
}

template <class E, class R, class A, class Op>
consteval bool accepts_cluster_reduction() {
  if constexpr (accepts_reduction<E, inner_t<E, R>, A, Op>())
    return accepts_traveller<A>();
  else
    return false;
}

template <class E, class R, class A, class Op, class F>
consteval bool accepts_cluster_mapped_reduction() {
  if constexpr (accepts_mapped_reduction<E, inner_t<E, R>, A, Op, F>())
    return accepts_traveller<A>();
  else
    return false;
}

} // namespace detail

/// init combined with all elements by op, on every rank; `in` is a host range with the same elements on every rank, or a spread
/// buffer, each part of which is read where it is.
/// @param op  associative and commutative; also called on the host, on every rank.
/// @param options  `.progress` counts this rank's elements.
/// @throws what op throws on a rank, on all ranks; other failures as on one executor.
/// Cost: one read of the data, each rank its share; one allreduce of three words and one allgather of fewer than 20 values a rank; another allreduce where op is not noexcept.
template <executor E, class R, class A, class Op = std::plus<>>
[[nodiscard]] A reduce(mpi_cluster<E> const& cluster, R&& in, A init, Op op = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_cluster_reduction<E, R, A, Op>())
    return detail::reduce_together<E, R>(cluster, "reduce", in, std::move(init), op, options,
                                         [&](auto view, detail::fold_control const& control) {
                                           return on_reduce(cluster.inner(), view, std::type_identity<A>{}, op,
                                                            {.progress = control.progress, .stop = control.stop});
                                         });
  else
    return detail::refused{};
}

/// The sum of all elements, in their own type; 0 (a value-initialised element) for an empty range.
template <executor E, class R>
[[nodiscard]] auto reduce(mpi_cluster<E> const& cluster, R&& in) {
  if constexpr (detail::accepts_data<E, detail::inner_t<E, R>>()) {
    using element = typename detail::data_element<R>::type;
    return reduce(cluster, std::forward<R>(in), element{}, std::plus<>{});
  } else {
    return detail::refused{};
  }
}

/// init combined by op with f of every element. Ranks take whole tiles; elements too few for that are cut evenly,
/// and their values go to all ranks. Errors and cost are else those of reduce.
template <executor E, class R, class A, class Op, class F>
[[nodiscard]] A transform_reduce(mpi_cluster<E> const& cluster, R&& in, A init, Op op, F f, call_options const& options = {}) {
  if constexpr (detail::accepts_cluster_mapped_reduction<E, R, A, Op, F>()) {
    auto const value = [&](auto view, detail::fold_control const& control) {
      return on_transform_reduce(cluster.inner(), view, std::type_identity<A>{}, op, f,
                                 {.progress = control.progress, .stop = control.stop});
    };
    return detail::reduce_together<E, R>(cluster, "transform_reduce", in, std::move(init), op, options, value,
                                         detail::made_from<A, F>{f});
  } else {
    return detail::refused{};
  }
}

}} // namespace trireme::v1
