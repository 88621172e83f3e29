/// @file mpi/monte_carlo.hpp
/// Samples on a cluster: each rank evaluates a run of them on its own executor.
#pragma once
#include <trireme/algorithm/fold.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/sample.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/reduce.hpp>
#include <trireme/mpi/timed_call.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// A sampler that evaluates rows of samples says so, and how many of them are best taken together.
template <class Sampler>
inline constexpr bool samples_rows = false;
template <class Sampler>
  requires requires { Sampler::in_rows; }
inline constexpr bool samples_rows<Sampler> = Sampler::in_rows;
template <class Sampler>
inline constexpr std::size_t sample_unit = 1;
template <class Sampler>
  requires requires { Sampler::unit; }
inline constexpr std::size_t sample_unit<Sampler> = Sampler::unit;

/// The samples of another sampler from the base-th: sample i is its sample base + i.
template <class Sampler>
struct later_samples {
  using parts = parts_of<Sampler>;
  using value_type = typename Sampler::value_type;
  static constexpr bool in_rows = samples_rows<Sampler>;
  static constexpr std::size_t unit = sample_unit<Sampler>;
  Sampler sampler;
  std::size_t base;

  template <class Cursor>
  struct later_cursor {
    Cursor cursor;
    std::size_t base;
    constexpr auto operator()(std::size_t i) { return cursor(base + i); }
  };
  constexpr auto cursor() const {
    using inner = decltype(sampler.cursor());
    return later_cursor<inner>{sampler.cursor(), base};
  }
  template <class Visit>
  constexpr void rows(std::size_t first, std::size_t last, Visit const& visit) const {
    std::size_t const from = base;
    sampler.rows(from + first, from + last,
                 [from, &visit](std::size_t i, value_type const* values, std::size_t count) { visit(i - from, values, count); });
  }
};

/// What monte_carlo combines, where the first of all samples is known.
template <class Sampler>
struct centred_source {
  using parts = parts_of<Sampler>;
  using value_type = typename Sampler::value_type;
  static constexpr bool keeps_first = false, in_rows = samples_rows<Sampler>;
  static constexpr std::size_t unit = sample_unit<Sampler>;
  moments_source<later_samples<Sampler>> source;
  slot<value_type> x0;

  constexpr auto cursor() const { return source.cursor(); }
  constexpr auto lift(value_type const& x, slot<value_type> const*) const { return source.lift(x, &x0); }
  template <class Visit>
  constexpr void rows(std::size_t first, std::size_t last, Visit const& visit) const {
    source.rows(first, last, visit);
  }
  template <class Op>
  constexpr auto fold_rows(std::size_t first, std::size_t length, slot<value_type> const*, Op const& op) const {
    return source.fold_rows(first, length, &x0, op);
  }
};

/// The moments of a sample that was stored.
template <class V>
struct moments_around {
  V x0;
  double scale;
  constexpr auto operator()(stored_t<V> const& x) const { return moments_of(static_cast<V>(x), x0, scale); }
};

/// n samples as results that make() emplaces in `out`: this rank's are computed by its executor.
template <class E, class Out, class Sampler, class Make>
void simulate_together(mpi_cluster<E> const& cluster, std::size_t n, Sampler const& sampler, simulate_options const& options,
                       std::optional<Out>& out, Make const& make) {
  auto const work = [&] {
    check_timeout("simulate", options.timeout);
    if (options.stop.stop_requested()) throw cancelled{}; // also on a rank that has no share
    make();
    share const mine = out->mine();
    if (mine.size() == 0) return n;
    auto place = into(out->place());
    existing<E, decltype(place.out)> there(cluster.inner(), place, mine.size());
    part_of_whole{mine.first, 1,
                  n}([&] { simulate_into(cluster.inner(), there.view(), later_samples<Sampler>{sampler, mine.first}, options); });
    there.finish();
    return n;
  };
  link_of(cluster).together(work, call_limit("simulate", options.timeout, 0, typeid(typename Sampler::value_type).name()));
}

template <class E, class Sampler>
auto simulate_on_all(mpi_cluster<E> const& cluster, std::size_t n, Sampler const& sampler, simulate_options const& options) {
  mpi_link const& link = link_of(cluster);
  std::optional<shared_results<stored_t<typename Sampler::value_type>>> out;
  simulate_together(cluster, n, sampler, options, out, [&] { out.emplace(link, even_cuts(n, link.size())); });
  out->gather(link);
  return out->finish();
}

template <class E, class Real, class F>
consteval bool accepts_cluster_sampler() {
  if constexpr (accepts_sampler<E, Real, F>())
    return accepts_traveller<stored_t<typename sampler<Real, F>::value_type>>();
  else
    return false;
}

