/// @file monte_carlo.cpp
/// monte_carlo: right means and errors, the documented shape computed a second time, arrays, float, and what it refuses.
///
/// Statistical bounds are five standard errors: passed by a right estimate but for odds of 6e-7, and always the same with
/// the seeds fixed.
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::die;
using testing::in_circle;
using testing::same_bits;

namespace {

inline constexpr auto square_of_normal = [](auto& rng) {
  auto const z = rng.normal();
  return z * z;
};
inline constexpr auto uniform_of = [](auto& rng) { return rng.uniform(); };
inline constexpr auto far_from_zero = [](auto& rng) { return 1e9 + rng.uniform(); };
inline constexpr auto moments_of_normal = [](auto& rng) {
  auto const z = rng.normal_pair();
  return std::array{z[0], z[0] * z[1], z[1] * z[1]};
};
inline constexpr auto three_uniforms = [](auto& rng) {
  auto const a = rng.uniform();
  auto const b = rng.uniform();
  return a + b + rng.uniform();
};

void check_near(tri::estimate const& e, double mean, double variance) {
  CAPTURE(e.mean, e.variance);
  CHECK(std::fabs(e.mean - mean) < 5 * std::sqrt(variance / static_cast<double>(e.samples)));
  // The variance of a sample variance is at most that of a distribution with kurtosis 60, for all that is drawn here.
  CHECK(std::fabs(e.variance - variance) <= 5 * variance * std::sqrt(60 / static_cast<double>(e.samples)));
}

/// The estimate by the words of the design: sums of x - x₀ and of its square, in double, in the fixed shape.
template <class V>
tri::estimate slow_estimate(std::vector<V> const& values) {
  struct sums {
    double d, d2;
  };
  double const x0 = static_cast<double>(values[0]);
  std::vector<sums> terms;
  for (V const v : values) {
    double const d = static_cast<double>(v) - x0;
    terms.push_back({d, d * d});
  }
  auto const add = [](sums a, sums b) { return sums{a.d + b.d, a.d2 + b.d2}; };
  sums const total = testing::slow_shape{terms, add}.all();
  double const n = static_cast<double>(values.size());
  return {x0 + total.d / n, (total.d2 - total.d * total.d / n) / (n - 1), values.size()};
}

} // namespace

TEST_CASE("monte_carlo: known means and variances") {
  tri::thread_pool const pool(2);
  double const pi = std::acos(-1.0);
  std::size_t const n = 1'000'000;
  check_near(tri::monte_carlo(pool, n, tri::fn<in_circle>, {.seed = 42}), pi, pi * (4 - pi));
  check_near(tri::monte_carlo(pool, n, tri::draws<2>(tri::fn<in_circle>), {.seed = 42}), pi, pi * (4 - pi));
  check_near(tri::monte_carlo<float>(pool, n, tri::fn<in_circle>, {.seed = 42}), pi, pi * (4 - pi));
  check_near(tri::monte_carlo<float>(pool, n, tri::draws<2>(tri::fn<in_circle>), {.seed = 42}), pi, pi * (4 - pi));
  check_near(tri::monte_carlo(pool, n, tri::fn<square_of_normal>, {.seed = 1}), 1, 2);
  check_near(tri::monte_carlo(pool, n, tri::draws<1>(tri::fn<square_of_normal>), {.seed = 1}), 1, 2);
  check_near(tri::monte_carlo(pool, n, tri::fn<die>, {.seed = 2}), 3.5, 35.0 / 12);
  check_near(tri::monte_carlo(pool, n, tri::draws<3>(tri::fn<three_uniforms>), {.seed = 3}), 1.5, 0.25);
  auto const m = tri::monte_carlo(pool, n, tri::draws<2>(tri::fn<moments_of_normal>), {.seed = 4});
  STATIC_REQUIRE(std::is_same_v<decltype(m), std::array<tri::estimate, 3> const>);
  check_near(m[0], 0, 1);
  check_near(m[1], 0, 1);
  check_near(m[2], 1, 2);
}

