/// @file math.cpp
/// The mathematical functions: errors against long double, the edges that Annex F of the C standard names,
/// and bits.
#include <trireme/simd/math.hpp>

#include "testing.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <type_traits>

namespace tri = trireme;
using testing::Approx;

namespace {

template <class T>
constexpr T inf = std::numeric_limits<T>::infinity();
template <class T>
constexpr T not_a_number = std::numeric_limits<T>::quiet_NaN();

/// Distance in units of the last place of T at the exact value, subnormals included.
template <class T>
long double ulps(T got, long double exact) {
  using limits = std::numeric_limits<T>;
  if (std::isinf(got)) return exact > static_cast<long double>(limits::max()) ? 0.0L : 1e9L;
  int exponent = 0;
  std::frexp(exact, &exponent);
  int const last = std::max(exponent - limits::digits, limits::min_exponent - limits::digits);
  return std::fabs((static_cast<long double>(got) - exact) / std::ldexp(1.0L, last));
}

/// The largest error of f over n random points of [a, b], and over points that crowd towards zero.
template <class T, class F, class G>
long double worst(F f, G exact, double a, double b, int n = 40'000) {
  std::mt19937_64 words(1);
  std::uniform_real_distribution<double> spread(a, b);
  long double result = 0;
  for (int i = 0; i < n; ++i) {
    auto const x = static_cast<T>(spread(words));
    result = std::max(result, ulps(f(x), exact(static_cast<long double>(x))));
  }
  return result;
}

std::uint64_t bits(double x) {
  std::uint64_t u = 0;
  std::memcpy(&u, &x, sizeof x);
  return u;
}
std::uint64_t bits(float x) {
  std::uint32_t u = 0;
  std::memcpy(&u, &x, sizeof x);
  return u;
}

template <class T>
constexpr auto exp_of = [](T x) { return tri::exp(x); };
template <class T>
constexpr auto log_of = [](T x) { return tri::log(x); };
template <class T>
constexpr auto sin_of = [](T x) { return tri::sin(x); };
template <class T>
constexpr auto cos_of = [](T x) { return tri::cos(x); };
constexpr auto exact_exp = [](long double x) { return std::exp(x); };
constexpr auto exact_log = [](long double x) { return std::log(x); };
constexpr auto exact_sin = [](long double x) { return std::sin(x); };
constexpr auto exact_cos = [](long double x) { return std::cos(x); };

/// A number that changes with any bit of any value of f over 20000 points. The addition is there to be
/// contracted.
template <class T, class F>
std::uint64_t fingerprint(F f, T scale) {
  std::uint64_t h = 0;
  for (int i = 0; i < 20'000; ++i) {
    T const x = static_cast<T>((static_cast<std::uint32_t>(i) * 0x9e3779b9U) >> 8) * static_cast<T>(0x1p-24);
    h = (h ^ bits(f((x - static_cast<T>(0.5)) * scale) + static_cast<T>(0.001))) * 0x9e3779b97f4a7c15U;
    h ^= h >> 29;
  }
  return h;
}

static_assert(tri::exp(0.0) == 1.0 && tri::exp(-0.0F) == 1.0F && tri::exp(0) == 1.0);
static_assert(tri::exp(1000.0) == inf<double> && tri::exp(-1000.0) == 0.0 && tri::exp(100.0F) == inf<float>);
static_assert(tri::exp(inf<double>) == inf<double> && tri::exp(-inf<double>) == 0.0);
static_assert(tri::exp(not_a_number<double>) != tri::exp(not_a_number<double>));
static_assert(tri::log(1.0) == 0.0 && tri::log(1) == 0.0 && tri::log(0.0) == -inf<double>);
static_assert(tri::log(-1.0) != tri::log(-1.0) && tri::log(inf<float>) == inf<float>);
static_assert(tri::sin(0.0) == 0.0 && tri::cos(0.0) == 1.0 && tri::cos(0) == 1.0 && tri::sin(1e300) < 1.0);
static_assert(tri::sin(inf<double>) != tri::sin(inf<double>) && tri::sincos(not_a_number<float>).cos != 1.0F);
static_assert(tri::sqrt(2.0) == 0x1.6a09e667f3bcdp+0 && tri::sqrt(2.0F) == 0x1.6a09e6p+0F);
static_assert(tri::sqrt(9) == 3.0);
static_assert(tri::sqrt(0x1p-1074) == 0x1p-537 && tri::sqrt(inf<double>) == inf<double>);
static_assert(tri::min(1.0, 2) == 1.0 && tri::max(1.5F, 0.5F) == 1.5F);
static_assert(tri::abs(-3) == 3 && tri::abs(-0.5) == 0.5);
static_assert(tri::select(true, 1, 2.5) == 1.0 && tri::select(false, 1, 2) == 2);
static_assert(std::is_same_v<decltype(tri::exp(1)), double>);
static_assert(std::is_same_v<decltype(tri::exp(1.0F)), float>);

} // namespace

