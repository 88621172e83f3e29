/// @file types.hpp
/// Numbers by their sizes, as PTX names them, and the 32 lanes of a warp.
#pragma once
#include <cstddef>
#include <cstdint>

namespace interpreter {

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 s128;
typedef float f32;
typedef double f64;

constexpr u32 all_lanes = 0xffffffffu; // all lanes

// For the lanes i that are in the mask.
#define FOR_EACH_LANE(m) for (u32 mm_ = (m), i = 0; mm_ && ((i = (u32)__builtin_ctz(mm_)), true); mm_ &= mm_ - 1)

} // namespace interpreter
