/// @file conversions.hpp
/// cvt: between numbers of all types.
#pragma once
#include "lanes.hpp"

#include <cfenv>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

namespace interpreter {

template <class D, class S>
inline D convert(S x, int rnd, bool sat) {
  if constexpr (std::is_integral_v<D> && std::is_integral_v<S>) {
    if (sat) {
      s128 v = (s128)x, lo = (s128)std::numeric_limits<D>::min(), hi = (s128)std::numeric_limits<D>::max();
      return (D)(v < lo ? lo : v > hi ? hi : v);
    }
    return (D)x;
  } else if constexpr (std::is_integral_v<D>) { // float to integer: rnd 10 rni 11 rzi 12 rmi 13 rpi; saturates
    if (x != x) {
      warn_once("nanint", "a NaN was converted to an integer");
      if (sizeof(S) == 8 || sizeof(D) == 8)
        return std::is_signed_v<D> || sizeof(D) == 8 ? (D)(1ull << (8 * sizeof(D) - 1)) : D(0);
      return 0;
    }
    S r = rnd == 10 ? std::nearbyint(x) : rnd == 12 ? std::floor(x) : rnd == 13 ? std::ceil(x) : std::trunc(x);
    constexpr S hi = (S)std::numeric_limits<D>::max(), lo = (S)std::numeric_limits<D>::min(); // hi may round up to a power of two
    S const top = std::ldexp(S(1), (int)(8 * sizeof(D)) - (std::is_signed_v<D> ? 1 : 0));
    (void)hi;
    if (r >= top) {
      warn_once("big", "a number beyond the range was converted to an integer");
      return std::numeric_limits<D>::max();
    }
    if (r < lo) {
      warn_once("small", "a number below the range was converted to an integer");
      return std::numeric_limits<D>::min();
    }
    return (D)r;
  } else if constexpr (std::is_integral_v<S>) {
    return (D)x; // rounding by the mode
  } else {
    if (rnd >= 10) x = rnd == 10 ? std::nearbyint(x) : rnd == 12 ? std::floor(x) : rnd == 13 ? std::ceil(x) : std::trunc(x);
    D r = (D)x;
    if (sat) r = r != r ? D(0) : r < 0 ? D(0) : r > 1 ? D(1) : r;
    return canon<D>(r);
  }
}
template <class D, class S>
inline void do_cvt(warp& w, const instruction& I, u32 m) {
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  int const dw = I.sub, sw = I.sub2;
  bool const sat = I.flags & 8;
  bool const mode = I.rnd >= 1 && I.rnd <= 3;
  if (mode) fesetround(modes[I.rnd]);
  using DD = std::conditional_t<sizeof(D) == 1, std::conditional_t<std::is_signed_v<D>, s16, u16>, D>;
  using SS = std::conditional_t<sizeof(S) == 1, u16, S>;
  if (dw == sizeof(DD) && sw == sizeof(SS) && !sat && !mode) {
    DD* d = w.P<DD>(I.d);
    SS* s = w.P<SS>(I.a);
    if (m == all_lanes) {
      DD t[32];
      for (int i = 0; i < 32; ++i) t[i] = (DD)convert<D, S>((S)s[i], I.rnd, false);
      memcpy(d, t, sizeof t);
    } else {
      FOR_EACH_LANE(m) d[i] = (DD)convert<D, S>((S)s[i], I.rnd, false);
    }
    return;
  }
  char *dp = w.P<char>(I.d), *sp = w.P<char>(I.a);
  FOR_EACH_LANE(m) {
    S x;
    memcpy(&x, sp + (size_t)i * sw, sizeof(S));
    volatile D y = convert<D, S>(x, I.rnd, sat);
    D z = y;
    if constexpr (std::is_integral_v<D>) {
      u64 v = (u64)(s64)z;
      if (!std::is_signed_v<D>) v = (u64)z;
      memcpy(dp + (size_t)i * dw, &v, (size_t)dw);
    } else
      memcpy(dp + (size_t)i * dw, &z, sizeof z);
  }
  if (mode) fesetround(FE_TONEAREST);
}
template <class D>
inline handler cvt_s(const std::string& s) {
  if (s == "u8" || s == "b8") return do_cvt<D, u8>;
  if (s == "s8") return do_cvt<D, s8>;
  if (s == "u16" || s == "b16") return do_cvt<D, u16>;
  if (s == "s16") return do_cvt<D, s16>;
  if (s == "u32" || s == "b32") return do_cvt<D, u32>;
  if (s == "s32") return do_cvt<D, s32>;
  if (s == "u64" || s == "b64") return do_cvt<D, u64>;
  if (s == "s64") return do_cvt<D, s64>;
  if (s == "f32") return do_cvt<D, f32>;
  if (s == "f64") return do_cvt<D, f64>;
  return nullptr;
}
inline handler cvt_of(const std::string& d, const std::string& s) {
  if (d == "u8" || d == "b8") return cvt_s<u8>(s);
  if (d == "s8") return cvt_s<s8>(s);
  if (d == "u16" || d == "b16") return cvt_s<u16>(s);
  if (d == "s16") return cvt_s<s16>(s);
  if (d == "u32" || d == "b32") return cvt_s<u32>(s);
  if (d == "s32") return cvt_s<s32>(s);
  if (d == "u64" || d == "b64") return cvt_s<u64>(s);
  if (d == "s64") return cvt_s<s64>(s);
  if (d == "f32") return cvt_s<f32>(s);
  if (d == "f64") return cvt_s<f64>(s);
  return nullptr;
}

} // namespace interpreter
