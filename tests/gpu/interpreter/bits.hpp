/// @file bits.hpp
/// Instructions on bits, carries and classes of numbers.
#pragma once
#include "arithmetic.hpp"
#include "comparisons.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace interpreter {

inline void do_lop3(warp& w, const instruction& I, u32 m) {
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  u32 l = (u32)I.imm;
  FOR_EACH_LANE(m) {
    u32 x = a[i], y = b[i], z = c[i], r = 0;
    if (l & 1) r |= ~x & ~y & ~z;
    if (l & 2) r |= ~x & ~y & z;
    if (l & 4) r |= ~x & y & ~z;
    if (l & 8) r |= ~x & y & z;
    if (l & 16) r |= x & ~y & ~z;
    if (l & 32) r |= x & ~y & z;
    if (l & 64) r |= x & y & ~z;
    if (l & 128) r |= x & y & z;
    d[i] = r;
  }
}
inline void do_shf(warp& w, const instruction& I, u32 m) { // sub: 0 left 1 right; sub2: 0 clamp 1 wrap
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  FOR_EACH_LANE(m) {
    u32 n = I.sub2 ? c[i] & 31 : std::min(c[i], 32u);
    u64 v = a[i] | (u64)b[i] << 32;
    d[i] = I.sub ? (u32)(v >> n) : (u32)((v << n) >> 32);
  }
}
inline void do_prmt(warp& w, const instruction& I, u32 m) {
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  FOR_EACH_LANE(m) {
    u64 v = a[i] | (u64)b[i] << 32;
    u32 r = 0;
    for (int k = 0; k < 4; ++k) {
      u32 s = c[i] >> 4 * k & 15;
      u32 by = (u32)(v >> 8 * (s & 7)) & 255;
      if (s & 8) by = by & 128 ? 255 : 0;
      r |= by << 8 * k;
    }
    d[i] = r;
  }
}
template <class T>
inline void do_count(warp& w, const instruction& I, u32 m) { // popc clz brev bfind; sub
  T* a = w.P<T>(I.a);
  using U = std::make_unsigned_t<T>;
  constexpr int N = 8 * sizeof(T);
  if (I.sub == 2) {
    U* d = w.P<U>(I.d);
    FOR_EACH_LANE(m) {
      U x = (U)a[i], r = 0;
      for (int k = 0; k < N; ++k)
        if (x >> k & 1) r |= U(1) << (N - 1 - k);
      d[i] = r;
    }
    return;
  }
  u32* d = w.P<u32>(I.d);
  T t[32];
  memcpy(t, a, sizeof t);
  FOR_EACH_LANE(m) {
    T x = t[i];
    u32 r;
    if (I.sub == 0)
      r = (u32)__builtin_popcountll((u64)(U)x);
    else if (I.sub == 1)
      r = (U)x == 0 ? N : (u32)__builtin_clzll((u64)(U)x) - (64 - N);
    else {
      if (std::is_signed_v<T> && x < 0) x = (T)~x;
      r = (U)x == 0 ? ~0u : 63u - (u32)__builtin_clzll((u64)(U)x);
      if (I.flags & 1 && r != ~0u) r = N - 1 - r;
    }
    d[i] = r;
  }
}
template <class T>
inline void do_bfe(warp& w, const instruction& I, u32 m) {
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a);
  u32 *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  using U = std::make_unsigned_t<T>;
  constexpr u32 N = 8 * sizeof(T);
  FOR_EACH_LANE(m) {
    u32 pos = b[i] & 255, len = c[i] & 255;
    U x = (U)a[i];
    U r = 0;
    bool sb = false;
    if (std::is_signed_v<T> && len) sb = x >> std::min(pos + len - 1, N - 1) & 1;
    for (u32 k = 0; k < N; ++k) {
      bool bit = k < len && pos + k < N ? (x >> (pos + k) & 1) : sb;
      if (bit) r |= U(1) << k;
    }
    d[i] = (T)r;
  }
}
template <class T>
inline void do_bfi(warp& w, const instruction& I, u32 m) { // d, a (bits), b (into), c pos, e len
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a), *b = w.P<T>(I.b);
  u32 *c = w.P<u32>(I.c), *e = w.P<u32>(I.e);
  constexpr u32 N = 8 * sizeof(T);
  FOR_EACH_LANE(m) {
    u32 pos = c[i] & 255, len = e[i] & 255;
    T r = b[i];
    if (pos < N && len) {
      T mask = len >= N ? ~T(0) : (T(1) << len) - 1;
      r = (T)((r & ~(mask << pos)) | ((a[i] & mask) << pos));
    }
    d[i] = r;
  }
}
inline void do_bmsk(warp& w, const instruction& I, u32 m) {
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b);
  FOR_EACH_LANE(m) {
    u32 p = a[i], n = b[i];
    if (I.sub) {
      p &= 31;
      n &= 31;
    }
    d[i] = p > 31 ? 0 : (u32)(((n >= 32 ? ~0ull : (1ull << n) - 1)) << p);
  }
}
// carry: sub: 0 add 1 sub 2 madlo 3 madhi; flags: 1 takes the carry, 2 gives it
template <class T>
inline void do_carry(warp& w, const instruction& I, u32 m) {
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a), *b = w.P<T>(I.b), *c = I.sub >= 2 ? w.P<T>(I.c) : nullptr;
  FOR_EACH_LANE(m) {
    u32 cin = (I.flags & 1) ? w.cc >> i & 1 : 0;
    T x = a[i], y = b[i];
    bool cout;
    T r;
    if (I.sub >= 2) {
      T p = I.sub == 2 ? (T)(x * y) : op::mulhi<T>::f(x, y);
      x = p;
      y = c[i];
    }
    if (I.sub == 1) {
      u128 t = (u128)x - (u128)y - cin;
      r = (T)t;
      cout = (u128)y + cin > (u128)x;
    } else {
      u128 t = (u128)x + y + cin;
      r = (T)t;
      cout = (t >> (8 * sizeof(T))) & 1;
    }
    d[i] = r;
    if (I.flags & 2) w.cc = (w.cc & ~(1u << i)) | (u32)cout << i;
  }
}
template <class T>
inline void do_testp(warp& w, const instruction& I, u32 m) {
  T* a = w.P<T>(I.a);
  u32 r = 0;
  FOR_EACH_LANE(m) {
    T x = a[i];
    bool y = false;
    switch (I.sub) {
      case 0: y = std::isfinite(x); break;
      case 1: y = std::isinf(x); break;
      case 2: y = x == x; break;
      case 3: y = x != x; break;
      case 4: y = std::isnormal(x); break;
      case 5: y = x != 0 && std::isfinite(x) && !std::isnormal(x); break;
    }
    r |= (u32)y << i;
  }
  set_pred(w, I.d, r, m);
}
inline void do_nop(warp&, const instruction&, u32) {}

} // namespace interpreter
