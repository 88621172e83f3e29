/// @file simd_samples.cpp
/// Random kernels under tri::simd: the bits of the scalar ones in monte_carlo and simulate, at sizes around all widths.
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/simd/kernel.hpp>
#include <trireme/simd/math.hpp>

#include "everywhere.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::same_bits;

namespace {

inline constexpr auto in_circle = [](auto& rng) {
  auto const x = rng.uniform();
  auto const y = rng.uniform();
  return tri::select(x * x + y * y < 1, 4.0, 0.0);
};
inline constexpr auto option = [](auto& rng) { return tri::max(tri::exp(rng.normal()) - 1, 0); };
inline constexpr auto moments = [](auto& rng) {
  auto const z = rng.normal_pair();
  return std::array{z[0], z[0] * z[1], z[1] * z[1]};
};
inline constexpr auto die = [](auto& rng) { return rng.index(6) + 1; };
inline constexpr auto far_index = [](auto& rng) {
  auto const u = rng.uniform();
  return tri::convert<double>(rng.index(std::uint64_t{3} << 30)) + tri::convert<double>(u);
};
inline constexpr auto heads = [](auto& rng) { return rng.uniform() < 0.5F; };
inline constexpr auto three = [](auto& rng) { // in lines of their own: C++ leaves open in which order operands are called
  auto const a = rng.uniform();
  auto const b = rng.uniform();
  return a + b * rng.uniform();
};
template <int Steps>
inline constexpr auto walk = [](auto& rng) {
  auto sum = rng.normal();
  for (int k = 1; k < Steps; ++k) sum += rng.uniform();
  return sum;
};

auto const sizes = testing::sizes(0, 1, 31, 32, 33, 63, 64, 65, 4095, 4096, 4097, 20'000, 100'003);

/// simulate's values, one by one from the scalar generators.
template <class Real, class F>
auto by_definition(std::size_t n, std::uint64_t seed, F f) {
  using sampler = tri::detail::sampler<Real, F>;
  std::vector<tri::detail::stored_t<typename sampler::value_type>> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(sampler{seed, f}.cursor()(i));
  return out;
}

/// On threads, or everywhere.
template <class Real, bool Everywhere = false, class Plain, class Simd>
void check_samples(Plain plain, Simd simd, std::size_t most = 1'000'000) {
  for (std::size_t const n : sizes) {
    if (n > most) continue;
    auto const expected = by_definition<Real>(n, 11, plain);
    auto const check = [&](auto const& ex) {
      CHECK(same_bits(tri::simulate<Real>(ex, n, plain, {.seed = 11}), expected));
      CHECK(same_bits(tri::simulate<Real>(ex, n, simd, {.seed = 11}), expected));
      using value = typename tri::detail::sampler<Real, Plain>::value_type;
      if constexpr (std::is_arithmetic_v<value>) {
        if (n > 0)
          CHECK(same_bits(tri::monte_carlo<Real>(ex, n, simd, {.seed = 11}),
                          tri::monte_carlo<Real>(tri::inline_executor{}, n, plain, {.seed = 11})));
      } else if (n > 0) {
        auto const a = tri::monte_carlo<Real>(ex, n, simd, {.seed = 11}),
                   b = tri::monte_carlo<Real>(tri::inline_executor{}, n, plain, {.seed = 11});
        for (std::size_t k = 0; k < a.size(); ++k) CHECK(same_bits(a[k], b[k]));
      }
    };
    if constexpr (Everywhere)
      testing::on_every_executor(check);
    else
      check(testing::three_threads());
  }
}

} // namespace

TEST_CASE("simd: samples of draws, either order of nesting", "[simd]") {
  check_samples<double, true>(tri::draws<2>(tri::fn<in_circle>), tri::simd(tri::draws<2>(tri::fn<in_circle>)));
  check_samples<float>(tri::draws<2>(tri::fn<in_circle>), tri::draws<2>(tri::simd(tri::fn<in_circle>)));
  check_samples<double>(tri::draws<1>(tri::fn<option>), tri::simd(tri::draws<1>(tri::fn<option>)));
  check_samples<float>(tri::draws<3>(tri::fn<three>), tri::simd(tri::draws<3>(tri::fn<three>)));
  check_samples<double>(tri::draws<2>(tri::fn<moments>), tri::simd(tri::draws<2>(tri::fn<moments>)));
  check_samples<float>(tri::draws<2>(tri::fn<die>), tri::simd(tri::draws<2>(tri::fn<die>)));
  check_samples<float>(tri::draws<3>(tri::fn<far_index>), tri::simd(tri::draws<3>(tri::fn<far_index>)));
  check_samples<double>(tri::draws<2>(tri::fn<far_index>), tri::simd(tri::draws<2>(tri::fn<far_index>)));
  check_samples<float>(tri::draws<1>(tri::fn<heads>), tri::simd(tri::draws<1>(tri::fn<heads>)));
}

TEST_CASE("simd: samples without draws", "[simd]") {
  check_samples<float, true>(tri::fn<three>, tri::simd(tri::fn<three>));
  check_samples<double>(tri::fn<moments>, tri::simd(tri::fn<moments>));
  check_samples<float>(tri::fn<far_index>, tri::simd(tri::fn<far_index>));
}

TEST_CASE("simd: long samples, within the room for words and beyond it", "[simd]") {
  check_samples<double>(tri::fn<walk<30>>, tri::simd(tri::fn<walk<30>>), 5000);
  check_samples<float>(tri::draws<37>(tri::fn<walk<37>>), tri::simd(tri::draws<37>(tri::fn<walk<37>>)), 5000);
  check_samples<float>(tri::draws<701>(tri::fn<walk<701>>), tri::simd(tri::draws<701>(tri::fn<walk<701>>)), 100);
  check_samples<double>(tri::fn<walk<301>>, tri::simd(tri::fn<walk<301>>), 100);
}

TEST_CASE("simd: samples too large to be stored", "[simd]") {
  auto const wide = [](auto& rng) {
    auto const x = rng.uniform();
    std::array<std::remove_const_t<decltype(x)>, 600> values;
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = x * static_cast<int>(k);
    return values;
  };
  tri::inline_executor const here;
  for (std::size_t const n : testing::sizes(1, 33, 5000)) {
    auto const packs = tri::monte_carlo(here, n, tri::simd(tri::draws<1>(wide))),
               plain = tri::monte_carlo(here, n, tri::draws<1>(wide));
    for (std::size_t k = 0; k < 600; k += 599) CHECK(same_bits(packs[k], plain[k]));
  }
}

TEST_CASE("simd: more draws than promised", "[simd]") {
  testing::on_every_executor([](auto const& ex) {
    CHECK_THROWS_AS(tri::monte_carlo(ex, 5000, tri::simd(tri::draws<2>(tri::fn<three>))), std::logic_error);
    CHECK_THROWS_AS(tri::simulate<float>(ex, 64, tri::draws<1>(tri::fn<die>)), std::logic_error); // index is two calls
    CHECK_THROWS_AS(tri::simulate<float>(ex, 64, tri::simd(tri::draws<1>(tri::fn<die>))), std::logic_error);
    CHECK_THROWS_AS(tri::simulate<float>(ex, 64, tri::simd(tri::draws<700>(tri::fn<walk<701>>))), std::logic_error);
  });
}
