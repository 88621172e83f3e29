/// @file schedule.hpp
/// In which order threads, warps and blocks go on.
#pragma once
#include "execution.hpp"

namespace interpreter {

/// INTERPRETER_SCHED: the lanes at the lowest statement first, at the highest, or random ones for a random while.
enum schedule_order { lowest_first, highest_first, random_lanes };
schedule_order sched();
/// Instructions that a warp runs at a time.
u64 slice();
u64 rnd();

/// Why a warp does not go on: all of its threads have ended, or wait, or its slice is over.
enum yield_reason { yield_done, yield_waits, yield_slice };
yield_reason run(warp& w, u64 budget);
void enter(warp& w, ptx_function* f, u32 mask, u32 local_base);
void push_call(warp& w, const instruction& I, u32 m, u32 pc);
void pop_frame(warp& w);
void start_block(thread_block& b, ptx_function& f, u64 index, u32 nthreads, u32 dyn);
/// A slice of each warp; true when the block is complete.
bool step_block(thread_block& b);
void forget_touches();

} // namespace interpreter
