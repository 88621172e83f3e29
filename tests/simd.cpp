/// @file simd.cpp
/// Kernels of elements under tri::simd: the bits of the scalar ones in every algorithm that takes them, at sizes around all
/// widths.
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/simd/kernel.hpp>
#include <trireme/simd/math.hpp>

#include "everywhere.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::same_bits;

namespace {

inline constexpr auto wave = [](auto x) { return tri::sin(x) + tri::select(x < 0, tri::cos(x), 2 * x); };
inline constexpr auto weighted = [](auto x, auto y) { return x * x + tri::abs(y); };
inline constexpr auto halve = [](auto& x) { x = x / 2; };
inline constexpr auto positive = [](auto x) { return x > 0; };
inline constexpr auto both = [](auto x) { return std::array{x, x * x}; };
inline constexpr auto to_double = [](auto x) { return tri::convert<double>(x) * 0.1; };
inline constexpr auto shifted = [](auto x) { return (x << 1) ^ 5; };

auto const sizes = testing::sizes(0, 1, 31, 32, 33, 63, 64, 65, 4095, 4096, 4097, 20'000, 100'003);

template <class T>
std::vector<T> data(std::size_t n) {
  std::vector<T> v(n);
  for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<T>(static_cast<int>(i * 7919 % 20011) - 10000) / T(3);
  return v;
}

} // namespace

TEMPLATE_TEST_CASE("simd: transform, batch_map, transform_reduce", "[simd]", float, double) {
  using T = TestType;
  for (std::size_t const n : sizes) {
    auto const x = data<T>(n), y = data<T>(n);
    std::vector<T> waves(n), sums(n);
    std::vector<std::uint8_t> signs(n);
    std::vector<std::array<T, 2>> pairs(n);
    for (std::size_t i = 0; i < n; ++i) {
      waves[i] = wave(x[i]);
      sums[i] = weighted(x[i], y[i]);
      signs[i] = positive(x[i]);
      pairs[i] = both(x[i]);
    }
    auto const check = [&](auto const& ex) {
      CHECK(same_bits(tri::transform(ex, x, tri::simd(tri::fn<wave>)), waves));
      CHECK(same_bits(tri::transform(ex, x, y, tri::simd(tri::fn<weighted>)), sums));
      CHECK(same_bits(tri::transform(ex, x, tri::simd(tri::fn<positive>)), signs));
      CHECK(same_bits(tri::transform(ex, x, tri::simd(tri::fn<both>)), pairs));
      CHECK(same_bits(tri::batch_map(ex, x, tri::simd(tri::fn<wave>), {.batch_size = 1000}), waves));
      auto in_place = x;
      tri::transform(ex, in_place, tri::simd(tri::fn<wave>), tri::into(in_place));
      CHECK(same_bits(in_place, waves));
      CHECK(same_bits(tri::transform_reduce(ex, x, T(1), std::plus<>{}, tri::simd(tri::fn<wave>)),
                      tri::reduce(tri::inline_executor{}, waves, T(1), std::plus<>{})));
      CHECK(same_bits(tri::transform_reduce(ex, x, 1.0, std::plus<>{}, tri::simd(tri::fn<wave>)),
                      tri::reduce(tri::inline_executor{}, waves, 1.0, std::plus<>{})));
      CHECK(tri::transform_reduce(ex, x, 0, std::plus<>{}, tri::simd(tri::fn<positive>)) ==
            std::accumulate(signs.begin(), signs.end(), 0));
    };
    if constexpr (std::is_same_v<T, float>)
      testing::on_every_executor(check);
    else
      check(testing::three_threads());
  }
}

TEST_CASE("simd: integers, conversions, and elements that make no pack", "[simd]") {
  tri::thread_pool const pool(2);
  std::size_t const n = 5000;
  auto const check = [&](auto one, auto f, auto g) {
    using T = decltype(one);
    std::vector<T> v(n);
    for (std::size_t i = 0; i < n; ++i) v[i] = static_cast<T>(i * 37);
    CHECK(same_bits(tri::transform(pool, v, tri::simd(f)), tri::transform(pool, v, f)));
    CHECK(same_bits(tri::transform(pool, v, tri::simd(g)), tri::transform(pool, v, g)));
  };
  check(std::int32_t{}, tri::fn<shifted>, tri::fn<to_double>);
  check(std::uint32_t{}, tri::fn<shifted>, tri::fn<to_double>);
  check(std::int64_t{}, tri::fn<shifted>, tri::fn<to_double>);
  check(std::uint64_t{}, tri::fn<shifted>, tri::fn<to_double>);
  check(std::int16_t{}, tri::fn<shifted>, tri::fn<to_double>); // one by one, as what follows
  std::vector<std::array<float, 2>> const pairs(100, {1.0F, 2.0F});
  CHECK(tri::transform(pool, pairs, tri::simd([](auto const& p) { return p[0] + p[1]; })) == std::vector<float>(100, 3.0F));
  CHECK(tri::starmap(pool, pairs, tri::simd([](auto a, auto b) { return a + b; })) == std::vector<float>(100, 3.0F));
}

TEST_CASE("simd: results too large for the caches, at any address", "[simd]") {
  std::size_t const n = (std::size_t{64} << 20) / sizeof(float) + 7;
  std::vector<float> x(n), out(n + 1, -1);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<float>(i % 1001);
  auto const check = [&](auto const& to) {
    bool right = true;
    for (std::size_t i = 0; i < n; ++i) right = right && to[i] == static_cast<float>(i % 1001) / 2 + 1;
    CHECK(right);
  };
  tri::thread_pool const pool(3);
  auto const f = tri::simd([](auto v) { return v / 2 + 1; });
  for (std::size_t const shift : {std::size_t{0}, std::size_t{1}}) {
    std::span<float> const to(out.data() + shift, n);
    tri::transform(pool, x, f, tri::into(to));
    check(to);
    CHECK(out[shift == 0 ? n : 0] == (shift == 0 ? -1 : 1));
  }
  tri::transform(pool, x, f, tri::into(x));
  check(x);
}

TEST_CASE("simd: for_each changes elements", "[simd]") {
  for (std::size_t const n : sizes) {
    auto expected = data<float>(n);
    for (auto& x : expected) halve(x);
    testing::on_every_executor([&](auto const& ex) {
      auto v = data<float>(n);
      tri::for_each(ex, v, tri::simd(tri::fn<halve>));
      CHECK(same_bits(v, expected));
    });
  }
}
