/// @file block.cpp
/// Thread blocks: their memory, their warps and their barriers.
#include "comparisons.hpp"
#include "schedule.hpp"

#include <algorithm>
#include <cstring>

namespace interpreter {

void start_block(thread_block& b, ptx_function& f, u64 index, u32 nthreads, u32 dyn) {
  auto const& L = *g_launch;
  b.f = &f;
  b.nthreads = nthreads;
  b.dyn = dyn;
  b.done = 0;
  b.slices = 0;
  b.count = 0;
  b.ctaid[0] = (u32)(index % L.grid[0]);
  b.ctaid[1] = (u32)(index / L.grid[0] % L.grid[1]);
  b.ctaid[2] = (u32)(index / L.grid[0] / L.grid[1]);
  size_t sh = dyn ? (size_t)dynamic_base + dyn : f.shared_bytes;
  b.sharedmem.resize(std::max<size_t>(sh, 16));
  b.shared = b.sharedmem.data();
  memset(b.shared, 0xA5, f.shared_bytes);
  if (dyn) memset(b.shared + dynamic_base, 0xA5, dyn);
  u32 const nw = (nthreads + 31) / 32;
  u32 const stride = (f.local_bytes + (f.has_calls ? 65536 : 0) + 15) & ~15u;
  b.localmem.resize((size_t)nw * 32 * stride + 16);
  if (b.warps.size() != nw) b.warps = std::vector<warp>(nw);
  for (u32 k = 0; k < nw; ++k) {
    warp& w = b.warps[k];
    w.blk = &b;
    w.warpid = k;
    w.tid0 = 32 * k;
    w.barw = w.syncw = w.cc = w.exited = 0;
    w.count = 0;
    w.frames.clear();
    w.regmem.resize(f.reg_bytes + 64);
    w.R = w.regmem.data();
    memset(w.R, 0xA5, f.reg_bytes);
    w.local = b.localmem.data() + (size_t)k * 32 * stride;
    w.local_stride = stride;
    if (stride)
      for (int i = 0; i < 32; ++i) memset(w.local + (size_t)i * stride, 0xA5, f.local_bytes);
    w.kscratch.resize((size_t)32 * f.scratch_bytes + 16);
    w.scratch = w.kscratch.data();
    u32 left = nthreads - 32 * k, mask = left >= 32 ? all_lanes : (1u << left) - 1;
    enter(w, &f, mask, 0);
    w.init_mask = mask;
  }
}

// Releases barriers at which all are; returns whether any was.
static bool release(thread_block& b) {
  bool any = false;
  for (int id = 0; id < 16; ++id) {
    u32 at = 0, alive = 0, need = 0;
    u32 pcs[2] = {~0u, ~0u};
    bool diff = false;
    for (auto& w : b.warps) {
      u32 top = w.frames.empty() ? w.alive : (w.init_mask & ~w.exited);
      alive += (u32)__builtin_popcount(top);
      FOR_EACH_LANE(w.barw) if (w.barid[i] == id) {
        ++at;
        if (w.barcount[i]) need = w.barcount[i];
        if (pcs[0] == ~0u)
          pcs[0] = w.pc[i];
        else if (w.pc[i] != pcs[0])
          diff = true;
      }
    }
    if (!at) continue;
    if (at < (need ? need : alive)) continue;
    if (diff)
      warn_once(("diffbar" + b.f->name).c_str(), "threads meet at different bar.sync statements in %s", b.f->name.c_str());
    // bar.red: combine
    u32 pop = 0, tot = 0;
    bool red = false;
    for (auto& w : b.warps) FOR_EACH_LANE(w.barw) if (w.barid[i] == id) {
        const instruction& I = w.f->code[w.pc[i]];
        if (I.sub) {
          red = true;
          ++tot;
          pop += pred_of(w, I.c, I.flags & 1) >> i & 1;
        }
      }
    for (auto& w : b.warps) {
      u32 g = 0;
      FOR_EACH_LANE(w.barw) if (w.barid[i] == id) g |= 1u << i;
      if (red) FOR_EACH_LANE(g) {
          const instruction& I = w.f->code[w.pc[i]];
          if (I.sub == 1)
            w.P<u32>(I.d)[i] = pop;
          else
            set_pred(w, I.d, (I.sub == 2 ? pop == tot : pop > 0) ? all_lanes : 0, 1u << i);
        }
      FOR_EACH_LANE(g)++ w.pc[i];
      w.barw &= ~g;
    }
    any = true;
  }
  return any;
}

bool step_block(thread_block& b) { // true when it is complete
  static u64 const watchdog = (u64)env("WATCHDOG", 4000000000L);
  u32 const n = (u32)b.warps.size();
  u32 finished = 0;
  bool sliced = false;
  u32 const from = sched() ? (u32)(rnd() % n) : 0;
  for (u32 k = 0; k < n; ++k) {
    warp& w = b.warps[(from + k) % n];
    if (!w.alive && w.frames.empty()) {
      ++finished;
      continue;
    }
    if (!(w.alive & ~(w.barw | w.syncw)) && w.barw && !w.syncw) continue;
    u64 const before = w.count;
    yield_reason y = run(w, slice() ? (sched() ? 1 + rnd() % slice() : slice()) : ~0ull);
    b.count += w.count - before;
    g_warp_instructions += w.count - before;
    if (y == yield_done) ++finished;
    if (y == yield_slice) sliced = true;
  }
  if (finished == n) return true;
  bool const rel = release(b);
  if (!rel && !sliced)
    fault(cudaErrorLaunchTimeout, "DEADLOCK: block %u of %s waits at a barrier that not all reach", b.ctaid[0],
          b.f->name.c_str());
  if (b.count > watchdog) fault(cudaErrorLaunchTimeout, "block %u of %s takes too long", b.ctaid[0], b.f->name.c_str());
  return false;
}

} // namespace interpreter
