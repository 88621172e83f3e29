// interpreter: what instructions do, on the lanes of a warp under a mask.
#pragma once
#include "emu.hpp"

#include <cfenv>

#define FULL 0xffffffffu
#define EACH(m) for (u32 mm_ = (m), i = 0; mm_ && ((i = (u32)__builtin_ctz(mm_)), true); mm_ &= mm_ - 1)

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
void h_un(Warp& w, const Ins& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  if (m == FULL) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i]);
  } else
    EACH(m) d[i] = F::f(a[i]);
}
template <class T, class F>
void h_bin(Warp& w, const Ins& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  if (m == FULL) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i], b[i]);
  } else
    EACH(m) d[i] = F::f(a[i], b[i]);
}
template <class T, class F>
void h_ter(Warp& w, const Ins& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  T* b = w.P<T>(I.b);
  T* c = w.P<T>(I.c);
  if (m == FULL) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i], b[i], c[i]);
  } else
    EACH(m) d[i] = F::f(a[i], b[i], c[i]);
}
// shift: the amount is 32 bits
template <class T, class F>
void h_shift(Warp& w, const Ins& I, u32 m) {
  T* d = w.P<T>(I.d);
  T* a = w.P<T>(I.a);
  u32* b = w.P<u32>(I.b);
  if (m == FULL) {
#pragma GCC ivdep
    for (int i = 0; i < 32; ++i) d[i] = F::f(a[i], b[i]);
  } else
    EACH(m) d[i] = F::f(a[i], b[i]);
}
template <class D, class S, class F>
void h_wide(Warp& w, const Ins& I, u32 m) {
  D* d = w.P<D>(I.d);
  S* a = w.P<S>(I.a);
  S* b = w.P<S>(I.b);
  S ta[32], tb[32];
  memcpy(ta, a, sizeof ta);
  memcpy(tb, b, sizeof tb);
  if (m == FULL) {
    for (int i = 0; i < 32; ++i) d[i] = F::f(ta[i], tb[i]);
  } else
    EACH(m) d[i] = F::f(ta[i], tb[i]);
}
template <class D, class S>
void h_madwide(Warp& w, const Ins& I, u32 m) {
  D* d = w.P<D>(I.d);
  S* a = w.P<S>(I.a);
  S* b = w.P<S>(I.b);
  D* c = w.P<D>(I.c);
  D t[32];
  for (int i = 0; i < 32; ++i) t[i] = (D)((D)a[i] * (D)b[i] + c[i]);
  EACH(m) d[i] = t[i];
}

