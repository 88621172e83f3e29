/// @file decode_control.cpp
/// Statements by which threads meet, branch, call and end.
#include "bits.hpp"
#include "statement.hpp"
#include "warp_operations.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace interpreter {

void statement::control() {
  if (o == "membar" || o == "fence" || o == "griddepcontrol" || o == "prefetch" || o == "prefetchu" || o == "nanosleep" ||
      o == "discard" || o == "applypriority" || o == "setmaxnreg" || o == "pmevent") {
    I.kind = step_nothing;
    I.fn = do_nop;
    return;
  }
  if (o == "bar" || o == "barrier") {
    if (has("warp")) {
      I.kind = step_warp;
      I.fn = do_barwarp;
      I.sub = 1;
      I.e = S(0, 4);
      return;
    }
    if (has("cluster")) {
      return unsupported();
    }
    I.kind = step_barrier;
    size_t k = 0;
    I.d = no_operand;
    if (has("red")) {
      I.sub = has("popc") ? 1 : has("and") ? 2 : 3;
      I.d = dst(read_operand(ops[0]), I.sub == 1 ? 4 : 0);
      k = 1;
    }
    if (has("arrive")) return unsupported();
    operand id = read_operand(ops[k]);
    if (id.k == operand::is_integer) {
      I.has_base = false;
      I.imm = (s64)id.imm;
    } else {
      I.has_base = true;
      I.a = src(id, 4);
    }
    size_t n = ops.size() - k - (I.sub ? 1 : 0);
    I.b = n > 1 ? S(k + 1, 4) : no_operand;
    if (I.sub) {
      operand q = read_operand(ops.back());
      I.c = src(q, 0);
      if (q.neg) I.flags |= 1;
    }
    return;
  }
  if (o == "shfl") {
    if (!has("sync")) return unsupported();
    I.kind = step_warp;
    operand d = read_operand(ops[0]);
    if (d.k == operand::is_vector) {
      I.d = dst(d.vec[0], 4);
      I.d2 = d.vec[1].k == operand::is_sink ? no_operand : dst(d.vec[1], 0);
    } else {
      I.d = dst(d, 4);
      I.d2 = no_operand;
    }
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.e = S(4, 4);
    I.sub2 = has("up") ? 0 : has("down") ? 1 : has("bfly") ? 2 : 3;
    I.fn = do_shfl;
    return;
  }
  if (o == "vote") {
    if (!has("sync")) return unsupported();
    I.kind = step_warp;
    I.sub2 = has("all") ? 0 : has("any") ? 1 : has("uni") ? 2 : 3;
    I.d = dst(read_operand(ops[0]), I.sub2 == 3 ? 4 : 0);
    operand q = read_operand(ops[1]);
    I.a = src(q, 0);
    I.flags = q.neg;
    I.e = S(2, 4);
    I.fn = do_vote;
    return;
  }
  if (o == "match") {
    I.kind = step_warp;
    I.sub2 = has("all");
    operand d = read_operand(ops[0]);
    I.d2 = no_operand;
    if (d.k == operand::is_vector) {
      I.d = dst(d.vec[0], 4);
      if (d.vec[1].k != operand::is_sink) I.d2 = dst(d.vec[1], 0);
    } else
      I.d = dst(d, 4);
    I.a = S(1, ts);
    I.e = S(2, 4);
    I.fn = ts == 4 ? do_match<u32> : do_match<u64>;
    return;
  }
  if (o == "redux") {
    if (fl) return unsupported();
    I.kind = step_warp;
    I.sub2 = (u8)(has("add")   ? atom_add
                  : has("min") ? atom_min
                  : has("max") ? atom_max
                  : has("and") ? atom_and
                  : has("or")  ? atom_or
                               : atom_xor);
    D(4);
    I.a = S(1, 4);
    I.e = S(2, 4);
    I.fn = t == "s32" ? do_redux<s32> : do_redux<u32>;
    return;
  }
  if (o == "elect") {
    I.kind = step_warp;
    operand d = read_operand(ops[0]);
    I.d = dst(d.vec[0], 4);
    I.d2 = dst(d.vec[1], 0);
    I.e = S(1, 4);
    I.fn = do_elect;
    return;
  }
  if (o == "activemask") {
    D(4);
    I.fn = do_activemask;
    return;
  }
  if (o == "bra") {
    I.kind = step_branch;
    dec.fixes.push_back({(u32)f.code.size(), ops[0]});
    return;
  }
  if (o == "brx") {
    I.kind = step_table;
    I.a = S(0, 4);
    auto it = dec.tables.find(ops[1]);
    if (it == dec.tables.end()) bad("unknown branch targets");
    I.aux = it->second;
    return;
  }
  if (o == "ret") {
    I.kind = step_return;
    return;
  }
  if (o == "exit") {
    I.kind = step_exit;
    return;
  }
  if (o == "trap") {
    I.kind = step_trap;
    return;
  }
  if (o == "brkpt") {
    I.kind = step_nothing;
    I.fn = do_nop;
    return;
  }
  if (o == "call") {
    I.kind = step_call;
    f.has_calls = true;
    call_info c;
    size_t k = 0;
    auto list = [&](const std::string& s, std::vector<u32>& at, std::vector<u32>& sz) {
      std::string in = s.substr(1, s.rfind(')') - 1);
      for (auto& n : split(in)) {
        ptx_symbol* y = find_sym(n);
        if (!y || y->space != 5) bad("call with an operand that is no .param: " + n);
        at.push_back((u32)y->addr);
        sz.push_back((u32)y->size);
      }
    };
    if (k < ops.size() && ops[k][0] == '(') list(ops[k++], c.rets, c.ret_sizes);
    c.name = ops[k++];
    auto it = m.funcs.find(c.name);
    if (it == m.funcs.end()) bad("indirect call");
    c.target = it->second.get();
    if (k < ops.size() && ops[k][0] == '(') list(ops[k++], c.args, c.arg_sizes);
    I.aux = (u32)f.calls.size();
    f.calls.push_back(c);
    return;
  }
  unsupported();
}

} // namespace interpreter
