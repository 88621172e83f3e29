/// @file comparisons.hpp
/// Comparisons and predicates, of which each is a mask of the lanes.
#pragma once
#include "lanes.hpp"

#include <climits>
#include <cstring>

namespace interpreter {

enum Cmp : u8 { C_EQ, C_NE, C_LT, C_LE, C_GT, C_GE, C_EQU, C_NEU, C_LTU, C_LEU, C_GTU, C_GEU, C_NUM, C_NAN };
template <class T, int C>
inline bool cmp(T a, T b) {
  if constexpr (C == C_EQ) return a == b;
  if constexpr (C == C_NE) {
    if constexpr (std::is_floating_point_v<T>)
      return a < b || a > b;
    else
      return a != b;
  }
  if constexpr (C == C_LT) return a < b;
  if constexpr (C == C_LE) return a <= b;
  if constexpr (C == C_GT) return a > b;
  if constexpr (C == C_GE) return a >= b;
  if constexpr (C == C_EQU) return !(a < b || a > b);
  if constexpr (C == C_NEU) return a != b;
  if constexpr (C == C_LTU) return !(a >= b);
  if constexpr (C == C_LEU) return !(a > b);
  if constexpr (C == C_GTU) return !(a <= b);
  if constexpr (C == C_GEU) return !(a < b);
  if constexpr (C == C_NUM) return a == a && b == b;
  if constexpr (C == C_NAN) return a != a || b != b;
  return false;
}
inline u32 pred_of(Warp& w, s32 off, bool neg) {
  u32 p = *w.P<u32>(off);
  return neg ? ~p : p;
}
inline void set_pred(Warp& w, s32 off, u32 r, u32 m) {
  u32* p = w.P<u32>(off);
  *p = (*p & ~m) | (r & m);
}
constexpr s32 NONE = INT32_MAX;
// d, d2: predicates; c: predicate to combine (sub: 1 and, 2 or, 3 xor; flags&1: c negated)
template <class T, int C>
void h_setp(Warp& w, const Ins& I, u32 m) {
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  u32 r = 0;
  if (m == FULL) {
    u8 t[32];
    for (int i = 0; i < 32; ++i) t[i] = cmp<T, C>(a[i], b[i]);
    for (int i = 0; i < 32; ++i) r |= (u32)t[i] << i;
  } else
    EACH(m) r |= (u32)cmp<T, C>(a[i], b[i]) << i;
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
  if (I.d != NONE) set_pred(w, I.d, r, m);
  if (I.d2 != NONE) set_pred(w, I.d2, q, m);
}
template <class T, int C>
void h_set(Warp& w, const Ins& I, u32 m) { // set.cmp.{u32,s32,f32}.T
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  u32* d = w.P<u32>(I.d);
  u32 r = 0;
  EACH(m) r |= (u32)cmp<T, C>(a[i], b[i]) << i;
  if (I.sub) {
    u32 p = pred_of(w, I.c, I.flags & 1);
    if (I.sub == 1)
      r &= p;
    else if (I.sub == 2)
      r |= p;
    else
      r ^= p;
  }
  EACH(m) d[i] = (r >> i & 1) ? (I.flags & 2 ? 0x3f800000u : ~0u) : 0u;
}
template <class T>
void h_selp(Warp& w, const Ins& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  u32 p = pred_of(w, I.c, I.flags & 1);
  if (m == FULL) {
    T t[32];
    for (int i = 0; i < 32; ++i) t[i] = (p >> i & 1) ? a[i] : b[i];
    memcpy(d, t, sizeof t);
  } else
    EACH(m) d[i] = (p >> i & 1) ? a[i] : b[i];
}
template <class T, class C>
void h_slct(Warp& w, const Ins& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  C* c = w.P<C>(I.c);
  EACH(m) d[i] = c[i] >= 0 ? a[i] : b[i];
}
void h_pred_op(Warp& w, const Ins& I, u32 m); // sub: 0 mov 1 and 2 or 3 xor 4 not
void h_fp_slow(Warp& w, const Ins& I, u32 m); // any rounding, ftz, sat; sub: operation, sub2: 4 or 8
void h_unsupported(Warp& w, const Ins& I, u32 m);

} // namespace interpreter