namespace op {
template <class T>
struct wider {
  using type = u64;
};
template <>
struct wider<u64> {
  using type = u128;
};
template <>
struct wider<s64> {
  using type = s128;
};
template <>
struct wider<s32> {
  using type = s64;
};
template <>
struct wider<s16> {
  using type = s32;
};
template <>
struct wider<u16> {
  using type = u32;
};
template <class T>
struct add {
  static T f(T a, T b) { return canon<T>((T)(a + b)); }
};
template <class T>
struct sub {
  static T f(T a, T b) { return canon<T>((T)(a - b)); }
};
template <class T>
struct mul {
  static T f(T a, T b) { return canon<T>((T)(a * b)); }
};
template <>
struct mul<u16> {
  static u16 f(u16 a, u16 b) { return (u16)((u32)a * b); }
};
template <class T>
struct mulhi {
  static T f(T a, T b) {
    using W = typename wider<T>::type;
    return (T)(((W)a * (W)b) >> (8 * sizeof(T)));
  }
};
template <class T>
struct mad {
  static T f(T a, T b, T c) { return (T)(a * b + c); }
};
template <>
struct mad<u16> {
  static u16 f(u16 a, u16 b, u16 c) { return (u16)((u32)a * b + c); }
};
template <class T>
struct madhi {
  static T f(T a, T b, T c) { return (T)(mulhi<T>::f(a, b) + c); }
};
template <class T>
struct fma {
  static T f(T a, T b, T c) { return canon<T>(std::fma(a, b, c)); }
};
template <class T>
struct fdiv {
  static T f(T a, T b) { return canon<T>(a / b); }
};
template <class T>
struct idiv {
  static T f(T a, T b) {
    if (b == 0) return (T)~T(0);
    if constexpr (T(-1) < T(0))
      if (b == T(-1)) return (T)(0 - (typename std::make_unsigned<T>::type)a);
    return (T)(a / b);
  }
};
template <class T>
struct irem {
  static T f(T a, T b) {
    if (b == 0) return a;
    if constexpr (T(-1) < T(0))
      if (b == T(-1)) return 0;
    return (T)(a % b);
  }
};
template <class T>
struct fmin {
  static T f(T a, T b) {
    if (a != a) return canon<T>(b);
    if (b != b) return a;
    if (a == b) return std::signbit(a) ? a : b;
    return a < b ? a : b;
  }
};
template <class T>
struct fmax {
  static T f(T a, T b) {
    if (a != a) return canon<T>(b);
    if (b != b) return a;
    if (a == b) return std::signbit(a) ? b : a;
    return a > b ? a : b;
  }
};
template <class T>
struct fminnan {
  static T f(T a, T b) {
    if (a != a || b != b) return canon<T>(a + b);
    return fmin<T>::f(a, b);
  }
};
template <class T>
struct fmaxnan {
  static T f(T a, T b) {
    if (a != a || b != b) return canon<T>(a + b);
    return fmax<T>::f(a, b);
  }
};
template <class T>
struct imin {
  static T f(T a, T b) { return a < b ? a : b; }
};
template <class T>
struct imax {
  static T f(T a, T b) { return a > b ? a : b; }
};
template <class T>
struct band {
  static T f(T a, T b) { return a & b; }
};
template <class T>
struct bor {
  static T f(T a, T b) { return a | b; }
};
template <class T>
struct bxor {
  static T f(T a, T b) { return a ^ b; }
};
template <class T>
struct bnot {
  static T f(T a) { return (T)~a; }
};
template <class T>
struct cnot {
  static T f(T a) { return a == 0 ? 1 : 0; }
};
template <class T>
struct neg {
  static T f(T a) { return (T)(0 - a); }
};
template <>
struct neg<f32> {
  static f32 f(f32 a) { return -a; }
};
template <>
struct neg<f64> {
  static f64 f(f64 a) { return -a; }
};
template <class T>
struct abs {
  static T f(T a) { return (T)(a < 0 ? 0 - a : a); }
};
template <>
struct abs<f32> {
  static f32 f(f32 a) { return std::fabs(a); }
};
template <>
struct abs<f64> {
  static f64 f(f64 a) { return std::fabs(a); }
};
template <class T>
struct mov {
  static T f(T a) { return a; }
};
template <class T>
struct sqrt {
  static T f(T a) { return canon<T>(std::sqrt(a)); }
};
template <class T>
struct rcp {
  static T f(T a) { return canon<T>(1 / a); }
};
template <class T>
struct rsqrt {
  static T f(T a) { return canon<T>(1 / std::sqrt(a)); }
};
template <class T>
struct ex2 {
  static T f(T a) { return canon<T>(std::exp2(a)); }
};
template <class T>
struct lg2 {
  static T f(T a) { return canon<T>(std::log2(a)); }
};
template <class T>
struct sin {
  static T f(T a) { return canon<T>(std::sin(a)); }
};
template <class T>
struct cos {
  static T f(T a) { return canon<T>(std::cos(a)); }
};
template <class T>
struct tanh {
  static T f(T a) { return canon<T>(std::tanh(a)); }
};
template <class T>
struct shl {
  static T f(T a, u32 b) { return b >= 8 * sizeof(T) ? T(0) : (T)(a << b); }
};
template <class T>
struct shr {
  static T f(T a, u32 b) {
    if (b >= 8 * sizeof(T)) return (T(-1) < T(0) && a < 0) ? T(-1) : T(0);
    return (T)(a >> b);
  }
};
template <class T>
struct copysign {
  static T f(T a, T b) { return std::copysign(b, a); }
};
template <class T>
struct sad {
  static T f(T a, T b, T c) { return (T)(c + (a < b ? b - a : a - b)); }
};
template <class T>
struct mul24 {
  static T f(T a, T b) {
    T x = (T)(a << 8), y = (T)(b << 8);
    return (T)((x >> 8) * (y >> 8));
  }
};
} // namespace op

// ---- Comparisons ----
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

