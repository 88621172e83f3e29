/// @file lanes.hpp
/// A function of one, two or three operands on the lanes of a warp that a mask names.
#pragma once
#include "execution.hpp"

#include <cmath>
#include <cstring>

namespace interpreter {

template <class T>
inline T canon(T x) {
  return x;
}
template <>
inline f32 canon(f32 x) {
  u32 n = 0x7fffffff;
  f32 q;
  memcpy(&q, &n, 4);
  return x != x ? q : x;
}
template <class T>
inline T ftz(T x) {
  return x;
}
template <>
inline f32 ftz(f32 x) {
  return std::fabs(x) < 1.17549435e-38f ? std::copysign(0.0f, x) : x;
}

template <class T, class F>
void do_un(warp& w, const instruction& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  if (m == all_lanes) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i]);
  } else
    FOR_EACH_LANE(m) d[i] = F::f(a[i]);
}
template <class T, class F>
void do_bin(warp& w, const instruction& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  if (m == all_lanes) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i], b[i]);
  } else
    FOR_EACH_LANE(m) d[i] = F::f(a[i], b[i]);
}
template <class T, class F>
void do_ter(warp& w, const instruction& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  T* c = w.P<T>(I.c);
  if (m == all_lanes) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i], b[i], c[i]);
  } else
    FOR_EACH_LANE(m) d[i] = F::f(a[i], b[i], c[i]);
}
// shift: the amount is 32 bits
template <class T, class F>
void do_shift(warp& w, const instruction& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  u32* b = w.P<u32>(I.b);
  if (m == all_lanes) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i], b[i]);
  } else
    FOR_EACH_LANE(m) d[i] = F::f(a[i], b[i]);
}
template <class D, class S, class F>
void do_wide(warp& w, const instruction& I, u32 m) {
  D* d = w.P<D>(I.d);
  S* a = w.P<S>(I.a);
  S* b = w.P<S>(I.b);
  S ta[32], tb[32];
  memcpy(ta, a, sizeof ta);
  memcpy(tb, b, sizeof tb);
  if (m == all_lanes) {
    for (int i = 0; i < 32; ++i) d[i] = F::f(ta[i], tb[i]);
  } else
    FOR_EACH_LANE(m) d[i] = F::f(ta[i], tb[i]);
}
template <class D, class S>
void do_madwide(warp& w, const instruction& I, u32 m) {
  D* d = w.P<D>(I.d);
  S* a = w.P<S>(I.a);
  S* b = w.P<S>(I.b);
  D* c = w.P<D>(I.c);
  D t[32];
  for (int i = 0; i < 32; ++i) t[i] = (D)((D)a[i] * (D)b[i] + c[i]);
  FOR_EACH_LANE(m) d[i] = t[i];
}

} // namespace interpreter
