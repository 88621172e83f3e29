/// @file generator.cpp
/// The rng of a kernel: words taken, statistics with fixed seeds, errors, and draws<N>.
///
/// Each statistical bound is passed by a perfect generator but for the odds of one in a million or fewer
/// beside it; with the seeds fixed, these tests always say the same.
#include <trireme/random/generator.hpp>

#include "testing.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

using tri::detail::lane_words;
using tri::detail::stream_words;
template <class Real>
using stream = tri::generator<Real, stream_words>;

constexpr double sigmas = 4.9; // two-sided, 1e-6

/// Kolmogorov's distance of a sample to F, times √n. Above 2.7 with odds of 2 exp(−2 · 2.7²) = 9e-7.
template <class F>
double kolmogorov(std::vector<double> values, F distribution) {
  std::sort(values.begin(), values.end());
  auto const n = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    double const f = distribution(values[i]);
    distance = std::max({distance, f - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - f});
  }
  return distance * std::sqrt(n);
}

double normal_cdf(double z) { return std::erfc(-z / std::sqrt(2.0)) / 2; }

/// Pearson's statistic of counts that should be equal.
template <std::size_t N>
double chi_square(std::array<int, N> const& counts, int total) {
  double const expected = static_cast<double>(total) / static_cast<double>(N);
  double sum = 0;
  for (int const c : counts) sum += (c - expected) * (c - expected) / expected;
  return sum;
}

void check_normal(std::vector<double> const& z) {
  auto const n = static_cast<double>(z.size());
  double sum = 0;
  double squares = 0;
  double cubes = 0;
  double fourths = 0;
  double beyond_3 = 0;
  double beyond_4 = 0;
  for (double const x : z) {
    sum += x;
    squares += x * x;
    cubes += x * x * x;
    fourths += x * x * x * x;
    beyond_3 += std::fabs(x) > 3;
    beyond_4 += std::fabs(x) > 4;
  }
  CHECK(std::fabs(sum / n) < sigmas / std::sqrt(n));
  CHECK(std::fabs(squares / n - 1) < sigmas * std::sqrt(2 / n));
  CHECK(std::fabs(cubes / n) < sigmas * std::sqrt(15 / n));
  CHECK(std::fabs(fourths / n - 3) < sigmas * std::sqrt(96 / n));
  double const tail_3 = 0.0026997960632601866 * n;
  double const tail_4 = 6.334248366623973e-05 * n;
  CHECK(std::fabs(beyond_3 - tail_3) < sigmas * std::sqrt(tail_3));
  CHECK(std::fabs(beyond_4 - tail_4) < sigmas * std::sqrt(tail_4) + 3); // Poisson: a little wider
  CHECK(kolmogorov(z, normal_cdf) < 2.7);
}

constexpr double three_draws() {
  stream<double> rng(stream_words(1, 2));
  auto const [a, b] = rng.normal_pair();
  return rng.uniform() + rng.normal() + a * b + static_cast<double>(rng.index(10));
}
static_assert(three_draws() == three_draws());

struct kernel {
  int offset = 0;
  template <class Rng>
  constexpr auto operator()(Rng& rng) const {
    return rng.uniform() + static_cast<decltype(rng.uniform())>(offset);
  }
};
static_assert(std::is_same_v<decltype(tri::draws<2>(kernel{})), tri::draws_kernel<2, kernel>>);
static_assert(std::is_trivially_copyable_v<tri::draws_kernel<2, kernel>>);
static_assert(tri::draws_kernel<3, kernel>::calls == 3);
static_assert(tri::draws<2>(kernel{7}).f.offset == 7);
static_assert(std::is_same_v<std::invoke_result_t<tri::draws_kernel<1, kernel> const&, stream<float>&>, float>);
static_assert(!std::is_invocable_v<tri::draws_kernel<1, kernel>>);
static_assert(noexcept(std::declval<stream<double>&>().normal()));
static_assert(!noexcept(std::declval<tri::generator<float, lane_words<1, 1>>&>().uniform()));

} // namespace

TEST_CASE("every call takes its fixed number of words", "[generator]") {
  auto const word = [](std::uint64_t at) { return tri::detail::philox_block(5, 6, at / 4)[at % 4]; };
  auto const two = [&](std::uint64_t at) { return std::uint64_t{word(at)} << 32 | word(at + 1); };

  stream<float> f(stream_words(5, 6));
  CHECK(f.uniform() == tri::detail::to_uniform<float>(word(0)));
  CHECK(f.normal() == tri::detail::to_normal<float>(word(1)));
  CHECK(f.normal_pair() == tri::detail::to_normal_pair<float>(word(2), word(3)));
  CHECK(f.index(std::uint64_t{1} << 40) == two(4) >> 24);
  CHECK(f.uniform() == tri::detail::to_uniform<float>(word(6)));

  stream<double> d(stream_words(5, 6));
  CHECK(d.uniform() == std::ldexp(static_cast<double>(two(0) >> 12), -52));
  CHECK(d.normal() == tri::detail::to_normal<double>(two(2)));
  CHECK(d.normal_pair() == tri::detail::to_normal_pair<double>(two(4), two(6)));
  CHECK(d.index(std::uint64_t{1} << 40) == two(8) >> 24);
  CHECK(d.uniform() == std::ldexp(static_cast<double>(two(10) >> 12), -52));
}

