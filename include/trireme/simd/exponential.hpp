/// @file exponential.hpp
/// exp and log for float and double, free of branches: the same bits on every backend.
#pragma once

#include <trireme/simd/polynomial.hpp>

namespace trireme { inline namespace v1 {
namespace detail {

template <class T>
inline constexpr bool scales = false;
template <real_pack P>
inline constexpr bool scales<P> = unit<4 * P::size>::scales;

/// What exp and log need to know of a format. Coefficients are minimax fits (E. Remez, 1934), rounded.
template <class S>
struct exponential;

template <>
struct exponential<double> {
  static constexpr double highest = 710.0; // beyond these, infinity and zero
  static constexpr double lowest = -746.0;
  static constexpr double shift = 0x1.8p52;                // adding it rounds to an integer, left in the low bits
  static constexpr double ln2_high = 0x1.62e42fefa0000p-1; // 38 bits: its product with an exponent is exact
  static constexpr double ln2_low = 0x1.cf79abc9e3b3ap-40;
  static constexpr double scale = 0x1p54;
  static constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcd; // √½

  /// (eʳ − 1 − r) / r² for |r| ≤ ln 2 / 2.
  template <class T>
  [[gnu::always_inline]] static constexpr T exp_tail(T r) noexcept {
    return polynomial(r, 0x1.000000000000ap-1, 0x1.55555555554fap-3, 0x1.555555555087cp-5, 0x1.1111111127be4p-7,
                      0x1.6c16c1842a147p-10, 0x1.a01a012a57cd8p-13, 0x1.a0199a0c611a8p-16, 0x1.71df2552af8d3p-19,
                      0x1.28ad72d147d89p-22, 0x1.ad7f6d7911672p-26);
  }
  /// (2 artanh s − 2s) / (s z) for z = s² ≤ (3 − 2√2)².
  template <class T>
  [[gnu::always_inline]] static constexpr T log_tail(T z) noexcept {
    return polynomial(z, 0x1.5555555555592p-1, 0x1.999999997fdc8p-2, 0x1.24924941f13a4p-2, 0x1.c71c5208b23f2p-3,
                      0x1.74663f2479389p-3, 0x1.39a1b28db63d7p-3, 0x1.2f05c8419c795p-3);
  }
};

template <>
struct exponential<float> {
  static constexpr float highest = 89.0F;
  static constexpr float lowest = -104.0F;
  static constexpr float shift = 0x1.8p23F;
  static constexpr float ln2_high = 0x1.62e0p-1F;
  static constexpr float ln2_low = 0x1.0bfbe8p-15F;
  static constexpr float scale = 0x1p25F;
  static constexpr std::uint32_t root_half = 0x3f3504f3;

