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

void statement::moves() {
  if (o == "mov") {
    operand d = read_operand(ops[0]), s = read_operand(ops[1]);
    if (t == "pred") {
      I.fn = do_pred_op;
      I.sub = 0;
      I.flags = s.neg ? 1 : 0;
      I.d = dst(d, 0);
      I.a = src(s, 0);
      return;
    }
    if (s.k == operand::is_vector) {
      I.nv = (u8)s.vec.size();
      I.sub = (u8)(ts / I.nv);
      for (int k = 0; k < I.nv; ++k) I.v[k] = src(s.vec[(size_t)k], I.sub);
      I.d = dst(d, ts);
      I.fn = ts == 8 && I.nv == 2 ? do_pack64 : do_pack;
      return;
    }
    if (d.k == operand::is_vector) {
      I.nv = (u8)d.vec.size();
      I.sub = (u8)(ts / I.nv);
      for (int k = 0; k < I.nv; ++k)
        I.v[k] = d.vec[(size_t)k].k == operand::is_sink ? alloc(32 * I.sub) : dst(d.vec[(size_t)k], I.sub);
      I.a = src(s, ts);
      I.fn = ts == 8 && I.nv == 2 ? do_unpack64 : do_unpack;
      return;
    }
    if (s.k == operand::is_special) {
      int id = special_id(s.text);
      if (id >= 24) {
        I.fn = do_clock;
        I.sub = (u8)ts;
        I.d = dst(d, ts);
        return;
      }
      if (ts == 8) bad("a special of 64 bits");
    }
    if (s.k == operand::is_symbol) {
      std::string n = s.text;
      size_t q = n.find('+');
      if (q != std::string::npos) n = trim(n.substr(0, q));
      ptx_symbol* y = find_sym(n);
      if (y && y->space == 3) {
        u64 off = 0;
        if (q != std::string::npos) number(trim(s.text.substr(q + 1)), off);
        I.fn = do_local_address;
        I.imm = (s64)((y->addr & ~tag_mask) + off);
        I.d = dst(d, 8);
        return;
      }
      if (y && y->space == 5) bad("address of a function parameter");
    }
    D(ts);
    I.a = S(1, ts, fl);
    I.fn = ts == 8    ? do_un<u64, op::mov<u64>>
           : ts == 4  ? do_un<u32, op::mov<u32>>
           : ts == 2  ? do_un<u16, op::mov<u16>>
           : ts == 16 ? nullptr
                      : nullptr;
    if (!I.fn) unsupported();
    return;
  }
  if (o == "cvt") {
    if (has("pack")) return unsupported();
    std::string const &st = t, &dt = p[p.size() - 2];
    handler fn = cvt_of(dt, st);
    if (!fn) return unsupported();
    operand d = read_operand(ops[0]), s = read_operand(ops[1]);
    I.fn = fn;
    I.d = dst(d, d.reg.width);
    I.sub = (u8)d.reg.width;
    if (s.k == operand::is_register) {
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
    I.d = dst(read_operand(ops[0]), 8);
    operand s = read_operand(ops[1]);
    bool to = has("to");
    std::string sp = has("shared") || has("shared::cta")   ? "shared"
                     : has("local")                        ? "local"
                     : has("param") || has("param::entry") ? "param"
                                                           : "global";
    I.fn = do_cvta;
    I.sub = sp == "global" || has("const") ? 0 : to ? 2 : 1;
    I.imm = (s64)(sp == "shared" ? tag_shared : sp == "local" ? tag_local : tag_param);
    if (s.k == operand::is_symbol) {
      ptx_symbol* y = find_sym(s.text);
      if (y && y->space == 3) {
        I.fn = do_local_address;
        I.imm = (s64)(y->addr & ~tag_mask) | (to ? 0 : (s64)tag_local);
        return;
      }
    }
    I.a = src(s, 8);
    return;
  }
  if (o == "isspacep") {
    I.d = dst(read_operand(ops[0]), 0);
    I.a = S(1, 8);
    I.sub = has("global") || has("const") ? 1 : has("shared") || has("shared::cta") ? 2 : has("local") ? 3 : 4;
    I.fn = do_isspacep;
    return;
  }
  if (o == "ld" || o == "ldu" || o == "st") {
    int sp = has("shared") || has("shared::cta")                         ? space_shared
             : has("local")                                              ? space_local
             : has("global") || has("const")                             ? space_global
             : has("param") || has("param::entry") || has("param::func") ? space_kernel_parameters
                                                                         : space_generic;
    if (has("shared::cluster")) return unsupported();
    size_t mi = o == "st" ? 0 : 1, ri = 1 - mi;
    operand mo = read_operand(ops[mi]), ro = read_operand(ops[ri]);
    if (sp == space_kernel_parameters && mo.mem_sym) {
      ptx_symbol* s = find_sym(mo.text);
      if (s && s->space == 5) sp = space_parameters;
    }
    memory(mo, sp);
    std::vector<operand> parts = ro.k == operand::is_vector ? ro.vec : std::vector<operand>{ro};
    I.nv = (u8)parts.size();
    int rw = 0;
    for (auto& q : parts)
      if (q.k == operand::is_register) rw = q.reg.width;
    if (!rw) rw = std::max(2, ts);
    if (o == "st") {
      for (size_t k = 0; k < parts.size(); ++k)
        I.v[k] = parts[k].k == operand::is_register ? parts[k].reg.off : src(parts[k], rw, fl);
    } else
      for (size_t k = 0; k < parts.size(); ++k) I.v[k] = parts[k].k == operand::is_sink ? no_operand : dst(parts[k], rw);
    if (o == "st")
      I.fn = sp == space_shared       ? st_of<space_shared>(ts, rw)
             : sp == space_local      ? st_of<space_local>(ts, rw)
             : sp == space_global     ? st_of<space_global>(ts, rw)
             : sp == space_generic    ? st_of<space_generic>(ts, rw)
             : sp == space_parameters ? st_of<space_parameters>(ts, rw)
                                      : nullptr;
    else
      I.fn = sp == space_shared       ? ld_of<space_shared>(t, rw)
             : sp == space_local      ? ld_of<space_local>(t, rw)
             : sp == space_global     ? ld_of<space_global>(t, rw)
             : sp == space_generic    ? ld_of<space_generic>(t, rw)
             : sp == space_parameters ? ld_of<space_parameters>(t, rw)
                                      : ldk_of(t, rw);
    I.flags = (u8)((o == "st" ? 0x10 : 0) |
                   (has("volatile") || has("relaxed") || has("acquire") || has("release") || has("mmio") ? 0x20 : 0));
    if (!I.fn) unsupported();
    return;
  }
  if (o == "atom" || o == "red") {
    if (has("async")) return unsupported();
    int sp = has("shared") || has("shared::cta") ? space_shared : has("global") ? space_global : space_generic;
    size_t k = o == "atom" ? 1 : 0;
    memory(read_operand(ops[k]), sp);
    int which = has("add")    ? atom_add
                : has("min")  ? atom_min
                : has("max")  ? atom_max
                : has("and")  ? atom_and
                : has("or")   ? atom_or
                : has("xor")  ? atom_xor
                : has("exch") ? atom_exch
                : has("cas")  ? atom_cas
                : has("inc")  ? atom_inc
                : has("dec")  ? atom_dec
                              : -1;
    if (which < 0 || ts <= 0) return unsupported();
    I.sub = (u8)which;
    I.flags = 0x30;
    I.d = o == "red" || ops[0] == "_" ? no_operand : dst(read_operand(ops[0]), ts);
    I.b = S(k + 1, ts, fl);
    if (which == atom_cas) I.c = S(k + 2, ts, fl);
    I.fn = sp == space_shared   ? atom_of<space_shared>(t, which)
           : sp == space_global ? atom_of<space_global>(t, which)
                                : atom_of<space_generic>(t, which);
    if (!I.fn) unsupported();
    return;
  }
  unsupported();
}

} // namespace interpreter
