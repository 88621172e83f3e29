/// @file simulate.hpp
/// The values of a random function themselves.      Definition for every executor.
#pragma once
#include <trireme/algorithm/sample.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/result.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <vector>

namespace trireme { inline namespace v1 {

/// Options of simulate.
struct simulate_options {
  seed_value seed = 0;             ///< two calls with one seed use the same numbers
  progress_callback progress = {};
  std::stop_token stop = {};       ///< a request ends the call with `cancelled`
};

namespace detail {

/// out[base + i] = sample base + i, for `count` of them, a run being of units.
template <class Out, class Sampler>
struct simulate_run {
  using parts = parts_of<Sampler>;
  Out out;
  Sampler sampler;
  std::size_t base, count;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    Out const to = out;
    if constexpr (Sampler::in_rows) {
      std::size_t const end = last * Sampler::unit < count ? last * Sampler::unit : count;
      sampler.rows(base + first * Sampler::unit, base + end, [to](std::size_t i, auto const* values, std::size_t row) {
        for (std::size_t k = 0; k < row; ++k) to[i + k] = values[k];
      });
    } else {
      auto cursor = sampler.cursor();
      for (std::size_t i = base + first; i < base + last; ++i) to[i] = cursor(i);
    }
  }
};

} // namespace detail

/// out[i] = sample i, for every i; in one piece, or where somebody watches in pieces of some hundredths of a second.
template <executor E, class Out, class Sampler>
void on_simulate(E const& ex, Out out, Sampler const& sampler, simulate_options const& options) {
  using clock = std::chrono::steady_clock;
  bulk_options<completion_t<E>> const bulk{.grain = 0, .stop = options.stop, .after = {}};
  std::size_t const n = out.size();
  std::size_t piece = options.progress ? ex.concurrency() : n;
  for (std::size_t done = 0; done < n;) {
    auto const begun = clock::now();
    std::size_t const size = std::min(piece, n - done);
    detail::part_of_whole{done, Sampler::unit, n}([&] {
      on_bulk(ex, (size + Sampler::unit - 1) / Sampler::unit, detail::simulate_run<Out, Sampler>{out, sampler, done, size}, bulk);
    });
    done += size;
    if (!options.progress) continue;
    options.progress({done, n});
    auto const time = clock::now() - begun;
    if (time < std::chrono::milliseconds(25)) piece *= 2;
    if (time > std::chrono::milliseconds(100)) piece = std::max(piece / 2, ex.concurrency());
  }
}

/// f(rng) of every sample, in sample order: a std::vector of `samples` values of f's result type. Sample i is what
/// monte_carlo sees as sample i under the same seed. Zero samples give an empty vector.
/// @throws std::invalid_argument for negative samples, what f throws, `cancelled`.
template <class Real = double, executor E, class F>
[[nodiscard]] auto simulate(E const& ex, count<"samples"> samples, F f, simulate_options options = {}) {
  if constexpr (detail::accepts_sampler<E, Real, F>()) {
    using sampler = detail::sampler<Real, F>;
    detail::fresh<E, detail::stored_t<typename sampler::value_type>, std::vector<int>> out(ex, samples);
    on_simulate(ex, out.view(), sampler{options.seed, f}, options);
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
    on_simulate(ex, out.view(), detail::sampler<Real, F>{options.seed, f}, options);
    out.finish();
  }
}

}} // namespace trireme::v1
