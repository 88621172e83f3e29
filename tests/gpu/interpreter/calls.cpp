/// @file calls.cpp
/// Functions that are entered and left.
#include "schedule.hpp"

#include <algorithm>
#include <cstring>

namespace interpreter {

void enter(warp& w, ptx_function* f, u32 mask, u32 local_base) {
  w.f = f;
  w.C = f->consts.data();
  w.alive = mask;
  w.local_base = local_base;
  FOR_EACH_LANE(mask) w.pc[i] = 0;
  for (auto const& s : f->specials) {
    u32* d = reinterpret_cast<u32*>(w.R + s.off);
    for (u32 i = 0; i < 32; ++i) {
      u32 const t = w.tid0 + i, *b = g_launch->block, *g = g_launch->grid;
      u32 v = 0;
      switch (s.id) {
        case 0: v = t % b[0]; break;
        case 1: v = t / b[0] % b[1]; break;
        case 2: v = t / b[0] / b[1]; break;
        case 3:
        case 4:
        case 5: v = b[s.id - 3]; break;
        case 6:
        case 7:
        case 8: v = w.blk->ctaid[s.id - 6]; break;
        case 9:
        case 10:
        case 11: v = g[s.id - 9]; break;
        case 12: v = i; break;
        case 13: v = w.warpid; break;
        case 14: v = (b[0] * b[1] * b[2] + 31) / 32; break;
        case 15: v = 0; break;
        case 16: v = 1; break;
        case 17: v = 1u << i; break;
        case 18: v = (1u << i) - 1; break;
        case 19: v = (u32)((2ull << i) - 1); break;
        case 20: v = ~(u32)((2ull << i) - 1); break;
        case 21: v = ~((1u << i) - 1); break;
        case 22: v = w.blk->dyn; break;
        case 23: v = w.blk->dyn + f->shared_bytes; break;
      }
      d[i] = v;
    }
  }
}

static void call_builtin(warp& w, const call_info& c, u32 m) {
  auto arg = [&](size_t k, int lane) {
    u64 v = 0;
    memcpy(&v, w.scratch + (u64)lane * w.f->scratch_bytes + c.args[k], std::min<u32>(8, c.arg_sizes[k]));
    return v;
  };
  auto str = [&](u64 p) -> std::string {
    std::string s;
    for (allocation* a = find_alloc(p); a && p < a->lo + a->size; ++p) {
      char ch = *host_of(p);
      if (!ch) break;
      s += ch;
    }
    return s;
  };
  int l = __builtin_ctz(m);
  if (c.name == "__assertfail") {
    fprintf(stderr, "interpreter: device assertion: %s (%s:%llu, %s)\n", str(arg(0, l)).c_str(), str(arg(1, l)).c_str(),
            (unsigned long long)arg(2, l), str(arg(3, l)).c_str());
    fault(cudaErrorAssert, "device assertion failed");
  }
  if (c.name == "vprintf") {
    FOR_EACH_LANE(m) fprintf(stderr, "interpreter: device printf, unformatted: %s\n", str(arg(0, (int)i)).c_str());
    if (!c.rets.empty()) FOR_EACH_LANE(m) memset(w.scratch + (u64)i * w.f->scratch_bytes + c.rets[0], 0, 4);
    return;
  }
  fprintf(stderr, "interpreter: call of a function without a body: %s\n", c.name.c_str());
  fault(cudaErrorLaunchFailure, "call of %s, which has no body", c.name.c_str());
}

void push_call(warp& w, const instruction& I, u32 m, u32 pc) {
  call_info const& c = w.f->calls[I.aux];
  if (!c.target || !c.target->has_body) {
    call_builtin(w, c, m);
    return;
  }
  ptx_function* t = c.target;
  if (!t->decoded) decode(*t);
  if (w.frames.size() > 200) fault(cudaErrorLaunchFailure, "calls are too deep");
  call_frame fr;
  fr.f = w.f;
  fr.regs = w.R;
  fr.consts = w.C;
  memcpy(fr.pc, w.pc, sizeof fr.pc);
  fr.mask = m;
  fr.alive = w.alive;
  fr.callpc = pc;
  fr.local_base = w.local_base;
  u32 const lb = w.local_base + ((w.f->local_bytes + 15) & ~15u);
  if (lb + t->local_bytes > w.local_stride) fault(cudaErrorLaunchFailure, "the stack is full");
  char* regs = (char*)malloc(t->reg_bytes + 64);
  memset(regs, 0xA5, t->reg_bytes + 64);
  std::vector<char> scratch((size_t)32 * std::max(1u, t->scratch_bytes), (char)0xA5);
  for (size_t k = 0; k < c.args.size() && k < t->params.size(); ++k) FOR_EACH_LANE(m)
  memcpy(scratch.data() + (u64)i * t->scratch_bytes + t->params[k].offset, w.scratch + (u64)i * w.f->scratch_bytes + c.args[k],
         std::min(c.arg_sizes[k], t->params[k].size));
  fr.scratch.swap(scratch);
  char* old = w.scratch;
  (void)old;
  w.frames.push_back(std::move(fr));
  // frames[n].scratch is the callee's; the caller's is found from the frame below, or kscratch
  w.R = regs;
  w.scratch = w.frames.back().scratch.data();
  enter(w, t, m, lb);
}
void pop_frame(warp& w) {
  call_frame fr = std::move(w.frames.back());
  w.frames.pop_back();
  ptx_function* callee = w.f;
  char* cs = fr.scratch.data();
  free(w.R);
  w.R = fr.regs;
  w.C = fr.consts;
  w.f = fr.f;
  w.local_base = fr.local_base;
  w.scratch = w.frames.empty() ? w.kscratch.data() : w.frames.back().scratch.data();
  call_info const& c = w.f->calls[w.f->code[fr.callpc].aux];
  for (size_t k = 0; k < c.rets.size() && k < callee->rets.size(); ++k) FOR_EACH_LANE(fr.mask)
  memcpy(w.scratch + (u64)i * w.f->scratch_bytes + c.rets[k], cs + (u64)i * callee->scratch_bytes + callee->rets[k].offset,
         std::min(c.ret_sizes[k], callee->rets[k].size));
  memcpy(w.pc, fr.pc, sizeof w.pc);
  w.alive = fr.alive & ~w.exited;
}

} // namespace interpreter
