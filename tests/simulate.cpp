/// @file simulate.cpp
/// simulate: the sampled values, each of which can be had from its index alone.
#include <trireme/algorithm/simulate.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/random/philox.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::same_bits;

namespace {

inline constexpr auto uniform_of = [](auto& rng) { return rng.uniform(); };
inline constexpr auto three = [](auto& rng) {
  auto const a = rng.uniform(), b = rng.uniform();
  return std::array{a, b, rng.uniform()};
};
inline constexpr auto first_of_three = [](auto& rng) { return rng.uniform(); };
inline constexpr auto coin = [](auto& rng) { return rng.uniform() < 0.5; };

std::array<std::uint32_t, 4> block(std::uint64_t seed, std::uint64_t subsequence, std::uint64_t number) {
  auto const low = [](std::uint64_t x) { return static_cast<std::uint32_t>(x); };
  auto const high = [](std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); };
  return tri::philox4x32({low(number), high(number), low(subsequence), high(subsequence)}, {low(seed), high(seed)});
}
double to_double(std::uint32_t first, std::uint32_t second) {
  std::uint64_t const w = std::uint64_t{first} << 32 | second;
  return std::ldexp(static_cast<double>(w >> 12), -52);
}
float to_float(std::uint32_t w) { return std::ldexp(static_cast<float>(w >> 8), -24); }

/// Word w of sample i of a draws kernel with n words per sample, by the words of the design.
std::uint32_t shared_word(std::uint64_t seed, std::uint64_t n, std::uint64_t i, std::uint64_t w) {
  std::uint64_t const q = n * (i / 32) + w;
  return block(seed, 0, 32 * (q / 4) + i % 32)[q % 4];
}

} // namespace

TEST_CASE("simulate: a plain kernel's sample i reads subsequence i") {
  tri::thread_pool const pool(3);
  std::uint64_t const seed = 0x0123456789abcdefu;
  auto const doubles = tri::simulate(pool, 5000, tri::fn<three>, {.seed = seed});
  auto const floats = tri::simulate<float>(pool, 5000, tri::fn<three>, {.seed = seed});
  STATIC_REQUIRE(std::is_same_v<decltype(floats), std::vector<std::array<float, 3>> const>);
  for (std::size_t i = 0; i < 5000; ++i) {
    auto const a = block(seed, i, 0), b = block(seed, i, 1);
    REQUIRE(same_bits(doubles[i], std::array{to_double(a[0], a[1]), to_double(a[2], a[3]), to_double(b[0], b[1])}));
    REQUIRE(same_bits(floats[i], std::array{to_float(a[0]), to_float(a[1]), to_float(a[2])}));
  }
}

TEST_CASE("simulate: the layout of draws") {
  tri::thread_pool const pool(3);
  std::uint64_t const seed = 99;
  auto const doubles = tri::simulate(pool, 5000, tri::draws<3>(tri::fn<three>), {.seed = seed});
  auto const floats = tri::simulate<float>(pool, 5000, tri::draws<3>(tri::fn<three>), {.seed = seed});
  auto const wide = tri::simulate<float>(pool, 5000, tri::draws<7>(tri::fn<three>), {.seed = seed});
  for (std::size_t i = 0; i < 5000; ++i)
    for (std::size_t k = 0; k < 3; ++k) {
      REQUIRE(same_bits(doubles[i][k], to_double(shared_word(seed, 6, i, 2 * k), shared_word(seed, 6, i, 2 * k + 1))));
      REQUIRE(same_bits(floats[i][k], to_float(shared_word(seed, 3, i, k))));
      REQUIRE(same_bits(wide[i][k], to_float(shared_word(seed, 7, i, k))));
    }
  // What a sample draws does not depend on how much the samples before it drew.
  auto const firsts = tri::simulate(pool, 5000, tri::draws<3>(tri::fn<first_of_three>), {.seed = seed});
  for (std::size_t i = 0; i < 5000; ++i) REQUIRE(same_bits(firsts[i], doubles[i][0]));
}

