/// @file float_model.hpp
/// Refuses compiler flags under which equal bits can't be promised.
#pragma once

#if defined(__FAST_MATH__) || defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__) ||                                   \
    (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "trireme: -ffast-math, or a part of it, breaks the promise of equal bits; compile without it"
#endif