// ---- Memory ----
char* slow_address(Warp& w, const Ins& I, u64 a, u32 size, int lane);
template <int SP>
inline char* address(Warp& w, const Ins& I, u64 a, u32 size, int lane) {
  if constexpr (SP == S_GLOBAL || SP == S_GENERIC) {
    Cache const& c = I.cache;
    if (__builtin_expect(g_race, 0)) race_check(w, I, a, size, lane);
    if (c.gen == g_memgen && a - c.lo < c.size && a - c.lo + size <= c.size && (a & (size - 1)) == 0)
      return reinterpret_cast<char*>(a + c.delta);
  }
  if constexpr (SP == S_SHARED) {
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
inline u64 base_of(Warp& w, const Ins& I, int i) {
  u64 a = (u64)I.imm;
  if (I.has_base)
    a += I.base32 ? w.P<u32>(I.a)[i] : w.P<u64>(I.a)[i];
  else if (SP == S_LOCAL)
    a += w.local_base;
  return a;
}
template <class M, class R, int SP>
void h_ld(Warp& w, const Ins& I, u32 m) {
  if (I.nv == 1) {
    R* d = w.P<R>(I.v[0]);
    EACH(m) {
      M x;
      memcpy(&x, address<SP>(w, I, base_of<SP>(w, I, (int)i), sizeof(M), (int)i), sizeof(M));
      d[i] = widen<M, R>(x);
    }
    return;
  }
  R* d[8];
  for (int k = 0; k < I.nv; ++k) d[k] = I.v[k] == NONE ? nullptr : w.P<R>(I.v[k]);
  EACH(m) {
    M x[8];
    u32 n = (u32)sizeof(M) * I.nv;
    memcpy(x, address<SP>(w, I, base_of<SP>(w, I, (int)i), n, (int)i), n);
    for (int k = 0; k < I.nv; ++k)
      if (d[k]) d[k][i] = widen<M, R>(x[k]);
  }
}
template <class M, class R, int SP>
void h_st(Warp& w, const Ins& I, u32 m) {
  R* s[8];
  for (int k = 0; k < I.nv; ++k) s[k] = w.P<R>(I.v[k]);
  u32 const n = (u32)sizeof(M) * I.nv;
  EACH(m) {
    M x[8];
    for (int k = 0; k < I.nv; ++k) x[k] = widen<R, M>(s[k][i]);
    memcpy(address<SP>(w, I, base_of<SP>(w, I, (int)i), n, (int)i), x, n);
  }
}
template <class M, class R>
void h_ldk(Warp& w, const Ins& I, u32 m) { // kernel parameters, no base: one value for all
  if (I.has_base) return h_ld<M, R, S_PARAM_K>(w, I, m);
  for (int k = 0; k < I.nv; ++k) {
    if (I.v[k] == NONE) continue;
    M x;
    if ((u64)I.imm + (k + 1) * sizeof(M) > g_launch->param_bytes)
      fault(cudaErrorIllegalAddress, "ld.param beyond the parameters");
    memcpy(&x, g_launch->params + I.imm + k * sizeof(M), sizeof(M));
    R y = widen<M, R>(x);
    R* d = w.P<R>(I.v[k]);
    if (m == FULL)
      for (int i = 0; i < 32; ++i) d[i] = y;
    else
      EACH(m) d[i] = y;
  }
}
enum Atom : u8 { A_ADD, A_MIN, A_MAX, A_AND, A_OR, A_XOR, A_EXCH, A_CAS, A_INC, A_DEC };
template <class T, int SP>
void h_atom(Warp& w, const Ins& I, u32 m) { // d or NONE; b, c: operands; sub: which
  T* d = I.d == NONE ? nullptr : w.P<T>(I.d);
  T* b = w.P<T>(I.b);
  T* c = I.sub == A_CAS ? w.P<T>(I.c) : nullptr;
  EACH(m) {
    char* p = address<SP>(w, I, base_of<SP>(w, I, (int)i), sizeof(T), (int)i);
    T old;
    memcpy(&old, p, sizeof(T));
    T x = b[i], r{};
    if constexpr (std::is_same_v<T, w128>) {
      switch (I.sub) {
        case A_EXCH: r = x; break;
        case A_CAS: r = (old.lo == x.lo && old.hi == x.hi) ? c[i] : old; break;
        default: fault(cudaErrorNotSupported, "atom.b128");
      }
    } else {
      switch (I.sub) {
        case A_ADD: r = canon<T>((T)(old + x)); break;
        case A_MIN: r = x < old ? x : old; break;
        case A_MAX: r = old < x ? x : old; break;
        case A_EXCH: r = x; break;
        case A_CAS: r = memcmp(&old, &x, sizeof(T)) == 0 ? c[i] : old; break;
        default:
          if constexpr (std::is_integral_v<T>) switch (I.sub) {
              case A_AND: r = old & x; break;
              case A_OR: r = old | x; break;
              case A_XOR: r = old ^ x; break;
              case A_INC: r = old >= x ? T(0) : (T)(old + 1); break;
              case A_DEC: r = (old == 0 || old > x) ? x : (T)(old - 1); break;
            }
      }
    }
    memcpy(p, &r, sizeof(T));
    if (d) d[i] = old;
  }
}
