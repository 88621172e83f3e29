/// @file power.hpp
/// pow for float and double, free of branches: the same bits on every backend.
#pragma once

#include <trireme/simd/exponential.hpp>

#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace trireme { inline namespace v1 {
namespace detail {

/// high + low, where low is what rounding took from high.
template <class T>
struct two {
  T high, low;
};

/// a + b exactly, where |a| ≥ |b| or a is 0 (T. Dekker, A floating-point technique for extending the available precision,
/// 1971).
template <class T>
[[gnu::always_inline]] constexpr two<T> exact_sum(T a, T b) noexcept {
  T const sum = a + b;
  return {sum, b - (sum - a)};
}

/// a · b exactly, by halves of 26 bits (Dekker).
template <class T>
[[gnu::always_inline]] constexpr two<T> exact_product(T a, T b) noexcept {
  auto const upper = [](T x) {
    T const shifted = mul(x, lit<T>(0x1p27 + 1));
    return shifted - (shifted - x);
  };
  T const p = mul(a, b), ah = upper(a), bh = upper(b), al = a - ah, bl = b - bh;
  return {p, (((mul(ah, bh) - p) + mul(ah, bl)) + mul(al, bh)) + mul(al, bl)};
}

/// log x of a positive, finite double to about 2⁻⁶⁵ of itself: as log_normal, with 2s and 2s³/3 of the series of
/// 2 artanh s in two parts.
template <class T>
[[gnu::always_inline]] constexpr two<T> log_in_two(T x) noexcept {
  using U = bits_t<T>;
  using c = exponential<double>;
  using f = format<double>;
  auto const tiny = x < lit<T>(std::numeric_limits<double>::min());
  T const scaled = select(tiny, x * lit<T>(c::scale), x);
  U const biased = (as_bits(scaled) - word<U>(c::root_half)) + word<U>(f::bias << f::fraction);
  U const mantissa = (biased & word<U>((std::uint64_t{1} << f::fraction) - 1)) + word<U>(c::root_half);
  T const integer = lit<T>(0x1p52);
  T const k = (as_real((biased >> f::fraction) | as_bits(integer)) - integer) - select(tiny, lit<T>(1023 + 54), lit<T>(1023));

  T const g = as_real(mantissa) - lit<T>(1);
  auto const [d, d_low] = exact_sum(lit<T>(2), g);
  T const s = g / d;
  auto const [sd, sd_low] = exact_product(s, d);
  T const s_low = (((g - sd) - sd_low) - mul(s, d_low)) / d;
  auto const [z, z_rest] = exact_product(s, s);
  T const z_low = z_rest + mul(lit<T>(2), mul(s, s_low));
  auto const [u, u_rest] = exact_product(s, z);
  T const u_low = u_rest + (mul(s, z_low) + mul(s_low, z));
  T const third = lit<T>(0x1.5555555555555p-1); // of 2
  auto const [w, w_rest] = exact_product(u, third);
  T const series =
      polynomial(z, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15, 2.0 / 17, 2.0 / 19, 2.0 / 21, 2.0 / 23, 2.0 / 25);
  T const w_low = w_rest + ((mul(u, lit<T>(0x1.5555555555555p-55)) + mul(u_low, third)) + mul(mul(u, z), series));

  auto const [a, a_low] = exact_sum(mul(k, lit<T>(c::ln2_high)), mul(lit<T>(2), s));
  auto const [b, b_low] = exact_sum(a, w);
  return exact_sum(b, (a_low + b_low) + ((mul(lit<T>(2), s_low) + w_low) + mul(k, lit<T>(c::ln2_low))));
}

/// exp(x + low) as exp_body has it, |low| being at most some units in the last place of x.
template <class T>
[[gnu::always_inline]] constexpr T exp_of_two(T x, T low) noexcept {
  using c = exponential<double>;
  T const shift = lit<T>(c::shift);
  T y = select(x > lit<T>(c::highest), lit<T>(c::highest), x);
  y = select(y < lit<T>(c::lowest), lit<T>(c::lowest), y);
  T const t = mul(y, lit<T>(0x1.71547652b82fep+0)) + shift;
  T const n = t - shift;
  T const upper = y - mul(n, lit<T>(c::ln2_high));
  T const lower = mul(n, lit<T>(c::ln2_low));
  T const first = upper - lower;
  auto const [r, rest] = exact_sum(first, ((upper - first) - lower) + select(y == x, low, lit<T>(0)));
  T const value = lit<T>(1) + (r + (rest + mul(mul(r, r), c::exp_tail(r))));
  return scaled(value, n, t, shift);
}

/// x to the y, of doubles. In the range of a float (`Narrow`) log needs no second part.
template <bool Narrow, class T>
[[gnu::always_inline]] constexpr T pow_body(T x, T y) noexcept {
  using U = bits_t<T>;
  using limits = std::numeric_limits<double>;
  T const zero = lit<T>(0), one = lit<T>(1), infinite = lit<T>(limits::infinity());
  T const size = abs(x), power = abs(y);

  T result = zero;
  if constexpr (Narrow) {
    result = exp_body(mul(y, log_normal(size)));
  } else {
    auto const [high, low] = log_in_two(size);
    T const far = lit<T>(0x1p80); // beyond, any x but 1 gives zero or infinity
    T const bounded = select(power > far, select(y > zero, far, -far), y);
    auto const [p, p_rest] = exact_product(bounded, high);
    result = exp_of_two(p, p_rest + mul(bounded, low));
  }

  auto const extreme = size == zero || size == infinite || power == infinite;
  T const limit = select(size > one, select(y > zero, infinite, zero), select(y > zero, zero, infinite));
  result = select(extreme, limit, result);

  T const shifted = power + lit<T>(0x1p52); // its last bit is that of ⌊y⌉
  auto const large = power >= lit<T>(0x1p52);
  auto const whole = large || shifted - lit<T>(0x1p52) == power;
  U const last = select(large, select(power < lit<T>(0x1p53), as_bits(power), word<U>(0)), as_bits(shifted)) & word<U>(1);
  U const sign = (as_bits(x) ^ as_bits(size)) & select(whole, last << 63, word<U>(0));
  result = as_real(as_bits(result) ^ sign);

  auto const undefined = x < zero && !whole && size < infinite;
  result = select(undefined || x != x || y != y, lit<T>(limits::quiet_NaN()), result);
  return select(y == zero || x == one || (size == one && power == infinite), one, result);
}

} // namespace detail