TEST_CASE("exp stays within one unit of the last place, down to the subnormals", "[math]") {
  CHECK(worst<double>(exp_of<double>, exact_exp, -1, 1) < 1);
  CHECK(worst<double>(exp_of<double>, exact_exp, -708, 709.78) < 1);
  CHECK(worst<double>(exp_of<double>, exact_exp, -745.1, -708) < 1);
  CHECK(worst<float>(exp_of<float>, exact_exp, -1, 1) < 1);
  CHECK(worst<float>(exp_of<float>, exact_exp, -87, 88.72) < 1);
  CHECK(worst<float>(exp_of<float>, exact_exp, -103.9, -87) < 1);
}

TEST_CASE("log stays within one unit of the last place, subnormals included", "[math]") {
  CHECK(worst<double>(log_of<double>, exact_log, 0.5, 2) < 1);
  CHECK(worst<double>(log_of<double>, exact_log, 0.999, 1.001) < 1);
  CHECK(worst<double>(log_of<double>, exact_log, 1e-300, 1e300) < 1);
  CHECK(worst<double>(log_of<double>, exact_log, 5e-324, 1e-308) < 1);
  CHECK(worst<float>(log_of<float>, exact_log, 0.5, 2) < 1);
  CHECK(worst<float>(log_of<float>, exact_log, 1e-45, 1e-38) < 1);
  CHECK(worst<float>(log_of<float>, exact_log, 1e-38, 1e38) < 1);
}

