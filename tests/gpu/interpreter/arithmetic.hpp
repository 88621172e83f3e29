/// @file arithmetic.hpp
/// What arithmetic instructions compute.
#pragma once
#include "lanes.hpp"

#include <cmath>
#include <type_traits>

namespace interpreter { namespace op {
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
}} // namespace interpreter::op
