/// @file distributions.cpp
/// The conversions from bits to numbers: ends, exact values, published quantiles.
#include <trireme/random/distributions.hpp>

#include "testing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>

namespace tri = trireme;
namespace detail = tri::detail;

namespace {

constexpr std::uint32_t all32 = ~std::uint32_t{0};
constexpr std::uint64_t all64 = ~std::uint64_t{0};

static_assert(detail::to_uniform<float>(std::uint32_t{0}) == 0.0F);
static_assert(detail::to_uniform<float>(all32) == 0x1.fffffep-1F); // 1 − 2⁻²⁴
static_assert(detail::to_uniform<float>(std::uint32_t{0x80000000}) == 0.5F);
static_assert(detail::to_uniform<double>(std::uint64_t{0}) == 0.0);
static_assert(detail::to_uniform<double>(all64) == 0x1.ffffffffffffep-1); // 1 − 2⁻⁵²
static_assert(detail::to_uniform<double>(std::uint64_t{1} << 12) == 0x1p-52);
static_assert(detail::to_uniform<double>((std::uint64_t{1} << 12) - 1) == 0.0);

static_assert(detail::to_index(all64, 10) == 9 && detail::to_index(std::uint64_t{0}, 10) == 0);
static_assert(detail::to_index(all64, std::uint64_t{1} << 32) == all32 && detail::to_index(all64, 1) == 0);
static_assert(detail::to_index(all64, all64) == all64 - 1);
static_assert(detail::to_index(std::uint64_t{1} << 63, 6) == 3);

static_assert(tri::normal_quantile(0.5) == 0.0);
static_assert(tri::normal_quantile(0.0) == -std::numeric_limits<double>::infinity());
static_assert(tri::normal_quantile(1.0) == std::numeric_limits<double>::infinity());
static_assert(tri::normal_quantile(0.975) > 1.95 && detail::to_normal<float>(std::uint32_t{1} << 30) > 0.67F);

/// Φ(−z), good in the far tail.
long double upper_tail(long double z) { return std::erfc(z / std::sqrt(2.0L)) / 2; }

} // namespace

TEST_CASE("uniform is the upper bits times a power of two", "[distributions]") {
  std::mt19937_64 words(1);
  for (int i = 0; i < 100'000; ++i) {
    std::uint64_t const w = words();
    auto const half = static_cast<std::uint32_t>(w >> 32);
    if (detail::to_uniform<double>(w) != std::ldexp(static_cast<double>(w >> 12), -52)) FAIL(w);
    if (detail::to_uniform<float>(half) != std::ldexp(static_cast<float>(half >> 8), -24)) FAIL(half);
  }
}

TEST_CASE("the quantiles are the tables'", "[distributions]") {
  // NIST/SEMATECH e-Handbook 1.3.6.7.1 to its digits; further digits and tails from M. Wichura's AS 241
  // (1988), whose check values are those of p = 0.25, 0.001 and 1e-20.
  CHECK(tri::normal_quantile(0.975) == testing::Approx(1.959963984540054).epsilon(1e-15));
  CHECK(tri::normal_quantile(0.95) == testing::Approx(1.6448536269514722).epsilon(1e-15));
  CHECK(tri::normal_quantile(0.99) == testing::Approx(2.3263478740408408).epsilon(1e-15));
  CHECK(tri::normal_quantile(0.995) == testing::Approx(2.5758293035489004).epsilon(1e-15));
  CHECK(tri::normal_quantile(0.25) == testing::Approx(-0.6744897501960817).epsilon(1e-15));
  CHECK(tri::normal_quantile(0.001) == testing::Approx(-3.090232306167814).epsilon(1e-15));
  CHECK(tri::normal_quantile(1e-20) == testing::Approx(-9.262340089798408).epsilon(1e-15));
  CHECK(tri::normal_quantile(1e-300) == testing::Approx(-37.0471).epsilon(1e-6));
  CHECK(std::isnan(tri::normal_quantile(-0.1)));
  CHECK(std::isnan(tri::normal_quantile(1.1)));
  CHECK(std::isnan(tri::normal_quantile(std::numeric_limits<double>::quiet_NaN())));
}

