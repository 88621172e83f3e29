/// @file address.cpp
/// Addresses that are not in what an instruction touched last: found, and checked.
#include "access.hpp"

namespace interpreter {

std::string where(warp& w, const instruction& I) { return I.line < w.f->texts.size() ? w.f->texts[I.line] : std::string("?"); }

char* slow_address(warp& w, const instruction& I, u64 a, u32 size, int lane) {
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
  if (sp == space_generic) {
    u64 tag = a & tag_mask;
    if (tag == tag_shared) {
      sp = space_shared;
      a &= ~tag_mask;
    } else if (tag == tag_local) {
      sp = space_local;
      a &= ~tag_mask;
    } else if (tag == tag_param) {
      sp = space_kernel_parameters;
      a &= ~tag_mask;
    } else
      sp = space_global;
  }
  switch (sp) {
    case space_global: {
      aligned(a);
      allocation* p = find_alloc(a);
      if (!p || a + size > p->lo + p->size) return bad("access to memory that is not allocated");
      if (p->kind == 1 && p->dev >= 0 && p->dev != g_launch->dev) return bad("access to the memory of another device");
      I.cache = {p->lo, p->size, in_arena(a) ? g_delta : 0, g_memgen};
      return host_of(a);
    }
    case space_shared:
      aligned(a);
      if ((a & tag_mask) == tag_shared) a &= ~tag_mask;
      if (a + size <= w.blk->f->shared_bytes) return w.blk->shared + a;
      if (a >= dynamic_base && a + size <= (u64)dynamic_base + w.blk->dyn) return w.blk->shared + a;
      return bad("shared memory out of bounds");
    case space_local:
      aligned(a);
      if ((a & tag_mask) == tag_local) a &= ~tag_mask;
      if (a + size <= w.local_stride) return w.local + (u64)lane * w.local_stride + a;
      return bad("local memory out of bounds");
    case space_kernel_parameters:
      if ((a & tag_mask) == tag_param) a &= ~tag_mask;
      if (a + size <= g_launch->param_bytes) return const_cast<char*>(g_launch->params) + a;
      return bad("kernel parameters out of bounds");
    case space_parameters:
      if (a + size <= w.f->scratch_bytes) return w.scratch + (u64)lane * w.f->scratch_bytes + a;
      return bad("function parameters out of bounds");
  }
  return bad("unknown space");
}

void do_unsupported(warp& w, const instruction& I, u32) {
  fprintf(stderr, "interpreter: lacks: %s (in %s)\n", where(w, I).c_str(), w.f->name.c_str());
  fault(cudaErrorNotSupported, "the interpreter lacks: %s", where(w, I).c_str());
}

} // namespace interpreter
