/// @file power.cpp
/// pow: errors against long double, every special case of Annex F of the C standard, bits in packs and constants.
#include <trireme/simd/power.hpp>

#include "testing.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

namespace tri = trireme;

namespace {

static_assert(tri::pow(2.0, 10) == 1024.0 && tri::pow(10.0, -2.0) == 0.01 && tri::pow(-3.0, 3) == -27.0);
static_assert(std::is_same_v<decltype(tri::pow(2.0F, 3)), float> && std::is_same_v<decltype(tri::pow(2.0F, 3.0)), double>);
static_assert(std::is_same_v<decltype(tri::pow(2, 3)), double>);

template <class T>
bool same(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
}

/// Distance in units of the last place of T at the exact value, subnormals included.
template <class T>
long double ulps(T got, long double exact) {
  using limits = std::numeric_limits<T>;
  int exponent = 0;
  std::frexp(exact, &exponent);
  int const last = std::max(exponent - limits::digits, limits::min_exponent - limits::digits);
  return std::fabs((static_cast<long double>(got) - exact) / std::ldexp(1.0L, last));
}

/// The largest error over x = e^a and y with |a y| up to the edge of the range, a up to `spread`.
template <class T>
long double worst(double spread, double y_most) {
  using limits = std::numeric_limits<T>;
  std::mt19937_64 words(5);
  std::uniform_real_distribution<double> unit(-1, 1);
  long double result = 0;
  for (int i = 0; i < 50'000; ++i) {
    auto const x = static_cast<T>(std::exp(spread * unit(words)));
    auto const y = static_cast<T>(y_most * unit(words));
    long double const exact = std::pow(static_cast<long double>(x), static_cast<long double>(y));
    if (exact <= limits::max() && exact >= limits::denorm_min()) result = std::max(result, ulps(tri::pow(x, y), exact));
  }
  return result;
}

template <class T>
std::vector<T> special() {
  using limits = std::numeric_limits<T>;
  return {0,
          -T(0),
          1,
          -1,
          2,
          -2,
          4,
          -4,
          T(0.5),
          T(-0.5),
          3,
          -3,
          T(2.5),
          limits::infinity(),
          -limits::infinity(),
          limits::quiet_NaN(),
          limits::denorm_min(),
          -limits::denorm_min(),
          limits::max(),
          limits::lowest(),
          T(16777217),
          T(-9007199254740993.0),
          T(1e30)};
}

} // namespace

TEST_CASE("pow: the error", "[power]") {
  CHECK(worst<double>(1, 740) < 1);
  CHECK(worst<double>(700, 1.1) < 1);
  CHECK(worst<double>(1e-3, 7e5) < 1);
  CHECK(worst<double>(1e-12, 7e14) < 1);
  CHECK(worst<double>(5, 3) < 1);
  CHECK(worst<float>(1, 100) < 0.51);
  CHECK(worst<float>(80, 1.2) < 0.51);
  CHECK(worst<float>(1e-3, 9e4) < 0.51);
}

TEMPLATE_TEST_CASE("pow: special cases are the C library's", "[power]", float, double) {
  using T = TestType;
  for (T const x : special<T>())
    for (T const y : special<T>()) {
      T const want = std::pow(x, y), got = tri::pow(x, y);
      CAPTURE(x, y, got, want);
      bool const finite = std::isfinite(want) && want != 0 && std::fabs(want) != 1;
      CHECK((finite ? ulps(got, static_cast<long double>(want)) <= 1.5L : same(got, want)));
    }
}

TEMPLATE_TEST_CASE("pow: packs have the bits of numbers", "[power]", float, double) {
  using T = TestType;
  using P = tri::pack<T>;
  std::mt19937_64 words(6);
  auto const edges = special<T>();
  auto const argument = [&](int kind) {
    if (kind == 0) return edges[words() % edges.size()];
    auto const u = static_cast<double>(words() >> 11) * 0x1p-53;
    return static_cast<T>(kind == 1 ? 10 * u : std::floor(40 * u) - 20);
  };
  for (int k = 0; k < 5000; ++k) {
    T x[P::size], y[P::size];
    for (std::size_t i = 0; i < P::size; ++i) {
      x[i] = argument(static_cast<int>(words() % 3));
      y[i] = argument(static_cast<int>(words() % 3));
    }
    P const z = tri::pow(P::load(x), P::load(y)), squares = tri::pow(P::load(x), 2);
    for (std::size_t i = 0; i < P::size; ++i) {
      if (!same(z[i], tri::pow(x[i], y[i]))) FAIL(x[i] << " to the " << y[i]);
      if (!same(squares[i], tri::pow(x[i], 2))) FAIL(x[i] << " squared");
    }
  }
}
