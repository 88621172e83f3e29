/// @file address.cpp
/// Addresses that are not in what an instruction touched last: found, and checked.
#include "access.hpp"

namespace interpreter {

std::string where(Warp& w, const Ins& I) { return I.line < w.f->texts.size() ? w.f->texts[I.line] : std::string("?"); }

char* slow_address(Warp& w, const Ins& I, u64 a, u32 size, int lane) {
  // the space is found again from the instruction: sub2 holds it
  int sp = I.sub2;
  auto const tid = w.tid0 + (u32)lane;
  auto bad = [&](const char* what) -> char* {
    fault(cudaErrorIllegalAddress, "%s at 0x%llx, %u bytes, by thread %u of block %u: %s", what, (unsigned long long)a, size, tid,
          w.blk->ctaid[0], where(w, I).c_str());
  };
  auto aligned = [&](u64 x) {
    if (x & (size - 1))
      fault(cudaErrorMisalignedAddress, "misaligned address 0x%llx for %u bytes by thread %u of block %u: %s",
            (unsigned long long)a, size, tid, w.blk->ctaid[0], where(w, I).c_str());
  };
  if (sp == S_GENERIC) {
    u64 tag = a & TAG_MASK;
    if (tag == TAG_SHARED) {
      sp = S_SHARED;
      a &= ~TAG_MASK;
    } else if (tag == TAG_LOCAL) {
      sp = S_LOCAL;
      a &= ~TAG_MASK;
    } else if (tag == TAG_PARAM) {
      sp = S_PARAM_K;
      a &= ~TAG_MASK;
    } else
      sp = S_GLOBAL;
  }
  switch (sp) {
    case S_GLOBAL: {
      aligned(a);
      Alloc* p = find_alloc(a);
      if (!p || a + size > p->lo + p->size) return bad("access to memory that is not allocated");
      if (p->kind == 1 && p->dev >= 0 && p->dev != g_launch->dev) return bad("access to the memory of another device");
      I.cache = {p->lo, p->size, in_arena(a) ? g_delta : 0, g_memgen};
      return host_of(a);
    }
    case S_SHARED:
      aligned(a);
      if ((a & TAG_MASK) == TAG_SHARED) a &= ~TAG_MASK;
      if (a + size <= w.blk->f->shared_bytes) return w.blk->shared + a;
      if (a >= DYN_BASE && a + size <= (u64)DYN_BASE + w.blk->dyn) return w.blk->shared + a;
      return bad("shared memory out of bounds");
    case S_LOCAL:
      aligned(a);
      if ((a & TAG_MASK) == TAG_LOCAL) a &= ~TAG_MASK;
      if (a + size <= w.local_stride) return w.local + (u64)lane * w.local_stride + a;
      return bad("local memory out of bounds");
    case S_PARAM_K:
      if ((a & TAG_MASK) == TAG_PARAM) a &= ~TAG_MASK;
      if (a + size <= g_launch->param_bytes) return const_cast<char*>(g_launch->params) + a;
      return bad("kernel parameters out of bounds");
    case S_PARAM_F:
      if (a + size <= w.f->scratch_bytes) return w.scratch + (u64)lane * w.f->scratch_bytes + a;
      return bad("function parameters out of bounds");
  }
  return bad("unknown space");
}

void h_unsupported(Warp& w, const Ins& I, u32) {
  fprintf(stderr, "interpreter: lacks: %s (in %s)\n", where(w, I).c_str(), w.f->name.c_str());
  fault(cudaErrorNotSupported, "the interpreter lacks: %s", where(w, I).c_str());
}

} // namespace interpreter
