/// @file operands.cpp
/// Operands of statements: registers, constants, symbols and special registers.
#include "decoder.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

namespace interpreter {

s32 decoder::alloc(int bytes) {
  u32 a = std::max(4, bytes);
  f.reg_bytes = (f.reg_bytes + 63) & ~63u;
  s32 o = (s32)f.reg_bytes;
  f.reg_bytes += (u32)a;
  return o;
}

register_slot* decoder::find_reg(const std::string& n) {
  for (size_t k = regs.size(); k-- > 0;) {
    auto it = regs[k].find(n);
    if (it != regs[k].end()) return &it->second;
  }
  return nullptr;
}

ptx_symbol* decoder::find_sym(const std::string& n) {
  for (size_t k = syms.size(); k-- > 0;) {
    auto it = syms[k].find(n);
    if (it != syms[k].end()) return &it->second;
  }
  auto it = m.symbols.find(n);
  return it == m.symbols.end() ? nullptr : &it->second;
}

s32 decoder::constant(u64 v, int width) {
  auto key = std::make_pair(v, width);
  auto it = pool.find(key);
  if (it != pool.end()) return it->second;
  while (f.consts.size() % 64) f.consts.push_back(0);
  s32 at = ~(s32)f.consts.size();
  if (width == 0) {
    u32 x = v ? all_lanes : 0;
    for (int k = 0; k < 4; ++k) f.consts.push_back((char)(x >> 8 * k));
  } else
    for (int i = 0; i < 32; ++i)
      for (int k = 0; k < width; ++k) f.consts.push_back(k < 8 ? (char)(v >> 8 * k) : 0);
  pool[key] = at;
  return at;
}

int decoder::special_id(const std::string& n) {
  static const std::unordered_map<std::string, int> t{{"%tid.x", 0},
                                                      {"%tid.y", 1},
                                                      {"%tid.z", 2},
                                                      {"%ntid.x", 3},
                                                      {"%ntid.y", 4},
                                                      {"%ntid.z", 5},
                                                      {"%ctaid.x", 6},
                                                      {"%ctaid.y", 7},
                                                      {"%ctaid.z", 8},
                                                      {"%nctaid.x", 9},
                                                      {"%nctaid.y", 10},
                                                      {"%nctaid.z", 11},
                                                      {"%laneid", 12},
                                                      {"%warpid", 13},
                                                      {"%nwarpid", 14},
                                                      {"%smid", 15},
                                                      {"%nsmid", 16},
                                                      {"%lanemask_eq", 17},
                                                      {"%lanemask_lt", 18},
                                                      {"%lanemask_le", 19},
                                                      {"%lanemask_gt", 20},
                                                      {"%lanemask_ge", 21},
                                                      {"%dynamic_smem_size", 22},
                                                      {"%total_smem_size", 23},
                                                      {"%clock", 24},
                                                      {"%clock64", 25},
                                                      {"%globaltimer", 26},
                                                      {"%globaltimer_lo", 27}};
  auto it = t.find(n);
  return it == t.end() ? -1 : it->second;
}

s32 decoder::special(const std::string& n) {
  auto it = specials.find(n);
  if (it != specials.end()) return it->second;
  s32 o = alloc(128);
  specials[n] = o;
  f.specials.push_back({special_id(n), o});
  return o;
}

std::string decoder::trim(std::string s) {
  size_t a = 0;
  while (a < s.size() && isspace((unsigned char)s[a])) ++a;
  size_t b = s.size();
  while (b > a && isspace((unsigned char)s[b - 1])) --b;
  return s.substr(a, b - a);
}

std::vector<std::string> decoder::split(const std::string& s) {
  std::vector<std::string> out;
  int d = 0;
  std::string cur;
  for (char c : s) {
    if (c == '{' || c == '[' || c == '(') ++d;
    if (c == '}' || c == ']' || c == ')') --d;
    if (c == ',' && d == 0) {
      out.push_back(trim(cur));
      cur.clear();
    } else
      cur += c;
  }
  cur = trim(cur);
  if (!cur.empty()) out.push_back(cur);
  return out;
}

bool decoder::number(const std::string& s, u64& v) {
  if (s.empty()) return false;
  bool n = s[0] == '-';
  size_t i = n || s[0] == '+' ? 1 : 0;
  if (i >= s.size() || !isdigit((unsigned char)s[i])) return false;
  char* e;
  const char* b = s.c_str() + i;
  if (b[0] == '0' && (b[1] == 'b' || b[1] == 'B'))
    v = strtoull(b + 2, &e, 2);
  else
    v = strtoull(b, &e, 0);
  if (*e == 'U' || *e == 'u') ++e;
  if (*e) return false;
  if (n) v = 0 - v;
  return true;
}

operand decoder::read_operand(std::string s) {
  s = trim(s);
  operand o;
  o.text = s;
  if (s.empty()) bad("an empty operand");
  if (s == "_") {
    o.k = operand::is_sink;
    return o;
  }
  if (s[0] == '!') {
    o = read_operand(s.substr(1));
    o.neg = !o.neg;
    return o;
  }
  if (s[0] == '{') {
    o.k = operand::is_vector;
    for (auto& t : split(s.substr(1, s.rfind('}') - 1))) o.vec.push_back(read_operand(t));
    return o;
  }
  if (s[0] == '[') {
    o.k = operand::is_memory;
    std::string in = trim(s.substr(1, s.rfind(']') - 1));
    std::string base = in;
    u64 off = 0;
    size_t plus = in.find('+', 1);
    if (plus != std::string::npos) {
      base = trim(in.substr(0, plus));
      if (!number(trim(in.substr(plus + 1)), off)) bad("offset of memory");
    }
    o.off = (s64)off;
    register_slot* r = find_reg(base);
    if (r) {
      o.mem_reg = true;
      o.reg = *r;
    } else {
      u64 v;
      if (number(base, v))
        o.off += (s64)v;
      else {
        o.mem_sym = true;
        o.text = base;
      }
    }
    return o;
  }
  size_t bar = s.find('|');
  if (bar != std::string::npos) {
    o.k = operand::is_vector;
    o.pair = true;
    o.vec = {read_operand(s.substr(0, bar)), read_operand(s.substr(bar + 1))};
    return o;
  }
  if (register_slot* r = find_reg(s)) {
    o.k = operand::is_register;
    o.reg = *r;
    return o;
  }
  if (s[0] == '%' && special_id(s) >= 0) {
    o.k = operand::is_special;
    return o;
  }
  if (s.size() > 2 && s[0] == '0' && (s[1] == 'f' || s[1] == 'F') && s.size() == 10) {
    o.k = operand::is_float;
    o.fw = 4;
    o.imm = strtoull(s.c_str() + 2, nullptr, 16);
    return o;
  }
  if (s.size() > 2 && s[0] == '0' && (s[1] == 'd' || s[1] == 'D') && s.size() == 18) {
    o.k = operand::is_float;
    o.fw = 8;
    o.imm = strtoull(s.c_str() + 2, nullptr, 16);
    return o;
  }
  u64 v;
  if (number(s, v)) {
    o.k = operand::is_integer;
    o.imm = v;
    return o;
  }
  if ((isdigit((unsigned char)s[0]) || s[0] == '-') && s.find('.') != std::string::npos) {
    o.k = operand::is_float;
    o.fw = 8;
    double d = atof(s.c_str());
    memcpy(&o.imm, &d, 8);
    return o;
  }
  o.k = operand::is_symbol;
  return o;
}

s32 decoder::src(const operand& o, int width, bool is_float) {
  switch (o.k) {
    case operand::is_register:
      if (width && o.reg.width != width) bad("width of " + o.text);
      if (!width && !o.reg.pred) bad("not a predicate " + o.text);
      return o.reg.off;
    case operand::is_integer:
      if (is_float) {
        double d = (double)(s64)o.imm;
        return fconst(d, width);
      }
      return constant(width >= 8 || width == 0 ? o.imm : o.imm & ((1ull << 8 * width) - 1), width);
    case operand::is_float:
      if (o.fw == width) return constant(o.imm, width);
      {
        double d;
        if (o.fw == 4) {
          float x;
          u32 b = (u32)o.imm;
          memcpy(&x, &b, 4);
          d = x;
        } else
          memcpy(&d, &o.imm, 8);
        return fconst(d, width);
      }
    case operand::is_special:
      if (width != 4) bad("special of another width");
      return special(o.text);
    case operand::is_symbol: { // symbol or symbol+offset
      std::string n = o.text;
      u64 off = 0;
      size_t p = n.find('+');
      if (p != std::string::npos) {
        number(trim(n.substr(p + 1)), off);
        n = trim(n.substr(0, p));
      }
      ptx_symbol* s = find_sym(n);
      if (!s) {
        if (m.funcs.count(n)) bad("address of a function");
        bad("unknown name " + n);
      }
      return constant(s->addr + off, width);
    }
    default: bad("operand " + o.text);
  }
}

s32 decoder::fconst(double d, int width) {
  if (width == 4) {
    float x = (float)d;
    u32 b;
    memcpy(&b, &x, 4);
    return constant(b, 4);
  }
  u64 b;
  memcpy(&b, &d, 8);
  return constant(b, 8);
}

s32 decoder::dst(const operand& o, int width) {
  if (o.k == operand::is_sink) return alloc(std::max(1, width) * 32);
  if (o.k != operand::is_register) bad("destination");
  if (width && o.reg.width != width) bad("width of the destination");
  if (!width && !o.reg.pred) bad("destination is not a predicate");
  return o.reg.off;
}

} // namespace interpreter