TEST_CASE("sin and cos stay within 1.5 units of the last place", "[math]") {
  for (double const end : {0.8, 10.0, 1e3, 1e5, 1e9}) {
    CAPTURE(end);
    CHECK(worst<double>(sin_of<double>, exact_sin, -end, end, 20'000) < 1.5);
    CHECK(worst<double>(cos_of<double>, exact_cos, -end, end, 20'000) < 1.5);
    CHECK(worst<float>(sin_of<float>, exact_sin, -end, end, 20'000) < 1.5);
    CHECK(worst<float>(cos_of<float>, exact_cos, -end, end, 20'000) < 1.5);
  }
}

TEST_CASE("sin and cos are as good beside the multiples of pi/2", "[math]") {
  long double float_worst = 0;
  long double double_worst = 0;
  for (int n = 1; n < 63'660; ++n) {
    long double const multiple = static_cast<long double>(n) * 1.57079632679489661923132169164L;
    auto const check = [&](auto x, long double& result) {
      auto const exact = static_cast<long double>(x);
      result = std::max({result, ulps(tri::sin(x), std::sin(exact)), ulps(tri::cos(x), std::cos(exact))});
    };
    check(static_cast<float>(multiple), float_worst);
    check(static_cast<double>(multiple), double_worst);
  }
  CHECK(float_worst < 1.5);
  CHECK(double_worst < 1.5);
}

TEST_CASE("huge arguments are reduced exactly", "[math]") {
  // The hard cases of the literature: K. Ng, Argument reduction for huge arguments (1992); J.-M. Muller,
  // Elementary Functions, table of the doubles closest to a multiple of pi/2.
  CHECK(ulps(tri::sin(1e22), -0.852200849767188801772798L) < 1.5);
  CHECK(ulps(tri::cos(1e22), 0.523214785395138945497594L) < 1.5);
  double const close = 6381956970095103.0 * 0x1p797;
  CHECK(std::fabs(tri::cos(close)) == Approx(4.687165924254624e-19).epsilon(1e-15));
  CHECK(tri::sin(std::numeric_limits<double>::max()) == Approx(0.004961954789184062).epsilon(1e-15));
  CHECK(ulps(tri::sin(std::numeric_limits<float>::max()), std::sin(3.40282346638528859812e38L)) < 1.5);
  auto const [s, c] = tri::sincos(1e18);
  CHECK(s == tri::sin(1e18));
  CHECK(c == tri::cos(1e18));
}

TEMPLATE_TEST_CASE("zeros, infinities and NaN are treated as Annex F has them", "[math]", float, double) {
  using T = TestType;
  CHECK(tri::exp(T(-0.0)) == T(1));
  CHECK(tri::exp(inf<T>) == inf<T>);
  CHECK(bits(tri::exp(-inf<T>)) == bits(T(0)));
  CHECK(std::isnan(tri::exp(not_a_number<T>)));
  CHECK(tri::log(T(-0.0)) == -inf<T>);
  CHECK(tri::log(T(0.0)) == -inf<T>);
  CHECK(bits(tri::log(T(1))) == bits(T(0)));
  CHECK(tri::log(inf<T>) == inf<T>);
  CHECK(std::isnan(tri::log(T(-1))));
  CHECK(std::isnan(tri::log(-inf<T>)));
  CHECK(std::isnan(tri::log(not_a_number<T>)));
  CHECK(bits(tri::sin(T(-0.0))) == bits(T(-0.0)));
  CHECK(bits(tri::sin(T(0.0))) == bits(T(0.0)));
  CHECK(tri::cos(T(-0.0)) == T(1));
  for (T const x : {inf<T>, -inf<T>, not_a_number<T>}) {
    CHECK(std::isnan(tri::sin(x)));
    CHECK(std::isnan(tri::cos(x)));
  }
  T const least = std::numeric_limits<T>::denorm_min();
  CHECK(tri::sin(least) == least);
  CHECK(tri::sin(-least) == -least);
  CHECK(bits(tri::sqrt(T(-0.0))) == bits(T(-0.0)));
  CHECK(std::isnan(tri::sqrt(T(-1))));
  CHECK(bits(tri::abs(T(-0.0))) == bits(T(0)));
  CHECK(tri::abs(-inf<T>) == inf<T>);
  CHECK(std::isnan(tri::abs(not_a_number<T>)));
}

TEST_CASE("exp overflows and underflows where it should", "[math]") {
  CHECK(std::isfinite(tri::exp(0x1.62e42fefa39efp+9)));
  CHECK(tri::exp(std::nextafter(0x1.62e42fefa39efp+9, 1e9)) == inf<double>);
  CHECK(std::isfinite(tri::exp(0x1.62e42ep+6F)));
  CHECK(tri::exp(std::nextafter(0x1.62e42ep+6F, 1e9F)) == inf<float>);
  CHECK(tri::exp(-745.13) == 0x1p-1074);
  CHECK(tri::exp(-745.14) == 0.0);
  CHECK(tri::exp(-103.97F) == 0x1p-149F);
  CHECK(tri::exp(-103.98F) == 0.0F);
}

TEMPLATE_TEST_CASE("min and max are one comparison: a NaN in front stays", "[math]", float, double) {
  using T = TestType;
  CHECK(std::isnan(tri::min(not_a_number<T>, T(1))));
  CHECK(std::isnan(tri::max(not_a_number<T>, T(1))));
  CHECK(tri::min(T(1), not_a_number<T>) == T(1));
  CHECK(tri::max(T(1), not_a_number<T>) == T(1));
  CHECK(bits(tri::min(T(0.0), T(-0.0))) == bits(T(0.0)));
  CHECK(bits(tri::max(T(-0.0), T(0.0))) == bits(T(-0.0)));
  CHECK(tri::min(T(2), -inf<T>) == -inf<T>);
}

TEST_CASE("select takes any type", "[math]") {
  CHECK(tri::select(true, std::string("yes"), std::string("no")) == "yes");
  CHECK(tri::select(false, 1.0F, 2.5) == 2.5);
}

TEST_CASE("the constant square root is the processor's", "[math]") {
  std::mt19937_64 words(2);
  for (int i = 0; i < 100'000; ++i) {
    std::uint64_t const w = words() >> 1;
    double x = 0;
    std::memcpy(&x, &w, sizeof x);
    if (!std::isfinite(x)) continue;
    int const power = static_cast<int>(w % 200) - 150;
    auto const f = static_cast<float>(std::ldexp(static_cast<double>(w >> 39), power));
    if (tri::detail::digit_sqrt(x) != std::sqrt(x) || tri::sqrt(x) != std::sqrt(x) ||
        static_cast<float>(tri::detail::digit_sqrt(static_cast<double>(f))) != std::sqrt(f))
      FAIL("sqrt of " << x << " or " << f);
  }
}

TEST_CASE("a constant has the bits of run time", "[math]") {
  double volatile x = 1.7;
  float volatile y = 1.7F;
  constexpr double constants[] = {tri::exp(1.7), tri::log(1.7), tri::sin(1.7), tri::cos(1.7), tri::sqrt(1.7)};
  constexpr float floats[] = {tri::exp(1.7F), tri::log(1.7F), tri::sin(1.7F), tri::cos(1.7F), tri::sqrt(1.7F)};
  double const d = x;
  float const f = y;
  CHECK(constants[0] == tri::exp(d));
  CHECK(constants[1] == tri::log(d));
  CHECK(constants[2] == tri::sin(d));
  CHECK(constants[3] == tri::cos(d));
  CHECK(constants[4] == tri::sqrt(d));
  CHECK(floats[0] == tri::exp(f));
  CHECK(floats[1] == tri::log(f));
  CHECK(floats[2] == tri::sin(f));
  CHECK(floats[3] == tri::cos(f));
  CHECK(floats[4] == tri::sqrt(f));
}

TEST_CASE("the bits are the same in every build", "[math][bits]") {
  // Recorded once; g++ and clang at any level of optimisation, with and without fma hardware, must find them
  // again.
  CHECK(fingerprint<double>(exp_of<double>, 1400.0) == 0xfc9419522d96cc9aU);
  CHECK(fingerprint<double>([](double x) { return tri::log(tri::abs(x)); }, 40.0) == 0x39fbdac4196f9555U);
  CHECK(fingerprint<double>(sin_of<double>, 2e3) == 0xa52acc6051c13530U);
  CHECK(fingerprint<double>(cos_of<double>, 3e5) == 0x662fa1706415d035U);
  CHECK(fingerprint<float>(exp_of<float>, 180.0F) == 0x4b89fefcd199b28cU);
  CHECK(fingerprint<float>([](float x) { return tri::log(tri::abs(x)); }, 40.0F) == 0xb305f75bd490a760U);
  CHECK(fingerprint<float>(sin_of<float>, 2e3F) == 0x45a61ede71fac506U);
  CHECK(fingerprint<float>(cos_of<float>, 3e5F) == 0x76b144b8d45790daU);
}
