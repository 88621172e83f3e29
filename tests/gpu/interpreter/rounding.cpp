/// @file rounding.cpp
/// Arithmetic with a rounding mode, flush to zero or saturation; logic on predicates.
#include "arithmetic.hpp"
#include "comparisons.hpp"

#include <cfenv>

namespace interpreter {

void do_pred_op(warp& w, const instruction& I, u32 m) {
  u32 a = pred_of(w, I.a, I.flags & 1), b = I.sub >= 1 && I.sub <= 3 ? pred_of(w, I.b, I.flags & 2) : 0, r = 0;
  switch (I.sub) {
    case 0: r = a; break;
    case 1: r = a & b; break;
    case 2: r = a | b; break;
    case 3: r = a ^ b; break;
    case 4: r = ~a; break;
  }
  set_pred(w, I.d, r, m);
}
template <class T>
static T __attribute__((noinline)) slow_one(int o, T a, T b, T c) {
  volatile T x = a, y = b, z = c, r = 0;
  switch (o) {
    case 0: r = x + y; break;
    case 1: r = x - y; break;
    case 2: r = x * y; break;
    case 3: r = x / y; break;
    case 4: r = std::fma((T)x, (T)y, (T)z); break;
    case 5: r = std::sqrt((T)x); break;
    case 6: r = 1 / x; break;
    case 7: r = op::fmin<T>::f(x, y); break;
    case 8: r = op::fmax<T>::f(x, y); break;
    case 9: r = -x; break;
    case 10: r = std::fabs((T)x); break;
    case 11: r = op::fminnan<T>::f(x, y); break;
    case 12: r = op::fmaxnan<T>::f(x, y); break;
  }
  return r;
}
// sub: operation; sub2: 4 or 8; rnd: 0 rn 1 rz 2 rm 3 rp; flags: 4 ftz, 8 sat
template <class T>
static void slow_all(warp& w, const instruction& I, u32 m) {
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a), *b = I.b == no_operand ? a : w.P<T>(I.b), *c = I.c == no_operand ? a : w.P<T>(I.c);
  if (I.rnd) fesetround(modes[I.rnd]);
  FOR_EACH_LANE(m) {
    T x = a[i], y = b[i], z = c[i];
    if (I.flags & 4) x = ftz(x), y = ftz(y), z = ftz(z);
    T r = slow_one<T>(I.sub, x, y, z);
    if (I.flags & 4) r = ftz(r);
    if (I.flags & 8) r = r != r ? T(0) : r < 0 ? T(0) : r > 1 ? T(1) : r;
    d[i] = canon<T>(r);
  }
  if (I.rnd) fesetround(FE_TONEAREST);
}
void do_fp_slow(warp& w, const instruction& I, u32 m) {
  if (I.sub2 == 4)
    slow_all<f32>(w, I, m);
  else
    slow_all<f64>(w, I, m);
}

} // namespace interpreter
