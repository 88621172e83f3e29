/// @file warp.cpp
/// How a warp goes on: those of its threads together that are at the same statement.
#include "comparisons.hpp"
#include "schedule.hpp"

#include <algorithm>

namespace interpreter {

static bool wsync_ready(warp& w, const instruction& I, u32 group, u32& membermask) {
  // membermask operand: offset e, or an immediate through the constants
  u32* mm = w.P<u32>(I.e);
  int first = __builtin_ctz(group);
  membermask = mm[first];
  FOR_EACH_LANE(group) {
    if (!(mm[i] >> i & 1))
      warn_once(("member" + w.f->name).c_str(), "DEFECT? thread %u is not in the member mask 0x%x of: %s in %s", w.tid0 + i,
                mm[i], where(w, I).c_str(), w.f->name.c_str());
    if (mm[i] != membermask)
      warn_once(("masks" + w.f->name).c_str(), "member masks differ in a warp: %s in %s", where(w, I).c_str(), w.f->name.c_str());
  }
  return (membermask & w.alive & ~group) == 0;
}

yield_reason run(warp& w, u64 budget) {
  schedule_order const order = sched();
  u64 const begin = w.count;
  bool shuffle = false;
  for (;;) {
    u32 go = w.alive & ~(w.barw | w.syncw);
    if (!go) {
      if (!w.alive) {
        if (w.frames.empty()) return yield_done;
        pop_frame(w);
        continue;
      }
      if (w.syncw) { // some may have become complete because others have ended
        bool any = false;
        for (u32 left = w.syncw; left;) {
          u32 pc = w.pc[__builtin_ctz(left)], grp = 0;
          FOR_EACH_LANE(left) if (w.pc[i] == pc) grp |= 1u << i;
          left &= ~grp;
          u32 mm;
          const instruction& I = w.f->code[pc];
          if (wsync_ready(w, I, grp, mm)) {
            w.syncw &= ~grp;
            I.fn(w, I, grp);
            FOR_EACH_LANE(grp) w.pc[i] = pc + 1;
            any = true;
          }
        }
        if (any) continue;
        // at different statements: allowed where all are bar.warp.sync
        bool barsonly = true;
        u32 need = 0;
        FOR_EACH_LANE(w.syncw) {
          const instruction& I = w.f->code[w.pc[i]];
          if (I.sub != 1) barsonly = false;
          need |= w.P<u32>(I.e)[i];
        }
        if (barsonly && (need & w.alive & ~w.syncw) == 0) {
          u32 g = w.syncw;
          w.syncw = 0;
          FOR_EACH_LANE(g)++ w.pc[i];
          continue;
        }
        if (!w.barw) {
          const instruction& I = w.f->code[w.pc[__builtin_ctz(w.syncw)]];
          fault(cudaErrorLaunchTimeout, "DEADLOCK in a warp: threads 0x%x of alive 0x%x wait at: %s", w.syncw, w.alive,
                where(w, I).c_str());
        }
        const instruction& I = w.f->code[w.pc[__builtin_ctz(w.syncw)]];
        warn_once(("mix" + w.f->name).c_str(), "a warp's threads 0x%x wait at a barrier and 0x%x at: %s", w.barw, w.syncw,
                  where(w, I).c_str());
      }
      return yield_waits;
    }
    u32 pc, m = 0, next = ~0u;
    u64 limit = ~0ull;
    if (shuffle || order == 2) {
      int k = (int)(rnd() % (u64)__builtin_popcount(go));
      u32 t = go;
      while (k--) t &= t - 1;
      pc = w.pc[__builtin_ctz(t)];
      limit = w.count + 1 + rnd() % 64;
      shuffle = false;
      FOR_EACH_LANE(go) if (w.pc[i] == pc) m |= 1u << i;
      if (m == go) limit = ~0ull;
    } else {
      pc = w.pc[__builtin_ctz(go)];
      if (order == 1) {
        FOR_EACH_LANE(go) pc = std::max(pc, w.pc[i]);
      } else
        FOR_EACH_LANE(go) pc = std::min(pc, w.pc[i]);
      FOR_EACH_LANE(go) {
        if (w.pc[i] == pc)
          m |= 1u << i;
        else
          next = std::min(next, w.pc[i]);
      }
      if (order == 1 && m != go) {
        next = ~0u;
        limit = w.count + 200;
      }
    }
    ptx_function* const f = w.f;
    const instruction* const code = f->code.data();
    auto save = [&](u32 to) { FOR_EACH_LANE(m) w.pc[i] = to; };
    for (;;) {
      const instruction& I = code[pc];
      u32 em = m;
      if (I.guard >= 0) em &= pred_of(w, I.guard, I.gneg);
      ++w.count;
      g_thread_instructions += (u64)__builtin_popcount(em);
      switch (I.kind) {
        case step_normal:
          if (em) I.fn(w, I, em);
          ++pc;
          break;
        case step_nothing: ++pc; break;
        case step_branch:
          if (em == m)
            pc = I.target;
          else if (em == 0)
            ++pc;
          else {
            FOR_EACH_LANE(em) w.pc[i] = I.target;
            FOR_EACH_LANE(m & ~em) w.pc[i] = pc + 1;
            goto regroup;
          }
          if (w.count - begin > budget) {
            save(pc);
            return yield_slice;
          }
          break;
        case step_table: {
          u32* x = w.P<u32>(I.a);
          auto const& t = f->tables[I.aux];
          FOR_EACH_LANE(m & ~em) w.pc[i] = pc + 1;
          FOR_EACH_LANE(em) {
            if (x[i] >= t.size()) fault(cudaErrorIllegalInstruction, "brx.idx out of its table");
            w.pc[i] = t[x[i]];
          }
          goto regroup;
        }
        case step_exit:
        case step_return:
          if (em) {
            if (I.kind == step_exit && !w.frames.empty()) {
              for (auto& fr : w.frames) {
                fr.alive &= ~em;
              }
            }
            w.alive &= ~em;
            if (w.frames.empty() || I.kind == step_exit) w.exited |= em;
          }
          if (em != m) {
            m &= ~em;
            ++pc;
            save(pc);
          }
          goto regroup;
        case step_barrier:
          if (em) {
            FOR_EACH_LANE(em) {
              w.pc[i] = pc;
              w.barid[i] = I.has_base ? (u8)w.P<u32>(I.a)[i] : (u8)I.imm;
              w.barcount[i] = I.b == no_operand ? 0 : w.P<u32>(I.b)[i];
            }
            w.barw |= em;
          }
          FOR_EACH_LANE(m & ~em) w.pc[i] = pc + 1;
          goto regroup;
        case step_warp: {
          if (!em) {
            ++pc;
            break;
          }
          if (em != m) {
            FOR_EACH_LANE(m & ~em) w.pc[i] = pc + 1;
          }
          u32 grp = em;
          FOR_EACH_LANE(w.syncw) if (w.pc[i] == pc) grp |= 1u << i;
          u32 mm;
          if (wsync_ready(w, I, grp, mm)) {
            I.fn(w, I, grp);
            w.syncw &= ~grp;
            if (grp != m) {
              FOR_EACH_LANE(grp) w.pc[i] = pc + 1;
              goto regroup;
            }
            ++pc;
            break;
          }
          FOR_EACH_LANE(em) w.pc[i] = pc;
          w.syncw |= em;
          goto regroup;
        }
        case step_call:
          if (em != m) {
            FOR_EACH_LANE(m & ~em) w.pc[i] = pc + 1;
          }
          if (em) {
            FOR_EACH_LANE(em) w.pc[i] = pc + 1;
            push_call(w, I, em, pc);
          }
          goto regroup;
        case step_trap:
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
      if (w.alive & ~(w.barw | w.syncw)) return yield_slice;
    }
  }
}

} // namespace interpreter
