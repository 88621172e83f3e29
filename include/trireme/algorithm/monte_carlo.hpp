/// @file monte_carlo.hpp
/// The mean of a random function, and its error.        Definition for every executor; a backend that overloads
/// on_monte_carlo keeps the numbers of random/philox.hpp and the shape of core/tiles.hpp.
#pragma once
#include <trireme/algorithm/estimate.hpp>
#include <trireme/algorithm/fold.hpp>
#include <trireme/algorithm/sample.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/deadline.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/simd/lanes.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// Options of monte_carlo.
struct monte_carlo_options {
  seed_value seed = 0; ///< two calls with one seed use the same numbers
  progress_callback progress = {};
  std::stop_token stop = {};           ///< a request ends the call with `cancelled`
  time_span timeout = {}; ///< for the whole call, which then ends with `timed_out`; 0: none
};

namespace detail {

/// Sums of x - x₀ and of its square, for each component. x₀, the first sample, keeps the squares from cancelling.
template <std::size_t N>
struct moments {
  double sum[N], squares[N];
};

struct add_moments {
  template <std::size_t N>
  constexpr moments<N> operator()(moments<N> a, moments<N> const& b) const {
    for (std::size_t k = 0; k < N; ++k) {
      a.sum[k] += b.sum[k];
      a.squares[k] += b.squares[k];
    }
    return a;
  }
};

/// A sample's value as an array of N numbers; a scalar is one.
template <class V>
struct components {
  static constexpr std::size_t count = 1;
  static constexpr double get(V const& v, std::size_t) { return static_cast<double>(v); }
  using estimate = trireme::estimate;
};
template <class V, std::size_t N>
struct components<std::array<V, N>> {
  static constexpr std::size_t count = N;
  static constexpr double get(std::array<V, N> const& v, std::size_t k) { return static_cast<double>(v[k]); }
  using estimate = std::array<trireme::estimate, N>;
};

/// The 32 lanes of one component's sums.
template <class V>
struct lane_moments {
  double origin = 0;
  double sum[tile_lanes], squares[tile_lanes];

  constexpr lane_moments() {
    for (std::size_t j = 0; j < tile_lanes; ++j) sum[j] = squares[j] = -0.0;
  }

  /// n samples: one of a lane, or rows of all.
  [[gnu::always_inline]] constexpr void add(std::size_t first, V const* values, std::size_t n, std::size_t k) {
#if !defined(__CUDA_ARCH__)
    if constexpr (lane<V> && native_lanes > 1) {
      if (first == 0 && n % tile_lanes == 0) return add_rows(values, n);
    }
#endif
    for (std::size_t j = 0; j < n; ++j) {
      double const d = components<V>::get(values[j], k) - origin;
      sum[(first + j) % tile_lanes] += d;
      squares[(first + j) % tile_lanes] += mul(d, d);
    }
  }

  /// The lanes combined in a butterfly, as fold_tile has it.
  constexpr void meet(double& all, double& all_squares) {
    for (std::size_t s = tile_lanes / 2; s > 0; s /= 2) {
      for (std::size_t j = 0; j < s; ++j) {
        sum[j] += sum[j + s];
        squares[j] += squares[j + s];
      }
    }
    all = sum[0];
    all_squares = squares[0];
  }

private:
  template <std::size_t N = native_lanes>
  [[gnu::always_inline]] void add_rows(V const* values, std::size_t n) {
    using P = pack<double, N>;
    for (std::size_t j = 0; j < tile_lanes; j += N) {
      P s = P::load(sum + j), q = P::load(squares + j);
      for (std::size_t i = j; i < n; i += tile_lanes) {
        P const d = convert<double>(pack<V, N>::load(values + i)) - origin;
        s += d;
        q += mul(d, d);
      }
      s.store(sum + j);
      q.store(squares + j);
    }
  }
};

/// The samples of f as what fold combines.
template <class Sampler>
struct moments_source {
  using parts = parts_of<Sampler>;
  using value_type = typename Sampler::value_type;
  static constexpr bool keeps_first = true;
  static constexpr std::size_t count = components<value_type>::count;
  Sampler sampler;
  constexpr auto cursor() const { return sampler.cursor(); }

