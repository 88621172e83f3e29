/// @file estimate.cpp
/// estimate: standard error, intervals against published quantiles of the normal distribution and of Student's, equality, and how it
/// is written.
#include <trireme/algorithm/estimate.hpp>

#include "testing.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace tri = trireme;

namespace {
constexpr std::size_t so_many = 10'000'000'000'000'000; // that Student's t is the normal distribution

std::string written(double mean, double variance, std::size_t samples) {
  std::ostringstream out;
  out << tri::estimate{mean, variance, samples};
  return out.str();
}
} // namespace

TEST_CASE("estimate: standard error and interval, with published quantiles of the normal distribution") {
  tri::estimate const e{10, 0.04 * so_many, so_many};
  CHECK(e.standard_error() == testing::Approx(0.2).epsilon(1e-15));
  struct row {
    double level, quantile;
  };
  for (auto const [level, quantile] :
       {row{0.5, 0.674489750196081743}, row{0.6826894921370859, 1.0}, row{0.9, 1.644853626951472715},
        row{0.95, 1.959963984540054236}, row{0.99, 2.575829303548900761}, row{0.999, 3.290526731491894794},
        row{0.999999, 4.891638475698590}}) {
    CAPTURE(level);
    auto const [low, high] = e.interval(level);
    CHECK(high == testing::Approx(10 + 0.2 * quantile).epsilon(1e-12));
    CHECK(low == testing::Approx(10 - 0.2 * quantile).epsilon(1e-12));
  }
  CHECK(e.interval().high == e.interval(0.95).high);
}

TEST_CASE("estimate: the interval of few samples is Student's") {
  // t with P(|T| ≤ t) = level, by degrees of freedom: NIST/SEMATECH e-Handbook 1.3.6.7.2 to its three digits, and further ones by
  // the regularised incomplete beta function in 40 digits (mpmath).
  constexpr double levels[] = {0.5, 0.9, 0.95, 0.99, 0.9999};
  struct row {
    std::size_t samples;
    double t[5];
  };
  constexpr row rows[] = {
      {2, {1, 6.3137515146750430, 12.706204736174706, 63.656741162871583, 6366.1976713166330}},
      {3, {0.81649658092772603, 2.9199855803537254, 4.3026527297494637, 9.9248432009182893, 99.992499843747}},
      {5, {0.74069708411268287, 2.1318467863266499, 2.7764451051977934, 4.6040948713499908, 15.5441005815461}},
      {10, {0.70272214675132660, 1.8331129326562370, 2.2621571627982049, 3.2498355415921263, 6.59368258394488}},
      {30, {0.68304386082161390, 1.6991270265334976, 2.0452296421327034, 2.7563859036706049, 4.50551163120}},
      {1000, {0.67473541034671, 1.6463803454274901, 1.9623414611334487, 2.5807596372676257, 3.90635956}},
      {1'000'000, {0.67448999553, 1.6448551507, 1.9599663568, 2.5758342201, 3.8906075819}},
  };
  double const unit = tri::estimate{0, 1, 1}.standard_error();
  CHECK(unit == 1);
  for (auto const& [samples, t] : rows)
    for (int k = 0; k < 5; ++k) {
      CAPTURE(samples, levels[k]);
      tri::estimate const e{0, static_cast<double>(samples), samples};
      CHECK(e.interval(levels[k]).high == testing::Approx(t[k]).epsilon(1e-9));
      CHECK(e.interval(levels[k]).low == -e.interval(levels[k]).high);
    }
  // The definition: the density integrated by Simpson's rule.
  for (std::size_t const samples : {4U, 7U, 21U, 62U, 503U}) {
    CAPTURE(samples);
    double const nu = static_cast<double>(samples - 1),
                 t = tri::estimate{0, static_cast<double>(samples), samples}.interval(0.97).high;
    double const k = std::exp(std::lgamma((nu + 1) / 2) - std::lgamma(nu / 2)) / std::sqrt(nu * 3.14159265358979324);
    double sum = 0;
    constexpr int steps = 2000;
    for (int i = 0; i <= steps; ++i)
      sum += (i == 0 || i == steps ? 1 : i % 2 == 0 ? 2 : 4) * std::pow(1 + t * t * i * i / steps / steps / nu, -(nu + 1) / 2);
    CHECK(2 * k * sum * t / steps / 3 == testing::Approx(0.97).epsilon(1e-10));
  }
}

