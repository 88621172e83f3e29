/// @file decode_control.cpp
/// Statements by which threads meet, branch, call and end.
#include "bits.hpp"
#include "statement.hpp"
#include "warp_operations.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace interpreter {

void Line::control() {
  if (o == "membar" || o == "fence" || o == "griddepcontrol" || o == "prefetch" || o == "prefetchu" || o == "nanosleep" ||
      o == "discard" || o == "applypriority" || o == "setmaxnreg" || o == "pmevent") {
    I.kind = K_NOP;
    I.fn = h_nop;
    return;
  }
  if (o == "bar" || o == "barrier") {
    if (has("warp")) {
      I.kind = K_WSYNC;
      I.fn = h_barwarp;
      I.sub = 1;
      I.e = S(0, 4);
      return;
    }
    if (has("cluster")) {
      return unsupported();
    }
    I.kind = K_BAR;
    size_t k = 0;
    I.d = NONE;
    if (has("red")) {
      I.sub = has("popc") ? 1 : has("and") ? 2 : 3;
      I.d = dst(operand(ops[0]), I.sub == 1 ? 4 : 0);
      k = 1;
    }
    if (has("arrive")) return unsupported();
    Opnd id = operand(ops[k]);
    if (id.k == Opnd::IMM) {
      I.has_base = false;
      I.imm = (s64)id.imm;
    } else {
      I.has_base = true;
      I.a = src(id, 4);
    }
    size_t n = ops.size() - k - (I.sub ? 1 : 0);
    I.b = n > 1 ? S(k + 1, 4) : NONE;
    if (I.sub) {
      Opnd q = operand(ops.back());
      I.c = src(q, 0);
      if (q.neg) I.flags |= 1;
    }
    return;
  }
  if (o == "shfl") {
    if (!has("sync")) return unsupported();
    I.kind = K_WSYNC;
    Opnd d = operand(ops[0]);
    if (d.k == Opnd::VEC) {
      I.d = dst(d.vec[0], 4);
      I.d2 = d.vec[1].k == Opnd::SINK ? NONE : dst(d.vec[1], 0);
    } else {
      I.d = dst(d, 4);
      I.d2 = NONE;
    }
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.e = S(4, 4);
    I.sub2 = has("up") ? 0 : has("down") ? 1 : has("bfly") ? 2 : 3;
    I.fn = h_shfl;
    return;
  }
  if (o == "vote") {
    if (!has("sync")) return unsupported();
    I.kind = K_WSYNC;
    I.sub2 = has("all") ? 0 : has("any") ? 1 : has("uni") ? 2 : 3;
    I.d = dst(operand(ops[0]), I.sub2 == 3 ? 4 : 0);
    Opnd q = operand(ops[1]);
    I.a = src(q, 0);
    I.flags = q.neg;
    I.e = S(2, 4);
    I.fn = h_vote;
    return;
  }
  if (o == "match") {
    I.kind = K_WSYNC;
    I.sub2 = has("all");
    Opnd d = operand(ops[0]);
    I.d2 = NONE;
    if (d.k == Opnd::VEC) {
      I.d = dst(d.vec[0], 4);
      if (d.vec[1].k != Opnd::SINK) I.d2 = dst(d.vec[1], 0);
    } else
      I.d = dst(d, 4);
    I.a = S(1, ts);
    I.e = S(2, 4);
    I.fn = ts == 4 ? h_match<u32> : h_match<u64>;
    return;
  }
  if (o == "redux") {
    if (fl) return unsupported();
    I.kind = K_WSYNC;
    I.sub2 = (u8)(has("add") ? A_ADD : has("min") ? A_MIN : has("max") ? A_MAX : has("and") ? A_AND : has("or") ? A_OR : A_XOR);
    D(4);
    I.a = S(1, 4);
    I.e = S(2, 4);
    I.fn = t == "s32" ? h_redux<s32> : h_redux<u32>;
    return;
  }
  if (o == "elect") {
    I.kind = K_WSYNC;
    Opnd d = operand(ops[0]);
    I.d = dst(d.vec[0], 4);
    I.d2 = dst(d.vec[1], 0);
    I.e = S(1, 4);
    I.fn = h_elect;
    return;
  }
  if (o == "activemask") {
    D(4);
    I.fn = h_activemask;
    return;
  }
  if (o == "bra") {
    I.kind = K_BRA;
    dec.fixes.push_back({(u32)f.code.size(), ops[0]});
    return;
  }
  if (o == "brx") {
    I.kind = K_BRX;
    I.a = S(0, 4);
    auto it = dec.tables.find(ops[1]);
    if (it == dec.tables.end()) bad("unknown branch targets");
    I.aux = it->second;
    return;
  }
  if (o == "ret") {
    I.kind = K_RET;
    return;
  }
  if (o == "exit") {
    I.kind = K_EXIT;
    return;
  }
  if (o == "trap") {
    I.kind = K_TRAP;
    return;
  }
  if (o == "brkpt") {
    I.kind = K_NOP;
    I.fn = h_nop;
    return;
  }
  if (o == "call") {
    I.kind = K_CALL;
    f.has_calls = true;
    CallInfo c;
    size_t k = 0;
    auto list = [&](const std::string& s, std::vector<u32>& at, std::vector<u32>& sz) {
      std::string in = s.substr(1, s.rfind(')') - 1);
      for (auto& n : split(in)) {
        Symbol* y = find_sym(n);
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
