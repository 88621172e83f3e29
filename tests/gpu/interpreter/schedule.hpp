/// @file schedule.hpp
/// In which order threads, warps and blocks go on.
#pragma once
#include "execution.hpp"

namespace interpreter {

/// INTERPRETER_SCHED: the lanes at the lowest statement first, at the highest, or random ones for a random while.
enum Sched { LOWEST_FIRST, HIGHEST_FIRST, RANDOM_ORDER };
Sched sched();
/// Instructions that a warp runs at a time.
u64 slice();
u64 rnd();

/// Why a warp does not go on: all of its threads have ended, or wait, or its slice is over.
enum Yield { Y_DONE, Y_BAR, Y_SLICE };
Yield run(Warp& w, u64 budget);
void enter(Warp& w, Func* f, u32 mask, u32 local_base);
void push_call(Warp& w, const Ins& I, u32 m, u32 pc);
void pop_frame(Warp& w);
void start_block(Block& b, Func& f, u64 index, u32 nthreads, u32 dyn);
/// A slice of each warp; true when the block is complete.
bool step_block(Block& b);
void forget_touches();

} // namespace interpreter
