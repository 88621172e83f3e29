/// @file estimate.hpp
/// A Monte Carlo mean with its error.
#pragma once
#include <trireme/random/distributions.hpp>

#include <cmath>
#include <cstddef>
#include <iomanip>
#include <limits>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace trireme { inline namespace v1 {

/// The mean of independent samples and how sure it is. Always in double.
struct estimate {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double variance = std::numeric_limits<double>::quiet_NaN(); ///< of one sample, unbiased; NaN for a single sample
  std::size_t samples = 0;

  struct bounds {
    double low, high;
  };

  /// The standard deviation of the mean, √(variance / samples).
  [[nodiscard]] double standard_error() const { return std::sqrt(variance / static_cast<double>(samples)); }

  /// The interval that covers the true mean with the given probability, by the central limit theorem.
  /// @throws std::invalid_argument for a level that is not between 0 and 1.
  [[nodiscard]] bounds interval(double level = 0.95) const {
    double const half = standard_error() * quantile(level);
    return {mean - half, mean + half};
  }

  /// From the sums of x - x₀ and its square over n samples (the shifted data algorithm: Chan, Golub, LeVeque, 1983).
  static estimate from_sums(double x0, double sum, double squares, std::size_t n) {
    double const count = static_cast<double>(n);
    double const variance =
        n < 2 ? std::numeric_limits<double>::quiet_NaN() : (squares - detail::mul(sum, sum) / count) / static_cast<double>(n - 1);
    return {x0 + sum / count, variance < 0 ? 0 : variance, n};
  }

  /// "3.14159 ± 0.00032 (95 %)": the error with two digits, and the mean as far as these.
  friend std::ostream& operator<<(std::ostream& out, estimate const& e) {
    double const half = e.standard_error() * quantile(0.95);
    std::ostringstream text;
    if (std::isfinite(half) && half > 0 && std::isfinite(e.mean)) {
      int const digits = 1 - static_cast<int>(std::floor(std::log10(half)));
      if (digits >= 0 && digits <= 17)
        text << std::fixed << std::setprecision(digits);
      else
        text << std::setprecision(6);
    }
    text << e.mean << " ± " << half << " (95 %)";
    return out << text.str();
  }

  friend bool operator==(estimate const&, estimate const&) = default;

private:
  static double quantile(double level) {
    if (!(level > 0 && level < 1))
      throw std::invalid_argument("trireme: interval: level must be between 0 and 1, but is " + std::to_string(level));
    return normal_quantile(0.5 + level / 2);
  }
};

}} // namespace trireme::v1
