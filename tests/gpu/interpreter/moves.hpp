/// @file moves.hpp
/// Packs of registers, and addresses of one space as those of another.
#pragma once
#include "comparisons.hpp"

#include <cstring>

namespace interpreter {

inline void do_pack(warp& w, const instruction& I, u32 m) { // nv parts of sub bytes into d of sub*nv bytes
  char* d = w.P<char>(I.d);
  u32 n = I.sub;
  char t[32 * 16];
  for (u32 k = 0; k < I.nv; ++k) {
    char* s = w.P<char>(I.v[k]);
    for (u32 i = 0; i < 32; ++i) memcpy(t + i * n * I.nv + k * n, s + i * n, n);
  }
  FOR_EACH_LANE(m) memcpy(d + i * n * I.nv, t + i * n * I.nv, n * I.nv);
}
inline void do_unpack(warp& w, const instruction& I, u32 m) {
  u32 n = I.sub;
  char t[32 * 16];
  memcpy(t, w.P<char>(I.a), 32 * n * I.nv);
  for (u32 k = 0; k < I.nv; ++k) {
    if (I.v[k] == no_operand) continue;
    char* d = w.P<char>(I.v[k]);
    FOR_EACH_LANE(m) memcpy(d + i * n, t + i * n * I.nv + k * n, n);
  }
}
inline void do_pack64(warp& w, const instruction& I, u32 m) {
  u64* d = w.P<u64>(I.d);
  u32 *a = w.P<u32>(I.v[0]), *b = w.P<u32>(I.v[1]);
  if (m == all_lanes) {
    for (int i = 0; i < 32; ++i) d[i] = a[i] | (u64)b[i] << 32;
  } else
    FOR_EACH_LANE(m) d[i] = a[i] | (u64)b[i] << 32;
}
inline void do_unpack64(warp& w, const instruction& I, u32 m) {
  u64* s = w.P<u64>(I.a);
  u32 *a = w.P<u32>(I.v[0]), *b = w.P<u32>(I.v[1]);
  if (m == all_lanes) {
    for (int i = 0; i < 32; ++i) {
      u64 x = s[i];
      a[i] = (u32)x;
      b[i] = (u32)(x >> 32);
    }
  } else
    FOR_EACH_LANE(m) {
      u64 x = s[i];
      a[i] = (u32)x;
      b[i] = (u32)(x >> 32);
    }
}
inline void do_local_address(warp& w, const instruction& I, u32 m) {
  u64* d = w.P<u64>(I.d);
  FOR_EACH_LANE(m) d[i] = (u64)I.imm + w.local_base;
}
inline void do_cvta(warp& w, const instruction& I, u32 m) { // sub: 0 keep, 1 add imm, 2 remove the tag
  u64* d = w.P<u64>(I.d);
  u64* a = w.P<u64>(I.a);
  FOR_EACH_LANE(m) d[i] = I.sub == 1 ? (a[i] | (u64)I.imm) : I.sub == 2 ? (a[i] & ~tag_mask) : a[i];
}
inline void do_isspacep(warp& w, const instruction& I, u32 m) {
  u64* a = w.P<u64>(I.a);
  u32 r = 0;
  FOR_EACH_LANE(m) {
    u64 t = a[i] & tag_mask;
    bool y = I.sub == 1 ? t == 0 : I.sub == 2 ? t == tag_shared : I.sub == 3 ? t == tag_local : t == tag_param;
    r |= (u32)y << i;
  }
  set_pred(w, I.d, r, m);
}

} // namespace interpreter
