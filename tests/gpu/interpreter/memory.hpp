/// @file memory.hpp
/// The memory of devices: addresses that the host cannot touch and that are never used twice; and pinned memory of the host.
#pragma once
#include "types.hpp"

#include <map>

namespace interpreter {

struct allocation {
  u64 lo, size;
  int kind;
  bool live;
  void* pool;
  int dev = 0;
}; // kind 1 device, 2 pinned host
extern std::map<u64, allocation> g_allocs;
extern u64 g_memgen;
extern u64 g_arena, g_arena_size;
extern s64 g_delta;
inline bool in_arena(u64 p) { return p - g_arena < g_arena_size; }
allocation* find_alloc(u64 p);                                             // the live allocation that holds p, or null
u64 device_alloc(u64 size, bool live, void* pool = nullptr, int dev = -1); // dev -1: of every device
void device_release(u64 p);
inline char* host_of(u64 p) { return reinterpret_cast<char*>(in_arena(p) ? p + g_delta : p); }
allocation* find_any(u64 p); // also one that is not live yet, in its stream
u64 memory_used();
u64 memory_total();

} // namespace interpreter
