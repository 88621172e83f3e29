/// @file statement.cpp
/// The words of a statement, and which kind of instruction they are.
#include "statement.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>

namespace interpreter {

s32 Line::S(size_t k, int width, bool number) {
  if (k >= ops.size()) bad("too few operands");
  return src(operand(ops[k]), width, number);
}

int Line::rounding() const {
  return has("rz")    ? 1
         : has("rm")  ? 2
         : has("rp")  ? 3
         : has("rni") ? 10
         : has("rzi") ? 11
         : has("rmi") ? 12
         : has("rpi") ? 13
                      : 0;
}

void Line::unsupported() {
  I.fn = h_unsupported;
  I.kind = K_NORMAL;
}

void Line::slow_op(int which, int n) {
  I.fn = h_fp_slow;
  I.sub = (u8)which;
  I.sub2 = (u8)ts;
  I.flags = (u8)((f_ftz ? 4 : 0) | (f_sat ? 8 : 0));
  D(ts);
  I.a = S(1, ts, true);
  I.b = n > 1 ? S(2, ts, true) : NONE;
  I.c = n > 2 ? S(3, ts, true) : NONE;
}

void Line::two(Fn fn) {
  if (!fn) return unsupported();
  I.fn = fn;
  D(ts);
  I.a = S(1, ts, fl);
  I.b = S(2, ts, fl);
}

void Line::one(Fn fn) {
  if (!fn) return unsupported();
  I.fn = fn;
  D(ts);
  I.a = S(1, ts, fl);
}

void Line::memory(const Opnd& at, int space) {
  if (at.k != Opnd::MEM) bad("not a memory operand");
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
    Symbol* s = find_sym(at.text);
    if (!s) bad("unknown name " + at.text);
    I.imm += (s64)s->addr;
    if (s->space == 3) I.imm &= ~(s64)TAG_MASK;
  }
}

void Line::read() {
  static const std::unordered_map<std::string, void (Line::*)()> readers{
      {"abs", &Line::arithmetic},
      {"add", &Line::arithmetic},
      {"addc", &Line::arithmetic},
      {"cnot", &Line::arithmetic},
      {"copysign", &Line::arithmetic},
      {"cos", &Line::arithmetic},
      {"div", &Line::arithmetic},
      {"ex2", &Line::arithmetic},
      {"fma", &Line::arithmetic},
      {"lg2", &Line::arithmetic},
      {"mad", &Line::arithmetic},
      {"mad24", &Line::arithmetic},
      {"madc", &Line::arithmetic},
      {"max", &Line::arithmetic},
      {"min", &Line::arithmetic},
      {"mul", &Line::arithmetic},
      {"mul24", &Line::arithmetic},
      {"neg", &Line::arithmetic},
      {"rcp", &Line::arithmetic},
      {"rem", &Line::arithmetic},
      {"rsqrt", &Line::arithmetic},
      {"sad", &Line::arithmetic},
      {"sin", &Line::arithmetic},
      {"sqrt", &Line::arithmetic},
      {"sub", &Line::arithmetic},
      {"subc", &Line::arithmetic},
      {"tanh", &Line::arithmetic},
      {"and", &Line::bits},
      {"bfe", &Line::bits},
      {"bfi", &Line::bits},
      {"bfind", &Line::bits},
      {"bmsk", &Line::bits},
      {"brev", &Line::bits},
      {"clz", &Line::bits},
      {"lop3", &Line::bits},
      {"not", &Line::bits},
      {"or", &Line::bits},
      {"popc", &Line::bits},
      {"prmt", &Line::bits},
      {"selp", &Line::bits},
      {"set", &Line::bits},
      {"setp", &Line::bits},
      {"shf", &Line::bits},
      {"shl", &Line::bits},
      {"shr", &Line::bits},
      {"slct", &Line::bits},
      {"testp", &Line::bits},
      {"xor", &Line::bits},
      {"atom", &Line::moves},
      {"cvt", &Line::moves},
      {"cvta", &Line::moves},
      {"isspacep", &Line::moves},
      {"ld", &Line::moves},
      {"ldu", &Line::moves},
      {"mov", &Line::moves},
      {"red", &Line::moves},
      {"st", &Line::moves},
      {"activemask", &Line::control},
      {"applypriority", &Line::control},
      {"bar", &Line::control},
      {"barrier", &Line::control},
      {"bra", &Line::control},
      {"brkpt", &Line::control},
      {"brx", &Line::control},
      {"call", &Line::control},
      {"discard", &Line::control},
      {"elect", &Line::control},
      {"exit", &Line::control},
      {"fence", &Line::control},
      {"griddepcontrol", &Line::control},
      {"match", &Line::control},
      {"membar", &Line::control},
      {"nanosleep", &Line::control},
      {"pmevent", &Line::control},
      {"prefetch", &Line::control},
      {"prefetchu", &Line::control},
      {"redux", &Line::control},
      {"ret", &Line::control},
      {"setmaxnreg", &Line::control},
      {"shfl", &Line::control},
      {"trap", &Line::control},
      {"vote", &Line::control},
  };
  I.rnd = (u8)rnd;
  auto const reader = readers.find(o);
  if (reader == readers.end()) return unsupported();
  (this->*reader->second)();
}

} // namespace interpreter
