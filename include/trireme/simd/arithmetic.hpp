/// @file arithmetic.hpp
/// The operations that the mathematical functions are written in, for numbers: a product that is never fused, bit
/// patterns, select, min, max, abs and sqrt. lanes.hpp has the same for packs.
#pragma once

#include <trireme/core/float_model.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {
namespace detail {

/// float or double: what a kernel may compute in.
template <class T>
concept real = std::same_as<T, float> || std::same_as<T, double>;

/// The element type of a value: itself for a scalar; a pack specialises this.
template <class T>
struct scalar_of {
  using type = T;
};
template <class T>
using scalar_t = typename scalar_of<T>::type;

/// The numbers of a binary format that bit tricks need.
template <class T>
struct format;
template <>
struct format<float> {
  using bits = std::uint32_t;
  static constexpr int fraction = 23;
  static constexpr bits bias = 127;
};
template <>
struct format<double> {
  using bits = std::uint64_t;
  static constexpr int fraction = 52;
  static constexpr bits bias = 1023;
};

/// Keeps a product, or a vector of them, from being fused with the addition behind it.
template <class T>
[[gnu::always_inline]] constexpr void keep_product([[maybe_unused]] T& product) noexcept {
#if defined(__GNUC__) && !defined(__clang__) && defined(__FP_FAST_FMA)
#if defined(__x86_64__)
  asm("" : "+v"(product));
#elif defined(__aarch64__)
  asm("" : "+w"(product));
#else
  asm("" : "+m"(product));
#endif
#endif
}

/// a · b, rounded once: a product that no compiler fuses into an addition that follows.
///
/// Every product of the library that may be inexact and may meet an addition goes through here, so that its
/// bits do not depend on -march or -ffp-contract. g++ contracts across statements wherever the hardware has
/// fma, and its vectoriser drops __builtin_assoc_barrier; an empty asm is what holds. clang contracts inside
/// one expression only (unless told -ffp-contract=fast, which nothing but an asm withstands), so there the
/// function is enough.
template <real T>
[[gnu::always_inline]] constexpr T mul(T a, T b) noexcept {
  if (std::is_constant_evaluated()) return a * b;
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof(T) == 8)
    return __dmul_rn(a, b);
  else
    return __fmul_rn(a, b);
#else
  T product = a * b;
  keep_product(product);
  return product;
#endif
}

[[gnu::always_inline]] constexpr std::uint32_t as_bits(float x) noexcept { return std::bit_cast<std::uint32_t>(x); }
[[gnu::always_inline]] constexpr std::uint64_t as_bits(double x) noexcept { return std::bit_cast<std::uint64_t>(x); }
[[gnu::always_inline]] constexpr float as_real(std::uint32_t u) noexcept { return std::bit_cast<float>(u); }
[[gnu::always_inline]] constexpr double as_real(std::uint64_t u) noexcept { return std::bit_cast<double>(u); }

/// The lanes' bit patterns as a type: unsigned integers as wide as T's elements.
template <class T>
struct bits_of {
  using type = typename format<T>::bits;
};
template <class T>
using bits_t = typename bits_of<T>::type;

/// u < 2^31 as a float, rounded to nearest. (As a signed integer: that conversion every vector unit has.)
[[gnu::always_inline]] constexpr float to_real(std::uint32_t u) noexcept {
  return static_cast<float>(static_cast<std::int32_t>(u));
}

[[gnu::always_inline]] constexpr bool any(bool mask) noexcept { return mask; }
[[gnu::always_inline]] constexpr bool both(bool a, bool b) noexcept { return a && b; }

/// The constant v in every lane of a T.
template <class T>
[[gnu::always_inline]] constexpr T lit(double v) noexcept {
  return T(static_cast<scalar_t<T>>(v));
}
template <class U>
[[gnu::always_inline]] constexpr U word(std::uint64_t v) noexcept {
  return U(static_cast<scalar_t<U>>(v));
}

