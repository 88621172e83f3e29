/// @file warp_operations.hpp
/// What the lanes of a warp do together: shuffles, votes and their like.
#pragma once
#include "access.hpp"

#include <algorithm>
#include <cstring>

namespace interpreter {

inline void do_shfl(warp& w, const instruction& I,
                    u32 m) { // d, d2 predicate or no_operand, a, b, c; sub2: 0 up 1 down 2 bfly 3 idx
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  u32 src[32], out[32], p = 0;
  memcpy(src, a, sizeof src);
  memcpy(out, d, sizeof out);
  FOR_EACH_LANE(m) {
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
  FOR_EACH_LANE(m) d[i] = out[i];
  if (I.d2 != no_operand) set_pred(w, I.d2, p, m);
}
inline void do_barwarp(warp&, const instruction&, u32) {}
inline void do_vote(warp& w, const instruction& I, u32 m) { // a predicate; sub2: 0 all 1 any 2 uni 3 ballot; flags&1 neg
  u32 p = pred_of(w, I.a, I.flags & 1) & m;
  if (I.sub2 == 3) {
    u32* d = w.P<u32>(I.d);
    FOR_EACH_LANE(m) d[i] = p;
    return;
  }
  bool r = I.sub2 == 0 ? p == m : I.sub2 == 1 ? p != 0 : (p == m || p == 0);
  set_pred(w, I.d, r ? all_lanes : 0, m);
}
template <class T>
inline void do_match(warp& w, const instruction& I, u32 m) { // sub2: 0 any 1 all
  T* a = w.P<T>(I.a);
  u32* d = w.P<u32>(I.d);
  u32 out[32];
  FOR_EACH_LANE(m) {
    u32 r = 0;
    for (u32 k = 0; k < 32; ++k)
      if ((m >> k & 1) && a[k] == a[i]) r |= 1u << k;
    if (I.sub2 == 1 && r != m) r = 0;
    out[i] = r;
  }
  FOR_EACH_LANE(m) d[i] = out[i];
  if (I.sub2 == 1 && I.d2 != no_operand) set_pred(w, I.d2, out[__builtin_ctz(m)] ? all_lanes : 0, m);
}
template <class T>
inline void do_redux(warp& w, const instruction& I, u32 m) {
  T* a = w.P<T>(I.a);
  T* d = w.P<T>(I.d);
  T r = a[__builtin_ctz(m)];
  u32 rest = m & (m - 1);
  FOR_EACH_LANE(rest) {
    T x = a[i];
    switch (I.sub2) {
      case atom_add: r = (T)(r + x); break;
      case atom_min: r = std::min(r, x); break;
      case atom_max: r = std::max(r, x); break;
      case atom_and: r &= x; break;
      case atom_or: r |= x; break;
      case atom_xor: r ^= x; break;
    }
  }
  FOR_EACH_LANE(m) d[i] = r;
}
inline void do_elect(warp& w, const instruction& I, u32 m) {
  u32 l = (u32)__builtin_ctz(m);
  u32* d = w.P<u32>(I.d);
  FOR_EACH_LANE(m) d[i] = l;
  set_pred(w, I.d2, 1u << l, m);
}
inline void do_activemask(warp& w, const instruction& I, u32 m) {
  u32* d = w.P<u32>(I.d);
  FOR_EACH_LANE(m) d[i] = m;
}
inline void do_clock(warp& w, const instruction& I, u32 m) {
  static u64 t = 0;
  t += 64;
  if (I.sub == 8) {
    u64* d = w.P<u64>(I.d);
    FOR_EACH_LANE(m) d[i] = t;
  } else {
    u32* d = w.P<u32>(I.d);
    FOR_EACH_LANE(m) d[i] = (u32)t;
  }
}

} // namespace interpreter
