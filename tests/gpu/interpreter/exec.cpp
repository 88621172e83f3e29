// interpreter: warps, blocks and launches.
#include "ops.hpp"

#include <algorithm>
#include <cstdarg>

LaunchCtx* g_launch;
u64 g_thread_instructions, g_warp_instructions;

void fault(cudaError_t code, const char* fmt, ...) {
  char b[2000];
  va_list l;
  va_start(l, fmt);
  vsnprintf(b, sizeof b, fmt, l);
  va_end(l);
  throw Fault{code, b};
}

static std::string where(Warp& w, const Ins& I) { return I.line < w.f->texts.size() ? w.f->texts[I.line] : std::string("?"); }

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
void h_pred_op(Warp& w, const Ins& I, u32 m) {
  u32 a = pred_of(w, I.a, I.flags & 1), b = I.sub >= 1 && I.sub <= 3 ? pred_of(w, I.b, I.flags & 2) : 0, r = 0;
  switch (I.sub) {
    case 0: r = a; break;
    case 1: r = a & b; break;
    case 2: r = a | b; break;
    case 3: r = a ^ b; break;
    case 4: r = ~a; break;
  }
  set_pred(w, I.d, r, m);
}
template <class T>
static T __attribute__((noinline)) slow_one(int o, T a, T b, T c) {
  volatile T x = a, y = b, z = c, r = 0;
  switch (o) {
    case 0: r = x + y; break;
    case 1: r = x - y; break;
    case 2: r = x * y; break;
    case 3: r = x / y; break;
    case 4: r = std::fma((T)x, (T)y, (T)z); break;
    case 5: r = std::sqrt((T)x); break;
    case 6: r = 1 / x; break;
    case 7: r = op::fmin<T>::f(x, y); break;
    case 8: r = op::fmax<T>::f(x, y); break;
    case 9: r = -x; break;
    case 10: r = std::fabs((T)x); break;
    case 11: r = op::fminnan<T>::f(x, y); break;
    case 12: r = op::fmaxnan<T>::f(x, y); break;
  }
  return r;
}
// sub: operation; sub2: 4 or 8; rnd: 0 rn 1 rz 2 rm 3 rp; flags: 4 ftz, 8 sat
template <class T>
static void slow_all(Warp& w, const Ins& I, u32 m) {
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a), *b = I.b == NONE ? a : w.P<T>(I.b), *c = I.c == NONE ? a : w.P<T>(I.c);
  if (I.rnd) fesetround(modes[I.rnd]);
  EACH(m) {
    T x = a[i], y = b[i], z = c[i];
    if (I.flags & 4) x = ftz(x), y = ftz(y), z = ftz(z);
    T r = slow_one<T>(I.sub, x, y, z);
    if (I.flags & 4) r = ftz(r);
    if (I.flags & 8) r = r != r ? T(0) : r < 0 ? T(0) : r > 1 ? T(1) : r;
    d[i] = canon<T>(r);
  }
  if (I.rnd) fesetround(FE_TONEAREST);
}
void h_fp_slow(Warp& w, const Ins& I, u32 m) {
  if (I.sub2 == 4)
    slow_all<f32>(w, I, m);
  else
    slow_all<f64>(w, I, m);
}

// ---- The engine ----
static u64 g_rng = 88172645463325252ull;
static u64 rnd() {
  g_rng ^= g_rng << 13;
  g_rng ^= g_rng >> 7;
  g_rng ^= g_rng << 17;
  return g_rng;
}
static int g_sched = -1; // 0 lowest pc first, 1 highest, 2 random
static u64 g_slice;

enum Yield { Y_DONE, Y_BAR, Y_SLICE };

static bool wsync_ready(Warp& w, const Ins& I, u32 group, u32& membermask) {
  // membermask operand: offset e, or an immediate through the constants
  u32* mm = w.P<u32>(I.e);
  int first = __builtin_ctz(group);
  membermask = mm[first];
  EACH(group) {
    if (!(mm[i] >> i & 1))
      warn_once(("member" + w.f->name).c_str(), "DEFECT? thread %u is not in the member mask 0x%x of: %s in %s", w.tid0 + i,
                mm[i], where(w, I).c_str(), w.f->name.c_str());
    if (mm[i] != membermask)
      warn_once(("masks" + w.f->name).c_str(), "member masks differ in a warp: %s in %s", where(w, I).c_str(), w.f->name.c_str());
  }
  return (membermask & w.alive & ~group) == 0;
}