TEST_CASE("monte_carlo: the interval covers the truth as often as it says") {
  tri::thread_pool const pool(2);
  int covered = 0;
  constexpr int runs = 2000;
  for (int seed = 0; seed < runs; ++seed) {
    auto const [low, high] = tri::monte_carlo(pool, 500, tri::fn<uniform_of>, {.seed = seed}).interval(0.9);
    covered += low <= 0.5 && 0.5 <= high;
  }
  CHECK(std::fabs(covered - 0.9 * runs) < 5 * std::sqrt(0.9 * 0.1 * runs));
}

TEST_CASE("monte_carlo: bits equal to the documented shape over simulate's values") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  for (std::size_t const n : testing::sizes(2, 3, 31, 32, 33, 4095, 4096, 4097, 12'289, 100'000)) {
    CAPTURE(n);
    auto const check = [&](auto f, auto real) {
      using Real = decltype(real);
      auto const values = tri::simulate<Real>(ex, n, f, {.seed = 7});
      auto const expected = slow_estimate(values);
      CHECK(same_bits(tri::monte_carlo<Real>(ex, n, f, {.seed = 7}), expected));
      CHECK(same_bits(tri::monte_carlo<Real>(pool, n, f, {.seed = 7}), expected));
      CHECK(same_bits(tri::monte_carlo<Real>(far, n, f, {.seed = 7}), expected));
    };
    check(tri::fn<square_of_normal>, double{});
    check(tri::fn<uniform_of>, float{});
    check(tri::draws<1>(tri::fn<square_of_normal>), double{});
    check(tri::draws<3>(tri::fn<three_uniforms>), double{});
    check(tri::draws<3>(tri::fn<three_uniforms>), float{});
    check(tri::fn<die>, double{});
    auto const triples = tri::simulate(ex, n, tri::fn<moments_of_normal>, {.seed = 7});
    auto const estimates = tri::monte_carlo(pool, n, tri::fn<moments_of_normal>, {.seed = 7});
    for (std::size_t k = 0; k < 3; ++k) {
      std::vector<double> component;
      for (auto const& t : triples) component.push_back(t[k]);
      CHECK(same_bits(estimates[k], slow_estimate(component)));
    }
  }
}