TEMPLATE_TEST_CASE("uniform is uniform", "[generator]", float, double) {
  stream<TestType> rng(stream_words(2024, 0));
  int const n = 500'000;
  std::array<int, 256> counts{};
  std::vector<double> values;
  for (int i = 0; i < n; ++i) {
    double const u = static_cast<double>(rng.uniform());
    if (!(u >= 0 && u < 1)) FAIL(u);
    ++counts[static_cast<std::size_t>(u * 256)];
    if (i < 100'000) values.push_back(u);
  }
  // Chi-square with 255 degrees of freedom: outside with odds of 1e-6 (Wilson and Hilferty's approximation).
  CHECK(chi_square(counts, n) > 159);
  CHECK(chi_square(counts, n) < 381);
  CHECK(kolmogorov(values, [](double u) { return u; }) < 2.7);
}

TEMPLATE_TEST_CASE("samples and seeds are independent", "[generator]", float, double) {
  // The correlation of n pairs has deviation 1/√n: beyond 4.9 with odds of 1e-6.
  int const n = 100'000;
  double samples = 0;
  double seeds = 0;
  double lanes = 0;
  using words = lane_words<1, sizeof(TestType) / 4>;
  tri::generator<TestType, words> shared{words(3)};
  auto const first = [](std::uint64_t seed, std::uint64_t i) {
    return static_cast<double>(stream<TestType>(stream_words(seed, i)).normal());
  };
  auto const at = [&](std::uint64_t i) {
    shared.words().start(i);
    return static_cast<double>(shared.normal());
  };
  for (std::uint64_t i = 0; i < n; ++i) {
    samples += first(1, i) * first(1, i + 1);
    seeds += first(i, 0) * first(i + 1, 0);
    lanes += at(i) * at(i + 1);
  }
  CHECK(std::fabs(samples) < sigmas * std::sqrt(double{n}));
  CHECK(std::fabs(seeds) < sigmas * std::sqrt(double{n}));
  CHECK(std::fabs(lanes) < sigmas * std::sqrt(double{n}));
}

TEMPLATE_TEST_CASE("normal is normal, its tails too", "[generator]", float, double) {
  stream<TestType> rng(stream_words(7, 1));
  std::vector<double> z(1'000'000);
  for (double& x : z) x = static_cast<double>(rng.normal());
  check_normal(z);
}

TEMPLATE_TEST_CASE("normal_pair gives two independent normals", "[generator]", float, double) {
  stream<TestType> rng(stream_words(8, 1));
  std::vector<double> x(500'000);
  std::vector<double> y(x.size());
  double products = 0;
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    auto const [a, b] = rng.normal_pair();
    x[i] = static_cast<double>(a);
    y[i] = static_cast<double>(b);
    products += x[i] * y[i];
    squares += (x[i] * x[i] - 1) * (y[i] * y[i] - 1);
  }
  check_normal(x);
  check_normal(y);
  double const root = std::sqrt(static_cast<double>(x.size()));
  CHECK(std::fabs(products) < sigmas * root);    // deviation 1 a pair
  CHECK(std::fabs(squares) < sigmas * 2 * root); // deviation 2
}

TEMPLATE_TEST_CASE("index is uniform over [0, n)", "[generator]", float, double) {
  stream<TestType> rng(stream_words(9, 1));
  std::array<int, 10> counts{};
  int const n = 500'000;
  for (int i = 0; i < n; ++i) ++counts.at(static_cast<std::size_t>(rng.index(10)));
  // Chi-square with 9 degrees of freedom: outside with odds of 1e-6.
  CHECK(chi_square(counts, n) > 0.2);
  CHECK(chi_square(counts, n) < 45.1);
  CHECK(rng.index(1) == 0);
  static_assert(std::is_same_v<decltype(rng.index(std::uint8_t{3})), std::uint8_t>);
}

TEMPLATE_TEST_CASE("index is uniform where n is far beyond 32 bits' resolution, in its residues too", "[generator]", float,
                   double) {
  // 3·2³⁰ of 32 bits would give the residues 50, 25 and 25 %: of four words, two meet in a multiple of 3.
  stream<TestType> rng(stream_words(10, 1));
  int const n = 300'000;
  std::array<int, 3> residues{};
  std::array<int, 256> places{};
  for (int i = 0; i < n; ++i) {
    auto const x = rng.index(std::uint64_t{3} << 30);
    ++residues.at(x % 3);
    ++places.at(x / (3 << 22));
  }
  CHECK(chi_square(residues, n) < 27.7); // 2 degrees of freedom: beyond with odds of 1e-6
  CHECK(chi_square(places, n) > 159);    // 255 of them
  CHECK(chi_square(places, n) < 381);

  // At 3·2⁶² every other number comes up as often as two others together, as the bound of n/2⁶⁴ = ¾ allows; its place in
  // [0, n) is uniform.
  std::array<int, 192> coarse{};
  for (int i = 0; i < n; ++i) ++coarse.at(static_cast<std::size_t>(rng.index(std::uint64_t{3} << 62) >> 56));
  CHECK(chi_square(coarse, n) > 110); // 191 degrees of freedom
  CHECK(chi_square(coarse, n) < 302);
}

TEST_CASE("index of every size of n is the high half of 64 bits times n, in float as in double", "[generator]") {
  std::uint64_t const most = std::numeric_limits<std::uint64_t>::max();
  for (std::uint64_t const n : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3} << 30, std::uint64_t{1} << 32,
                                (std::uint64_t{1} << 32) + 1, std::uint64_t{3} << 62, most}) {
    stream<float> f(stream_words(3, 4));
    stream<double> d(stream_words(3, 4));
    for (std::uint64_t i = 0; i < 100; ++i) {
      auto const block = tri::detail::philox_block(3, 4, i / 2);
      std::uint64_t const high = block[i % 2 * 2], low = block[i % 2 * 2 + 1];
      // By schoolbook: (high 2³² + low) n, of which the carries from below are kept.
      std::uint64_t const n1 = n >> 32, n0 = n & 0xffffffff;
      std::uint64_t const middle = (low * n0 >> 32) + (high * n0 & 0xffffffff) + (low * n1 & 0xffffffff);
      std::uint64_t const expected = high * n1 + (high * n0 >> 32) + (low * n1 >> 32) + (middle >> 32);
      CHECK(f.index(n) == expected);
      CHECK(d.index(n) == expected);
    }
  }
}