static void push_call(Warp& w, const Ins& I, u32 m, u32 pc);
static void pop_frame(Warp& w);

static Yield run(Warp& w, u64 budget) {
  u64 const begin = w.count;
  bool shuffle = false;
  for (;;) {
    u32 go = w.alive & ~(w.barw | w.syncw);
    if (!go) {
      if (!w.alive) {
        if (w.frames.empty()) return Y_DONE;
        pop_frame(w);
        continue;
      }
      if (w.syncw) { // some may have become complete because others have ended
        bool any = false;
        for (u32 left = w.syncw; left;) {
          u32 pc = w.pc[__builtin_ctz(left)], grp = 0;
          EACH(left) if (w.pc[i] == pc) grp |= 1u << i;
          left &= ~grp;
          u32 mm;
          const Ins& I = w.f->code[pc];
          if (wsync_ready(w, I, grp, mm)) {
            w.syncw &= ~grp;
            I.fn(w, I, grp);
            EACH(grp) w.pc[i] = pc + 1;
            any = true;
          }
        }
        if (any) continue;
        // at different statements: allowed where all are bar.warp.sync
        bool barsonly = true;
        u32 need = 0;
        EACH(w.syncw) {
          const Ins& I = w.f->code[w.pc[i]];
          if (I.sub != 1) barsonly = false;
          need |= w.P<u32>(I.e)[i];
        }
        if (barsonly && (need & w.alive & ~w.syncw) == 0) {
          u32 g = w.syncw;
          w.syncw = 0;
          EACH(g)++ w.pc[i];
          continue;
        }
        if (!w.barw) {
          const Ins& I = w.f->code[w.pc[__builtin_ctz(w.syncw)]];
          fault(cudaErrorLaunchTimeout, "DEADLOCK in a warp: threads 0x%x of alive 0x%x wait at: %s", w.syncw, w.alive,
                where(w, I).c_str());
        }
        const Ins& I = w.f->code[w.pc[__builtin_ctz(w.syncw)]];
        warn_once(("mix" + w.f->name).c_str(), "a warp's threads 0x%x wait at a barrier and 0x%x at: %s", w.barw, w.syncw,
                  where(w, I).c_str());
      }
      return Y_BAR;
    }
    u32 pc, m = 0, next = ~0u;
    u64 limit = ~0ull;
    if (shuffle || g_sched == 2) {
      int k = (int)(rnd() % (u64)__builtin_popcount(go));
      u32 t = go;
      while (k--) t &= t - 1;
      pc = w.pc[__builtin_ctz(t)];
      limit = w.count + 1 + rnd() % 64;
      shuffle = false;
      EACH(go) if (w.pc[i] == pc) m |= 1u << i;
      if (m == go) limit = ~0ull;
    } else {
      pc = w.pc[__builtin_ctz(go)];
      if (g_sched == 1) {
        EACH(go) pc = std::max(pc, w.pc[i]);
      } else
        EACH(go) pc = std::min(pc, w.pc[i]);
      EACH(go) {
        if (w.pc[i] == pc)
          m |= 1u << i;
        else
          next = std::min(next, w.pc[i]);
      }
      if (g_sched == 1 && m != go) {
        next = ~0u;
        limit = w.count + 200;
      }
    }
    Func* const f = w.f;
    const Ins* const code = f->code.data();
    auto save = [&](u32 to) { EACH(m) w.pc[i] = to; };
    for (;;) {
      const Ins& I = code[pc];
      u32 em = m;
      if (I.guard >= 0) em &= pred_of(w, I.guard, I.gneg);
      ++w.count;
      g_thread_instructions += (u64)__builtin_popcount(em);
      switch (I.kind) {
        case K_NORMAL:
          if (em) I.fn(w, I, em);
          ++pc;
          break;
        case K_NOP: ++pc; break;
        case K_BRA:
          if (em == m)
            pc = I.target;
          else if (em == 0)
            ++pc;
          else {
            EACH(em) w.pc[i] = I.target;
            EACH(m & ~em) w.pc[i] = pc + 1;
            goto regroup;
          }
          if (w.count - begin > budget) {
            save(pc);
            return Y_SLICE;
          }
          break;
        case K_BRX: {
          u32* x = w.P<u32>(I.a);
          auto const& t = f->tables[I.aux];
          EACH(m & ~em) w.pc[i] = pc + 1;
          EACH(em) {
            if (x[i] >= t.size()) fault(cudaErrorIllegalInstruction, "brx.idx out of its table");
            w.pc[i] = t[x[i]];
          }
          goto regroup;
        }
        case K_EXIT:
        case K_RET:
          if (em) {
            if (I.kind == K_EXIT && !w.frames.empty()) {
              for (auto& fr : w.frames) {
                fr.alive &= ~em;
              }
            }
            w.alive &= ~em;
            if (w.frames.empty() || I.kind == K_EXIT) w.exited |= em;
          }
          if (em != m) {
            m &= ~em;
            ++pc;
            save(pc);
          }
          goto regroup;
        case K_BAR:
          if (em) {
            EACH(em) {
              w.pc[i] = pc;
              w.barid[i] = I.has_base ? (u8)w.P<u32>(I.a)[i] : (u8)I.imm;
              w.barcount[i] = I.b == NONE ? 0 : w.P<u32>(I.b)[i];
            }
            w.barw |= em;
          }
          EACH(m & ~em) w.pc[i] = pc + 1;
          goto regroup;
        case K_WSYNC: {
          if (!em) {
            ++pc;
            break;
          }
          if (em != m) {
            EACH(m & ~em) w.pc[i] = pc + 1;
          }
          u32 grp = em;
          EACH(w.syncw) if (w.pc[i] == pc) grp |= 1u << i;
          u32 mm;
          if (wsync_ready(w, I, grp, mm)) {
            I.fn(w, I, grp);
            w.syncw &= ~grp;
            if (grp != m) {
              EACH(grp) w.pc[i] = pc + 1;
              goto regroup;
            }
            ++pc;
            break;
          }
          EACH(em) w.pc[i] = pc;
          w.syncw |= em;
          goto regroup;
        }
        case K_CALL:
          if (em != m) {
            EACH(m & ~em) w.pc[i] = pc + 1;
          }
          if (em) {
            EACH(em) w.pc[i] = pc + 1;
            push_call(w, I, em, pc);
          }
          goto regroup;
        case K_TRAP:
          if (em) fault(cudaErrorLaunchFailure, "trap in %s", f->name.c_str());
          ++pc;
          break;
      }
      if (pc >= next || w.count >= limit) {
        save(pc);
        break;
      }
    }
  regroup:
    if (w.count - begin > budget) {
      shuffle = true;
      if (w.alive & ~(w.barw | w.syncw)) return Y_SLICE;
    }
  }
}

