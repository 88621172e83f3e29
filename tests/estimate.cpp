/// @file estimate.cpp
/// estimate: standard error, intervals against published quantiles, and how it is written.
#include <trireme/algorithm/estimate.hpp>

#include "testing.hpp"

#include <cmath>
#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>

namespace tri = trireme;

namespace {
std::string written(double mean, double variance, std::size_t samples) {
  std::ostringstream out;
  out << tri::estimate{mean, variance, samples};
  return out.str();
}
} // namespace

TEST_CASE("estimate: standard error and interval, with published quantiles of the normal distribution") {
  tri::estimate const e{10, 4, 100};
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
  auto const with_half = [&](double mean, double half) { return written(mean, half * half / unit / unit * 100, 100); };
  CHECK(with_half(1234.5678, 2.34) == "1234.6 ± 2.3 (95 %)");
  CHECK(with_half(1234.5678, 23.4) == "1235 ± 23 (95 %)");
  CHECK(with_half(-0.5, 0.0123) == "-0.500 ± 0.012 (95 %)");
  CHECK(written(1.5, std::numeric_limits<double>::quiet_NaN(), 1) == "1.5 ± nan (95 %)");
  CHECK(written(1.5, 0, 100) == "1.5 ± 0 (95 %)");
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
  CHECK(std::isnan(tri::estimate{}.mean));
  CHECK(tri::estimate{}.samples == 0);
}
