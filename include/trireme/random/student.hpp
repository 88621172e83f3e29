/// @file student.hpp
/// The quantiles of Student's t: how far a mean of few samples may be from the truth, in standard errors.
#pragma once
#include <trireme/random/distributions.hpp>
#include <trireme/simd/math.hpp>

#include <cstddef>
#include <limits>

namespace trireme { inline namespace v1 { namespace detail {

/// t from 1000 degrees of freedom on, from the normal quantile x, to 10⁻⁹ of it: the expansion of E. Cornish and R. Fisher (Abramowitz
/// and Stegun, 26.7.5). It is x where there are enough of them.
constexpr double student_of_many(double x, double degrees) noexcept {
  double const y = x * x, r = 1 / degrees;
  double const g1 = (y + 1) / 4;
  double const g2 = ((5 * y + 16) * y + 3) / 96;
  double const g3 = (((3 * y + 19) * y + 17) * y - 15) / 384;
  double const g4 = ((((79 * y + 776) * y + 1482) * y - 1920) * y - 945) / 92160;
  return x + x * (r * (g1 + r * (g2 + r * (g3 + r * g4))));
}

/// sin φ for P(|T| > √ν cot φ) = q, where that is small: the root s of k s^ν Σ (½)ⱼ/j! s²ʲ/(ν + 2j) = q from above, by Newton's method
/// for its logarithm as a function of that of s, which is next to a line.
constexpr double student_tail(double s, double q, double degrees, double k) noexcept {
  for (int step = 0; step < 20; ++step) {
    double sum = 0, term = 1;
    for (int j = 0; term > 1e-18; ++j, term *= s * s * (2 * j - 1) / (2 * j)) sum += term / (degrees + 2 * j);
    double const change = log(q / (k * pow(s, degrees) * sum)) * sum * sqrt(1 - s * s);
    s *= exp(change);
    if (abs(change) < 1e-15) break;
  }
  return s;
}

/// t with P(|T| ≤ t) = level, in (0, 1), for T of Student's distribution (Student, The probable error of a mean, 1908) of so many
/// degrees of freedom; NaN for none. Relative error at most 10⁻¹¹ for levels up to 0.9999, measured; beyond, a level next to 1 has
/// fewer digits itself.
///
/// By sums that are exact for whole degrees (Abramowitz and Stegun, 26.7.3 and 26.7.4), with t = √ν tan θ: P rises ever slower in θ,
/// so that Newton's method climbs to the root from the left, where the normal quantile is. The tail is found as such.
constexpr double student_quantile(double level, std::size_t degrees) noexcept {
  if (degrees == 0) return std::numeric_limits<double>::quiet_NaN();
  double const nu = static_cast<double>(degrees), q = 1 - level;
  double const x = level < 0.999 ? normal_quantile(0.5 + level / 2) : -normal_quantile(q / 2);
  if (degrees >= 1000) return student_of_many(x, nu);
  bool const odd = degrees % 2 != 0;
  double const half_pi = 0x1.921fb54442d18p+0;
  double k = odd ? 1 / half_pi : 1; // of the density k cos^(ν - 1) θ
  for (std::size_t i = odd ? 1 : 2; i < degrees; i += 2) k *= static_cast<double>(i + 1) / static_cast<double>(i);

  double const above = pow(q * nu / k, 1 / nu); // sin φ is less
  if (above * above < 0.95) {
    double const s = student_tail(above, q, nu, k);
    return sqrt(nu) * sqrt(1 - s * s) / s;
  }
  double theta = x / sqrt(nu + x * x); // its sine, which is less
  if (degrees == 1) theta = half_pi * level;
  for (int step = 0; degrees > 1 && step < 100; ++step) {
    double const c = cos(theta);
    double last = odd ? c : 1, sum = last;
    for (std::size_t i = odd ? 2 : 1; i + 3 <= degrees; i += 2) {
      last *= c * c * static_cast<double>(i) / static_cast<double>(i + 1);
      sum += last;
    }
    double const unit = odd ? 1 / half_pi : 1;
    double const p = unit * ((odd ? theta : 0) + sin(theta) * sum);
    double const change = (level - p) / (unit * (nu - 1) * last * c);
    if (!(change > 1e-16 * theta)) break;
    theta += change;
  }
  return sqrt(nu) * sin(theta) / cos(theta);
}

}}} // namespace trireme::v1::detail