TEST_CASE("simulate: fewer samples are the first of more") {
  tri::thread_pool const pool(3);
  auto const many = tri::simulate(pool, 10'000, tri::draws<1>(tri::fn<uniform_of>), {.seed = 1});
  auto const few = tri::simulate(pool, 4097, tri::draws<1>(tri::fn<uniform_of>), {.seed = 1});
  CHECK(same_bits(few, std::vector(many.begin(), many.begin() + 4097)));
}

TEST_CASE("simulate: results of every type, and where they go") {
  tri::thread_pool const pool(3);
  auto const flips = tri::simulate(pool, 10'000, tri::fn<coin>);
  STATIC_REQUIRE(std::is_same_v<decltype(flips), std::vector<std::uint8_t> const>);
  int heads = 0;
  for (auto const f : flips) heads += f;
  CHECK(std::abs(heads - 5000) < 5 * 50);
  auto const words = tri::simulate(pool, 100, [](auto& rng) { return std::to_string(rng.uniform()); });
  CHECK(words[7] == std::to_string(tri::simulate(pool, 100, tri::fn<uniform_of>)[7]));
  auto const moved = tri::simulate(pool, 100, [](auto& rng) { return testing::move_only(static_cast<int>(rng.index(10))); });
  CHECK(moved.size() == 100);
  CHECK(tri::simulate(pool, 0, tri::fn<uniform_of>).empty());

  std::vector<double> place(100);
  tri::simulate(pool, 100, tri::fn<uniform_of>, tri::into(place), {.seed = 3});
  CHECK(same_bits(place, tri::simulate(tri::inline_executor{}, 100, tri::fn<uniform_of>, {.seed = 3})));
  testing::far_executor const far;
  tri::buffer<double, testing::far_executor> b(far, 100);
  tri::simulate(far, 100, tri::fn<uniform_of>, tri::into(b), {.seed = 3});
  CHECK(same_bits(b.to_host(), place));
}

TEST_CASE("simulate: errors") {
  tri::thread_pool const pool(3);
  std::vector<double> place(99);
  CHECK_THROWS_MATCHES(tri::simulate(pool, -1, tri::fn<uniform_of>), std::invalid_argument,
                       testing::message_contains("samples must not be negative, but is -1"));
  CHECK_THROWS_MATCHES(tri::simulate(pool, 100, tri::fn<uniform_of>, tri::into(place)), std::invalid_argument,
                       testing::message_contains("99 elements, where 100 are needed"));
  std::atomic<int> calls = 0;
  std::stop_source stop;
  CHECK_THROWS_AS(tri::simulate(pool, 10'000'000,
                                [&](auto& rng) {
                                  if (++calls == 100) stop.request_stop();
                                  return rng.uniform();
                                },
                                {.seed = 0, .stop = stop.get_token()}),
                  tri::cancelled);
  CHECK(calls < 10'000'000);
  CHECK_THROWS_AS(tri::simulate(pool, 1000, [](auto& rng) { return rng.uniform() > 0.99 ? throw 5 : 1; }), int);
}

TEST_CASE("simulate: progress, and a stop from there") {
  auto const check = [](auto const& ex) {
    std::vector<tri::progress> seen;
    auto const note = [&](tri::progress p) { seen.push_back(p); };
    auto const plain = tri::simulate(ex, 100'000, tri::draws<1>(tri::fn<uniform_of>), {.seed = 4});
    auto const watched = tri::simulate(ex, 100'000, tri::draws<1>(tri::fn<uniform_of>), {.seed = 4, .progress = note});
    CHECK(same_bits(plain, watched));
    REQUIRE(!seen.empty());
    for (std::size_t i = 1; i < seen.size(); ++i) CHECK(seen[i - 1].done < seen[i].done);
    CHECK(seen.front().total == 100'000);
    CHECK(seen.back().done == 100'000);
    std::stop_source stop;
    auto const end_it = [&](tri::progress) { stop.request_stop(); };
    CHECK_THROWS_AS(tri::simulate(ex, 100'000, tri::fn<uniform_of>, {.seed = 0, .progress = end_it, .stop = stop.get_token()}),
                    tri::cancelled);
    CHECK_THROWS_WITH(tri::simulate(ex, 10, tri::fn<uniform_of>,
                                    {.seed = 0, .progress = [](tri::progress) { throw std::runtime_error("enough"); }}),
                      testing::contains("enough"));
    CHECK(tri::simulate(ex, 0, tri::fn<uniform_of>, {.seed = 0, .progress = note}).empty());
  };
  check(tri::inline_executor{});
  check(tri::thread_pool(3));
  check(testing::far_executor{});
}