static void enter(Warp& w, Func* f, u32 mask, u32 local_base) {
  w.f = f;
  w.C = f->consts.data();
  w.alive = mask;
  w.local_base = local_base;
  EACH(mask) w.pc[i] = 0;
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

static void call_builtin(Warp& w, const CallInfo& c, u32 m) {
  auto arg = [&](size_t k, int lane) {
    u64 v = 0;
    memcpy(&v, w.scratch + (u64)lane * w.f->scratch_bytes + c.args[k], std::min<u32>(8, c.arg_sizes[k]));
    return v;
  };
  auto str = [&](u64 p) -> std::string {
    std::string s;
    for (Alloc* a = find_alloc(p); a && p < a->lo + a->size; ++p) {
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
    EACH(m) fprintf(stderr, "interpreter: device printf, unformatted: %s\n", str(arg(0, (int)i)).c_str());
    if (!c.rets.empty()) EACH(m) memset(w.scratch + (u64)i * w.f->scratch_bytes + c.rets[0], 0, 4);
    return;
  }
  fprintf(stderr, "interpreter: call of a function without a body: %s\n", c.name.c_str());
  fault(cudaErrorLaunchFailure, "call of %s, which has no body", c.name.c_str());
}

static void push_call(Warp& w, const Ins& I, u32 m, u32 pc) {
  CallInfo const& c = w.f->calls[I.aux];
  if (!c.target || !c.target->has_body) {
    call_builtin(w, c, m);
    return;
  }
  Func* t = c.target;
  if (!t->decoded) decode(*t);
  if (w.frames.size() > 200) fault(cudaErrorLaunchFailure, "calls are too deep");
  Frame fr;
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
  for (size_t k = 0; k < c.args.size() && k < t->params.size(); ++k)
    EACH(m)
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
static void pop_frame(Warp& w) {
  Frame fr = std::move(w.frames.back());
  w.frames.pop_back();
  Func* callee = w.f;
  char* cs = fr.scratch.data();
  free(w.R);
  w.R = fr.regs;
  w.C = fr.consts;
  w.f = fr.f;
  w.local_base = fr.local_base;
  w.scratch = w.frames.empty() ? w.kscratch.data() : w.frames.back().scratch.data();
  CallInfo const& c = w.f->calls[w.f->code[fr.callpc].aux];
  for (size_t k = 0; k < c.rets.size() && k < callee->rets.size(); ++k)
    EACH(fr.mask)
    memcpy(w.scratch + (u64)i * w.f->scratch_bytes + c.rets[k], cs + (u64)i * callee->scratch_bytes + callee->rets[k].offset,
           std::min(c.ret_sizes[k], callee->rets[k].size));
  memcpy(w.pc, fr.pc, sizeof w.pc);
  w.alive = fr.alive & ~w.exited;
}

static void start_block(Block& b, Func& f, u64 index, u32 nthreads, u32 dyn) {
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
  size_t sh = dyn ? (size_t)DYN_BASE + dyn : f.shared_bytes;
  b.sharedmem.resize(std::max<size_t>(sh, 16));
  b.shared = b.sharedmem.data();
  memset(b.shared, 0xA5, f.shared_bytes);
  if (dyn) memset(b.shared + DYN_BASE, 0xA5, dyn);
  u32 const nw = (nthreads + 31) / 32;
  u32 const stride = (f.local_bytes + (f.has_calls ? 65536 : 0) + 15) & ~15u;
  b.localmem.resize((size_t)nw * 32 * stride + 16);
  if (b.warps.size() != nw) b.warps = std::vector<Warp>(nw);
  for (u32 k = 0; k < nw; ++k) {
    Warp& w = b.warps[k];
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
    u32 left = nthreads - 32 * k, mask = left >= 32 ? FULL : (1u << left) - 1;
    enter(w, &f, mask, 0);
    w.init_mask = mask;
  }
}

// Releases barriers at which all are; returns whether any was.
static bool release(Block& b) {
  bool any = false;
  for (int id = 0; id < 16; ++id) {
    u32 at = 0, alive = 0, need = 0;
    u32 pcs[2] = {~0u, ~0u};
    bool diff = false;
    for (auto& w : b.warps) {
      u32 top = w.frames.empty() ? w.alive : (w.init_mask & ~w.exited);
      alive += (u32)__builtin_popcount(top);
      EACH(w.barw) if (w.barid[i] == id) {
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
    for (auto& w : b.warps) EACH(w.barw) if (w.barid[i] == id) {
        const Ins& I = w.f->code[w.pc[i]];
        if (I.sub) {
          red = true;
          ++tot;
          pop += pred_of(w, I.c, I.flags & 1) >> i & 1;
        }
      }
    for (auto& w : b.warps) {
      u32 g = 0;
      EACH(w.barw) if (w.barid[i] == id) g |= 1u << i;
      if (red) EACH(g) {
          const Ins& I = w.f->code[w.pc[i]];
          if (I.sub == 1)
            w.P<u32>(I.d)[i] = pop;
          else
            set_pred(w, I.d, (I.sub == 2 ? pop == tot : pop > 0) ? FULL : 0, 1u << i);
        }
      EACH(g)++ w.pc[i];
      w.barw &= ~g;
    }
    any = true;
  }
  return any;
}

static bool step_block(Block& b) { // true when it is complete
  static u64 const watchdog = (u64)env("INTERPRETER_WATCHDOG", 4000000000L);
  u32 const n = (u32)b.warps.size();
  u32 finished = 0;
  bool slice = false;
  u32 const from = g_sched ? (u32)(rnd() % n) : 0;
  for (u32 k = 0; k < n; ++k) {
    Warp& w = b.warps[(from + k) % n];
    if (!w.alive && w.frames.empty()) {
      ++finished;
      continue;
    }
    if (!(w.alive & ~(w.barw | w.syncw)) && w.barw && !w.syncw) continue;
    u64 const before = w.count;
    Yield y = run(w, g_slice ? (g_sched ? 1 + rnd() % g_slice : g_slice) : ~0ull);
    b.count += w.count - before;
    g_warp_instructions += w.count - before;
    if (y == Y_DONE) ++finished;
    if (y == Y_SLICE) slice = true;
  }
  if (finished == n) return true;
  bool const rel = release(b);
  if (!rel && !slice)
    fault(cudaErrorLaunchTimeout, "DEADLOCK: block %u of %s waits at a barrier that not all reach", b.ctaid[0],
          b.f->name.c_str());
  if (b.count > watchdog) fault(cudaErrorLaunchTimeout, "block %u of %s takes too long", b.ctaid[0], b.f->name.c_str());
  return false;
}

// ---- Races on global memory: two threads of a launch at the same bytes, one of them writing, neither atomically ----
bool g_race = env("INTERPRETER_RACE", 0) != 0;
struct Touch {
  u32 writer = ~0u, reader = ~0u;
  bool readers = false, atomic = false;
  u32 wline = 0, rline = 0;
};
static std::unordered_map<u64, Touch> g_touched;
void race_check(Warp& w, const Ins& I, u64 a, u32 size, int lane) {
  if ((a & TAG_MASK) != 0 || !in_arena(a)) return;
  u32 const me = (u32)((w.blk->ctaid[0] * w.blk->nthreads) + w.tid0 + (u32)lane);
  bool const write = I.flags & 0x10, atomic = I.flags & 0x20;
  auto one = [&](u64 key) {
    Touch& t = g_touched[key];
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

void execute(Func& f, int dev, const u32 grid[3], const u32 block[3], u32 dyn, const std::vector<char>& params) {
  if (g_sched < 0) {
    g_sched = (int)env("INTERPRETER_SCHED", 0);
    g_rng += (u64)env("INTERPRETER_SEED", 0) * 0x9e3779b97f4a7c15ull;
    g_slice = (u64)env("INTERPRETER_SLICE", g_sched ? 2000 : 200000);
  }
  if (!f.decoded) decode(f);
  g_touched.clear();
  bool const races = g_race;
  if (races && f.name.find("cub") != std::string::npos) g_race = false; // its own protocols
  struct again {
    bool r;
    ~again() { g_race = r; }
  } again_{races};
  LaunchCtx L{dev, {grid[0], grid[1], grid[2]}, {block[0], block[1], block[2]}, params.data(), (u32)params.size(), dyn, &f};
  LaunchCtx* const outer = g_launch;
  g_launch = &L;
  struct restore {
    LaunchCtx* o;
    ~restore() { g_launch = o; }
  } r{outer};
  u64 const blocks = (u64)grid[0] * grid[1] * grid[2];
  u32 const nthreads = block[0] * block[1] * block[2];
  static u32 const resident_max = (u32)env("INTERPRETER_RESIDENT", 2);
  u64 next = 0;
  std::vector<std::unique_ptr<Block>> live;
  static std::vector<std::unique_ptr<Block>> pool;
  auto begin = [&] {
    std::unique_ptr<Block> b;
    if (!pool.empty()) {
      b = std::move(pool.back());
      pool.pop_back();
    } else
      b = std::make_unique<Block>();
    start_block(*b, f, next++, nthreads, dyn);
    live.push_back(std::move(b));
  };
  while (next < blocks || !live.empty()) {
    while (live.size() < resident_max && next < blocks) begin();
    if (g_sched == 0) { // in order; others get a turn when one is out of its slice
      for (size_t k = 0; k < live.size();) {
        if (step_block(*live[k])) {
          pool.push_back(std::move(live[k]));
          live.erase(live.begin() + (long)k);
          if (next < blocks) begin();
        } else
          ++k;
      }
    } else {
      size_t k = rnd() % live.size();
      if (step_block(*live[k])) {
        pool.push_back(std::move(live[k]));
        live.erase(live.begin() + (long)k);
      }
    }
  }
  ++f.launches;
}