/// The correctly rounded root, digit by digit, for compilers whose own is not constexpr.
constexpr double digit_sqrt(double x) noexcept {
  if (!(x > 0) || x == std::numeric_limits<double>::infinity()) return x < 0 ? std::numeric_limits<double>::quiet_NaN() : x;
  std::uint64_t const bits = as_bits(x);
  std::uint64_t mantissa = bits & 0x000fffffffffffff;
  int exponent = static_cast<int>(bits >> 52);
  if (exponent == 0) {
    int const shift = std::countl_zero(mantissa) - 11;
    mantissa <<= shift;
    exponent = 1 - shift;
  } else {
    mantissa |= std::uint64_t{1} << 52;
  }
  exponent -= 1075;
  if ((exponent & 1) != 0) {
    mantissa <<= 1;
    --exponent;
  }
  std::uint64_t root = 0;
  std::uint64_t rest = 0;
  for (int i = 26; i >= -27; --i) { // pairs of bits of mantissa · 2^54
    std::uint64_t const pair = i >= 0 ? (mantissa >> (2 * i)) & 3 : 0;
    rest = (rest << 2) | pair;
    std::uint64_t const trial = (root << 2) | 1;
    root <<= 1;
    if (rest >= trial) {
      rest -= trial;
      root |= 1;
    }
  }
  std::uint64_t const rounded = (root + 1) >> 1; // never a tie: an odd root has an odd square
  int const power = (exponent - 54) / 2 + 1 + 52;
  return as_real((static_cast<std::uint64_t>(power + 1023) << 52) + (rounded - (std::uint64_t{1} << 52)));
}

template <class A, class B>
concept comparable = std::is_arithmetic_v<A> && std::is_arithmetic_v<B> &&
                     (std::same_as<A, B> || std::floating_point<A> || std::floating_point<B>);

} // namespace detail

/// `condition ? a : b`, with both sides evaluated: what takes the place of an `if` in a kernel for packs.
/// @return the common type of a and b.
template <class A, class B>
[[nodiscard]] constexpr std::common_type_t<A, B> select(bool condition, A const& a, B const& b) {
  return condition ? static_cast<std::common_type_t<A, B>>(a) : static_cast<std::common_type_t<A, B>>(b);
}

/// The smaller one, exactly `b < a ? b : a`: a where they are equal (so min(+0, −0) is +0) or either is a
/// NaN. That is, a NaN in a is returned and one in b ignored, on every backend. Integers must be of one type.
template <class A, class B>
  requires detail::comparable<A, B>
[[nodiscard]] constexpr std::common_type_t<A, B> min(A a, B b) noexcept {
  auto const x = static_cast<std::common_type_t<A, B>>(a);
  auto const y = static_cast<std::common_type_t<A, B>>(b);
  return y < x ? y : x;
}

/// The larger one, exactly `a < b ? b : a`: a where they are equal or either is a NaN, as for min.
template <class A, class B>
  requires detail::comparable<A, B>
[[nodiscard]] constexpr std::common_type_t<A, B> max(A a, B b) noexcept {
  auto const x = static_cast<std::common_type_t<A, B>>(a);
  auto const y = static_cast<std::common_type_t<A, B>>(b);
  return x < y ? y : x;
}

/// |x|: the sign bit cleared, for zeros and NaNs too. An integer keeps its type; the most negative one has no
/// absolute value there (undefined, as for std::abs).
template <class T>
  requires detail::real<T> || std::integral<T>
[[nodiscard]] constexpr T abs(T x) noexcept {
  if constexpr (detail::real<T>)
    return detail::as_real((detail::as_bits(x) << 1) >> 1);
  else if constexpr (std::unsigned_integral<T>)
    return x;
  else
    return x < 0 ? static_cast<T>(-x) : x;
}

/// √x, correctly rounded. sqrt(−0) is −0; below zero, NaN.
template <detail::real T>
[[nodiscard]] constexpr T sqrt(T x) noexcept {
  // For a float the root of the double, rounded again, is still the correctly rounded one: 53 ≥ 2 · 24 + 2.
  if (std::is_constant_evaluated()) return static_cast<T>(detail::digit_sqrt(static_cast<double>(x)));
#if defined(__CUDA_ARCH__)
  if constexpr (sizeof(T) == 8)
    return __dsqrt_rn(x);
  else
    return __fsqrt_rn(x);
#else
  if constexpr (sizeof(T) == 8)
    return __builtin_sqrt(x);
  else
    return __builtin_sqrtf(x);
#endif
}

/// Integers are taken as double, as in the standard library.
template <std::integral I>
[[nodiscard]] constexpr double sqrt(I x) noexcept {
  return sqrt(static_cast<double>(x));
}

}} // namespace trireme::v1