TEST_CASE("monte_carlo: the variance against two passes, also far from zero") {
  tri::thread_pool const pool(2);
  for (auto const& [estimate, values] :
       {std::pair{tri::monte_carlo(pool, 10'000, tri::fn<square_of_normal>),
                  tri::simulate(pool, 10'000, tri::fn<square_of_normal>)},
        std::pair{tri::monte_carlo(pool, 10'000, tri::fn<far_from_zero>), tri::simulate(pool, 10'000, tri::fn<far_from_zero>)}}) {
    long double mean = 0, squares = 0;
    for (double const v : values) mean += v;
    mean /= 10'000;
    for (double const v : values) squares += (v - mean) * (v - mean);
    CHECK(estimate.mean == testing::Approx(static_cast<double>(mean)).epsilon(1e-13));
    CHECK(estimate.variance == testing::Approx(static_cast<double>(squares / 9999)).epsilon(1e-9));
  }
}

TEST_CASE("monte_carlo: the interval of few normal samples covers the truth as often as it says") {
  tri::inline_executor const ex;
  for (std::size_t const n : testing::sizes(2, 5)) { // of the normal quantile it would be 69 and 87 %
    int covered = 0;
    constexpr int runs = 4000;
    for (int seed = 0; seed < runs; ++seed) {
      auto const [low, high] = tri::monte_carlo(ex, n, [](auto& rng) { return rng.normal(); }, {.seed = seed}).interval(0.95);
      covered += low <= 0 && 0 <= high;
    }
    CAPTURE(n, covered);
    CHECK(std::fabs(covered - 0.95 * runs) < 5 * std::sqrt(0.95 * 0.05 * runs));
  }
}

namespace {
inline constexpr auto times_uniform = [](double scale, auto& rng) { return scale * (rng.uniform() - 0.25); };
inline constexpr auto one_of_two = [](double a, double b, auto& rng) { return rng.uniform() < 0.5 ? a : b; };
inline constexpr auto very_different = [](double a, double b, auto& rng) {
  double const u = rng.uniform();
  return std::array{u, a * u, b * u, 0.0};
};

/// The same estimate on inline, threads and where workers don't see the caller's memory.
template <class F>
auto alike(std::size_t n, F f, int seed = 1) {
  auto const expected = tri::monte_carlo(tri::inline_executor{}, n, f, {.seed = seed});
  CHECK(tri::monte_carlo(tri::thread_pool(3), n, f, {.seed = seed}) == expected);
  CHECK(tri::monte_carlo(testing::far_executor{}, n, f, {.seed = seed}) == expected);
  return expected;
}
} // namespace

TEST_CASE("monte_carlo: samples times a power of two have the estimate times it, as far as a double goes") {
  for (std::size_t const n : testing::sizes(2, 33, 5000, 50'000)) {
    auto const plain = tri::monte_carlo(tri::inline_executor{}, n, tri::bind_front<times_uniform>(1.0), {.seed = 1});
    for (int const power : {-1000, -700, -540, -512, -450, -400, 100, 400, 480, 497, 505, 512, 700, 1023}) {
      CAPTURE(n, power);
      auto const e = alike(n, tri::bind_front<times_uniform>(std::ldexp(1.0, power)));
      CHECK(same_bits(e.mean, std::ldexp(plain.mean, power)));
      CHECK(e.standard_error() / std::ldexp(1.0, power) == testing::Approx(plain.standard_error()).epsilon(1e-14));
      // Within ±500 the variance is a double, too; beyond it is 0 or infinite.
      if (std::abs(power) < 500) CHECK(same_bits(e.variance, std::ldexp(plain.variance, 2 * power)));
      if (power > 520) CHECK(std::isinf(e.variance));
    }
  }
}

TEST_CASE("monte_carlo: of finite samples the mean is finite and between them") {
  double const most = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
  for (auto const& [a, b] : {std::pair{most, -most}, std::pair{most, most / 2}, std::pair{-most, 0.0}, std::pair{1e308, -1e300},
                             std::pair{0.0, 1e149}, std::pair{1e160, 1.0}, std::pair{least, 0.0}, std::pair{1e-170, -1e-170},
                             std::pair{1e-155, 3e-155}, std::pair{most, least}})
    for (int seed = 0; seed < 4; ++seed) { // either may be sample 0
      INFO(std::scientific << a << ' ' << b << ' ' << seed);
      auto const f = tri::bind_front<one_of_two>(a, b);
      auto const e = alike(1000, f, seed);
      auto const values = tri::simulate(tri::inline_executor{}, 1000, f, {.seed = seed});
      long double sum = 0, squares = 0; // whose range is wide enough
      for (double const v : values) sum += v;
      long double const mean = sum / 1000;
      for (double const v : values) squares += (v - mean) * (v - mean);
      auto const error = static_cast<double>(std::sqrt(squares / 999 / 1000));
      CHECK(std::isfinite(e.mean));
      CHECK((std::min(a, b) <= e.mean && e.mean <= std::max(a, b)));
      double const off = std::abs(e.mean - static_cast<double>(mean)) / error;
      if (a != least) CHECK(off <= 1e-12);
      CHECK(std::abs(e.standard_error() - error) <= 1e-9 * error + least);
      if (a != least) CHECK(e.interval(0.95).high > e.mean);
    }
}

TEST_CASE("monte_carlo: infinite samples have an infinite mean of their sign, whatever sample 0 is") {
  double const inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  for (int seed = 0; seed < 6; ++seed)
    for (std::size_t const n : testing::sizes(40, 5000)) {
      CAPTURE(seed, n);
      for (double const finite : {0.0, 1.0, -1e308, 1e-300}) {
        auto const up = alike(n, tri::bind_front<one_of_two>(inf, finite), seed);
        auto const down = alike(n, tri::bind_front<one_of_two>(-inf, finite), seed);
        CHECK(up.mean == inf);
        CHECK(down.mean == -inf);
        CHECK(std::isnan(up.variance));
        CHECK(std::isnan(alike(n, tri::bind_front<one_of_two>(nan, finite), seed).mean));
      }
      CHECK(std::isnan(alike(n, tri::bind_front<one_of_two>(inf, -inf), seed).mean));
      CHECK(std::isnan(alike(n, tri::bind_front<one_of_two>(inf, nan), seed).mean));
      CHECK(alike(n, tri::bind_front<one_of_two>(inf, inf), seed).mean == inf);
    }
  CHECK(alike(1, tri::bind_front<one_of_two>(inf, inf)).mean == inf);
  auto const floats = [](auto& rng) {
    return rng.uniform() < 0.5F ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::max();
  };
  for (int seed = 0; seed < 6; ++seed)
    CHECK(tri::monte_carlo<float>(tri::inline_executor{}, 100, floats, {.seed = seed}).mean == inf);
}

TEST_CASE("monte_carlo: components of very different size don't touch each other") {
  for (std::size_t const n : testing::sizes(100, 9000)) {
    auto const e = alike(n, tri::bind_front<very_different>(0x1p1000, 0x1p-1000));
    auto const plain = tri::monte_carlo(tri::inline_executor{}, n, tri::fn<uniform_of>, {.seed = 1});
    CHECK(e[0] == plain);
    CHECK(same_bits(e[1].mean, plain.mean * 0x1p1000));
    CHECK(same_bits(e[2].mean, plain.mean * 0x1p-1000));
    CHECK(same_bits(e[1].error, plain.error * 0x1p1000));
    CHECK(same_bits(e[2].error, plain.error * 0x1p-1000));
    CHECK(e[3] == tri::estimate{0, 0, n});
    auto const packs =
        tri::monte_carlo(tri::inline_executor{}, n, tri::simd([](auto& rng) { return rng.uniform() * 0x1p1000; }), {.seed = 1});
    CHECK(packs == e[1]);
  }
}

TEST_CASE("monte_carlo: samples are evaluated again only where squares leave the range of double") {
  auto const calls_for = [](double scale, double value) {
    std::size_t calls = 0, told = 0;
    bool rose = true;
    auto const watch = [&](tri::progress p) {
      rose = rose && p.done >= told && p.total == 10'000;
      told = p.done;
    };
    static_cast<void>(tri::monte_carlo(tri::inline_executor{}, 10'000,
                                       [&](auto& rng) {
                                         ++calls;
                                         return value + scale * rng.uniform();
                                       },
                                       {.seed = 0, .progress = watch}));
    CHECK(rose);
    CHECK(told == 10'000);
    return calls;
  };
  CHECK(calls_for(1, 0) == 10'000);
  CHECK(calls_for(0, 0.1) == 10'000); // equal samples are no reason
  CHECK(calls_for(0, 0) == 10'000);
  CHECK(calls_for(1e140, 1e140) == 10'000);
  CHECK(calls_for(1e-130, 0) == 10'000);
  CHECK(calls_for(1e200, 0) == 20'000);
  CHECK(calls_for(1e-200, 0) == 20'000);
}

TEST_CASE("monte_carlo: few samples") {
  tri::thread_pool const pool(2);
  auto const one = tri::monte_carlo(pool, 1, tri::fn<uniform_of>, {.seed = 5});
  CHECK(one.samples == 1);
  CHECK(same_bits(one.mean, tri::simulate(pool, 1, tri::fn<uniform_of>, {.seed = 5})[0]));
  CHECK(std::isnan(one.variance));
  CHECK(std::isnan(one.standard_error()));
  CHECK(one == tri::monte_carlo(pool, 1, tri::fn<uniform_of>, {.seed = 5}));
  auto const constant = tri::monte_carlo(pool, 5000, [](auto&) { return 0.1; });
  CHECK(same_bits(constant.mean, 0.1));
  CHECK(constant.variance == 0);
}

TEST_CASE("monte_carlo: seeds") {
  tri::thread_pool const pool(2);
  auto const at = [&](auto seed) { return tri::monte_carlo(pool, 1000, tri::fn<uniform_of>, {.seed = seed}).mean; };
  CHECK(same_bits(at(1), at(1)));
  CHECK(at(1) != at(2));
  CHECK(same_bits(at(-1), at(~std::uint64_t{0})));
  CHECK(at(std::uint64_t{1} << 32) != at(1));
  CHECK(at(std::uint64_t{1} << 32) != at(0));
  CHECK(same_bits(at(0), tri::monte_carlo(pool, 1000, tri::fn<uniform_of>).mean));
  CHECK(tri::monte_carlo(pool, 1000, tri::draws<1>(tri::fn<uniform_of>)).mean != at(0));
}

TEST_CASE("monte_carlo: what it refuses, before any work") {
  tri::thread_pool const pool(2);
  std::atomic<int> calls = 0;
  auto const f = [&](auto& rng) {
    ++calls;
    return rng.uniform();
  };
  CHECK_THROWS_MATCHES(tri::monte_carlo(pool, 0, f), std::invalid_argument,
                       testing::message_contains("samples must be at least 1"));
  CHECK_THROWS_MATCHES(tri::monte_carlo(pool, -3, f), std::invalid_argument,
                       testing::message_contains("samples must not be negative, but is -3"));
  CHECK(calls == 0);
}

TEST_CASE("monte_carlo: more draws than promised") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  auto const check = [](auto const& executor) {
    CHECK_THROWS_AS(tri::monte_carlo(executor, 1000, tri::draws<2>(tri::fn<three_uniforms>)), std::logic_error);
    CHECK_THROWS_AS(tri::simulate(executor, 1000, tri::draws<1>(tri::fn<in_circle>)), std::logic_error);
    CHECK_THROWS_AS(tri::monte_carlo<float>(executor, 1, tri::draws<1>(tri::fn<moments_of_normal>)), std::logic_error);
  };
  check(ex);
  check(pool);
  check(testing::far_executor{});
}

TEST_CASE("monte_carlo: what the kernel throws, stop and progress") {
  tri::thread_pool const pool(3);
  CHECK_THROWS_WITH(tri::monte_carlo(pool, 100'000,
                                     [](auto& rng) {
                                       double const u = rng.uniform();
                                       return u < 1e-4 ? throw std::domain_error("a rare path") : u;
                                     }),
                    testing::contains("a rare path"));

  std::vector<std::size_t> done;
  auto const note = [&](tri::progress p) {
    CHECK(p.total == 1'000'000);
    done.push_back(p.done);
  };
  auto const with = tri::monte_carlo(pool, 1'000'000, tri::fn<uniform_of>, {.seed = 0, .progress = note});
  REQUIRE(!done.empty());
  CHECK(done.back() == 1'000'000);
  CHECK(std::is_sorted(done.begin(), done.end()));
  CHECK(same_bits(with, tri::monte_carlo(pool, 1'000'000, tri::fn<uniform_of>)));

  std::stop_source stop;
  auto const end_it = [&](tri::progress) { stop.request_stop(); };
  CHECK_THROWS_AS(
      tri::monte_carlo(pool, 1'000'000'000'000, tri::fn<uniform_of>, {.seed = 0, .progress = end_it, .stop = stop.get_token()}),
      tri::cancelled);
  CHECK_THROWS_WITH(tri::monte_carlo(pool, 1'000'000'000'000, tri::fn<uniform_of>,
                                     {.seed = 0, .progress = [](tri::progress) { throw std::runtime_error("enough"); }}),
                    testing::contains("enough"));
}

TEST_CASE("monte_carlo: 64 samples that sleep 20 ms take about 8 rounds of 8 workers") {
  tri::thread_pool const pool(8);
  auto const begun = std::chrono::steady_clock::now();
  auto const e = tri::monte_carlo(pool, 64, [](auto& rng) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return rng.uniform();
  });
  auto const took = std::chrono::steady_clock::now() - begun;
  CHECK(e.samples == 64);
  CHECK(took >= std::chrono::milliseconds(8 * 20));
  CHECK(took < std::chrono::milliseconds(8 * 20 * 3)); // one after the other: 64 rounds
}

TEST_CASE("monte_carlo: twenty thousand numbers a sample") {
  auto const f = [](auto& rng) {
    std::array<double, 20'000> v{};
    for (std::size_t k = 0; k < v.size(); k += 5000) v[k] = rng.uniform();
    return v;
  };
  auto const a = tri::monte_carlo(tri::inline_executor{}, 100, f);
  auto const b = tri::monte_carlo(tri::thread_pool(3), 100, f);
  CHECK(a[5000].mean == b[5000].mean);
  CHECK(a[5000].variance == b[5000].variance);
  CHECK(std::abs(a[5000].mean - 0.5) < 0.15); // five standard errors
  CHECK(a[1].mean == 0);
}
