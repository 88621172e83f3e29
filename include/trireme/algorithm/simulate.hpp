/// @file simulate.hpp
/// The values of a random function themselves.      Definition for every executor.
#pragma once
#include <trireme/algorithm/sample.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/deadline.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/result.hpp>

#include <cstddef>
#include <stop_token>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

/// Options of simulate.
struct simulate_options {
  seed_value seed = 0; ///< two calls with one seed use the same numbers
  progress_callback progress = {};
  std::stop_token stop = {};           ///< a request ends the call with `cancelled`
  time_span timeout = {}; ///< for the whole call, which then ends with `timed_out`; 0: none
};

namespace detail {

/// out[i] = sample i, a run being of units.
template <class Out, class Sampler>
struct simulate_run {
  using parts = parts_of<Sampler>;
  Out out;
  Sampler sampler;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    Out const to = out;
    if constexpr (Sampler::in_rows) {
      std::size_t const n = to.size(), end = last * Sampler::unit;
      sampler.rows(first * Sampler::unit, end < n ? end : n, [to](std::size_t i, auto const* values, std::size_t row) {
        for (std::size_t k = 0; k < row; ++k) to[i + k] = values[k];
      });
    } else {
      auto cursor = sampler.cursor();
      for (std::size_t i = first; i < last; ++i) to[i] = cursor(i);
    }
  }
};

} // namespace detail

/// out[i] = sample i, for every i.
template <executor E, class Out, class Sampler>
void on_simulate(E const& ex, Out out, Sampler const& sampler, simulate_options const& options) {
  detail::watched_bulk<Sampler::unit>(ex, out.size(), detail::simulate_run<Out, Sampler>{out, sampler},
                                      {.grain = 0, .stop = options.stop, .after = {}}, options.progress);
}

namespace detail {

template <executor E, class Out, class Sampler>
void simulate_into(E const& ex, Out out, Sampler const& sampler, simulate_options const& options) {
  within("simulate", options, [&](simulate_options const& o) { on_simulate(ex, out, sampler, o); });
}

} // namespace detail

/// f(rng) of every sample, in sample order: a std::vector of `samples` values of f's result type. Sample i is what
/// monte_carlo sees as sample i under the same seed. Zero samples give an empty vector.
/// @throws std::invalid_argument for negative samples, what f throws, `cancelled`.
template <class Real = double, executor E, class F>
[[nodiscard]] auto simulate(E const& ex, count<"samples"> samples, F f, simulate_options options = {}) {
  if constexpr (detail::accepts_sampler<E, Real, F>()) {
    using sampler = detail::sampler<Real, F>;
    detail::fresh<E, detail::stored_t<typename sampler::value_type>, std::vector<int>> out(ex, samples);
    detail::simulate_into(ex, out.view(), sampler{options.seed, f}, options);
    return out.finish();
  } else {
    return detail::refused{};
  }
}

/// The same into existing storage of `samples` elements. @throws std::invalid_argument for another size, before any work.
template <class Real = double, executor E, class F, class Out>
void simulate(E const& ex, count<"samples"> samples, F f, into_type<Out> place, simulate_options options = {}) {
  if constexpr (detail::accepts_sampler_into<E, Real, F, Out>()) {
    detail::existing<E, Out> out(ex, place, samples);
    detail::simulate_into(ex, out.view(), detail::sampler<Real, F>{options.seed, f}, options);
    out.finish();
  }
}

}} // namespace trireme::v1