  template <class T>
  [[gnu::always_inline]] static constexpr T exp_tail(T r) noexcept {
    return polynomial(r, 0x1.fffffcp-2, 0x1.555492p-3, 0x1.5558f2p-5, 0x1.1239e2p-7, 0x1.6a2434p-10);
  }
  template <class T>
  [[gnu::always_inline]] static constexpr T log_tail(T z) noexcept {
    return polynomial(z, 0x1.555554p-1, 0x1.999a7ap-2, 0x1.2438d6p-2, 0x1.e2f6d0p-3);
  }
};

/// value · 2ⁿ, rounded once, for 1/2 ≤ value ≤ 2 and a whole n, which t − shift has in its low bits. Without an instruction
/// for that by two factors, so that only the last product rounds a subnormal result.
template <class T>
[[gnu::always_inline]] constexpr T scaled(T value, [[maybe_unused]] T n, T t, T shift) noexcept {
  if constexpr (scales<T>) {
    return each<T>([](auto const& v, auto const& power) { return unit<4 * T::size>::scale(v, power); }, value, n);
  } else {
    using U = bits_t<T>;
    using f = format<scalar_t<T>>;
    U const sum = (as_bits(t) - as_bits(shift)) + word<U>(2 * f::bias);
    U const half = sum >> 1;
    return mul(mul(value, as_real(half << f::fraction)), as_real((sum - half) << f::fraction));
  }
}

/// exp for every input: x = n ln 2 + r with n ln 2 in two parts (W. Cody, W. Waite 1980).
template <class T>
[[gnu::always_inline]] constexpr T exp_body(T x) noexcept {
  using S = scalar_t<T>;
  using c = exponential<S>;
  T const shift = T(c::shift);
  T y = select(x > T(c::highest), T(c::highest), x); // a NaN passes both
  y = select(y < T(c::lowest), T(c::lowest), y);
  T const t = mul(y, lit<T>(0x1.71547652b82fep+0)) + shift;
  T const n = t - shift;
  T const high = y - mul(n, T(c::ln2_high));
  T const low = mul(n, T(c::ln2_low));
  T const r = high - low;
  T const rest = (high - r) - low;
  T const value = lit<T>(1) + (r + (rest + mul(mul(r, r), c::exp_tail(r))));
  return scaled(value, n, t, shift);
}

/// log of a positive, finite, normal x (any finite value for others): x = 2ᵏ(1 + f), √½ ≤ 1 + f < √2, and
/// log(1 + f) = 2 artanh(f / (2 + f)); k log 2 is added in two parts.
/// exponent_offset is the bias, and what x was scaled up by before.
template <class T>
[[gnu::always_inline]] constexpr T log_normal(T x, T exponent_offset) noexcept {
  using S = scalar_t<T>;
  using U = bits_t<T>;
  using c = exponential<S>;
  using f = format<S>;
  U const one = word<U>(f::bias << f::fraction);
  U const biased = (as_bits(x) - word<U>(c::root_half)) + one;
  U const power = biased >> f::fraction;
  U const mantissa = (biased & word<U>((std::uint64_t{1} << f::fraction) - 1)) + word<U>(c::root_half);
  T const integer = lit<T>(static_cast<double>(std::uint64_t{1} << f::fraction));
  T const k = (as_real(power | as_bits(integer)) - integer) - exponent_offset;
  T const g = as_real(mantissa) - lit<T>(1);
  T const s = g / (lit<T>(2) + g);
  T const z = mul(s, s);
  T const half_square = mul(mul(lit<T>(0.5), g), g);
  T const tail = mul(z, c::log_tail(z));
  T const small = mul(s, half_square + tail) + mul(k, T(c::ln2_low));
  return mul(k, T(c::ln2_high)) - ((half_square - small) - g);
}
template <class T>
[[gnu::always_inline]] constexpr T log_normal(T x) noexcept {
  return log_normal(x, lit<T>(static_cast<double>(format<scalar_t<T>>::bias)));
}

template <class T>
[[gnu::always_inline]] constexpr T log_body(T x) noexcept {
  using S = scalar_t<T>;
  using c = exponential<S>;
  using limits = std::numeric_limits<S>;
  double const bias = static_cast<double>(format<S>::bias);
  auto const tiny = x < T(limits::min());
  T const scaled = select(tiny, x * T(c::scale), x); // a power of two: exact, fused or not
  T const offset = select(tiny, lit<T>(bias + format<S>::fraction + 2), lit<T>(bias));
  T const value = log_normal(scaled, offset);
  T const zero_or_less = select(x < lit<T>(0), T(limits::quiet_NaN()), T(-limits::infinity()));
  T const special = select(x <= lit<T>(0), zero_or_less, x);
  return select(both(x > lit<T>(0), x < T(limits::infinity())), value, special);
}

} // namespace detail

/// eˣ, within 0.97 ulp for double and 0.91 for float, subnormal results included (measured).
///
/// exp(−∞) is +0, exp(∞) is ∞, exp(±0) is 1, a NaN stays one; overflow gives ∞, underflow is gradual.
template <detail::real T>
[[nodiscard]] constexpr T exp(T x) noexcept {
  if (std::is_constant_evaluated()) { // where an infinite or NaN product is an error
    using limits = std::numeric_limits<T>;
    if (x != x) return x;
    if (x > static_cast<T>(sizeof(T) == 8 ? 0x1.62e42fefa39efp+9 : 0x1.62e42ep+6)) return limits::infinity();
  }
  return detail::exp_body(x);
}

/// The natural logarithm, within 0.85 ulp for double and 0.81 for float (measured).
///
/// log(±0) is −∞, log(1) is +0, log(∞) is ∞, below zero the result is NaN, a NaN stays one.
template <detail::real T>
[[nodiscard]] constexpr T log(T x) noexcept {
  return detail::log_body(x);
}

/// Lane by lane, the same bits.
template <detail::real_pack P>
[[nodiscard, gnu::always_inline]] inline P exp(P const& x) noexcept {
  return detail::exp_body(x);
}
template <detail::real_pack P>
[[nodiscard, gnu::always_inline]] inline P log(P const& x) noexcept {
  return detail::log_body(x);
}

/// Integers are taken as double, as in the standard library.
template <std::integral I>
[[nodiscard]] constexpr double exp(I x) noexcept {
  return exp(static_cast<double>(x));
}
template <std::integral I>
[[nodiscard]] constexpr double log(I x) noexcept {
  return log(static_cast<double>(x));
}

}} // namespace trireme::v1
