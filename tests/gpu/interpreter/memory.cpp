/// @file memory.cpp
/// One address space for all devices, mapped twice: for kernels, and for the interpreter itself.
#include "memory.hpp"
#include "messages.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace interpreter {

static u64 const g_total = (u64)env("MEMORY_MB", 8192) << 20;
std::map<u64, allocation> g_allocs;
u64 g_memgen = 1, g_arena, g_arena_size;
s64 g_delta;
static u64 g_next, g_used;
static int g_fd = -1;
static void init_arena() {
  if (g_arena) return;
  g_fd = memfd_create("interpreter", 0);
  u64 size = 1ull << env("ARENA_BITS", 38); // addresses are not used twice
  if (g_fd < 0 || ftruncate(g_fd, (off_t)size)) {
    perror("interpreter: memfd");
    abort();
  }
  void* a = mmap(nullptr, size, PROT_NONE, MAP_SHARED | MAP_NORESERVE, g_fd, 0); // the host can't touch it: as on a device
  void* b = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, g_fd, 0);
  if (a == MAP_FAILED || b == MAP_FAILED) {
    perror("interpreter: mmap");
    abort();
  }
  g_delta = (s64)((u64)b - (u64)a);
  g_arena_size = size;
  g_next = (u64)a + (1 << 20);
  g_arena = (u64)a;
}
allocation* find_alloc(u64 p) {
  auto it = g_allocs.upper_bound(p);
  if (it == g_allocs.begin()) return nullptr;
  --it;
  allocation& a = it->second;
  return a.live && p - a.lo < a.size ? &a : nullptr;
}
allocation* find_any(u64 p) {
  auto it = g_allocs.upper_bound(p);
  if (it == g_allocs.begin()) return nullptr;
  --it;
  return p - it->second.lo < it->second.size ? &it->second : nullptr;
}
u64 device_alloc(u64 size, bool live, void* pool, int dev) {
  init_arena();
  if (g_used + size > g_total) return 0;
  u64 p = g_next;
  g_next = (g_next + size + 4096 + 4095) & ~4095ull;
  if (g_next > g_arena + g_arena_size) {
    fprintf(stderr, "interpreter: the arena's addresses are used up\n");
    return 0;
  }
  g_used += size;
  g_allocs[p] = {p, size, 1, live, pool, dev};
  ++g_memgen;
  memset(host_of(p), 0xA5, size); // what a device leaves in memory is nothing to build on
  return p;
}
void device_release(u64 p) {
  auto it = g_allocs.find(p);
  if (it == g_allocs.end()) return;
  allocation const a = it->second;
  g_allocs.erase(it);
  ++g_memgen;
  if (a.kind == 1) {
    g_used -= a.size;
    u64 off = a.lo - g_arena, len = (a.size + 4095) & ~4095ull;
    fallocate(g_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)off, (off_t)len);
  }
}

u64 memory_used() { return g_used; }
u64 memory_total() { return g_total; }

} // namespace interpreter
