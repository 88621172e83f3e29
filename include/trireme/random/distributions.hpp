/// @file distributions.hpp
/// From random bits to numbers: uniform, normal, a pair of normals, an index. Float takes 32 bits, double and an index 64.
#pragma once

#include <trireme/simd/math.hpp>

#include <array>
#include <cstdint>
#include <limits>

namespace trireme { inline namespace v1 {
namespace detail {

/// The random bits of one call: std::uint32_t for float, std::uint64_t for double, the first word high.
template <class T>
using random_bits = bits_t<T>;

/// In [0, 1): (w >> 8) 2⁻²⁴ for float, (w >> 12) 2⁻⁵² for double, all exact.
/// The largest is 1 − 2⁻²⁴, 1 − 2⁻⁵².
template <class T, class U>
[[nodiscard, gnu::always_inline]] constexpr T to_uniform(U w) noexcept {
  if constexpr (sizeof(scalar_t<T>) == 4) {
    return to_real(w >> 8) * lit<T>(0x1p-24); // exact, fused or not
  } else {
    U const one = word<U>(0x3ff0000000000000);
    return as_real((w >> 12) | one) - lit<T>(1);
  }
}

/// The quantile divided by x = 2p − 1, as a function of w = −log(4 p (1 − p)).
///
/// M. Giles, Approximating the erfinv function (GPU Computing Gems, 2012): a polynomial in w for the middle
/// of the distribution and polynomials in √w for its tails. The coefficients are minimax fits (E. Remez,
/// 1934) of relative error below 2⁻⁵⁵, for p down to 2⁻⁶⁶ in double, and 2⁻²⁶, for p down to 2⁻³³ in float.
template <class T>
[[gnu::always_inline]] constexpr T quantile_ratio(T w) noexcept {
  if constexpr (sizeof(scalar_t<T>) == 4) {
    T const middle = polynomial(w - lit<T>(2.5), 0x1.0fc8bcp+1, 0x1.652c5cp-2, -0x1.832b0cp-8, -0x1.d06d0ep-10, 0x1.43c906p-12,
                                -0x1.d70d74p-18, -0x1.48a1f2p-18, 0x1.61f080p-21, 0x1.1a3b84p-25, -0x1.ab2bd8p-27);
    auto const outside = w > lit<T>(5);
    if (!any(outside)) [[likely]]
      return middle;
    T const tail =
        polynomial(sqrt(w) - lit<T>(3.4375), 0x1.283246p+2, 0x1.6c8c96p+0, 0x1.561842p-8, -0x1.b77d38p-9, 0x1.ee26e4p-10,
                   -0x1.367cf4p-10, 0x1.8fbebcp-11, -0x1.c4feaep-12, 0x1.ce6acap-14, 0x1.c421d6p-15, -0x1.0a2124p-15);
    return select(outside, tail, middle);
  } else {
    T const middle = polynomial(
        w - lit<T>(3.125), 0x1.2b57ec65a8009p+1, 0x1.5bc94440cc7eap-2, -0x1.179b25740607cp-7, -0x1.12994fbb8354bp-10,
        0x1.14e8fc429ea9bp-12, -0x1.496276034d946p-16, -0x1.032ee3b873aadp-19, 0x1.4186bea1dcc3dp-21, -0x1.6125a64122e6ap-25,
        -0x1.8faf5ca6f7079p-28, 0x1.98a58132b5bfcp-30, -0x1.50c0eb5fb39b9p-34, -0x1.42daeb09a4934p-36, 0x1.05c3748237da2p-38,
        -0x1.027cfb7f6af86p-43, -0x1.fd64d01b1c76ep-45, 0x1.50040cda19e74p-47, -0x1.17928e6a0885cp-54, -0x1.a80d18dd6ecb9p-53,
        0x1.9b231d24d48f9p-56, 0x1.ddad880b0fca9p-60, -0x1.2a7c82c14a48ep-61, -0x1.af42424faa070p-70, 0x1.68b8657692f4ap-68);
    auto const outside = w > lit<T>(6.25);
    if (!any(outside)) [[likely]]
      return middle;
    T const s = sqrt(w);
    T const near =
        polynomial(s - lit<T>(3.25), 0x1.171f182e77876p+2, 0x1.6bf14fa6fc34ap+0, 0x1.f1c95c5e79dd8p-8, -0x1.5bab4c3aef914p-8,
                   0x1.cdd2bb93c4d18p-9, -0x1.38f1f69104b58p-9, 0x1.6169222da6915p-10, -0x1.073ea11da5474p-11,
                   0x1.1d16f54433203p-15, 0x1.950e3451eb807p-14, -0x1.18adefd100a41p-14, 0x1.27bcfab68502dp-16,
                   0x1.15add38dcccf4p-18, -0x1.7a1d28a5babc2p-18, 0x1.1c7163b1c1f13p-19, -0x1.6fab3476f7deap-25,
                   -0x1.9bcc3c1b0b8e3p-22, 0x1.96c8452bbf0c2p-23, 0x1.ed4cba8a5a7b9p-31, -0x1.8949d91963d25p-26);
    T const far = polynomial(s - lit<T>(5), 0x1.b6f6a292f51bfp+2, 0x1.6dc49111d6dd5p+0, -0x1.9b6aa8e9a2f67p-13,
                             -0x1.3eded299f6a1ep-12, 0x1.c2c6d93d84cfbp-14, -0x1.d2fb1956282a3p-16, 0x1.ad8d04ca60fd3p-18,
                             -0x1.78fa21a33f338p-20, 0x1.5bcee93f0c191p-22, -0x1.9a71a8b4c100cp-24, 0x1.60b542366a69dp-25,
                             -0x1.71a9f93d0fd8bp-26, 0x1.7ac83cf501bbep-27, -0x1.56bf180fa8a32p-28, 0x1.04fe62660d046p-29,
                             -0x1.304b122855151p-31, 0x1.4f32f1b83a7c3p-34, 0x1.0cc8fea9aa4d0p-35, -0x1.89dea4a6c3f09p-36,
                             0x1.9e2a8c2753082p-38, -0x1.531fbd88be389p-41);
    return select(outside, select(w > lit<T>(16), far, near), middle);
  }
}

/// The quantile of p in (0, 1), given as x = 2p − 1 and t = 4 p (1 − p), whose logarithm is good at both
/// ends.
template <class T>
[[gnu::always_inline]] constexpr T quantile(T t, T x) noexcept {
  return mul(x, quantile_ratio(-log_normal(t)));
}

/// A standard normal number; with the top bit changed (all bits, for double), its negative.
///
/// float: the top bit is the sign, and p = (m + ½) 2⁻³², rounded, of the other 31 bits m the probability of
/// the tail, so that both tails reach 6.34 σ. double: p = (k + ½) 2⁻⁵², exactly, of the upper 52 bits k; the
/// tails reach 8.21 σ.
template <class T, class U>
[[nodiscard, gnu::always_inline]] constexpr T to_normal(U w) noexcept {
  if constexpr (sizeof(scalar_t<T>) == 4) {
    T const p = (to_real(w & word<U>(0x7fffffff)) + lit<T>(0.5)) * lit<T>(0x1p-32);
    T const z = quantile(mul(lit<T>(4) * p, lit<T>(1) - p), lit<T>(1) - lit<T>(2) * p);
    return as_real(as_bits(z) ^ (w & word<U>(0x80000000)));
  } else {
    T const p = to_uniform<T>(w) + lit<T>(0x1p-53);
    return quantile(mul(lit<T>(4) * p, lit<T>(1) - p), lit<T>(2) * p - lit<T>(1));
  }
}

/// Two independent standard normal numbers: √(−2 log p) (cos φ, sin φ).
///
/// G. Box, M. Muller: A note on the generation of random normal deviates (1958). p = (m + ½) 2⁻³¹, rounded,
/// of the upper 31 bits of the first word for float, and (k + ½) 2⁻⁵² of the upper 52 for double: radii up to
/// 6.66 and 8.57. φ is taken apart without a reduction: the upper two bits of the second are its quadrant,
/// the rest its angle in there.
template <class T, class U>
[[nodiscard, gnu::always_inline]] constexpr std::array<T, 2> to_normal_pair(U w1, U w2) noexcept {
  T p = lit<T>(0);
  T angle = lit<T>(0);
  if constexpr (sizeof(scalar_t<T>) == 4) {
    p = (to_real(w1 >> 1) + lit<T>(0.5)) * lit<T>(0x1p-31);
    T const fraction = (to_real((w2 << 2) >> 1) + lit<T>(1)) * lit<T>(0x1p-31) - lit<T>(0.5);
    angle = mul(fraction, lit<T>(0x1.921fb54442d18p+0));
  } else {
    p = to_uniform<T>(w1) + lit<T>(0x1p-53);
    T const fraction = (to_uniform<T>(w2 << 2) + lit<T>(0x1p-53)) - lit<T>(0.5);
    angle = mul(fraction, lit<T>(0x1.921fb54442d18p+0));
  }
  T const radius = sqrt(mul(lit<T>(-2), log_normal(p)));
  U const quadrant = w2 >> (static_cast<int>(8 * sizeof(scalar_t<U>)) - 2);
  auto const [s, c] = turn(first_octant(angle, lit<T>(0)), quadrant, word<U>(0));
  return {mul(radius, c), mul(radius, s)};
}

/// ⌊w n / 2⁶⁴⌋: in [0, n). A value comes up with a probability that differs from 1/n by less than 2⁻⁶⁴: a relative bias of
/// at most n/2⁶⁴.
[[nodiscard]] constexpr std::uint64_t to_index(std::uint64_t w, std::uint64_t n) noexcept {
  return static_cast<std::uint64_t>((static_cast<uint128>(w) * n) >> 64);
}
/// The same of each lane.
template <std::size_t N>
[[nodiscard, gnu::always_inline]] inline pack<std::uint64_t, N> to_index(pack<std::uint64_t, N> const& w,
                                                                         std::uint64_t n) noexcept {
  using U = pack<std::uint64_t, N>;
  U const low(n & 0xffffffff), high(n >> 32), half(std::uint64_t{0xffffffff});
  U const upper = w >> 32;
  U const a = mul_low(w, low), b = mul_low(w, high), c = mul_low(upper, low);
  U const carry = ((a >> 32) + (b & half) + (c & half)) >> 32;
  return mul_low(upper, high) + (b >> 32) + (c >> 32) + carry;
}

/// −z for p = Q(z) below 2⁻⁶⁶: Mills' ratio by Laplace's continued fraction, iterated; each step gains a
/// factor z².
constexpr double far_quantile(double log_p) noexcept {
  double z = sqrt(mul(-2.0, log_p));
  for (int step = 0; step < 14; ++step) {
    double tail = z;
    for (int k = 40; k > 0; --k) tail = z + k / tail;
    z = sqrt(mul(-2.0, (log_p + 0x1.d67f1c864beb5p-1) + log(tail)));
  }
  return -z;
}

} // namespace detail

/// The quantile of the standard normal distribution: z with Φ(z) = p, for double.
///
/// Relative error at most 6·10⁻¹⁶ over (0, 1), measured; next to p = ½, where z passes zero, no digits of p
/// are lost. By M. Giles' approximations; where the tail is below 2⁻⁶⁶, a slower iteration. ∓∞ at 0 and 1,
/// NaN outside of [0, 1].
[[nodiscard]] constexpr double normal_quantile(double p) noexcept {
  using limits = std::numeric_limits<double>;
  if (!(p > 0 && p < 1)) {
    if (p == 0) return -limits::infinity();
    return p == 1 ? limits::infinity() : limits::quiet_NaN();
  }
  if (p < 0x1p-66) return detail::far_quantile(log(p));
  return detail::quantile(detail::mul(4 * p, 1 - p), 2 * p - 1);
}

}} // namespace trireme::v1
