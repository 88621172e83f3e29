/// @file kernels.hpp
/// Portable kernels for tests, of every kind that the design's table has.
#pragma once
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>

namespace testing {

inline constexpr auto polynomial_of = [](double x) { return (x * 1.25 - 0.5) * x + 0.125; };
inline constexpr auto is_positive = [](double x) { return x > 0; };
inline constexpr auto blend = [](double& x) { x = x * 0.75 + 0.25; };
inline constexpr auto store_index = [](std::span<double> out, double scale, std::size_t i) {
  out[i] = static_cast<double>(i) * scale;
};
inline constexpr auto store_element = [](double const* from, double* to, double const& x) { to[&x - from] = x + x; };
inline constexpr auto axpy = [](double a, double x, double y) { return a * x + y; };
inline constexpr auto difference = [](double x, float y) { return x - static_cast<double>(y); };
inline constexpr auto square_of = [](double x) { return x * x; };
inline constexpr auto ignores_it = [](std::size_t) {};
inline constexpr auto fails_at = [](std::size_t bad, std::size_t i) {
  if (i == bad) throw std::out_of_range("the kernel threw at " + std::to_string(i));
};
inline constexpr auto fails_at_element = [](double bad, double x) {
  if (x == bad) throw std::domain_error("the kernel threw at an element");
  return x;
};

/// Neither associative nor commutative: its result tells the order in which everything met.
struct order_of {
  constexpr std::uint64_t operator()(std::uint64_t a, std::uint64_t b) const {
    a = (a ^ (b * 0x9e3779b97f4a7c15u)) + (b >> 7);
    return (a ^ (a >> 29)) * 0xbf58476d1ce4e5b9u + 1;
  }
};
/// A sum without a default value.
struct boxed {
  explicit boxed(double x) : value(x) {}
  double value;
};
struct add_boxed {
  boxed operator()(boxed a, boxed b) const { return boxed(a.value + b.value); }
};
struct times_plus {
  double times, plus;
  constexpr double operator()(double x) const { return x * times + plus; }
};

struct keyed {
  std::int32_t key;
  std::uint32_t place;
};
inline constexpr auto by_key = [](keyed a, keyed b) { return a.key < b.key; };

/// Ordered by < as its members are, so that < does not order it where its value is a NaN.
struct measured {
  double value;
  std::uint64_t place;
  friend constexpr auto operator<=>(measured const&, measured const&) = default;
  friend constexpr bool operator==(measured const&, measured const&) = default; // nvcc 13 leaves an implied one undefined
};
inline constexpr auto by_value = [](measured a, measured b) { return a.value < b.value; };
/// No order at all.
inline constexpr auto by_chance = [](measured a, measured b) { return ((a.place * 7919 + b.place * 104'729) >> 3) % 3 == 0; };

inline constexpr auto in_circle = [](auto& rng) {
  auto const x = rng.uniform();
  auto const y = rng.uniform();
  return x * x + y * y < 1 ? 4.0 : 0.0;
};
inline constexpr auto path = [](auto& rng) {
  auto x = rng.normal();
  if (x < 0) x = x * rng.uniform() + static_cast<decltype(x)>(rng.index(10));
  return x;
};
inline constexpr auto two_values = [](auto& rng) {
  auto const z = rng.normal_pair();
  return std::array{z[0] * z[1], z[0] + z[1]};
};
/// Of two numbers, whose squares may leave the range of double at either end.
inline constexpr auto far_apart = [](double a, double b, auto& rng) {
  auto const u = rng.uniform(), v = rng.uniform();
  return std::array{u < 0.75 ? a * u : -u, b * v};
};
inline constexpr auto shifted = [](double a, auto& rng) { return a + rng.uniform(); };
inline constexpr auto die = [](auto& rng) { return static_cast<int>(rng.index(6)) + 1; };

} // namespace testing
