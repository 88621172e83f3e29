/// @file statement.cpp
/// The words of a statement, and which kind of instruction they are.
#include "statement.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace interpreter {

s32 statement::S(size_t k, int width, bool number) {
  if (k >= ops.size()) bad("too few operands");
  return src(read_operand(ops[k]), width, number);
}

int statement::rounding() const {
  return has("rz")    ? 1
         : has("rm")  ? 2
         : has("rp")  ? 3
         : has("rni") ? 10
         : has("rzi") ? 11
         : has("rmi") ? 12
         : has("rpi") ? 13
                      : 0;
}

void statement::unsupported() {
  I.fn = do_unsupported;
  I.kind = step_normal;
}

void statement::slow_op(int which, int n) {
  I.fn = do_fp_slow;
  I.sub = (u8)which;
  I.sub2 = (u8)ts;
  I.flags = (u8)((f_ftz ? 4 : 0) | (f_sat ? 8 : 0));
  D(ts);
  I.a = S(1, ts, true);
  I.b = n > 1 ? S(2, ts, true) : no_operand;
  I.c = n > 2 ? S(3, ts, true) : no_operand;
}

void statement::two(handler fn) {
  if (!fn) return unsupported();
  I.fn = fn;
  D(ts);
  I.a = S(1, ts, fl);
  I.b = S(2, ts, fl);
}

void statement::one(handler fn) {
  if (!fn) return unsupported();
  I.fn = fn;
  D(ts);
  I.a = S(1, ts, fl);
}

void statement::memory(const operand& at, int space) {
  if (at.k != operand::is_memory) bad("not a memory operand");
  I.sub2 = (u8)space;
  I.imm = at.off;
  I.has_base = false;
  if (at.mem_reg) {
    I.has_base = true;
    I.a = at.reg.off;
    I.base32 = at.reg.width == 4;
    return;
  }
  if (at.mem_sym) {
    ptx_symbol* s = find_sym(at.text);
    if (!s) bad("unknown name " + at.text);
    I.imm += (s64)s->addr;
    if (s->space == 3) I.imm &= ~(s64)tag_mask;
  }
}

void statement::read() {
  static const std::unordered_map<std::string, void (statement::*)()> readers{
      {"abs", &statement::arithmetic},
      {"add", &statement::arithmetic},
      {"addc", &statement::arithmetic},
      {"cnot", &statement::arithmetic},
      {"copysign", &statement::arithmetic},
      {"cos", &statement::arithmetic},
      {"div", &statement::arithmetic},
      {"ex2", &statement::arithmetic},
      {"fma", &statement::arithmetic},
      {"lg2", &statement::arithmetic},
      {"mad", &statement::arithmetic},
      {"mad24", &statement::arithmetic},
      {"madc", &statement::arithmetic},
      {"max", &statement::arithmetic},
      {"min", &statement::arithmetic},
      {"mul", &statement::arithmetic},
      {"mul24", &statement::arithmetic},
      {"neg", &statement::arithmetic},
      {"rcp", &statement::arithmetic},
      {"rem", &statement::arithmetic},
      {"rsqrt", &statement::arithmetic},
      {"sad", &statement::arithmetic},
      {"sin", &statement::arithmetic},
      {"sqrt", &statement::arithmetic},
      {"sub", &statement::arithmetic},
      {"subc", &statement::arithmetic},
      {"tanh", &statement::arithmetic},
      {"and", &statement::bits},
      {"bfe", &statement::bits},
      {"bfi", &statement::bits},
      {"bfind", &statement::bits},
      {"bmsk", &statement::bits},
      {"brev", &statement::bits},
      {"clz", &statement::bits},
      {"lop3", &statement::bits},
      {"not", &statement::bits},
      {"or", &statement::bits},
      {"popc", &statement::bits},
      {"prmt", &statement::bits},
      {"selp", &statement::bits},
      {"set", &statement::bits},
      {"setp", &statement::bits},
      {"shf", &statement::bits},
      {"shl", &statement::bits},
      {"shr", &statement::bits},
      {"slct", &statement::bits},
      {"testp", &statement::bits},
      {"xor", &statement::bits},
      {"atom", &statement::moves},
      {"cvt", &statement::moves},
      {"cvta", &statement::moves},
      {"isspacep", &statement::moves},
      {"ld", &statement::moves},
      {"ldu", &statement::moves},
      {"mov", &statement::moves},
      {"red", &statement::moves},
      {"st", &statement::moves},
      {"activemask", &statement::control},
      {"applypriority", &statement::control},
      {"bar", &statement::control},
      {"barrier", &statement::control},
      {"bra", &statement::control},
      {"brkpt", &statement::control},
      {"brx", &statement::control},
      {"call", &statement::control},
      {"discard", &statement::control},
      {"elect", &statement::control},
      {"exit", &statement::control},
      {"fence", &statement::control},
      {"griddepcontrol", &statement::control},
      {"match", &statement::control},
      {"membar", &statement::control},
      {"nanosleep", &statement::control},
      {"pmevent", &statement::control},
      {"prefetch", &statement::control},
      {"prefetchu", &statement::control},
      {"redux", &statement::control},
      {"ret", &statement::control},
      {"setmaxnreg", &statement::control},
      {"shfl", &statement::control},
      {"trap", &statement::control},
      {"vote", &statement::control},
  };
  I.rnd = (u8)rnd;
  auto const reader = readers.find(o);
  if (reader == readers.end()) return unsupported();
  (this->*reader->second)();
}

} // namespace interpreter
