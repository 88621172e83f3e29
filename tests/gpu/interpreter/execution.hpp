/// @file execution.hpp
/// Warps, thread blocks and launches while they run.
#pragma once
#include "program.hpp"

namespace interpreter {

struct thread_block;
struct call_frame {
  ptx_function* f;
  char* regs;
  const char* consts;
  u32 pc[32];
  u32 mask, alive;
  u32 callpc;
  u32 local_base;
  std::vector<char> scratch;
};
struct warp {
  char* R;
  const char* C; // of the frame on top
  ptx_function* f;
  u32 pc[32];
  u32 alive = 0, barw = 0, syncw = 0, cc = 0;
  u8 barid[32];
  u32 barcount[32];
  u32 exited = 0; // lanes that have ended
  u32 init_mask = 0;
  thread_block* blk;
  u32 warpid;
  u32 tid0;
  char* local;
  u32 local_stride, local_base = 0;
  char* scratch = nullptr; // of .param variables of functions: [lane][bytes]
  std::vector<call_frame> frames;
  std::vector<char> regmem;
  std::vector<char> kscratch;
  u64 count = 0;
  template <class T>
  T* P(s32 off) {
    return reinterpret_cast<T*>(off >= 0 ? R + off : const_cast<char*>(C) + ~off);
  }
};
struct thread_block {
  ptx_function* f;
  char* shared;
  u32 dyn;
  u32 ctaid[3];
  u32 nthreads;
  std::vector<warp> warps;
  std::vector<char> sharedmem, localmem;
  u32 done = 0;
  u64 slices = 0;
  u64 count = 0;
};
struct launch_context {
  int dev;
  u32 grid[3], block[3];
  const char* params;
  u32 param_bytes;
  u32 dyn;
  ptx_function* f;
};
extern launch_context* g_launch;
extern bool g_race; // looks for threads of one launch that touch the same global memory
void race_check(warp& w, const instruction& I, u64 a, u32 size, int lane);
void execute(ptx_function& f, int dev, const u32 grid[3], const u32 block[3], u32 dyn, const std::vector<char>& params);
extern u64 g_thread_instructions, g_warp_instructions;

/// The text of the statement, for messages.
std::string where(warp& w, const instruction& I);

} // namespace interpreter
