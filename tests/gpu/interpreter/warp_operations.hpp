/// @file warp_operations.hpp
/// What the lanes of a warp do together: shuffles, votes and their like.
#pragma once
#include "access.hpp"

#include <algorithm>
#include <cstring>

namespace interpreter {

inline void h_shfl(Warp& w, const Ins& I, u32 m) { // d, d2 predicate or NONE, a, b, c; sub2: 0 up 1 down 2 bfly 3 idx
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  u32 src[32], out[32], p = 0;
  memcpy(src, a, sizeof src);
  memcpy(out, d, sizeof out);
  EACH(m) {
    int lane = (int)i, bv = (int)(b[i] & 31), cv = (int)(c[i] & 31), seg = (int)(c[i] >> 8 & 31),
        maxl = (lane & seg) | (cv & ~seg), minl = lane & seg, j;
    bool ok;
    switch (I.sub2) {
      case 0:
        j = lane - bv;
        ok = j >= maxl;
        break;
      case 1:
        j = lane + bv;
        ok = j <= maxl;
        break;
      case 2:
        j = lane ^ bv;
        ok = j <= maxl;
        break;
      default: j = minl | (bv & ~seg); ok = j <= maxl;
    }
    if (!ok) j = lane;
    if (j < 0 || j > 31) j = lane;
    if (!(m >> j & 1)) {
      warn_once(("shfl" + w.f->name).c_str(),
                "a shuffle reads from thread %d, which does not take part (threads 0x%x, ended 0x%x), in %s", j, m, w.exited,
                w.f->name.c_str());
      out[i] = 0xBADBAD00u | i;
    } else
      out[i] = src[j];
    p |= (u32)ok << i;
  }
  EACH(m) d[i] = out[i];
  if (I.d2 != NONE) set_pred(w, I.d2, p, m);
}
inline void h_barwarp(Warp&, const Ins&, u32) {}
inline void h_vote(Warp& w, const Ins& I, u32 m) { // a predicate; sub2: 0 all 1 any 2 uni 3 ballot; flags&1 neg
  u32 p = pred_of(w, I.a, I.flags & 1) & m;
  if (I.sub2 == 3) {
    u32* d = w.P<u32>(I.d);
    EACH(m) d[i] = p;
    return;
  }
  bool r = I.sub2 == 0 ? p == m : I.sub2 == 1 ? p != 0 : (p == m || p == 0);
  set_pred(w, I.d, r ? FULL : 0, m);
}
template <class T>
inline void h_match(Warp& w, const Ins& I, u32 m) { // sub2: 0 any 1 all
  T* a = w.P<T>(I.a);
  u32* d = w.P<u32>(I.d);
  u32 out[32];
  EACH(m) {
    u32 r = 0;
    for (u32 k = 0; k < 32; ++k)
      if ((m >> k & 1) && a[k] == a[i]) r |= 1u << k;
    if (I.sub2 == 1 && r != m) r = 0;
    out[i] = r;
  }
  EACH(m) d[i] = out[i];
  if (I.sub2 == 1 && I.d2 != NONE) set_pred(w, I.d2, out[__builtin_ctz(m)] ? FULL : 0, m);
}
template <class T>
inline void h_redux(Warp& w, const Ins& I, u32 m) {
  T* a = w.P<T>(I.a);
  T* d = w.P<T>(I.d);
  T r = a[__builtin_ctz(m)];
  u32 rest = m & (m - 1);
  EACH(rest) {
    T x = a[i];
    switch (I.sub2) {
      case A_ADD: r = (T)(r + x); break;
      case A_MIN: r = std::min(r, x); break;
      case A_MAX: r = std::max(r, x); break;
      case A_AND: r &= x; break;
      case A_OR: r |= x; break;
      case A_XOR: r ^= x; break;
    }
  }
  EACH(m) d[i] = r;
}
inline void h_elect(Warp& w, const Ins& I, u32 m) {
  u32 l = (u32)__builtin_ctz(m);
  u32* d = w.P<u32>(I.d);
  EACH(m) d[i] = l;
  set_pred(w, I.d2, 1u << l, m);
}
inline void h_activemask(Warp& w, const Ins& I, u32 m) {
  u32* d = w.P<u32>(I.d);
  EACH(m) d[i] = m;
}
inline void h_clock(Warp& w, const Ins& I, u32 m) {
  static u64 t = 0;
  t += 64;
  if (I.sub == 8) {
    u64* d = w.P<u64>(I.d);
    EACH(m) d[i] = t;
  } else {
    u32* d = w.P<u32>(I.d);
    EACH(m) d[i] = (u32)t;
  }
}

} // namespace interpreter
