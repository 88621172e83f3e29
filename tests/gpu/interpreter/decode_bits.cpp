/// @file decode_bits.cpp
/// Statements on bits and predicates to instructions.
#include "bits.hpp"
#include "handlers.hpp"
#include "statement.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace interpreter {

static const char* const bools[] = {"", "and", "or", "xor"};

void statement::bits() {
  if (o == "and" || o == "or" || o == "xor" || o == "not") {
    if (t == "pred") {
      operand a = read_operand(ops[1]);
      I.d = dst(read_operand(ops[0]), 0);
      I.a = src(a, 0);
      I.flags = a.neg ? 1 : 0;
      I.sub = o == "and" ? 1 : o == "or" ? 2 : o == "xor" ? 3 : 4;
      if (o != "not") {
        operand b = read_operand(ops[2]);
        I.b = src(b, 0);
        if (b.neg) I.flags |= 2;
      }
      I.fn = do_pred_op;
      return;
    }
    if (o == "not") return one(un_i<op::bnot>(t));
    return two(o == "and" ? bin_wrap<op::band>(t) : o == "or" ? bin_wrap<op::bor>(t) : bin_wrap<op::bxor>(t));
  }
  if (o == "shl" || o == "shr") {
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, 4);
    if (o == "shl")
      I.fn = ts == 2 ? do_shift<u16, op::shl<u16>> : ts == 4 ? do_shift<u32, op::shl<u32>> : do_shift<u64, op::shl<u64>>;
    else
      I.fn = t == "s16"   ? do_shift<s16, op::shr<s16>>
             : t == "s32" ? do_shift<s32, op::shr<s32>>
             : t == "s64" ? do_shift<s64, op::shr<s64>>
             : ts == 2    ? do_shift<u16, op::shr<u16>>
             : ts == 4    ? do_shift<u32, op::shr<u32>>
                          : do_shift<u64, op::shr<u64>>;
    return;
  }
  if (o == "shf") {
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.sub = has("r");
    I.sub2 = has("wrap");
    I.fn = do_shf;
    return;
  }
  if (o == "lop3") {
    if (ops.size() != 5) return unsupported();
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.imm = (s64)read_operand(ops[4]).imm;
    I.fn = do_lop3;
    return;
  }
  if (o == "prmt") {
    if (p.size() > 2) return unsupported();
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.fn = do_prmt;
    return;
  }
  if (o == "popc" || o == "clz" || o == "brev" || o == "bfind") {
    I.sub = o == "popc" ? 0 : o == "clz" ? 1 : o == "brev" ? 2 : 3;
    I.flags = has("shiftamt");
    I.d = dst(read_operand(ops[0]), o == "brev" ? ts : 4);
    I.a = S(1, ts);
    I.fn = t == "s32" ? do_count<s32> : t == "s64" ? do_count<s64> : ts == 4 ? do_count<u32> : do_count<u64>;
    return;
  }
  if (o == "bfe") {
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.fn = t == "u32" ? do_bfe<u32> : t == "s32" ? do_bfe<s32> : t == "u64" ? do_bfe<u64> : do_bfe<s64>;
    return;
  }
  if (o == "bfi") {
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, ts);
    I.c = S(3, 4);
    I.e = S(4, 4);
    I.fn = ts == 4 ? do_bfi<u32> : do_bfi<u64>;
    return;
  }
  if (o == "bmsk") {
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.sub = has("wrap");
    I.fn = do_bmsk;
    return;
  }
  if (o == "setp" || o == "set") {
    int c = cmp_code(p[1], fl);
    if (c < 0) return unsupported();
    if (f_ftz) warn_once("setpftz", "ftz in a comparison is left out: %s", opcode.c_str());
    for (int k = 1; k < 4; ++k)
      if (has(bools[k])) I.sub = (u8)k;
    if (o == "setp") {
      operand d = read_operand(ops[0]);
      if (d.k == operand::is_vector) {
        I.d = d.vec[0].k == operand::is_sink ? no_operand : dst(d.vec[0], 0);
        I.d2 = d.vec[1].k == operand::is_sink ? no_operand : dst(d.vec[1], 0);
      } else {
        I.d = dst(d, 0);
        I.d2 = no_operand;
      }
    } else {
      I.d = dst(read_operand(ops[0]), 4);
      if (p[p.size() - 2] == "f32") I.flags |= 2;
    }
    I.a = S(1, ts, fl);
    I.b = S(2, ts, fl);
    if (I.sub) {
      operand q = read_operand(ops[3]);
      I.c = src(q, 0);
      if (q.neg) I.flags |= 1;
    }
    bool sp = o == "setp";
    I.fn = t == "f32"   ? (sp ? setp_f<f32>(c) : set_f<f32>(c))
           : t == "f64" ? (sp ? setp_f<f64>(c) : set_f<f64>(c))
           : t == "s16" ? setp_f<s16>(c)
           : t == "s32" ? (sp ? setp_f<s32>(c) : set_f<s32>(c))
           : t == "s64" ? (sp ? setp_f<s64>(c) : set_f<s64>(c))
           : ts == 2    ? setp_f<u16>(c)
           : ts == 4    ? (sp ? setp_f<u32>(c) : set_f<u32>(c))
                        : (sp ? setp_f<u64>(c) : set_f<u64>(c));
    return;
  }
  if (o == "selp") {
    D(ts);
    I.a = S(1, ts, fl);
    I.b = S(2, ts, fl);
    operand q = read_operand(ops[3]);
    I.c = src(q, 0);
    I.flags = q.neg;
    I.fn = ts == 2 ? do_selp<u16> : ts == 4 ? do_selp<u32> : do_selp<u64>;
    return;
  }
  if (o == "slct") {
    D(tsize(p[p.size() - 2]));
    int w = tsize(p[p.size() - 2]);
    I.a = S(1, w);
    I.b = S(2, w);
    I.c = S(3, 4);
    bool by_float = t == "f32";
    I.fn = w == 4 ? (by_float ? do_slct<u32, f32> : do_slct<u32, s32>) : (by_float ? do_slct<u64, f32> : do_slct<u64, s32>);
    return;
  }
  if (o == "testp") {
    I.d = dst(read_operand(ops[0]), 0);
    I.a = S(1, ts, true);
    I.sub = p[1] == "finite"       ? 0
            : p[1] == "infinite"   ? 1
            : p[1] == "number"     ? 2
            : p[1] == "notanumber" ? 3
            : p[1] == "normal"     ? 4
                                   : 5;
    I.fn = ts == 4 ? do_testp<f32> : do_testp<f64>;
    return;
  }
  unsupported();
}

} // namespace interpreter