TEST_CASE("the quantile inverts the distribution function to 1e-15", "[distributions]") {
  // With z' = z + e, Φ(−z') differs from p by e φ(z): one step of Newton's method measures the error of z.
  std::mt19937_64 words(2);
  std::uniform_real_distribution<double> exponent(-1000, -1);
  long double worst = 0;
  for (int i = 0; i < 40'000; ++i) {
    double const p = std::exp2(i % 2 == 0 ? exponent(words) : exponent(words) / 20);
    if (p >= 0.5) continue;
    long double const z = -static_cast<long double>(tri::normal_quantile(p));
    long double const density = std::exp(-z * z / 2) / std::sqrt(2 * 3.14159265358979323846264338328L);
    long double const error = (upper_tail(z) - static_cast<long double>(p)) / density;
    worst = std::max(worst, std::fabs(error / z));
  }
  CHECK(worst < 1e-15L);
}

TEST_CASE("the quantile keeps its digits next to one half, and is odd", "[distributions]") {
  double const root = 2.5066282746310002; // √(2π): the slope there
  for (int k = 5; k <= 53; ++k) {
    double const d = std::ldexp(1.0, -k);
    CHECK(tri::normal_quantile(0.5 - d) == -tri::normal_quantile(0.5 + d));
    if (k > 28) CHECK(-tri::normal_quantile(0.5 - d) == testing::Approx(root * d).epsilon(1e-15));
  }
  CHECK(tri::normal_quantile(1 - 0x1p-53) == -tri::normal_quantile(0x1p-53));
}

TEST_CASE("normal is finite at both ends of the bits, and symmetric", "[distributions]") {
  CHECK(detail::to_normal<double>(std::uint64_t{0}) == testing::Approx(-8.209536151601387).epsilon(1e-14));
  CHECK(detail::to_normal<double>(all64) == testing::Approx(8.209536151601387).epsilon(1e-14));
  CHECK(detail::to_normal<float>(std::uint32_t{0}) == testing::Approx(6.33796).epsilon(1e-6));
  CHECK(detail::to_normal<float>(std::uint32_t{0x80000000}) == testing::Approx(-6.33796).epsilon(1e-6));
  CHECK(std::fabs(detail::to_normal<float>(std::uint32_t{0x7fffffff})) == 0.0F);
  std::mt19937_64 words(3);
  for (int i = 0; i < 10'000; ++i) {
    std::uint64_t const w = words();
    auto const half = static_cast<std::uint32_t>(w >> 32);
    if (detail::to_normal<double>(w) != -detail::to_normal<double>(~w)) FAIL(w);
    if (detail::to_normal<float>(half) != -detail::to_normal<float>(half ^ 0x80000000U)) FAIL(half);
  }
}

TEST_CASE("normal of float is the quantile of its 31 bits to 4e-7", "[distributions]") {
  std::mt19937 words(4);
  double worst = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::uint32_t const m = static_cast<std::uint32_t>(words() & 0x7fffffffU) >> (i % 31);
    double const exact = -tri::normal_quantile((m + 0.5) * 0x1p-32);
    double const got = static_cast<double>(detail::to_normal<float>(m));
    worst = std::max(worst, std::fabs(got - exact) / (exact + 0.25));
  }
  CHECK(worst < 4e-7);
}

TEST_CASE("normal_pair is Box and Muller's, finite at every end", "[distributions]") {
  auto const two_pi = 6.283185307179586;
  std::mt19937_64 words(5);
  for (int i = 0; i < 20'000; ++i) {
    std::uint64_t const ends[] = {0, all64, words(), words()};
    std::uint64_t const a = ends[i % 3 == 0 ? i % 4 : 2];
    std::uint64_t const b = ends[i % 5 == 0 ? i % 4 : 3];
    double const radius = std::sqrt(-2 * std::log(static_cast<double>((a >> 12) * 2 + 1) * 0x1p-53));
    // The angle runs from −π/4: its quadrant is centred on an axis.
    double const angle = two_pi * (static_cast<double>(b >> 10) * 0x1p-54 - 0.125);
    auto const [x, y] = detail::to_normal_pair<double>(a, b);
    CHECK(x == testing::Approx(radius * std::cos(angle)).margin(1e-13));
    CHECK(y == testing::Approx(radius * std::sin(angle)).margin(1e-13));
    double const short_radius = std::sqrt(-2 * std::log((static_cast<double>(a >> 33) + 0.5) * 0x1p-31));
    auto const [u, v] = detail::to_normal_pair<float>(static_cast<std::uint32_t>(a >> 32), static_cast<std::uint32_t>(b >> 32));
    CHECK(static_cast<double>(u) == testing::Approx(short_radius * std::cos(angle)).margin(5e-5));
    CHECK(static_cast<double>(v) == testing::Approx(short_radius * std::sin(angle)).margin(5e-5));
  }
}