/// x to the power y, within 1 ulp for double and 0.51 for float (measured), subnormal results included.
///
/// pow(x, ±0) and pow(1, y) are 1, even of a NaN; a negative x needs an integer y, else the result is NaN; zeros, infinities
/// and overflow as Annex F of the C standard has them.
template <detail::real T>
[[nodiscard]] constexpr T pow(T x, T y) noexcept {
  return static_cast<T>(detail::pow_body < sizeof(T) == 4 > (static_cast<double>(x), static_cast<double>(y)));
}

/// Numbers of two types are taken as the common one, an integer beside a float as float.
template <class A, class B>
  requires std::is_arithmetic_v<A> && std::is_arithmetic_v<B> && (!std::same_as<A, B> || std::integral<A>)
[[nodiscard]] constexpr auto pow(A x, B y) noexcept {
  using common = std::common_type_t<A, B>;
  using T = std::conditional_t<std::integral<common>, double, common>;
  return pow(static_cast<T>(x), static_cast<T>(y));
}

/// Lane by lane, the same bits; x or y may be a number.
template <class A, class B>
  requires detail::pack_and<A, B>
[[nodiscard, gnu::always_inline]] inline auto pow(A const& x, B const& y) noexcept {
  using P = detail::joined_t<A, B>;
  using T = detail::scalar_t<P>;
  static_assert(detail::real<T>, "trireme: pow of a pack of integers: convert it by tri::convert<double>(x)");
  return convert<T>(detail::pow_body < sizeof(T) == 4 > (convert<double>(P(x)), convert<double>(P(y))));
}

}} // namespace trireme::v1