TEST_CASE("index refuses what has no answer", "[generator]") {
  stream<float> f(stream_words(1, 1));
  stream<double> d(stream_words(1, 1));
  CHECK_THROWS_AS(f.index(0), std::invalid_argument);
  CHECK_THROWS_AS(f.index(-3), std::invalid_argument);
  CHECK_THROWS_AS(d.index(std::size_t{0}), std::invalid_argument);
  CHECK_THROWS_AS(d.index(-3), std::invalid_argument);
}

TEST_CASE("index counts as two calls in float, as one in double", "[generator]") {
  tri::generator<float, lane_words<2, 1>> f{lane_words<2, 1>(1)};
  f.words().start(0);
  CHECK_NOTHROW(f.index(7));
  CHECK_THROWS_MATCHES(f.uniform(), std::logic_error, message_contains("draws<N>"));
  tri::generator<float, lane_words<1, 1>> short_of_one{lane_words<1, 1>(1)};
  short_of_one.words().start(0);
  CHECK_THROWS_MATCHES(short_of_one.index(7), std::logic_error, message_contains("draws<N>"));
  tri::generator<double, lane_words<1, 2>> d{lane_words<1, 2>(1)};
  d.words().start(0);
  CHECK_NOTHROW(d.index(7));
  CHECK_THROWS_MATCHES(d.index(7), std::logic_error, message_contains("draws<N>"));
}

TEST_CASE("draws<N> allows N calls, a normal_pair being two", "[generator]") {
  tri::generator<double, lane_words<3, 2>> rng{lane_words<3, 2>(1)};
  for (std::uint64_t i = 0; i < 70; ++i) {
    rng.words().start(i);
    static_cast<void>(rng.normal_pair());
    static_cast<void>(rng.uniform());
    CHECK_THROWS_MATCHES(rng.uniform(), std::logic_error, message_contains("draws<N>"));
  }
}

TEST_CASE("a draws kernel is called like the one it holds", "[generator]") {
  stream<double> a(stream_words(1, 1));
  stream<double> b(stream_words(1, 1));
  auto const k = tri::draws<1>(kernel{3});
  CHECK(k(a) == 3 + b.uniform());
  CHECK(tri::draws<1>([](int x, int y) { return x - y; })(5, 3) == 2);
}

TEMPLATE_TEST_CASE("the numbers are the same in every build", "[generator][bits]", float, double) {
  // Recorded once; g++ and clang at any level of optimisation, with and without fma hardware, must find them
  // again.
  stream<TestType> rng(stream_words(42, 7));
  double uniform = 0;
  double normal = 0;
  double pairs = 0;
  for (int i = 1; i <= 10'000; ++i) {
    // A sum of doubles in one order: exact enough to change with any last bit, and free of products to
    // contract.
    double const weight = i % 2 == 0 ? 1.0 : 0.5;
    uniform += static_cast<double>(rng.uniform()) / weight;
    normal += static_cast<double>(rng.normal()) / weight;
    auto const [a, b] = rng.normal_pair();
    pairs += (static_cast<double>(a) - static_cast<double>(b)) / weight;
  }
  if (sizeof(TestType) == 4) {
    CHECK(uniform == 0x1.dbd80e782p+12);
    CHECK(normal == -0x1.53f2947d3994p+7);
    CHECK(pairs == 0x1.34af1e4bed4p+7);
  } else {
    CHECK(uniform == 0x1.da92c5aee1275p+12);
    CHECK(normal == -0x1.0d3b93788c1f7p+7);
    CHECK(pairs == 0x1.3dc195217ec4bp+8);
  }
}
