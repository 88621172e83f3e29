/// @file simulate.hpp
/// The values of a random function themselves.      Definition for every executor.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/sample.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/result.hpp>

#include <cstddef>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

/// Options of simulate.
struct simulate_options {
  seed_value seed = 0;       ///< two calls with one seed use the same numbers
  std::stop_token stop = {}; ///< a request ends the call with `cancelled`
};

namespace detail {

template <class Out, class Sampler>
struct simulate_run {
  Out out;
  Sampler sampler;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    Out const to = out;
    auto cursor = sampler.cursor();
    for (std::size_t i = first; i < last; ++i) to[i] = cursor(i);
  }
};

} // namespace detail

/// out[i] = sample i, for every i.
template <executor E, class Out, class Sampler>
void on_simulate(E const& ex, Out out, Sampler const& sampler, loop_options const& options) {
  on_bulk(ex, out.size(), detail::simulate_run<Out, Sampler>{out, sampler}, detail::to_bulk<E>(options));
}

/// f(rng) of every sample, in sample order: a std::vector of `samples` values of f's result type. Sample i is what
/// monte_carlo sees as sample i under the same seed. Zero samples give an empty vector.
/// @throws std::invalid_argument for negative samples, what f throws, `cancelled`.
template <class Real = double, executor E, class F>
[[nodiscard]] auto simulate(E const& ex, count<"samples"> samples, F f, simulate_options options = {}) {
  if constexpr (detail::accepts_rng_kernel<E, Real, F>()) {
    using sampler = detail::sampler<Real, F>;
    detail::fresh<E, detail::stored_t<typename sampler::value_type>, std::vector<int>> out(ex, samples);
    on_simulate(ex, out.view(), sampler{options.seed, f}, {.chunk_size = 0, .stop = options.stop});
    return out.finish();
  }
}

/// The same into existing storage of `samples` elements. @throws std::invalid_argument for another size, before any work.
template <class Real = double, executor E, class F, class Out>
void simulate(E const& ex, count<"samples"> samples, F f, into_type<Out> place, simulate_options options = {}) {
  if constexpr (detail::accepts_rng_kernel<E, Real, F>() && detail::accepts_data<E, Out>()) {
    detail::existing<E, Out> out(ex, place, samples);
    on_simulate(ex, out.view(), detail::sampler<Real, F>{options.seed, f}, {.chunk_size = 0, .stop = options.stop});
    out.finish();
  }
}

}} // namespace trireme::v1
