/// @file math.hpp
/// All mathematical functions of kernels: select, min, max, abs, sqrt, exp, log, pow, sin, cos, sincos, for numbers and for
/// packs of them.
///
/// They are constexpr for numbers and have one definition each, made of IEEE operations without fma: the same bits on a
/// CPU with any flags, in a pack of any width, in a constant expression and on a GPU. That is what std::exp and its like do not
/// promise.
#pragma once

#include <trireme/simd/arithmetic.hpp>
#include <trireme/simd/exponential.hpp>
#include <trireme/simd/lanes.hpp>
#include <trireme/simd/power.hpp>
#include <trireme/simd/trig.hpp>
