/// @file comparisons.hpp
/// Comparisons and predicates, of which each is a mask of the lanes.
#pragma once
#include "lanes.hpp"

#include <climits>
#include <cstring>

namespace interpreter {

enum comparison : u8 {
  cmp_eq,
  cmp_ne,
  cmp_lt,
  cmp_le,
  cmp_gt,
  cmp_ge,
  cmp_equ,
  cmp_neu,
  cmp_ltu,
  cmp_leu,
  cmp_gtu,
  cmp_geu,
  cmp_num,
  cmp_nan
};
template <class T, int C>
inline bool cmp(T a, T b) {
  if constexpr (C == cmp_eq) return a == b;
  if constexpr (C == cmp_ne) {
    if constexpr (std::is_floating_point_v<T>)
      return a < b || a > b;
    else
      return a != b;
  }
  if constexpr (C == cmp_lt) return a < b;
  if constexpr (C == cmp_le) return a <= b;
  if constexpr (C == cmp_gt) return a > b;
  if constexpr (C == cmp_ge) return a >= b;
  if constexpr (C == cmp_equ) return !(a < b || a > b);
  if constexpr (C == cmp_neu) return a != b;
  if constexpr (C == cmp_ltu) return !(a >= b);
  if constexpr (C == cmp_leu) return !(a > b);
  if constexpr (C == cmp_gtu) return !(a <= b);
  if constexpr (C == cmp_geu) return !(a < b);
  if constexpr (C == cmp_num) return a == a && b == b;
  if constexpr (C == cmp_nan) return a != a || b != b;
  return false;
}
inline u32 pred_of(warp& w, s32 off, bool neg) {
  u32 p = *w.P<u32>(off);
  return neg ? ~p : p;
}
inline void set_pred(warp& w, s32 off, u32 r, u32 m) {
  u32* p = w.P<u32>(off);
  *p = (*p & ~m) | (r & m);
}
constexpr s32 no_operand = INT32_MAX;
// d, d2: predicates; c: predicate to combine (sub: 1 and, 2 or, 3 xor; flags&1: c negated)
template <class T, int C>
void do_setp(warp& w, const instruction& I, u32 m) {
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  u32 r = 0;
  if (m == all_lanes) {
    u8 t[32];
    for (int i = 0; i < 32; ++i) t[i] = cmp<T, C>(a[i], b[i]);
    for (int i = 0; i < 32; ++i) r |= (u32)t[i] << i;
  } else
    FOR_EACH_LANE(m) r |= (u32)cmp<T, C>(a[i], b[i]) << i;
  u32 q = ~r;
  if (I.sub) {
    u32 p = pred_of(w, I.c, I.flags & 1);
    if (I.sub == 1) {
      r &= p;
      q &= p;
    } else if (I.sub == 2) {
      r |= p;
      q |= p;
    } else {
      r ^= p;
      q ^= p;
    }
  }
  if (I.d != no_operand) set_pred(w, I.d, r, m);
  if (I.d2 != no_operand) set_pred(w, I.d2, q, m);
}
template <class T, int C>
void do_set(warp& w, const instruction& I, u32 m) { // set.cmp.{u32,s32,f32}.T
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  u32* d = w.P<u32>(I.d);
  u32 r = 0;
  FOR_EACH_LANE(m) r |= (u32)cmp<T, C>(a[i], b[i]) << i;
  if (I.sub) {
    u32 p = pred_of(w, I.c, I.flags & 1);
    if (I.sub == 1)
      r &= p;
    else if (I.sub == 2)
      r |= p;
    else
      r ^= p;
  }
  FOR_EACH_LANE(m) d[i] = (r >> i & 1) ? (I.flags & 2 ? 0x3f800000u : ~0u) : 0u;
}
template <class T>
void do_selp(warp& w, const instruction& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  u32 p = pred_of(w, I.c, I.flags & 1);
  if (m == all_lanes) {
    T t[32];
    for (int i = 0; i < 32; ++i) t[i] = (p >> i & 1) ? a[i] : b[i];
    memcpy(d, t, sizeof t);
  } else
    FOR_EACH_LANE(m) d[i] = (p >> i & 1) ? a[i] : b[i];
}
template <class T, class C>
void do_slct(warp& w, const instruction& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  C* c = w.P<C>(I.c);
  FOR_EACH_LANE(m) d[i] = c[i] >= 0 ? a[i] : b[i];
}
void do_pred_op(warp& w, const instruction& I, u32 m); // sub: 0 mov 1 and 2 or 3 xor 4 not
void do_fp_slow(warp& w, const instruction& I, u32 m); // any rounding, ftz, sat; sub: operation, sub2: 4 or 8
void do_unsupported(warp& w, const instruction& I, u32 m);

} // namespace interpreter
