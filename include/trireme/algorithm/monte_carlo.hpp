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
#include <cmath>
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

/// Sums of (x - x₀)·scale and of its square, for each component. x₀, the first sample, keeps the squares from cancelling; 0 stands for
/// one that is not finite. The scale is 1 but where squares would leave the range of double.
template <std::size_t N>
struct moments {
  double sum[N], squares[N];
};

/// The scales at which moments tell all: 1, or, where sums at 1 show squares too large or too small for a double, a power of two that
/// brings them back and has room for 2⁶⁴ of them (J. Blue, A portable Fortran program to find the Euclidean norm of a vector, 1978).
/// Squares of 0 with a sum of 0 are taken for those of equal samples, which they are, or of differences below 10⁻¹⁶² whose sum is
/// exactly 0.
inline constexpr double usual_scale = 1, scale_of_large = 0x1p-600, scale_of_small = 0x1p600;
inline double right_scale(double x0, double sum, double squares) {
  if (std::isnan(x0)) return usual_scale;
  if (!(std::abs(sum) < 0x1p500 && squares < 0x1p1000)) return scale_of_large;
  return squares < 0x1p-900 && (squares != 0 || sum != 0) ? scale_of_small : usual_scale;
}

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
  static estimate& at(estimate& e, std::size_t) { return e; }
};
template <class V, std::size_t N>
struct components<std::array<V, N>> {
  static constexpr std::size_t count = N;
  static constexpr double get(std::array<V, N> const& v, std::size_t k) { return static_cast<double>(v[k]); }
  using estimate = std::array<trireme::estimate, N>;
  static trireme::estimate& at(estimate& e, std::size_t k) { return e[k]; }
};

/// What the scaled samples' differences are taken from.
constexpr double scaled_origin(double x0, double scale) { return x0 - x0 == 0 ? mul(x0, scale) : 0; }

/// The moments of one sample.
template <class V>
constexpr moments<components<V>::count> moments_of(V const& x, V const& x0, double scale) {
  moments<components<V>::count> m{};
  for (std::size_t k = 0; k < components<V>::count; ++k) {
    double const d = mul(components<V>::get(x, k), scale) - scaled_origin(components<V>::get(x0, k), scale);
    m.sum[k] = d;
    m.squares[k] = mul(d, d);
  }
  return m;
}

/// The 32 lanes of one component's sums.
template <class V>
struct lane_moments {
  double scale = usual_scale, origin = 0; ///< of the scaled samples
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
      double const d = mul(components<V>::get(values[j], k), scale) - origin;
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
    P const by(scale);
    for (std::size_t j = 0; j < tile_lanes; j += N) {
      P s = P::load(sum + j), q = P::load(squares + j);
      for (std::size_t i = j; i < n; i += tile_lanes) {
        P const d = mul(convert<double>(pack<V, N>::load(values + i)), by) - origin;
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
  double scale = usual_scale;
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
    for (std::size_t k = 0; k < count; ++k) {
      lanes[k].scale = scale;
      lanes[k].origin = scaled_origin(components<value_type>::get(*x0, k), scale);
    }
    sampler.rows(first, first + length, [&](std::size_t i, value_type const* values, std::size_t n) {
      for (std::size_t k = 0; k < count; ++k) lanes[k].add(i % tile_lanes, values, n, k);
    });
    moments<count> m{};
    for (std::size_t k = 0; k < count; ++k) lanes[k].meet(m.sum[k], m.squares[k]);
    return m;
  }
  constexpr moments<count> lift(value_type const& x, slot<value_type> const* x0) const { return moments_of(x, *x0, scale); }
};

/// The estimate of n samples. sums(scale, x0) gives their moments and the first of them: asked once, and again for scales that these turn
/// out to need, which happens for samples beyond 10¹⁵⁰, all below 10⁻¹³⁵, or infinite ones.
template <class V, class Sums>
auto estimate_by(std::size_t n, Sums const& sums) {
  using parts = components<V>;
  using all_moments = moments<parts::count>;
  typename parts::estimate out{};
  V x0{};
  all_moments const usual = sums(usual_scale, x0);
  auto const fill = [&](all_moments const& m, double scale) {
    for (std::size_t k = 0; k < parts::count; ++k) {
      double const first = parts::get(x0, k);
      if (right_scale(first, usual.sum[k], usual.squares[k]) == scale)
        parts::at(out, k) = estimate::from_sums(first, m.sum[k], m.squares[k], n, scale);
    }
  };
  fill(usual, usual_scale);
  for (double const scale : {scale_of_large, scale_of_small}) {
    bool wanted = false;
    for (std::size_t k = 0; k < parts::count && !wanted; ++k)
      wanted = right_scale(parts::get(x0, k), usual.sum[k], usual.squares[k]) == scale;
    if (wanted) fill(sums(scale, x0), scale);
  }
  return out;
}

/// Sums of samples again, after those of which somebody was told the progress, are made in silence.
inline fold_control control_at(double scale, fold_control control) {
  if (scale != usual_scale) control.progress = {};
  return control;
}

} // namespace detail

/// The estimate of n ≥ 1 samples.
template <executor E, class Sampler>
auto on_monte_carlo(E const& ex, std::size_t n, Sampler const& sampler, monte_carlo_options const& options) {
  using source = detail::moments_source<Sampler>;
  using value = typename Sampler::value_type;
  return detail::estimate_by<value>(n, [&](double scale, value& x0) {
    return detail::fold<detail::moments<source::count>>(ex, n, source{sampler, scale}, detail::add_moments{},
                                                        detail::control_at(scale, {options.stop, options.progress}), &x0);
  });
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
/// Cost: samples times f; nothing is stored but one value a tile. Where squares of samples leave the range of double, beyond 10¹⁵⁰ or all
/// below 10⁻¹³⁵, or samples are infinite, they are evaluated once more, and summed up at another scale.
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
