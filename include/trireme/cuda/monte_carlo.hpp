/// @file cuda/monte_carlo.hpp
/// Samples on a device: overloads of algorithm/monte_carlo.hpp and simulate.hpp, with the same numbers and bits.
#pragma once
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/cuda/executor.hpp>
#include <trireme/cuda/fold.hpp>

#include <cstddef>

namespace trireme { inline namespace v1 {

namespace detail {

/// out[i] = sample i, each by a thread of its own.
template <class Out, class Sampler>
struct simulate_each {
  using parts = parts_of<Sampler>;
  Out out;
  Sampler sampler;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last; ++i) {
      auto sample = lane_of(sampler);
      out[i] = sample(i);
    }
  }
};

} // namespace detail

template <class Sampler>
auto on_monte_carlo(cuda_device const& ex, std::size_t n, Sampler const& sampler, monte_carlo_options const& options) {
  using source = detail::moments_source<Sampler>;
  using value = typename Sampler::value_type;
  return detail::estimate_by<value>(n, [&](double scale, value& x0) {
    return detail::device_fold<detail::moments<source::count>>(ex, n, source{sampler, scale}, detail::add_moments{},
                                                               detail::control_at(scale, {options.stop, options.progress}), &x0);
  });
}

template <class Out, class Sampler>
auto on_simulate(cuda_device const& ex, Out out, Sampler const& sampler, simulate_options const& options) {
  detail::watched_bulk(ex, out.size(), detail::simulate_each<Out, Sampler>{out, sampler},
                       {.grain = 0, .stop = options.stop, .after = {}}, options.progress);
}

}} // namespace trireme::v1
