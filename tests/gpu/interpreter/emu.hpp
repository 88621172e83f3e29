// interpreter: a functional PTX interpreter behind CUDA's runtime API. Shared declarations.
#pragma once
#include <cuda_runtime_api.h>

#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

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

// ---- Memory ----
struct Alloc {
  u64 lo, size;
  int kind;
  bool live;
  void* pool;
  int dev = 0;
}; // kind 1 device, 2 pinned host
extern std::map<u64, Alloc> g_allocs;
extern u64 g_memgen;
extern u64 g_arena, g_arena_size;
extern s64 g_delta;
inline bool in_arena(u64 p) { return p - g_arena < g_arena_size; }
Alloc* find_alloc(u64 p);                                                  // the live allocation that holds p, or null
u64 device_alloc(u64 size, bool live, void* pool = nullptr, int dev = -1); // dev -1: of every device
void device_release(u64 p);
inline char* host_of(u64 p) { return reinterpret_cast<char*>(in_arena(p) ? p + g_delta : p); }

// ---- Faults in kernels ----
struct Fault {
  cudaError_t code;
  std::string text;
};
[[noreturn]] void fault(cudaError_t code, const char* fmt, ...) __attribute__((format(printf, 2, 3)));

// ---- Code ----
constexpr u64 TAG_SHARED = 1ull << 56, TAG_LOCAL = 2ull << 56, TAG_PARAM = 3ull << 56, TAG_MASK = 0xffull << 56;
constexpr u32 DYN_BASE = 0x40000; // dynamic shared memory begins here
enum Space : u8 { S_GENERIC, S_GLOBAL, S_SHARED, S_LOCAL, S_PARAM_K, S_PARAM_F };
enum Kind : u8 { K_NORMAL, K_BRA, K_EXIT, K_RET, K_BAR, K_WSYNC, K_CALL, K_BRX, K_TRAP, K_NOP };

struct Warp;
struct Ins;
struct Func;
struct Module;
typedef void (*Fn)(Warp&, const Ins&, u32);

struct Cache {
  u64 lo, size;
  s64 delta;
  u64 gen;
};
struct CallInfo {
  Func* target = nullptr;
  std::string name;
  int indirect = 0;
  std::vector<u32> args, rets;
  std::vector<u32> arg_sizes, ret_sizes;
};
struct Ins {
  Fn fn = nullptr;
  Kind kind = K_NORMAL;
  bool gneg = false;
  u8 nv = 1, rnd = 0, flags = 0, sub = 0, sub2 = 0;
  s32 guard = -1;
  u32 target = 0;
  s32 d = 0, d2 = 0, a = 0, b = 0, c = 0, e = 0;
  s32 v[8] = {};
  s64 imm = 0;
  bool has_base = true, base32 = false;
  mutable Cache cache{0, 0, 0, 0};
  u32 aux = 0;  // index into tables of the function
  u32 line = 0; // of the statement, for messages
};
struct ParamDecl {
  std::string name;
  u32 size, align, offset;
};
struct Special {
  int id;
  s32 off;
};
struct Func {
  Module* module = nullptr;
  std::string name, body, head; // head: directives between the parameters and the body
  bool entry = false, decoded = false, has_body = true, has_calls = false;
  std::vector<ParamDecl> params, rets;
  u32 param_bytes = 0; // kernel parameters
  std::vector<Ins> code;
  std::vector<std::string> texts; // of the statements
  u32 reg_bytes = 0;
  std::vector<char> consts;
  std::vector<Special> specials;
  u32 shared_bytes = 0, local_bytes = 0, scratch_bytes = 0;
  u32 maxntid = 0;
  std::vector<CallInfo> calls;
  std::vector<std::vector<u32>> tables;
  u64 launches = 0;
};
struct Symbol {
  int space;
  u64 addr;
  u64 size;
}; // space: 1 global/const, 2 shared, 3 local, 4 kernel param, 5 function param
struct Module {
  std::string text;
  std::unordered_map<std::string, std::unique_ptr<Func>> funcs;
  std::unordered_map<std::string, Symbol> symbols;
  u32 shared_bytes = 0;
  int target = 0;
};
std::unique_ptr<Module> parse_module(std::string text);
void decode(Func& f);

// ---- Execution ----
struct Block;
struct Frame {
  Func* f;
  char* regs;
  const char* consts;
  u32 pc[32];
  u32 mask, alive;
  u32 callpc;
  u32 local_base;
  std::vector<char> scratch;
};
struct Warp {
  char* R;
  const char* C; // of the frame on top
  Func* f;
  u32 pc[32];
  u32 alive = 0, barw = 0, syncw = 0, cc = 0;
  u8 barid[32];
  u32 barcount[32];
  u32 exited = 0; // lanes that have ended
  u32 init_mask = 0;
  Block* blk;
  u32 warpid;
  u32 tid0;
  char* local;
  u32 local_stride, local_base = 0;
  char* scratch = nullptr; // of .param variables of functions: [lane][bytes]
  std::vector<Frame> frames;
  std::vector<char> regmem;
  std::vector<char> kscratch;
  u64 count = 0;
  template <class T>
  T* P(s32 off) {
    return reinterpret_cast<T*>(off >= 0 ? R + off : const_cast<char*>(C) + ~off);
  }
};
struct Block {
  Func* f;
  char* shared;
  u32 dyn;
  u32 ctaid[3];
  u32 nthreads;
  std::vector<Warp> warps;
  std::vector<char> sharedmem, localmem;
  u32 done = 0;
  u64 slices = 0;
  u64 count = 0;
};
struct LaunchCtx {
  int dev;
  u32 grid[3], block[3];
  const char* params;
  u32 param_bytes;
  u32 dyn;
  Func* f;
};
extern LaunchCtx* g_launch;
extern bool g_race; // looks for threads of one launch that touch the same global memory
void race_check(Warp& w, const Ins& I, u64 a, u32 size, int lane);
void execute(Func& f, int dev, const u32 grid[3], const u32 block[3], u32 dyn, const std::vector<char>& params);
extern u64 g_thread_instructions, g_warp_instructions;
extern int g_verbose;
long env(const char* name, long otherwise);
void warn_once(const char* key, const char* fmt, ...) __attribute__((format(printf, 2, 3)));
