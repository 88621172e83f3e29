/// @file races.cpp
/// Races on global memory: two threads of a launch at the same bytes, one of them writing, neither atomically.
#include "schedule.hpp"

#include <unordered_map>

namespace interpreter {

bool g_race = env("RACE", 0) != 0;
struct last_touch {
  u32 writer = ~0u, reader = ~0u;
  bool readers = false, atomic = false;
  u32 wline = 0, rline = 0;
};
static std::unordered_map<u64, last_touch> g_touched;
void race_check(warp& w, const instruction& I, u64 a, u32 size, int lane) {
  if ((a & tag_mask) != 0 || !in_arena(a)) return;
  u32 const me = (u32)((w.blk->ctaid[0] * w.blk->nthreads) + w.tid0 + (u32)lane);
  bool const write = I.flags & 0x10, atomic = I.flags & 0x20;
  auto one = [&](u64 key) {
    last_touch& t = g_touched[key];
    auto say = [&](const char* what, u32 other) {
      warn_once(("race" + w.f->name).c_str(), "RACE: %s at 0x%llx by threads %u and %u of %s: %s", what, (unsigned long long)a,
                me, other, w.f->name.c_str(), where(w, I).c_str());
    };
    if (atomic) {
      if (t.writer != ~0u && t.writer != me && !t.atomic) say("an atomic beside a write", t.writer);
      t.atomic = true;
      if (write) t.writer = me;
      return;
    }
    if (write) {
      if (t.writer != ~0u && t.writer != me) say("two writes", t.writer);
      if (t.reader != ~0u && (t.readers || t.reader != me)) say("a write of what another reads", t.reader);
      t.writer = me;
    } else {
      if (t.writer != ~0u && t.writer != me) say("a read of what another writes", t.writer);
      if (t.reader != ~0u && t.reader != me) t.readers = true;
      t.reader = me;
    }
  };
  if (size < 4)
    for (u32 k = 0; k < size; ++k) one((a + k) | 1ull << 63);
  else
    for (u32 k = 0; k < size; k += 4) one(a + k);
}

void forget_touches() { g_touched.clear(); }

} // namespace interpreter
