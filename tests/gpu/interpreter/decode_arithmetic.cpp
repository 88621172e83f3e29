/// @file decode_arithmetic.cpp
/// Arithmetic statements to instructions.
#include "bits.hpp"
#include "handlers.hpp"
#include "statement.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace interpreter {

void statement::arithmetic() {
  if (o == "add" || o == "sub" || o == "addc" || o == "subc") {
    if (has("cc") || o == "addc" || o == "subc") {
      I.sub = o[0] == 's';
      I.flags = (u8)((o.size() == 4 ? 1 : 0) | (has("cc") ? 2 : 0));
      if (ts == 4) return two(do_carry<u32>);
      if (ts == 8) return two(do_carry<u64>);
      return unsupported();
    }
    if (t == "f16x2" || t == "f16" || t == "bf16" || t == "bf16x2" || t == "f32x2") return unsupported();
    if (slow) return slow_op(o == "add" ? 0 : 1, 2);
    if (f_sat) return unsupported();
    if (fl) return two(o == "add" ? bin_f<op::add>(t) : bin_f<op::sub>(t));
    return two(o == "add" ? bin_wrap<op::add>(t) : bin_wrap<op::sub>(t));
  }
  if (o == "mul" || o == "mul24" || o == "mad" || o == "mad24" || o == "madc" || o == "fma") {
    if (o == "mul24") {
      if (t == "u32") return two(do_bin<u32, op::mul24<u32>>);
      if (t == "s32") return two(do_bin<s32, op::mul24<s32>>);
      return unsupported();
    }
    if (fl) {
      if (o == "mul") {
        if (slow) return slow_op(2, 2);
        return two(bin_f<op::mul>(t));
      }
      if (slow) return slow_op(4, 3);
      D(ts);
      I.a = S(1, ts, true);
      I.b = S(2, ts, true);
      I.c = S(3, ts, true);
      I.fn = t == "f32" ? do_ter<f32, op::fma<f32>> : do_ter<f64, op::fma<f64>>;
      return;
    }
    bool cc = has("cc") || o == "madc";
    if (cc) {
      I.sub = has("hi") ? 3 : 2;
      I.flags = (u8)((o == "madc" ? 1 : 0) | (has("cc") ? 2 : 0));
      D(ts);
      I.a = S(1, ts);
      I.b = S(2, ts);
      I.c = S(3, ts);
      I.fn = ts == 4 ? do_carry<u32> : ts == 8 ? do_carry<u64> : nullptr;
      if (!I.fn || (has("hi") && t[0] == 's')) unsupported();
      return;
    }
    if (has("wide")) {
      D(2 * ts);
      I.a = S(1, ts);
      I.b = S(2, ts);
      if (o == "mul") {
        struct W {
          static u64 f(u32 a, u32 b) { return (u64)a * b; }
        };
        struct WS {
          static s64 f(s32 a, s32 b) { return (s64)a * b; }
        };
        struct H {
          static u32 f(u16 a, u16 b) { return (u32)a * b; }
        };
        struct HS {
          static s32 f(s16 a, s16 b) { return (s32)a * b; }
        };
        I.fn = t == "u32"   ? do_wide<u64, u32, W>
               : t == "s32" ? do_wide<s64, s32, WS>
               : t == "u16" ? do_wide<u32, u16, H>
               : t == "s16" ? do_wide<s32, s16, HS>
                            : nullptr;
      } else {
        I.c = S(3, 2 * ts);
        I.fn = t == "u32"   ? do_madwide<u64, u32>
               : t == "s32" ? do_madwide<s64, s32>
               : t == "u16" ? do_madwide<u32, u16>
               : t == "s16" ? do_madwide<s32, s16>
                            : nullptr;
      }
      if (!I.fn) unsupported();
      return;
    }
    if (o == "mul") return two(has("hi") ? bin_i<op::mulhi>(t) : bin_wrap<op::mul>(t));
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, ts);
    I.c = S(3, ts);
    if (has("hi"))
      I.fn = t == "u32"   ? do_ter<u32, op::madhi<u32>>
             : t == "s32" ? do_ter<s32, op::madhi<s32>>
             : t == "u64" ? do_ter<u64, op::madhi<u64>>
             : t == "s64" ? do_ter<s64, op::madhi<s64>>
                          : nullptr;
    else
      I.fn = ts == 4   ? do_ter<u32, op::mad<u32>>
             : ts == 8 ? do_ter<u64, op::mad<u64>>
             : ts == 2 ? do_ter<u16, op::mad<u16>>
                       : nullptr;
    if (!I.fn) unsupported();
    return;
  }
  if (o == "div") {
    if (slow) return slow_op(3, 2);
    return two(fl ? bin_f<op::fdiv>(t) : bin_i<op::idiv>(t));
  }
  if (o == "rem") return two(bin_i<op::irem>(t));
  if (o == "min" || o == "max") {
    if (fl) {
      if (has("NaN")) return two(o == "min" ? bin_f<op::fminnan>(t) : bin_f<op::fmaxnan>(t));
      if (f_ftz) return slow_op(o == "min" ? 7 : 8, 2);
      return two(o == "min" ? bin_f<op::fmin>(t) : bin_f<op::fmax>(t));
    }
    return two(o == "min" ? bin_i<op::imin>(t) : bin_i<op::imax>(t));
  }
  if (o == "cnot") return one(un_i<op::cnot>(t));
  if (o == "neg" || o == "abs") {
    if (fl && f_ftz) return slow_op(o == "neg" ? 9 : 10, 1);
    return one(fl ? (o == "neg" ? un_f<op::neg>(t) : un_f<op::abs>(t))
                  : (o == "neg" ? un_i<op::neg>(t)
                                : (t == "s16"   ? do_un<s16, op::abs<s16>>
                                   : t == "s32" ? do_un<s32, op::abs<s32>>
                                   : t == "s64" ? do_un<s64, op::abs<s64>>
                                                : nullptr)));
  }
  if (o == "sqrt") {
    if (slow) return slow_op(5, 1);
    return one(un_f<op::sqrt>(t));
  }
  if (o == "rcp") {
    if (slow) return slow_op(6, 1);
    return one(un_f<op::rcp>(t));
  }
  if (o == "rsqrt" || o == "ex2" || o == "lg2" || o == "sin" || o == "cos" || o == "tanh") {
    warn_once(("approx" + o).c_str(), "approximate instruction %s is computed exactly", opcode.c_str());
    return one(o == "rsqrt" ? un_f<op::rsqrt>(t)
               : o == "ex2" ? un_f<op::ex2>(t)
               : o == "lg2" ? un_f<op::lg2>(t)
               : o == "sin" ? un_f<op::sin>(t)
               : o == "cos" ? un_f<op::cos>(t)
                            : un_f<op::tanh>(t));
  }
  if (o == "copysign") return two(bin_f<op::copysign>(t));
  if (o == "sad") {
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, ts);
    I.c = S(3, ts);
    I.fn = t == "u32" ? do_ter<u32, op::sad<u32>> : t == "s32" ? do_ter<s32, op::sad<s32>> : nullptr;
    if (!I.fn) unsupported();
    return;
  }
  unsupported();
}

} // namespace interpreter