template <class E, class Real, class F, class Out>
consteval bool accepts_cluster_sampler_into() {
  if constexpr (accepts_cluster_sampler<E, Real, F>())
    return accepts_cluster_place<E, Out, stored_t<typename sampler<Real, F>::value_type>>();
  else
    return false;
}

} // namespace detail

/// The mean of f(rng) over independent samples, with its error: as on one executor, and with its bits, on every rank.
/// @throws std::invalid_argument for zero or negative samples, before any work; what f throws on one rank, on all ranks;
/// `cancelled`. `.progress` counts this rank's samples.
/// Cost: samples times f, spread over all ranks, sample 0 on each; one allreduce of three words and one allgather, of fewer than 20 small
/// values a rank, or of the samples where these are fewer than four tiles a rank and 64 tiles: so few slow ones spread too.
template <class Real = double, executor E, class F>
[[nodiscard]] auto monte_carlo(mpi_cluster<E> const& cluster, count<"samples"> samples, F f, monte_carlo_options options = {}) {
  if constexpr (detail::accepts_estimate<E, Real, F>()) {
    using sampler = detail::sampler<Real, F>;
    using value = typename sampler::value_type;
    using moments = detail::moments<detail::components<value>::count>;
    std::size_t const n = samples;
    if (n == 0) throw std::invalid_argument("trireme: monte_carlo: samples must be at least 1");
    detail::mpi_link const& link = link_of(cluster);
    sampler const all{options.seed, f};

    if (detail::cut_by_elements(n, link.size())) {
      auto const out = detail::simulate_on_all(cluster, n, all, {options.seed, options.progress, options.stop, options.timeout});
      std::span<detail::stored_t<value> const> const values = out;
      return detail::estimate_by<value>(n, [&](double scale, value& x0) {
        x0 = static_cast<value>(values[0]);
        return on_transform_reduce(inline_executor{}, values, std::type_identity<moments>{}, detail::add_moments{},
                                   detail::moments_around<value>{x0, scale}, {});
      });
    }

    // All ranks see the same sums, and so agree on whether these are made again.
    detail::timed_call<call_options> const timed(
        link, "monte_carlo", typeid(value).name(), {.progress = options.progress, .stop = options.stop, .timeout = options.timeout});
    return detail::estimate_by<value>(n, [&](double scale, value& x0) {
      std::optional<detail::forest<moments>> trees;
      auto const share_of_sums = [&](call_options const& limited) {
        x0 = static_cast<value>(simulate<Real>(cluster.inner(), 1, f, {.seed = options.seed, .stop = limited.stop})[0]);
        detail::grow(trees, link, n, limited, [&](detail::share part, detail::fold_control const& control) {
          detail::centred_source<sampler> const source{{{all, part.first}, scale}, x0};
          return detail::fold<moments>(cluster.inner(), part.size(), source, detail::add_moments{},
                                       detail::control_at(scale, control));
        });
      };
      timed.together([&] {
        timed.within_time(share_of_sums);
        return n;
      });
      trees->gather(link);
      return trees->combine(detail::add_moments{});
    });
  } else {
    return estimate{};
  }
}

/// f(rng) of every sample, in sample order, on every rank: a std::vector of `samples` values, as on one executor.
/// Cost: samples times f, spread evenly over all ranks; one allreduce of three words and one allgather of the values.
template <class Real = double, executor E, class F>
[[nodiscard]] auto simulate(mpi_cluster<E> const& cluster, count<"samples"> samples, F f, simulate_options options = {}) {
  if constexpr (detail::accepts_cluster_sampler<E, Real, F>()) {
    return detail::simulate_on_all(cluster, samples, detail::sampler<Real, F>{options.seed, f}, options);
  } else {
    return detail::refused{};
  }
}

/// The same into existing storage of `samples` elements, a host range on every rank or a spread buffer. @throws std::invalid_argument for another size, before any work.
template <class Real = double, executor E, class F, class Out>
void simulate(mpi_cluster<E> const& cluster, count<"samples"> samples, F f, into_type<Out> place, simulate_options options = {}) {
  if constexpr (detail::accepts_cluster_sampler_into<E, Real, F, Out>()) {
    using sampler = detail::sampler<Real, F>;
    using results = detail::existing_results<E, detail::stored_t<typename sampler::value_type>, Out>;
    results const made{cluster, place};
    auto const cuts = made.cuts();
    std::optional<typename results::type> out;
    detail::simulate_together(cluster, samples, sampler{options.seed, f}, options, out,
                              [&] { made.emplace(out, samples, cuts); });
    out->gather(link_of(cluster));
  }
}

}} // namespace trireme::v1
