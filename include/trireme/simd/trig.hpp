/// @file trig.hpp
/// sin, cos and both at once for float and double: the same bits on every backend.
#pragma once

#include <trireme/simd/polynomial.hpp>

namespace trireme { inline namespace v1 {

/// What sincos returns: auto [s, c] = tri::sincos(x).
template <class T>
struct sin_cos {
  T sin;
  T cos;
};

namespace detail {

__extension__ typedef unsigned __int128 uint128;

/// The angle high + low, at most π/4 and a little, that is quadrant · π/2 away from the argument.
template <class T>
struct reduced {
  T high;
  T low;
  bits_t<T> quadrant;
};

/// Coefficients are minimax fits (E. Remez, 1934), rounded; π/2 is cut into parts whose products with n are
/// exact.
template <class S>
struct circle;

template <>
struct circle<double> {
  static constexpr double farthest = 1e5;

  /// (sin r − r) / r³ in z = r².
  template <class T>
  [[gnu::always_inline]] static constexpr T sin_tail(T z) noexcept {
    return polynomial(z, -0x1.5555555555549p-3, 0x1.111111110f879p-7, -0x1.a01a019c116fap-13, 0x1.71de35778d734p-19,
                      -0x1.ae5e66172ced8p-26, 0x1.5d92f5f2cc37ap-33);
  }
  /// (cos r − 1 + z/2) / z².
  template <class T>
  [[gnu::always_inline]] static constexpr T cos_tail(T z) noexcept {
    return polynomial(z, 0x1.555555555554cp-5, -0x1.6c16c16c15181p-10, 0x1.a01a019cb1fe5p-16, -0x1.27e4f80a1429bp-22,
                      0x1.1ee9ebfb5724fp-29, -0x1.8faea35474273p-37);
  }

  /// Cody and Waite in three parts: 35 bits, 35 bits and the rest; n takes 16.
  template <class T>
  [[gnu::always_inline]] static constexpr reduced<T> reduce(T x) noexcept {
    T const shift = lit<T>(0x1.8p52);
    T const t = mul(x, lit<T>(0x1.45f306dc9c883p-1)) + shift;
    T const n = t - shift;
    T const first = x - mul(n, lit<T>(0x1.921fb5444p+0));
    T const second = mul(n, lit<T>(0x1.68c234c4cp-39));
    T const high = first - second;
    T const low = ((first - high) - second) - mul(n, lit<T>(0x1.98a2e03707345p-77));
    return {high, low, as_bits(t)};
  }
};

template <>
struct circle<float> {
  static constexpr float farthest = 1e5F;

  template <class T>
  [[gnu::always_inline]] static constexpr T sin_tail(T z) noexcept {
    return polynomial(z, -0x1.555556p-3, 0x1.111108p-7, -0x1.a00f44p-13, 0x1.6cc2eep-19);
  }
  template <class T>
  [[gnu::always_inline]] static constexpr T cos_tail(T z) noexcept {
    return polynomial(z, 0x1.55554ap-5, -0x1.6c0c34p-10, 0x1.99e840p-16);
  }