TEST_CASE("estimate: the interval grows with the level and shrinks with the samples, to the normal one") {
  double before = 0;
  for (std::size_t const samples : {2U, 3U, 8U, 400U, 1000U, 1001U, 5000U}) {
    CAPTURE(samples);
    tri::estimate const e{0, static_cast<double>(samples), samples};
    double last = 0;
    for (double const level : {1e-300, 1e-12, 0.001, 0.3, 0.5, 0.8, 0.95, 0.999, 1 - 1e-6, 1 - 1e-9, 1 - 1e-14, 1 - 0x1p-53}) {
      double const t = e.interval(level).high;
      CHECK(std::isfinite(t));
      CHECK((t > last || level == 1e-300));
      if (level < 0.9999) CHECK(t >= tri::normal_quantile(0.5 + level / 2));
      last = t;
    }
    CHECK((before == 0 || e.interval(0.9).high < before));
    before = e.interval(0.9).high;
  }
  tri::estimate const many{0, static_cast<double>(so_many) * 100, so_many * 100};
  CHECK(many.interval(0.95).high == tri::normal_quantile(0.975));
  CHECK(std::isnan(tri::estimate{1, 4, 1}.interval(0.95).high)); // one sample tells nothing of its spread
  CHECK(std::isnan(tri::estimate{}.interval(0.95).low));
}

TEST_CASE("estimate: equal where the bits are, but that NaN is NaN") {
  double const nan = std::numeric_limits<double>::quiet_NaN();
  tri::estimate const one{1.5, nan, 1};
  CHECK(one == tri::estimate{1.5, -nan, 1});
  CHECK(one == one);
  CHECK(tri::estimate{} == tri::estimate{});
  CHECK(one != tri::estimate{1.5, 0, 1});
  CHECK(one != tri::estimate{1.5, nan, 2});
  CHECK(one != tri::estimate{nan, nan, 1});
  CHECK(tri::estimate{0.0, 1, 2} != tri::estimate{-0.0, 1, 2});
  CHECK(tri::estimate{3, 4, 5} == tri::estimate{3, 4, 5});
  CHECK(tri::estimate::from_sums(5, 6, 20, 3) == tri::estimate{7, 4, 3});
}

TEST_CASE("estimate: a level must be a probability") {
  tri::estimate const e{10, 4, 100};
  for (double const level : {0.0, 1.0, -0.5, 95.0, std::numeric_limits<double>::quiet_NaN()}) {
    CAPTURE(level);
    CHECK_THROWS_MATCHES(e.interval(level), std::invalid_argument, testing::message_contains("level must be between 0 and 1"));
  }
}

TEST_CASE("estimate: written with its error, to two digits of that") {
  CHECK(written(3.14159265, 2.6968, 100'000'000) == "3.14159 ± 0.00032 (95 %)");
  double const unit = 1.959963984540054; // an error of 1 / this standard error
  auto const with_half = [&](double mean, double half) { return written(mean, half * half / unit / unit * so_many, so_many); };
  CHECK(with_half(1234.5678, 2.34) == "1234.6 ± 2.3 (95 %)");
  CHECK(with_half(1234.5678, 23.4) == "1235 ± 23 (95 %)");
  CHECK(with_half(-0.5, 0.0123) == "-0.500 ± 0.012 (95 %)");
  CHECK(written(1.5, std::numeric_limits<double>::quiet_NaN(), 1) == "1.5 ± nan (95 %)");
  CHECK(written(1.5, -std::numeric_limits<double>::quiet_NaN(), 1) == "1.5 ± nan (95 %)");
  CHECK(written(1.5, 0, 100) == "1.5 ± 0 (95 %)");
  CHECK(written(0.5, 2, 2) == "0 ± 13 (95 %)"); // 12.7 standard errors of 1
}

TEST_CASE("estimate: writing leaves the stream as it was") {
  std::ostringstream out;
  out << tri::estimate{3, 1, 100} << ' ' << 1.0 / 3;
  CHECK(out.str().substr(out.str().find(')')) == ") 0.333333");
}

TEST_CASE("estimate: from sums about the first sample") {
  // 5, 7, 9: sums about 5 are 6 and 20.
  auto const e = tri::estimate::from_sums(5, 6, 20, 3);
  CHECK(e.mean == 7);
  CHECK(e.variance == 4);
  CHECK(e.samples == 3);
  CHECK(std::isnan(tri::estimate::from_sums(5, 0, 0, 1).variance));
  // The same at scales: 5·2⁹⁰⁰ and so on, whose variance is beyond a double, and 5·2⁻⁹⁰⁰, whose is below one.
  auto const large = tri::estimate::from_sums(5 * 0x1p900, 6 * 0x1p300, 20 * 0x1p600, 3, 0x1p-600);
  CHECK(large.mean == 7 * 0x1p900);
  CHECK(large.variance == std::numeric_limits<double>::infinity());
  CHECK(large.standard_error() == testing::Approx(e.standard_error() * 0x1p900).epsilon(1e-15));
  auto const small = tri::estimate::from_sums(5 * 0x1p-900, 6 * 0x1p-300, 20 * 0x1p-600, 3, 0x1p600);
  CHECK(small.mean == 7 * 0x1p-900);
  CHECK(small.variance == 0);
  CHECK(small.standard_error() == testing::Approx(e.standard_error() * 0x1p-900).epsilon(1e-15));
  CHECK(std::isnan(tri::estimate{}.mean));
  CHECK(tri::estimate{}.samples == 0);
}
