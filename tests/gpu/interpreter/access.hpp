/// @file access.hpp
/// Loads, stores and atomic operations.
#pragma once
#include "comparisons.hpp"

#include <cstring>
#include <type_traits>

namespace interpreter {

char* slow_address(warp& w, const instruction& I, u64 a, u32 size, int lane);
template <int SP>
inline char* address(warp& w, const instruction& I, u64 a, u32 size, int lane) {
  if constexpr (SP == space_global || SP == space_generic) {
    touched_last const& c = I.cache;
    if (__builtin_expect(g_race, 0)) race_check(w, I, a, size, lane);
    if (c.gen == g_memgen && a - c.lo < c.size && a - c.lo + size <= c.size && (a & (size - 1)) == 0)
      return reinterpret_cast<char*>(a + c.delta);
  }
  if constexpr (SP == space_shared) {
    u64 off = a;
    if (off + size <= w.blk->f->shared_bytes && (off & (size - 1)) == 0) return w.blk->shared + off;
  }
  return slow_address(w, I, a, size, lane);
}
struct w128 {
  u64 lo, hi;
};
template <class M, class R>
inline R widen(M x) {
  if constexpr (std::is_same_v<M, w128> || std::is_same_v<R, w128>) {
    R r{};
    memcpy(&r, &x, sizeof r < sizeof x ? sizeof r : sizeof x);
    return r;
  } else
    return (R)x;
}
template <int SP>
inline u64 base_of(warp& w, const instruction& I, int i) {
  u64 a = (u64)I.imm;
  if (I.has_base)
    a += I.base32 ? w.P<u32>(I.a)[i] : w.P<u64>(I.a)[i];
  else if (SP == space_local)
    a += w.local_base;
  return a;
}
template <class M, class R, int SP>
void do_ld(warp& w, const instruction& I, u32 m) {
  if (I.nv == 1) {
    R* d = w.P<R>(I.v[0]);
    FOR_EACH_LANE(m) {
      M x;
      memcpy(&x, address<SP>(w, I, base_of<SP>(w, I, (int)i), sizeof(M), (int)i), sizeof(M));
      d[i] = widen<M, R>(x);
    }
    return;
  }
  R* d[8];
  for (int k = 0; k < I.nv; ++k) d[k] = I.v[k] == no_operand ? nullptr : w.P<R>(I.v[k]);
  FOR_EACH_LANE(m) {
    M x[8];
    u32 n = (u32)sizeof(M) * I.nv;
    memcpy(x, address<SP>(w, I, base_of<SP>(w, I, (int)i), n, (int)i), n);
    for (int k = 0; k < I.nv; ++k)
      if (d[k]) d[k][i] = widen<M, R>(x[k]);
  }
}
template <class M, class R, int SP>
void do_st(warp& w, const instruction& I, u32 m) {
  R* s[8];
  for (int k = 0; k < I.nv; ++k) s[k] = w.P<R>(I.v[k]);
  u32 const n = (u32)sizeof(M) * I.nv;
  FOR_EACH_LANE(m) {
    M x[8];
    for (int k = 0; k < I.nv; ++k) x[k] = widen<R, M>(s[k][i]);
    memcpy(address<SP>(w, I, base_of<SP>(w, I, (int)i), n, (int)i), x, n);
  }
}
template <class M, class R>
void do_ldk(warp& w, const instruction& I, u32 m) { // kernel parameters, no base: one value for all
  if (I.has_base) return do_ld<M, R, space_kernel_parameters>(w, I, m);
  for (int k = 0; k < I.nv; ++k) {
    if (I.v[k] == no_operand) continue;
    M x;
    if ((u64)I.imm + (k + 1) * sizeof(M) > g_launch->param_bytes)
      fault(cudaErrorIllegalAddress, "ld.param beyond the parameters");
    memcpy(&x, g_launch->params + I.imm + k * sizeof(M), sizeof(M));
    R y = widen<M, R>(x);
    R* d = w.P<R>(I.v[k]);
    if (m == all_lanes)
      for (int i = 0; i < 32; ++i) d[i] = y;
    else
      FOR_EACH_LANE(m) d[i] = y;
  }
}
enum atomic_operation : u8 { atom_add, atom_min, atom_max, atom_and, atom_or, atom_xor, atom_exch, atom_cas, atom_inc, atom_dec };
template <class T, int SP>
void do_atom(warp& w, const instruction& I, u32 m) { // d or no_operand; b, c: operands; sub: which
  T* d = I.d == no_operand ? nullptr : w.P<T>(I.d);
  T* b = w.P<T>(I.b);
  T* c = I.sub == atom_cas ? w.P<T>(I.c) : nullptr;
  FOR_EACH_LANE(m) {
    char* p = address<SP>(w, I, base_of<SP>(w, I, (int)i), sizeof(T), (int)i);
    T old;
    memcpy(&old, p, sizeof(T));
    T x = b[i], r{};
    if constexpr (std::is_same_v<T, w128>) {
      switch (I.sub) {
        case atom_exch: r = x; break;
        case atom_cas: r = (old.lo == x.lo && old.hi == x.hi) ? c[i] : old; break;
        default: fault(cudaErrorNotSupported, "atom.b128");
      }
    } else {
      switch (I.sub) {
        case atom_add: r = canon<T>((T)(old + x)); break;
        case atom_min: r = x < old ? x : old; break;
        case atom_max: r = old < x ? x : old; break;
        case atom_exch: r = x; break;
        case atom_cas: r = memcmp(&old, &x, sizeof(T)) == 0 ? c[i] : old; break;
        default:
          if constexpr (std::is_integral_v<T>) switch (I.sub) {
              case atom_and: r = old & x; break;
              case atom_or: r = old | x; break;
              case atom_xor: r = old ^ x; break;
              case atom_inc: r = old >= x ? T(0) : (T)(old + 1); break;
              case atom_dec: r = (old == 0 || old > x) ? x : (T)(old - 1); break;
            }
      }
    }
    memcpy(p, &r, sizeof(T));
    if (d) d[i] = old;
  }
}

} // namespace interpreter
