/// @file decode_moves.cpp
/// Moves, conversions and memory.
#include "access_handlers.hpp"
#include "bits.hpp"
#include "conversions.hpp"
#include "moves.hpp"
#include "statement.hpp"
#include "warp_operations.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace interpreter {

void Line::moves() {
  if (o == "mov") {
    Opnd d = operand(ops[0]), s = operand(ops[1]);
    if (t == "pred") {
      I.fn = h_pred_op;
      I.sub = 0;
      I.flags = s.neg ? 1 : 0;
      I.d = dst(d, 0);
      I.a = src(s, 0);
      return;
    }
    if (s.k == Opnd::VEC) {
      I.nv = (u8)s.vec.size();
      I.sub = (u8)(ts / I.nv);
      for (int k = 0; k < I.nv; ++k) I.v[k] = src(s.vec[(size_t)k], I.sub);
      I.d = dst(d, ts);
      I.fn = ts == 8 && I.nv == 2 ? h_pack64 : h_pack;
      return;
    }
    if (d.k == Opnd::VEC) {
      I.nv = (u8)d.vec.size();
      I.sub = (u8)(ts / I.nv);
      for (int k = 0; k < I.nv; ++k) I.v[k] = d.vec[(size_t)k].k == Opnd::SINK ? alloc(32 * I.sub) : dst(d.vec[(size_t)k], I.sub);
      I.a = src(s, ts);
      I.fn = ts == 8 && I.nv == 2 ? h_unpack64 : h_unpack;
      return;
    }
    if (s.k == Opnd::SPECIAL) {
      int id = special_id(s.text);
      if (id >= 24) {
        I.fn = h_clock;
        I.sub = (u8)ts;
        I.d = dst(d, ts);
        return;
      }
      if (ts == 8) bad("a special of 64 bits");
    }
    if (s.k == Opnd::SYM) {
      std::string n = s.text;
      size_t q = n.find('+');
      if (q != std::string::npos) n = trim(n.substr(0, q));
      Symbol* y = find_sym(n);
      if (y && y->space == 3) {
        u64 off = 0;
        if (q != std::string::npos) number(trim(s.text.substr(q + 1)), off);
        I.fn = h_local_address;
        I.imm = (s64)((y->addr & ~TAG_MASK) + off);
        I.d = dst(d, 8);
        return;
      }
      if (y && y->space == 5) bad("address of a function parameter");
    }
    D(ts);
    I.a = S(1, ts, fl);
    I.fn = ts == 8    ? h_un<u64, op::mov<u64>>
           : ts == 4  ? h_un<u32, op::mov<u32>>
           : ts == 2  ? h_un<u16, op::mov<u16>>
           : ts == 16 ? nullptr
                      : nullptr;
    if (!I.fn) unsupported();
    return;
  }
  if (o == "cvt") {
    if (has("pack")) return unsupported();
    std::string const &st = t, &dt = p[p.size() - 2];
    Fn fn = cvt_of(dt, st);
    if (!fn) return unsupported();
    Opnd d = operand(ops[0]), s = operand(ops[1]);
    I.fn = fn;
    I.d = dst(d, d.reg.width);
    I.sub = (u8)d.reg.width;
    if (s.k == Opnd::REG) {
      I.a = s.reg.off;
      I.sub2 = (u8)s.reg.width;
    } else {
      I.sub2 = (u8)std::max(2, tsize(st));
      I.a = src(s, I.sub2, st[0] == 'f');
    }
    if (f_sat) I.flags |= 8;
    if (f_ftz) warn_once("cvtftz", "ftz in a conversion is left out: %s", opcode.c_str());
    return;
  }
  if (o == "cvta") {
    I.d = dst(operand(ops[0]), 8);
    Opnd s = operand(ops[1]);
    bool to = has("to");
    std::string sp = has("shared") || has("shared::cta")   ? "shared"
                     : has("local")                        ? "local"
                     : has("param") || has("param::entry") ? "param"
                                                           : "global";
    I.fn = h_cvta;
    I.sub = sp == "global" || has("const") ? 0 : to ? 2 : 1;
    I.imm = (s64)(sp == "shared" ? TAG_SHARED : sp == "local" ? TAG_LOCAL : TAG_PARAM);
    if (s.k == Opnd::SYM) {
      Symbol* y = find_sym(s.text);
      if (y && y->space == 3) {
        I.fn = h_local_address;
        I.imm = (s64)(y->addr & ~TAG_MASK) | (to ? 0 : (s64)TAG_LOCAL);
        return;
      }
    }
    I.a = src(s, 8);
    return;
  }
  if (o == "isspacep") {
    I.d = dst(operand(ops[0]), 0);
    I.a = S(1, 8);
    I.sub = has("global") || has("const") ? 1 : has("shared") || has("shared::cta") ? 2 : has("local") ? 3 : 4;
    I.fn = h_isspacep;
    return;
  }
  if (o == "ld" || o == "ldu" || o == "st") {
    int sp = has("shared") || has("shared::cta")                         ? S_SHARED
             : has("local")                                              ? S_LOCAL
             : has("global") || has("const")                             ? S_GLOBAL
             : has("param") || has("param::entry") || has("param::func") ? S_PARAM_K
                                                                         : S_GENERIC;
    if (has("shared::cluster")) return unsupported();
    size_t mi = o == "st" ? 0 : 1, ri = 1 - mi;
    Opnd mo = operand(ops[mi]), ro = operand(ops[ri]);
    if (sp == S_PARAM_K && mo.mem_sym) {
      Symbol* s = find_sym(mo.text);
      if (s && s->space == 5) sp = S_PARAM_F;
    }
    memory(mo, sp);
    std::vector<Opnd> parts = ro.k == Opnd::VEC ? ro.vec : std::vector<Opnd>{ro};
    I.nv = (u8)parts.size();
    int rw = 0;
    for (auto& q : parts)
      if (q.k == Opnd::REG) rw = q.reg.width;
    if (!rw) rw = std::max(2, ts);
    if (o == "st") {
      for (size_t k = 0; k < parts.size(); ++k) I.v[k] = parts[k].k == Opnd::REG ? parts[k].reg.off : src(parts[k], rw, fl);
    } else
      for (size_t k = 0; k < parts.size(); ++k) I.v[k] = parts[k].k == Opnd::SINK ? NONE : dst(parts[k], rw);
    if (o == "st")
      I.fn = sp == S_SHARED    ? st_of<S_SHARED>(ts, rw)
             : sp == S_LOCAL   ? st_of<S_LOCAL>(ts, rw)
             : sp == S_GLOBAL  ? st_of<S_GLOBAL>(ts, rw)
             : sp == S_GENERIC ? st_of<S_GENERIC>(ts, rw)
             : sp == S_PARAM_F ? st_of<S_PARAM_F>(ts, rw)
                               : nullptr;
    else
      I.fn = sp == S_SHARED    ? ld_of<S_SHARED>(t, rw)
             : sp == S_LOCAL   ? ld_of<S_LOCAL>(t, rw)
             : sp == S_GLOBAL  ? ld_of<S_GLOBAL>(t, rw)
             : sp == S_GENERIC ? ld_of<S_GENERIC>(t, rw)
             : sp == S_PARAM_F ? ld_of<S_PARAM_F>(t, rw)
                               : ldk_of(t, rw);
    I.flags = (u8)((o == "st" ? 0x10 : 0) |
                   (has("volatile") || has("relaxed") || has("acquire") || has("release") || has("mmio") ? 0x20 : 0));
    if (!I.fn) unsupported();
    return;
  }
  if (o == "atom" || o == "red") {
    if (has("async")) return unsupported();
    int sp = has("shared") || has("shared::cta") ? S_SHARED : has("global") ? S_GLOBAL : S_GENERIC;
    size_t k = o == "atom" ? 1 : 0;
    memory(operand(ops[k]), sp);
    int which = has("add")    ? A_ADD
                : has("min")  ? A_MIN
                : has("max")  ? A_MAX
                : has("and")  ? A_AND
                : has("or")   ? A_OR
                : has("xor")  ? A_XOR
                : has("exch") ? A_EXCH
                : has("cas")  ? A_CAS
                : has("inc")  ? A_INC
                : has("dec")  ? A_DEC
                              : -1;
    if (which < 0 || ts <= 0) return unsupported();
    I.sub = (u8)which;
    I.flags = 0x30;
    I.d = o == "red" || ops[0] == "_" ? NONE : dst(operand(ops[0]), ts);
    I.b = S(k + 1, ts, fl);
    if (which == A_CAS) I.c = S(k + 2, ts, fl);
    I.fn = sp == S_SHARED   ? atom_of<S_SHARED>(t, which)
           : sp == S_GLOBAL ? atom_of<S_GLOBAL>(t, which)
                            : atom_of<S_GENERIC>(t, which);
    if (!I.fn) unsupported();
    return;
  }
  unsupported();
}

} // namespace interpreter