  static constexpr bool in_rows = Sampler::in_rows;
  static constexpr std::size_t unit = Sampler::unit;
  template <class Visit>
  constexpr void rows(std::size_t first, std::size_t last, Visit const& visit) const {
    sampler.rows(first, last, visit);
  }
  /// As fold_tile. The lanes of the sums start from -0, to which anything is added exactly.
  constexpr moments<count> fold_rows(std::size_t first, std::size_t length, slot<value_type> const* x0, add_moments) const {
    lane_moments<value_type> lanes[count];
    for (std::size_t k = 0; k < count; ++k) lanes[k].origin = components<value_type>::get(*x0, k);
    sampler.rows(first, first + length, [&](std::size_t i, value_type const* values, std::size_t n) {
      for (std::size_t k = 0; k < count; ++k) lanes[k].add(i % tile_lanes, values, n, k);
    });
    moments<count> m{};
    for (std::size_t k = 0; k < count; ++k) lanes[k].meet(m.sum[k], m.squares[k]);
    return m;
  }
  static constexpr moments<count> lift(value_type const& x, slot<value_type> const* x0) {
    moments<count> m{};
    for (std::size_t k = 0; k < count; ++k) {
      double const d = components<value_type>::get(x, k) - components<value_type>::get(*x0, k);
      m.sum[k] = d;
      m.squares[k] = mul(d, d);
    }
    return m;
  }
};

template <class V>
auto to_estimate(V const& x0, moments<components<V>::count> const& m, std::size_t n) {
  typename components<V>::estimate out{};
  if constexpr (std::is_arithmetic_v<V>) {
    out = estimate::from_sums(static_cast<double>(x0), m.sum[0], m.squares[0], n);
  } else {
    for (std::size_t k = 0; k < out.size(); ++k)
      out[k] = estimate::from_sums(static_cast<double>(x0[k]), m.sum[k], m.squares[k], n);
  }
  return out;
}

} // namespace detail

/// The estimate of n ≥ 1 samples.
template <executor E, class Sampler>
auto on_monte_carlo(E const& ex, std::size_t n, Sampler const& sampler, monte_carlo_options const& options) {
  using source = detail::moments_source<Sampler>;
  typename Sampler::value_type x0{};
  auto const m = detail::fold<detail::moments<source::count>>(ex, n, source{sampler}, detail::add_moments{},
                                                              {options.stop, options.progress}, &x0);
  return detail::to_estimate(x0, m, n);
}

/// The mean of f(rng) over independent samples, with its error: an `estimate`, or an array of them where f returns a
/// std::array.
///
/// monte_carlo<float>(…) draws and computes in float; the default is double. The sums are kept in double, in the fixed
/// shape, so that the result has the same bits on every executor, at any width. Two calls with one seed use the same
/// numbers, which is good for comparing; otherwise give each its own.
/// @param samples  any integral type.
/// @param f  f(rng) with rng as random/generator.hpp has it; draws<N>(f) promises at most N calls of rng a sample,
/// simd(f) that it is written for packs: the same bits, several times as fast.
/// @throws std::invalid_argument for zero or negative samples, before any work; what f throws; `cancelled`.
/// Cost: samples times f; nothing is stored but one value a tile.
template <class Real = double, executor E, class F>
[[nodiscard]] auto monte_carlo(E const& ex, count<"samples"> samples, F f, monte_carlo_options options = {}) {
  if constexpr (detail::accepts_estimate<E, Real, F>()) {
    std::size_t const n = samples;
    if (n == 0) throw std::invalid_argument("trireme: monte_carlo: samples must be at least 1");
    return detail::within("monte_carlo", options, [&](monte_carlo_options const& o) {
      return on_monte_carlo(ex, n, detail::sampler<Real, F>{o.seed, f}, o);
    });
  } else {
    return estimate{};
  }
}

}} // namespace trireme::v1
