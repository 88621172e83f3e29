/// @file estimate.hpp
/// A Monte Carlo mean with its error.
#pragma once
#include <trireme/random/student.hpp>
#include <trireme/simd/math.hpp>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iomanip>
#include <limits>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace trireme { inline namespace v1 {

/// The mean of independent samples and how sure it is. Always in double.
///
/// What is finite stays so, from the smallest samples to the largest: where the variance is beyond a double, infinite or 0, the
/// standard error need not be. Infinite samples of one sign have a mean of that sign, those of both, or a NaN, a NaN; their
/// variance is NaN.
struct estimate {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double variance = std::numeric_limits<double>::quiet_NaN(); ///< of one sample, unbiased; NaN for a single sample
  std::size_t samples = 0;
  double error = sqrt(variance / static_cast<double>(samples)); ///< standard_error(), where the variance is beyond a double

  struct bounds {
    double low, high;
  };

  /// The standard deviation of the mean, √(variance / samples).
  [[nodiscard]] double standard_error() const {
    return std::isnormal(variance) ? std::sqrt(variance / static_cast<double>(samples)) : error;
  }

  /// The interval that covers the true mean with the given probability: of normal samples exactly, by Student's t with samples − 1
  /// degrees of freedom, which makes it wide where there are few; of others the better the more there are, by the central
  /// limit theorem. NaN for one sample.
  /// @throws std::invalid_argument for a level that is not between 0 and 1.
  [[nodiscard]] bounds interval(double level = 0.95) const {
    if (!(level > 0 && level < 1))
      throw std::invalid_argument("trireme: interval: level must be between 0 and 1, but is " + std::to_string(level));
    double const half = half_width(level);
    return {mean - half, mean + half};
  }

  /// From the sums of (x - x₀)·scale and its square over n samples (the shifted data algorithm: Chan, Golub, LeVeque, 1983), x₀ being 0
  /// if it is not finite, and the scale a power of two.
  static estimate from_sums(double x0, double sum, double squares, std::size_t n, double scale = 1) {
    double const count = static_cast<double>(n), origin = std::isfinite(x0) ? x0 : 0;
    double const of_scaled =
        n < 2 ? std::numeric_limits<double>::quiet_NaN() : (squares - detail::mul(sum, sum) / count) / static_cast<double>(n - 1);
    double const variance = of_scaled < 0 ? 0 : of_scaled;
    return {(detail::mul(origin, scale) + sum / count) / scale, variance / scale / scale, n, std::sqrt(variance / count) / scale};
  }

  /// "3.14159 ± 0.00032 (95 %)": half of interval(0.95) with two digits, and the mean as far as these.
  friend std::ostream& operator<<(std::ostream& out, estimate const& e) {
    double const half = e.half_width(0.95);
    std::ostringstream text;
    if (std::isfinite(half) && half > 0 && std::isfinite(e.mean)) {
      int const digits = 1 - static_cast<int>(std::floor(std::log10(half)));
      if (digits >= 0 && digits <= 17)
        text << std::fixed << std::setprecision(digits);
      else
        text << std::setprecision(6);
    }
    auto const unsigned_nan = [](double x) { return std::isnan(x) ? std::numeric_limits<double>::quiet_NaN() : x; };
    text << unsigned_nan(e.mean) << " ± " << unsigned_nan(half) << " (95 %)";
    return out << text.str();
  }

  /// By bits, but that a NaN, of which sign and payload are not promised, equals any other: two estimates of one sample are equal
  /// where their means are, and -0 is not 0.
  friend bool operator==(estimate const& a, estimate const& b) {
    return same(a.mean, b.mean) && same(a.variance, b.variance) && a.samples == b.samples && same(a.error, b.error);
  }

private:
  static bool same(double a, double b) {
    return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b) || (std::isnan(a) && std::isnan(b));
  }
  [[nodiscard]] double half_width(double level) const {
    return standard_error() * detail::student_quantile(level, samples < 2 ? 0 : samples - 1);
  }
};

}} // namespace trireme::v1
