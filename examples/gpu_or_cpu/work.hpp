/// @file work.hpp
/// Five pieces of work, each one generic function of the executor.
#pragma once
#include <trireme/trireme.hpp>

#include "../fingerprint.hpp"
#include "../ranks.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace tri = trireme;

/// What a backend made of a piece of work.
struct outcome {
  std::optional<double> in_place{};  ///< seconds, where the data lie in the backend's memory
  std::optional<double> from_host{}; ///< seconds, with all copies from and to the host's
  std::uint64_t bits = 0;            ///< of the result …
  bool numbers = true;               ///< whether it has no infinity and no NaN
  Eigen::MatrixXf product{};         ///< … or all of it, where backends need only come close
};

/// Seconds of the shortest of some runs: the first of them may open libraries and touch memory.
template <class E, class F>
double shortest(E const& ex, F const& f) {
  double best = std::numeric_limits<double>::infinity(), spent = 0;
  for (int k = 0; k < 5 && spent < 1; ++k) {
    auto const begun = std::chrono::steady_clock::now();
    f();
    double const seconds = agreed(ex, std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count());
    best = std::min(best, seconds);
    spent += seconds;
  }
  return best;
}

/// Numbers in [0, 1), the same ones everywhere.
inline std::vector<float> uniform_numbers(std::size_t n, std::uint64_t seed) {
  static constexpr auto uniform = [](auto& rng) { return rng.uniform(); };
  return tri::simulate<float>(tri::thread_pool{}, n, tri::draws<1>(tri::fn<uniform>), {.seed = seed});
}

inline fingerprint bits_of(std::vector<float> const& all) {
  fingerprint of;
  of.add(std::span(all));
  return of;
}

/// full · scale, and at least 1.
inline std::size_t scaled(double full, double scale) { return static_cast<std::size_t>(std::max(1.0, std::round(full * scale))); }

/// A product of matrices of full × full floats; the work grows as the scale does, and the side as its cube root.
class matrix_product {
public:
  matrix_product(double full, double scale)
      : n_(static_cast<Eigen::Index>(scaled(full, std::cbrt(scale)))), a_(filled(1)), b_(filled(2)) {}

  [[nodiscard]] std::string name() const { return "matmul, " + std::to_string(n_) + "² floats"; }

  template <tri::executor_or_cluster E>
  outcome operator()(E const& ex) const {
    outcome out;
    out.product.resize(n_, n_);
    {
      tri::matrix const a(ex, a_), b(ex, b_);
      tri::matrix<float, E> c(ex, n_, n_);
      out.in_place = shortest(ex, [&] { tri::matmul(ex, a, b, tri::into(c)); });
    }
    out.from_host = shortest(ex, [&] { tri::matmul(ex, a_, b_, tri::into(out.product)); });
    return out;
  }

private:
  [[nodiscard]] Eigen::MatrixXf filled(std::uint64_t seed) const {
    auto const all = uniform_numbers(static_cast<std::size_t>(n_ * n_), seed);
    return Eigen::Map<Eigen::MatrixXf const>(all.data(), n_, n_);
  }

  Eigen::Index n_;
  Eigen::MatrixXf a_, b_;
};

inline constexpr auto add = [](float a, float b) { return a + b; };

class vector_sum {
public:
  vector_sum(double full, double scale) : a_(uniform_numbers(scaled(full, scale), 1)), b_(uniform_numbers(a_.size(), 2)) {}

  [[nodiscard]] std::string name() const { return "vector add, " + std::to_string(a_.size()) + " floats (transform)"; }

  template <tri::executor_or_cluster E>
  outcome operator()(E const& ex) const {
    outcome out;
    {
      tri::buffer const a(ex, a_), b(ex, b_);
      tri::buffer<float, E> c(ex, a_.size());
      out.in_place = shortest(ex, [&] { tri::transform(ex, a, b, tri::fn<add>, tri::into(c)); });
    }
    std::vector<float> c(a_.size());
    out.from_host = shortest(ex, [&] { tri::transform(ex, a_, b_, tri::fn<add>, tri::into(c)); });
    auto const of = bits_of(c);
    out.bits = of.value();
    out.numbers = of.finite();
    return out;
  }

private:
  std::vector<float> a_, b_;
};

inline constexpr auto in_circle = [](auto& rng) {
  auto x = rng.uniform();
  auto y = rng.uniform();
  return tri::select(x * x + y * y < 1.0f, 4.0f, 0.0f);
};

class pi {
public:
  pi(double full, double scale) : samples_(scaled(full, scale)) {}

  [[nodiscard]] std::string name() const { return "π, " + std::to_string(samples_) + " samples of floats (monte_carlo)"; }

  template <tri::executor_or_cluster E>
  outcome operator()(E const& ex) const {
    tri::estimate found;
    double const seconds =
        shortest(ex, [&] { found = tri::monte_carlo<float>(ex, samples_, tri::draws<2>(tri::fn<in_circle>), {.seed = 42}); });
    fingerprint bits;
    bits.add(found.mean);
    bits.add(found.variance);
    return {.in_place = seconds, .bits = bits.value(), .numbers = bits.finite()};
  }

private:
  std::size_t samples_;
};

inline constexpr auto sin_plus_cos = [](float x) {
  auto const both = tri::sincos(x);
  return both.sin + both.cos;
};

class waves {
public:
  waves(double full, double scale) : x_(uniform_numbers(scaled(full, scale), 3)) {
    for (float& x : x_) x = (x - 0.5f) * 1000.0f;
  }

  [[nodiscard]] std::string name() const {
    return "sin + cos of " + std::to_string(x_.size()) + " floats, in batches (batch_map)";
  }

  template <tri::executor_or_cluster E>
  outcome operator()(E const& ex) const {
    std::vector<float> result;
    double const seconds =
        shortest(ex, [&] { result = tri::batch_map(ex, x_, tri::fn<sin_plus_cos>, {.batch_size = std::size_t{1} << 21}); });
    auto const of = bits_of(result);
    return {.from_host = seconds, .bits = of.value(), .numbers = of.finite()};
  }

private:
  std::vector<float> x_;
};