  /// n is cut in two bytes and π/2 in parts of at most 16 bits, so that all their products are exact; a float
  /// can come within 2⁻²⁸ of a multiple of π/2 (252.898208), and what is left there needs all of the parts.
  template <class T>
  [[gnu::always_inline]] static constexpr reduced<T> reduce(T x) noexcept {
    using U = bits_t<T>;
    T const shift = lit<T>(0x1.8p23);
    T const t = mul(x, lit<T>(0x1.45f306p-1)) + shift;
    T const coarse = as_real(as_bits(t) & word<U>(0xffffff00)) - shift;
    T const n = t - shift;
    T const fine = n - coarse;
    T const p1 = lit<T>(0x1.921ep+0);
    T const p2 = lit<T>(0x1.b544p-16);
    T const p3 = lit<T>(0x1.0b46p-34);
    T const first = ((x - mul(coarse, p1)) - mul(fine, p1)) - mul(coarse, p2);
    T const second = mul(fine, p2);
    T const a = first - second;
    T const a_rest = (first - a) - second;
    T const third = mul(coarse, p3);
    T const b = a - third;
    T const b_rest = (a - b) - third;
    T const fourth = mul(fine, p3);
    T const high = b - fourth;
    T const rest = ((b - high) - fourth) + (a_rest + b_rest);
    return {high, rest - mul(n, lit<T>(0x1.1a6264p-54)), as_bits(t)};
  }
};

/// The reduction of any finite x ≥ 1 in integers (M. Payne, R. Hanek 1983): 192 bits of 2/π, from the first
/// that still tells in the product modulo 4, times the mantissa of x. Slower, and exact to 2⁻⁶² of the
/// result.
template <real T>
constexpr reduced<T> reduce_far(T value) noexcept {
  constexpr std::uint64_t two_over_pi[20] = {0,
                                             0xa2f9836e4e441529,
                                             0xfc2757d1f534ddc0,
                                             0xdb6295993c439041,
                                             0xfe5163abdebbc561,
                                             0xb7246e3a424dd2e0,
                                             0x06492eea09d1921c,
                                             0xfe1deb1cb129a73e,
                                             0xe88235f52ebb4484,
                                             0xe99c7026b45f7e41,
                                             0x3991d639835339f4,
                                             0x9c845f8bbdf9283b,
                                             0x1ff897ffde05980f,
                                             0xef2f118b5a0a6d1f,
                                             0x6d367ecf27cb09b7,
                                             0x4f463f669e5fea2d,
                                             0x7527bac7ebe5f17b,
                                             0x3d0739f78a5292ea,
                                             0x6bfb5fb11f8d5d08,
                                             0x56033046fc7b6bab};
  std::uint64_t const x = as_bits(static_cast<double>(value));
  std::uint64_t const mantissa = (x & 0x000fffffffffffff) | 0x0010000000000000;
  auto const start = static_cast<std::uint32_t>((x >> 52) - 1075 - 2 + 64);
  std::uint32_t const i = start / 64;
  std::uint32_t const s = start % 64;
  auto const window = [&](std::uint32_t j) {
    return s == 0 ? two_over_pi[i + j] : (two_over_pi[i + j] << s) | (two_over_pi[i + j + 1] >> (64 - s));
  };
  uint128 const p0 = static_cast<uint128>(mantissa) * window(2);
  uint128 const p1 = static_cast<uint128>(mantissa) * window(1) + (p0 >> 64);
  std::uint64_t const p2 = mantissa * window(0) + static_cast<std::uint64_t>(p1 >> 64);
  auto const middle = static_cast<std::uint64_t>(p1);
  std::uint64_t quadrant = p2 >> 62;
  uint128 fraction =
      (static_cast<uint128>((p2 << 2) | (middle >> 62)) << 64) | ((middle << 2) | (static_cast<std::uint64_t>(p0) >> 62));
  bool const negative = (p2 >> 61 & 1) != 0;
  if (negative) {
    fraction = ~fraction + 1;
    ++quadrant;
  }
  int zeros = 0;
  while ((fraction >> 127) == 0 && zeros < 64) {
    fraction <<= 1;
    ++zeros;
  }
  auto const angle =
      static_cast<std::uint64_t>((static_cast<uint128>(static_cast<std::uint64_t>(fraction >> 64)) * 0xc90fdaa22168c234) >> 64);
  constexpr int low_bits = 64 - (format<T>::fraction + 1);
  std::uint64_t const low = angle & ((std::uint64_t{1} << low_bits) - 1);
  double const unit = as_real(static_cast<std::uint64_t>(1023 - 63 - zeros) << 52);
  double const sign = negative ? -unit : unit;
  return {static_cast<T>(static_cast<double>(angle - low) * sign), static_cast<T>(static_cast<double>(low) * sign),
          static_cast<bits_t<T>>(quadrant)};
}

/// x, at least 0, brought near zero. `x <= farthest` decides; a pack overloads this last step, lane by lane.
template <real T>
[[gnu::always_inline]] constexpr reduced<T> replace_far(T x, bool near, reduced<T> const& r) noexcept {
  if (near) [[likely]]
    return r;
  if (!(x <= std::numeric_limits<T>::max())) return {std::numeric_limits<T>::quiet_NaN(), 0, 0};
  return reduce_far(x);
}

/// Rare in a pack, and then lane by lane; in a function of its own, to keep it out of the way.
template <real_pack P>
[[gnu::noinline, gnu::cold]] void replace_far_lanes(P const& x, reduced<P>& r) noexcept {
  using T = scalar_t<P>;
  constexpr std::size_t n = P::size;
  T from[n], high[n], low[n];
  bits_t<T> quadrant[n];
  x.store(from);
  r.high.store(high);
  r.low.store(low);
  r.quadrant.store(quadrant);
  for (std::size_t i = 0; i < n; ++i) {
    if (from[i] <= circle<T>::farthest) continue;
    reduced<T> const far = replace_far(from[i], false, reduced<T>{});
    high[i] = far.high;
    low[i] = far.low;
    quadrant[i] = far.quadrant;
  }
  r = {P::load(high), P::load(low), bits_t<P>::load(quadrant)};
}
template <real_pack P, class M>
[[gnu::always_inline]] inline reduced<P> replace_far(P const& x, M const& near, reduced<P> r) noexcept {
  if (any(!near)) [[unlikely]]
    replace_far_lanes(x, r);
  return r;
}

/// Sine and cosine of an angle of at most π/4 and a little, in two parts.
template <class T>
[[gnu::always_inline]] constexpr sin_cos<T> first_octant(T high, T low) noexcept {
  using c = circle<scalar_t<T>>;
  T const one = lit<T>(1);
  T const z = mul(high, high);
  T const half_low = mul(lit<T>(0.5), low);
  T const sin = high + (low - mul(z, half_low - mul(high, c::sin_tail(z))));
  T const half = mul(lit<T>(0.5), z);
  T const near_one = one - half;
  T const cos = near_one + (((one - near_one) - half) + (mul(mul(z, z), c::cos_tail(z)) - mul(high, low)));
  return {sin, cos};
}

/// Turned by quadrant · π/2; the sign bits in `flip` are those of an argument that was made positive.
template <class T, class U>
[[gnu::always_inline]] constexpr sin_cos<T> turn(sin_cos<T> v, U quadrant, U flip) noexcept {
  constexpr int top = static_cast<int>(8 * sizeof(scalar_t<U>)) - 2;
  U const sin = as_bits(v.sin);
  U const cos = as_bits(v.cos);
  // Exchanged by bits where the quadrant is odd: a select may become a branch, which random angles defeat.
  U const exchange = (sin ^ cos) & (word<U>(0) - (quadrant & word<U>(1)));
  U const sin_sign = ((quadrant & word<U>(2)) << top) ^ flip;
  U const cos_sign = ((quadrant + word<U>(1)) & word<U>(2)) << top;
  return {as_real((sin ^ exchange) ^ sin_sign), as_real((cos ^ exchange) ^ cos_sign)};
}

template <class T>
[[gnu::always_inline]] constexpr sin_cos<T> sincos_body(T x) noexcept {
  using U = bits_t<T>;
  using c = circle<scalar_t<T>>;
  T const positive = abs(x);
  auto const near = positive <= T(c::farthest);
  reduced<T> const r = replace_far(positive, near, c::reduce(select(near, positive, lit<T>(0))));
  return turn(first_octant(r.high, r.low), r.quadrant, U(as_bits(x) ^ as_bits(positive)));
}

} // namespace detail

/// sin x and cos x together, at the cost of one: see sin.
template <detail::real T>
[[nodiscard]] constexpr sin_cos<T> sincos(T x) noexcept {
  if (std::is_constant_evaluated() && !(abs(x) <= std::numeric_limits<T>::max()))
    return {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::quiet_NaN()};
  return detail::sincos_body(x);
}

/// sin x for every x in radians: within 0.90 ulp for double and 0.93 for float (measured), next to multiples
/// of π too. Beyond |x| = 10⁵ the reduction is done in integers, which is slower. sin(±0) is ±0; of ±∞ and
/// NaN it is NaN.
template <detail::real T>
[[nodiscard]] constexpr T sin(T x) noexcept {
  return sincos(x).sin;
}

/// cos x, as sin.
template <detail::real T>
[[nodiscard]] constexpr T cos(T x) noexcept {
  return sincos(x).cos;
}

/// Lane by lane, the same bits.
template <detail::real_pack P>
[[nodiscard, gnu::always_inline]] inline sin_cos<P> sincos(P const& x) noexcept {
  return detail::sincos_body(x);
}
template <detail::real_pack P>
[[nodiscard, gnu::always_inline]] inline P sin(P const& x) noexcept {
  return detail::sincos_body(x).sin;
}
template <detail::real_pack P>
[[nodiscard, gnu::always_inline]] inline P cos(P const& x) noexcept {
  return detail::sincos_body(x).cos;
}

/// Integers are taken as double, as in the standard library.
template <std::integral I>
[[nodiscard]] constexpr sin_cos<double> sincos(I x) noexcept {
  return sincos(static_cast<double>(x));
}
template <std::integral I>
[[nodiscard]] constexpr double sin(I x) noexcept {
  return sin(static_cast<double>(x));
}
template <std::integral I>
[[nodiscard]] constexpr double cos(I x) noexcept {
  return cos(static_cast<double>(x));
}

}} // namespace trireme::v1
