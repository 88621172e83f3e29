// interpreter: statements of a function to instructions.
#include "ops.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <sstream>

struct Decl {
  std::string name, type;
  u32 size = 0, align = 1, count = 1;
  bool array = false, open = false;
};
Decl parse_decl(const std::string& s, size_t& i);

namespace {
struct Reg {
  int width;
  s32 off;
  bool pred;
}; // width in bytes
struct Opnd {
  enum K { NONE_, REG, IMM, FLT, MEM, VEC, SYM, SPECIAL, SINK } k = NONE_;
  std::string text;
  Reg reg{};
  bool neg = false;
  u64 imm = 0;
  int fw = 0;            // FLT: 4 or 8
  std::vector<Opnd> vec; // VEC, or the parts of a|b
  bool pair = false;
  // MEM
  bool mem_reg = false, mem_sym = false;
  s64 off = 0;
};
struct Dec {
  Func& f;
  Module& m;
  std::vector<std::unordered_map<std::string, Reg>> regs{1};
  std::vector<std::unordered_map<std::string, Symbol>> syms{1};
  std::unordered_map<std::string, u32> labels{};
  std::vector<std::string> label_scope{};
  struct Fix {
    u32 ins;
    std::string name;
  };
  std::vector<Fix> fixes{};
  struct TFix {
    u32 table;
    std::vector<std::string> names;
  };
  std::vector<TFix> tfixes{};
  std::unordered_map<std::string, u32> tables{};
  std::map<std::pair<u64, int>, s32> pool{};
  std::unordered_map<std::string, s32> specials{};
  u32 line = 0;
  std::string stmt{};

  [[noreturn]] void bad(const std::string& why) { throw std::string(why + ": " + stmt); }
  s32 alloc(int bytes) {
    u32 a = std::max(4, bytes);
    f.reg_bytes = (f.reg_bytes + 63) & ~63u;
    s32 o = (s32)f.reg_bytes;
    f.reg_bytes += (u32)a;
    return o;
  }
  Reg* find_reg(const std::string& n) {
    for (size_t k = regs.size(); k-- > 0;) {
      auto it = regs[k].find(n);
      if (it != regs[k].end()) return &it->second;
    }
    return nullptr;
  }
  Symbol* find_sym(const std::string& n) {
    for (size_t k = syms.size(); k-- > 0;) {
      auto it = syms[k].find(n);
      if (it != syms[k].end()) return &it->second;
    }
    auto it = m.symbols.find(n);
    return it == m.symbols.end() ? nullptr : &it->second;
  }
  s32 constant(u64 v, int width) { // lanes of width bytes; width 0: a predicate mask
    auto key = std::make_pair(v, width);
    auto it = pool.find(key);
    if (it != pool.end()) return it->second;
    while (f.consts.size() % 64) f.consts.push_back(0);
    s32 at = ~(s32)f.consts.size();
    if (width == 0) {
      u32 x = v ? FULL : 0;
      for (int k = 0; k < 4; ++k) f.consts.push_back((char)(x >> 8 * k));
    } else
      for (int i = 0; i < 32; ++i)
        for (int k = 0; k < width; ++k) f.consts.push_back(k < 8 ? (char)(v >> 8 * k) : 0);
    pool[key] = at;
    return at;
  }
  static int special_id(const std::string& n) {
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
  s32 special(const std::string& n) {
    auto it = specials.find(n);
    if (it != specials.end()) return it->second;
    s32 o = alloc(128);
    specials[n] = o;
    f.specials.push_back({special_id(n), o});
    return o;
  }

  static std::string trim(std::string s) {
    size_t a = 0;
    while (a < s.size() && isspace((unsigned char)s[a])) ++a;
    size_t b = s.size();
    while (b > a && isspace((unsigned char)s[b - 1])) --b;
    return s.substr(a, b - a);
  }
  static std::vector<std::string> split(const std::string& s) {
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
  static bool number(const std::string& s, u64& v) {
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
  Opnd operand(std::string s) {
    s = trim(s);
    Opnd o;
    o.text = s;
    if (s.empty()) bad("an empty operand");
    if (s == "_") {
      o.k = Opnd::SINK;
      return o;
    }
    if (s[0] == '!') {
      o = operand(s.substr(1));
      o.neg = !o.neg;
      return o;
    }
    if (s[0] == '{') {
      o.k = Opnd::VEC;
      for (auto& t : split(s.substr(1, s.rfind('}') - 1))) o.vec.push_back(operand(t));
      return o;
    }
    if (s[0] == '[') {
      o.k = Opnd::MEM;
      std::string in = trim(s.substr(1, s.rfind(']') - 1));
      std::string base = in;
      u64 off = 0;
      size_t plus = in.find('+', 1);
      if (plus != std::string::npos) {
        base = trim(in.substr(0, plus));
        if (!number(trim(in.substr(plus + 1)), off)) bad("offset of memory");
      }
      o.off = (s64)off;
      Reg* r = find_reg(base);
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
      o.k = Opnd::VEC;
      o.pair = true;
      o.vec = {operand(s.substr(0, bar)), operand(s.substr(bar + 1))};
      return o;
    }
    if (Reg* r = find_reg(s)) {
      o.k = Opnd::REG;
      o.reg = *r;
      return o;
    }
    if (s[0] == '%' && special_id(s) >= 0) {
      o.k = Opnd::SPECIAL;
      return o;
    }
    if (s.size() > 2 && s[0] == '0' && (s[1] == 'f' || s[1] == 'F') && s.size() == 10) {
      o.k = Opnd::FLT;
      o.fw = 4;
      o.imm = strtoull(s.c_str() + 2, nullptr, 16);
      return o;
    }
    if (s.size() > 2 && s[0] == '0' && (s[1] == 'd' || s[1] == 'D') && s.size() == 18) {
      o.k = Opnd::FLT;
      o.fw = 8;
      o.imm = strtoull(s.c_str() + 2, nullptr, 16);
      return o;
    }
    u64 v;
    if (number(s, v)) {
      o.k = Opnd::IMM;
      o.imm = v;
      return o;
    }
    if ((isdigit((unsigned char)s[0]) || s[0] == '-') && s.find('.') != std::string::npos) {
      o.k = Opnd::FLT;
      o.fw = 8;
      double d = atof(s.c_str());
      memcpy(&o.imm, &d, 8);
      return o;
    }
    o.k = Opnd::SYM;
    return o;
  }
  // A source of `width` bytes a lane (0: predicate); is_float: literals are of the type
  s32 src(const Opnd& o, int width, bool is_float = false) {
    switch (o.k) {
      case Opnd::REG:
        if (width && o.reg.width != width) bad("width of " + o.text);
        if (!width && !o.reg.pred) bad("not a predicate " + o.text);
        return o.reg.off;
      case Opnd::IMM:
        if (is_float) {
          double d = (double)(s64)o.imm;
          return fconst(d, width);
        }
        return constant(width >= 8 || width == 0 ? o.imm : o.imm & ((1ull << 8 * width) - 1), width);
      case Opnd::FLT:
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
      case Opnd::SPECIAL:
        if (width != 4) bad("special of another width");
        return special(o.text);
      case Opnd::SYM: { // symbol or symbol+offset
        std::string n = o.text;
        u64 off = 0;
        size_t p = n.find('+');
        if (p != std::string::npos) {
          number(trim(n.substr(p + 1)), off);
          n = trim(n.substr(0, p));
        }
        Symbol* s = find_sym(n);
        if (!s) {
          if (m.funcs.count(n)) bad("address of a function");
          bad("unknown name " + n);
        }
        return constant(s->addr + off, width);
      }
      default: bad("operand " + o.text);
    }
  }
  s32 fconst(double d, int width) {
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
  s32 dst(const Opnd& o, int width) {
    if (o.k == Opnd::SINK) return alloc(std::max(1, width) * 32);
    if (o.k != Opnd::REG) bad("destination");
    if (width && o.reg.width != width) bad("width of the destination");
    if (!width && !o.reg.pred) bad("destination is not a predicate");
    return o.reg.off;
  }

  void run();
  void statement(const std::string& s);
  void instruction(Ins& I, const std::vector<std::string>& p, std::vector<std::string> ops, const std::string& opcode);
  void memory(Ins& I, const Opnd& o, int space);
};

int tsize(const std::string& t) {
  static const std::unordered_map<std::string, int> m{{"u8", 1},  {"s8", 1},  {"b8", 1},  {"u16", 2},   {"s16", 2}, {"b16", 2},
                                                      {"f16", 2}, {"u32", 4}, {"s32", 4}, {"b32", 4},   {"f32", 4}, {"u64", 8},
                                                      {"s64", 8}, {"b64", 8}, {"f64", 8}, {"b128", 16}, {"pred", 0}};
  auto it = m.find(t);
  return it == m.end() ? -1 : it->second;
}

// tables of handlers by type
template <template <class> class O>
Fn bin_i(const std::string& t) {
  if (t == "u16" || t == "b16") return h_bin<u16, O<u16>>;
  if (t == "s16") return h_bin<s16, O<s16>>;
  if (t == "u32" || t == "b32") return h_bin<u32, O<u32>>;
  if (t == "s32") return h_bin<s32, O<s32>>;
  if (t == "u64" || t == "b64") return h_bin<u64, O<u64>>;
  if (t == "s64") return h_bin<s64, O<s64>>;
  return nullptr;
}
template <template <class> class O>
Fn bin_wrap(const std::string& t) { // the same bits signed or not
  if (t == "u16" || t == "b16" || t == "s16") return h_bin<u16, O<u16>>;
  if (t == "u32" || t == "b32" || t == "s32") return h_bin<u32, O<u32>>;
  if (t == "u64" || t == "b64" || t == "s64") return h_bin<u64, O<u64>>;
  return nullptr;
}
template <template <class> class O>
Fn bin_f(const std::string& t) {
  if (t == "f32") return h_bin<f32, O<f32>>;
  if (t == "f64") return h_bin<f64, O<f64>>;
  return nullptr;
}
template <template <class> class O>
Fn un_f(const std::string& t) {
  if (t == "f32") return h_un<f32, O<f32>>;
  if (t == "f64") return h_un<f64, O<f64>>;
  return nullptr;
}
template <template <class> class O>
Fn un_i(const std::string& t) {
  if (t == "u16" || t == "b16") return h_un<u16, O<u16>>;
  if (t == "s16") return h_un<s16, O<s16>>;
  if (t == "u32" || t == "b32") return h_un<u32, O<u32>>;
  if (t == "s32") return h_un<s32, O<s32>>;
  if (t == "u64" || t == "b64") return h_un<u64, O<u64>>;
  if (t == "s64") return h_un<s64, O<s64>>;
  return nullptr;
}

template <class T, template <class, int> class>
struct dummy;
template <class T>
Fn setp_f(int c) {
  switch (c) {
#define CASE(x)                                                                                                                  \
  case x: return h_setp<T, x>;
    CASE(C_EQ)
    CASE(C_NE) CASE(C_LT) CASE(C_LE) CASE(C_GT) CASE(C_GE) CASE(C_EQU) CASE(C_NEU) CASE(C_LTU) CASE(C_LEU) CASE(C_GTU) CASE(C_GEU)
        CASE(C_NUM) CASE(C_NAN)
#undef CASE
  }
  return nullptr;
}
template <class T>
Fn set_f(int c) {
  switch (c) {
#define CASE(x)                                                                                                                  \
  case x: return h_set<T, x>;
    CASE(C_EQ)
    CASE(C_NE) CASE(C_LT) CASE(C_LE) CASE(C_GT) CASE(C_GE) CASE(C_EQU) CASE(C_NEU) CASE(C_LTU) CASE(C_LEU) CASE(C_GTU) CASE(C_GEU)
        CASE(C_NUM) CASE(C_NAN)
#undef CASE
  }
  return nullptr;
}
int cmp_code(const std::string& s, bool fl) {
  static const std::unordered_map<std::string, int> t{
      {"eq", C_EQ},   {"ne", C_NE},   {"lt", C_LT},   {"le", C_LE},   {"gt", C_GT},   {"ge", C_GE},
      {"lo", C_LT},   {"ls", C_LE},   {"hi", C_GT},   {"hs", C_GE},   {"equ", C_EQU}, {"neu", C_NEU},
      {"ltu", C_LTU}, {"leu", C_LEU}, {"gtu", C_GTU}, {"geu", C_GEU}, {"num", C_NUM}, {"nan", C_NAN}};
  (void)fl;
  auto it = t.find(s);
  return it == t.end() ? -1 : it->second;
}

// ---- Conversions ----
struct Cvt {
  int dw, sw;
}; // widths of registers
template <class D, class S>
inline D convert(S x, int rnd, bool sat) {
  if constexpr (std::is_integral_v<D> && std::is_integral_v<S>) {
    if (sat) {
      s128 v = (s128)x, lo = (s128)std::numeric_limits<D>::min(), hi = (s128)std::numeric_limits<D>::max();
      return (D)(v < lo ? lo : v > hi ? hi : v);
    }
    return (D)x;
  } else if constexpr (std::is_integral_v<D>) { // float to integer: rnd 10 rni 11 rzi 12 rmi 13 rpi; saturates
    if (x != x) {
      warn_once("nanint", "a NaN was converted to an integer");
      if (sizeof(S) == 8 || sizeof(D) == 8)
        return std::is_signed_v<D> || sizeof(D) == 8 ? (D)(1ull << (8 * sizeof(D) - 1)) : D(0);
      return 0;
    }
    S r = rnd == 10 ? std::nearbyint(x) : rnd == 12 ? std::floor(x) : rnd == 13 ? std::ceil(x) : std::trunc(x);
    constexpr S hi = (S)std::numeric_limits<D>::max(), lo = (S)std::numeric_limits<D>::min(); // hi may round up to a power of two
    S const top = std::ldexp(S(1), (int)(8 * sizeof(D)) - (std::is_signed_v<D> ? 1 : 0));
    (void)hi;
    if (r >= top) {
      warn_once("big", "a number beyond the range was converted to an integer");
      return std::numeric_limits<D>::max();
    }
    if (r < lo) {
      warn_once("small", "a number below the range was converted to an integer");
      return std::numeric_limits<D>::min();
    }
    return (D)r;
  } else if constexpr (std::is_integral_v<S>) {
    return (D)x; // rounding by the mode
  } else {
    if (rnd >= 10) x = rnd == 10 ? std::nearbyint(x) : rnd == 12 ? std::floor(x) : rnd == 13 ? std::ceil(x) : std::trunc(x);
    D r = (D)x;
    if (sat) r = r != r ? D(0) : r < 0 ? D(0) : r > 1 ? D(1) : r;
    return canon<D>(r);
  }
}
template <class D, class S>
void h_cvt(Warp& w, const Ins& I, u32 m) {
  static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
  int const dw = I.sub, sw = I.sub2;
  bool const sat = I.flags & 8;
  bool const mode = I.rnd >= 1 && I.rnd <= 3;
  if (mode) fesetround(modes[I.rnd]);
  using DD = std::conditional_t<sizeof(D) == 1, std::conditional_t<std::is_signed_v<D>, s16, u16>, D>;
  using SS = std::conditional_t<sizeof(S) == 1, u16, S>;
  if (dw == sizeof(DD) && sw == sizeof(SS) && !sat && !mode) {
    DD* d = w.P<DD>(I.d);
    SS* s = w.P<SS>(I.a);
    if (m == FULL) {
      DD t[32];
      for (int i = 0; i < 32; ++i) t[i] = (DD)convert<D, S>((S)s[i], I.rnd, false);
      memcpy(d, t, sizeof t);
    } else {
      EACH(m) d[i] = (DD)convert<D, S>((S)s[i], I.rnd, false);
    }
    return;
  }
  char *dp = w.P<char>(I.d), *sp = w.P<char>(I.a);
  EACH(m) {
    S x;
    memcpy(&x, sp + (size_t)i * sw, sizeof(S));
    volatile D y = convert<D, S>(x, I.rnd, sat);
    D z = y;
    if constexpr (std::is_integral_v<D>) {
      u64 v = (u64)(s64)z;
      if (!std::is_signed_v<D>) v = (u64)z;
      memcpy(dp + (size_t)i * dw, &v, (size_t)dw);
    } else
      memcpy(dp + (size_t)i * dw, &z, sizeof z);
  }
  if (mode) fesetround(FE_TONEAREST);
}
template <class D>
Fn cvt_s(const std::string& s) {
  if (s == "u8" || s == "b8") return h_cvt<D, u8>;
  if (s == "s8") return h_cvt<D, s8>;
  if (s == "u16" || s == "b16") return h_cvt<D, u16>;
  if (s == "s16") return h_cvt<D, s16>;
  if (s == "u32" || s == "b32") return h_cvt<D, u32>;
  if (s == "s32") return h_cvt<D, s32>;
  if (s == "u64" || s == "b64") return h_cvt<D, u64>;
  if (s == "s64") return h_cvt<D, s64>;
  if (s == "f32") return h_cvt<D, f32>;
  if (s == "f64") return h_cvt<D, f64>;
  return nullptr;
}
Fn cvt_of(const std::string& d, const std::string& s) {
  if (d == "u8" || d == "b8") return cvt_s<u8>(s);
  if (d == "s8") return cvt_s<s8>(s);
  if (d == "u16" || d == "b16") return cvt_s<u16>(s);
  if (d == "s16") return cvt_s<s16>(s);
  if (d == "u32" || d == "b32") return cvt_s<u32>(s);
  if (d == "s32") return cvt_s<s32>(s);
  if (d == "u64" || d == "b64") return cvt_s<u64>(s);
  if (d == "s64") return cvt_s<s64>(s);
  if (d == "f32") return cvt_s<f32>(s);
  if (d == "f64") return cvt_s<f64>(s);
  return nullptr;
}

// ---- Packs, bits, warps ----
void h_pack(Warp& w, const Ins& I, u32 m) { // nv parts of sub bytes into d of sub*nv bytes
  char* d = w.P<char>(I.d);
  u32 n = I.sub;
  char t[32 * 16];
  for (u32 k = 0; k < I.nv; ++k) {
    char* s = w.P<char>(I.v[k]);
    for (u32 i = 0; i < 32; ++i) memcpy(t + i * n * I.nv + k * n, s + i * n, n);
  }
  EACH(m) memcpy(d + i * n * I.nv, t + i * n * I.nv, n * I.nv);
}
void h_unpack(Warp& w, const Ins& I, u32 m) {
  u32 n = I.sub;
  char t[32 * 16];
  memcpy(t, w.P<char>(I.a), 32 * n * I.nv);
  for (u32 k = 0; k < I.nv; ++k) {
    if (I.v[k] == NONE) continue;
    char* d = w.P<char>(I.v[k]);
    EACH(m) memcpy(d + i * n, t + i * n * I.nv + k * n, n);
  }
}
void h_pack64(Warp& w, const Ins& I, u32 m) {
  u64* d = w.P<u64>(I.d);
  u32 *a = w.P<u32>(I.v[0]), *b = w.P<u32>(I.v[1]);
  if (m == FULL) {
    for (int i = 0; i < 32; ++i) d[i] = a[i] | (u64)b[i] << 32;
  } else
    EACH(m) d[i] = a[i] | (u64)b[i] << 32;
}
void h_unpack64(Warp& w, const Ins& I, u32 m) {
  u64* s = w.P<u64>(I.a);
  u32 *a = w.P<u32>(I.v[0]), *b = w.P<u32>(I.v[1]);
  if (m == FULL) {
    for (int i = 0; i < 32; ++i) {
      u64 x = s[i];
      a[i] = (u32)x;
      b[i] = (u32)(x >> 32);
    }
  } else
    EACH(m) {
      u64 x = s[i];
      a[i] = (u32)x;
      b[i] = (u32)(x >> 32);
    }
}
void h_local_address(Warp& w, const Ins& I, u32 m) {
  u64* d = w.P<u64>(I.d);
  EACH(m) d[i] = (u64)I.imm + w.local_base;
}
void h_cvta(Warp& w, const Ins& I, u32 m) { // sub: 0 keep, 1 add imm, 2 remove the tag
  u64* d = w.P<u64>(I.d);
  u64* a = w.P<u64>(I.a);
  EACH(m) d[i] = I.sub == 1 ? (a[i] | (u64)I.imm) : I.sub == 2 ? (a[i] & ~TAG_MASK) : a[i];
}
void h_isspacep(Warp& w, const Ins& I, u32 m) {
  u64* a = w.P<u64>(I.a);
  u32 r = 0;
  EACH(m) {
    u64 t = a[i] & TAG_MASK;
    bool y = I.sub == 1 ? t == 0 : I.sub == 2 ? t == TAG_SHARED : I.sub == 3 ? t == TAG_LOCAL : t == TAG_PARAM;
    r |= (u32)y << i;
  }
  set_pred(w, I.d, r, m);
}
void h_shfl(Warp& w, const Ins& I, u32 m) { // d, d2 predicate or NONE, a, b, c; sub2: 0 up 1 down 2 bfly 3 idx
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  u32 src[32], out[32], p = 0;
  memcpy(src, a, sizeof src);
  memcpy(out, d, sizeof out);
  EACH(m) {
    int lane = (int)i, bv = (int)(b[i] & 31), cv = (int)(c[i] & 31), seg = (int)(c[i] >> 8 & 31),
        maxl = (lane & seg) | (cv & ~seg), minl = lane & seg, j;
    bool ok;
    switch (I.sub2) {
      case 0:
        j = lane - bv;
        ok = j >= maxl;
        break;
      case 1:
        j = lane + bv;
        ok = j <= maxl;
        break;
      case 2:
        j = lane ^ bv;
        ok = j <= maxl;
        break;
      default: j = minl | (bv & ~seg); ok = j <= maxl;
    }
    if (!ok) j = lane;
    if (j < 0 || j > 31) j = lane;
    if (!(m >> j & 1)) {
      warn_once(("shfl" + w.f->name).c_str(),
                "a shuffle reads from thread %d, which does not take part (threads 0x%x, ended 0x%x), in %s", j, m, w.exited,
                w.f->name.c_str());
      out[i] = 0xBADBAD00u | i;
    } else
      out[i] = src[j];
    p |= (u32)ok << i;
  }
  EACH(m) d[i] = out[i];
  if (I.d2 != NONE) set_pred(w, I.d2, p, m);
}
void h_barwarp(Warp&, const Ins&, u32) {}
void h_vote(Warp& w, const Ins& I, u32 m) { // a predicate; sub2: 0 all 1 any 2 uni 3 ballot; flags&1 neg
  u32 p = pred_of(w, I.a, I.flags & 1) & m;
  if (I.sub2 == 3) {
    u32* d = w.P<u32>(I.d);
    EACH(m) d[i] = p;
    return;
  }
  bool r = I.sub2 == 0 ? p == m : I.sub2 == 1 ? p != 0 : (p == m || p == 0);
  set_pred(w, I.d, r ? FULL : 0, m);
}
template <class T>
void h_match(Warp& w, const Ins& I, u32 m) { // sub2: 0 any 1 all
  T* a = w.P<T>(I.a);
  u32* d = w.P<u32>(I.d);
  u32 out[32];
  EACH(m) {
    u32 r = 0;
    for (u32 k = 0; k < 32; ++k)
      if ((m >> k & 1) && a[k] == a[i]) r |= 1u << k;
    if (I.sub2 == 1 && r != m) r = 0;
    out[i] = r;
  }
  EACH(m) d[i] = out[i];
  if (I.sub2 == 1 && I.d2 != NONE) set_pred(w, I.d2, out[__builtin_ctz(m)] ? FULL : 0, m);
}
template <class T>
void h_redux(Warp& w, const Ins& I, u32 m) {
  T* a = w.P<T>(I.a);
  T* d = w.P<T>(I.d);
  T r = a[__builtin_ctz(m)];
  u32 rest = m & (m - 1);
  EACH(rest) {
    T x = a[i];
    switch (I.sub2) {
      case A_ADD: r = (T)(r + x); break;
      case A_MIN: r = std::min(r, x); break;
      case A_MAX: r = std::max(r, x); break;
      case A_AND: r &= x; break;
      case A_OR: r |= x; break;
      case A_XOR: r ^= x; break;
    }
  }
  EACH(m) d[i] = r;
}
void h_elect(Warp& w, const Ins& I, u32 m) {
  u32 l = (u32)__builtin_ctz(m);
  u32* d = w.P<u32>(I.d);
  EACH(m) d[i] = l;
  set_pred(w, I.d2, 1u << l, m);
}
void h_activemask(Warp& w, const Ins& I, u32 m) {
  u32* d = w.P<u32>(I.d);
  EACH(m) d[i] = m;
}
void h_clock(Warp& w, const Ins& I, u32 m) {
  static u64 t = 0;
  t += 64;
  if (I.sub == 8) {
    u64* d = w.P<u64>(I.d);
    EACH(m) d[i] = t;
  } else {
    u32* d = w.P<u32>(I.d);
    EACH(m) d[i] = (u32)t;
  }
}
void h_lop3(Warp& w, const Ins& I, u32 m) {
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  u32 l = (u32)I.imm;
  EACH(m) {
    u32 x = a[i], y = b[i], z = c[i], r = 0;
    if (l & 1) r |= ~x & ~y & ~z;
    if (l & 2) r |= ~x & ~y & z;
    if (l & 4) r |= ~x & y & ~z;
    if (l & 8) r |= ~x & y & z;
    if (l & 16) r |= x & ~y & ~z;
    if (l & 32) r |= x & ~y & z;
    if (l & 64) r |= x & y & ~z;
    if (l & 128) r |= x & y & z;
    d[i] = r;
  }
}
void h_shf(Warp& w, const Ins& I, u32 m) { // sub: 0 left 1 right; sub2: 0 clamp 1 wrap
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  EACH(m) {
    u32 n = I.sub2 ? c[i] & 31 : std::min(c[i], 32u);
    u64 v = a[i] | (u64)b[i] << 32;
    d[i] = I.sub ? (u32)(v >> n) : (u32)((v << n) >> 32);
  }
}
void h_prmt(Warp& w, const Ins& I, u32 m) {
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  EACH(m) {
    u64 v = a[i] | (u64)b[i] << 32;
    u32 r = 0;
    for (int k = 0; k < 4; ++k) {
      u32 s = c[i] >> 4 * k & 15;
      u32 by = (u32)(v >> 8 * (s & 7)) & 255;
      if (s & 8) by = by & 128 ? 255 : 0;
      r |= by << 8 * k;
    }
    d[i] = r;
  }
}
template <class T>
void h_count(Warp& w, const Ins& I, u32 m) { // popc clz brev bfind; sub
  T* a = w.P<T>(I.a);
  using U = std::make_unsigned_t<T>;
  constexpr int N = 8 * sizeof(T);
  if (I.sub == 2) {
    U* d = w.P<U>(I.d);
    EACH(m) {
      U x = (U)a[i], r = 0;
      for (int k = 0; k < N; ++k)
        if (x >> k & 1) r |= U(1) << (N - 1 - k);
      d[i] = r;
    }
    return;
  }
  u32* d = w.P<u32>(I.d);
  T t[32];
  memcpy(t, a, sizeof t);
  EACH(m) {
    T x = t[i];
    u32 r;
    if (I.sub == 0)
      r = (u32)__builtin_popcountll((u64)(U)x);
    else if (I.sub == 1)
      r = (U)x == 0 ? N : (u32)__builtin_clzll((u64)(U)x) - (64 - N);
    else {
      if (std::is_signed_v<T> && x < 0) x = (T)~x;
      r = (U)x == 0 ? ~0u : 63u - (u32)__builtin_clzll((u64)(U)x);
      if (I.flags & 1 && r != ~0u) r = N - 1 - r;
    }
    d[i] = r;
  }
}
template <class T>
void h_bfe(Warp& w, const Ins& I, u32 m) {
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a);
  u32 *b = w.P<u32>(I.b), *c = w.P<u32>(I.c);
  using U = std::make_unsigned_t<T>;
  constexpr u32 N = 8 * sizeof(T);
  EACH(m) {
    u32 pos = b[i] & 255, len = c[i] & 255;
    U x = (U)a[i];
    U r = 0;
    bool sb = false;
    if (std::is_signed_v<T> && len) sb = x >> std::min(pos + len - 1, N - 1) & 1;
    for (u32 k = 0; k < N; ++k) {
      bool bit = k < len && pos + k < N ? (x >> (pos + k) & 1) : sb;
      if (bit) r |= U(1) << k;
    }
    d[i] = (T)r;
  }
}
template <class T>
void h_bfi(Warp& w, const Ins& I, u32 m) { // d, a (bits), b (into), c pos, e len
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a), *b = w.P<T>(I.b);
  u32 *c = w.P<u32>(I.c), *e = w.P<u32>(I.e);
  constexpr u32 N = 8 * sizeof(T);
  EACH(m) {
    u32 pos = c[i] & 255, len = e[i] & 255;
    T r = b[i];
    if (pos < N && len) {
      T mask = len >= N ? ~T(0) : (T(1) << len) - 1;
      r = (T)((r & ~(mask << pos)) | ((a[i] & mask) << pos));
    }
    d[i] = r;
  }
}
void h_bmsk(Warp& w, const Ins& I, u32 m) {
  u32 *d = w.P<u32>(I.d), *a = w.P<u32>(I.a), *b = w.P<u32>(I.b);
  EACH(m) {
    u32 p = a[i], n = b[i];
    if (I.sub) {
      p &= 31;
      n &= 31;
    }
    d[i] = p > 31 ? 0 : (u32)(((n >= 32 ? ~0ull : (1ull << n) - 1)) << p);
  }
}
// carry: sub: 0 add 1 sub 2 madlo 3 madhi; flags: 1 takes the carry, 2 gives it
template <class T>
void h_carry(Warp& w, const Ins& I, u32 m) {
  T *d = w.P<T>(I.d), *a = w.P<T>(I.a), *b = w.P<T>(I.b), *c = I.sub >= 2 ? w.P<T>(I.c) : nullptr;
  EACH(m) {
    u32 cin = (I.flags & 1) ? w.cc >> i & 1 : 0;
    T x = a[i], y = b[i];
    bool cout;
    T r;
    if (I.sub >= 2) {
      T p = I.sub == 2 ? (T)(x * y) : op::mulhi<T>::f(x, y);
      x = p;
      y = c[i];
    }
    if (I.sub == 1) {
      u128 t = (u128)x - (u128)y - cin;
      r = (T)t;
      cout = (u128)y + cin > (u128)x;
    } else {
      u128 t = (u128)x + y + cin;
      r = (T)t;
      cout = (t >> (8 * sizeof(T))) & 1;
    }
    d[i] = r;
    if (I.flags & 2) w.cc = (w.cc & ~(1u << i)) | (u32)cout << i;
  }
}
template <class T>
void h_testp(Warp& w, const Ins& I, u32 m) {
  T* a = w.P<T>(I.a);
  u32 r = 0;
  EACH(m) {
    T x = a[i];
    bool y = false;
    switch (I.sub) {
      case 0: y = std::isfinite(x); break;
      case 1: y = std::isinf(x); break;
      case 2: y = x == x; break;
      case 3: y = x != x; break;
      case 4: y = std::isnormal(x); break;
      case 5: y = x != 0 && std::isfinite(x) && !std::isnormal(x); break;
    }
    r |= (u32)y << i;
  }
  set_pred(w, I.d, r, m);
}
void h_nop(Warp&, const Ins&, u32) {}

template <class M, int SP>
Fn ld_r(int rw) {
  if (rw == 2) return h_ld<M, u16, SP>;
  if (rw == 4) return h_ld<M, u32, SP>;
  if (rw == 8) return h_ld<M, u64, SP>;
  return nullptr;
}
template <class M, int SP>
Fn ld_rs(int rw) {
  if (rw == 2) return h_ld<M, s16, SP>;
  if (rw == 4) return h_ld<M, s32, SP>;
  if (rw == 8) return h_ld<M, s64, SP>;
  return nullptr;
}
template <int SP>
Fn ld_of(const std::string& t, int rw) {
  if (t == "u8" || t == "b8") return ld_r<u8, SP>(rw);
  if (t == "s8") return ld_rs<s8, SP>(rw);
  if (t == "u16" || t == "b16" || t == "f16") return ld_r<u16, SP>(rw);
  if (t == "s16") return ld_rs<s16, SP>(rw);
  if (t == "u32" || t == "b32" || t == "f32") return ld_r<u32, SP>(rw);
  if (t == "s32") return ld_rs<s32, SP>(rw);
  if (t == "u64" || t == "b64" || t == "s64" || t == "f64") return ld_r<u64, SP>(rw);
  if (t == "b128" && rw == 16) return h_ld<w128, w128, SP>;
  return nullptr;
}
template <class M>
Fn ldk_r(int rw) {
  if (rw == 2) return h_ldk<M, u16>;
  if (rw == 4) return h_ldk<M, u32>;
  if (rw == 8) return h_ldk<M, u64>;
  return nullptr;
}
template <class M>
Fn ldk_rs(int rw) {
  if (rw == 2) return h_ldk<M, s16>;
  if (rw == 4) return h_ldk<M, s32>;
  if (rw == 8) return h_ldk<M, s64>;
  return nullptr;
}
Fn ldk_of(const std::string& t, int rw) {
  if (t == "u8" || t == "b8") return ldk_r<u8>(rw);
  if (t == "s8") return ldk_rs<s8>(rw);
  if (t == "u16" || t == "b16" || t == "f16") return ldk_r<u16>(rw);
  if (t == "s16") return ldk_rs<s16>(rw);
  if (t == "u32" || t == "b32" || t == "f32") return ldk_r<u32>(rw);
  if (t == "s32") return ldk_rs<s32>(rw);
  if (t == "u64" || t == "b64" || t == "s64" || t == "f64") return ldk_r<u64>(rw);
  return nullptr;
}
template <class M, int SP>
Fn st_r(int rw) {
  if (rw == 2) return h_st<M, u16, SP>;
  if (rw == 4) return h_st<M, u32, SP>;
  if (rw == 8) return h_st<M, u64, SP>;
  return nullptr;
}
template <int SP>
Fn st_of(int ms, int rw) {
  if (ms == 1) return st_r<u8, SP>(rw);
  if (ms == 2) return st_r<u16, SP>(rw);
  if (ms == 4) return st_r<u32, SP>(rw);
  if (ms == 8) return st_r<u64, SP>(rw);
  if (ms == 16 && rw == 16) return h_st<w128, w128, SP>;
  return nullptr;
}
template <int SP>
Fn atom_of(const std::string& t, int op_) {
  bool sgn = op_ == A_MIN || op_ == A_MAX;
  if (t == "u32" || t == "b32") return h_atom<u32, SP>;
  if (t == "s32") return sgn ? h_atom<s32, SP> : h_atom<u32, SP>;
  if (t == "u64" || t == "b64") return h_atom<u64, SP>;
  if (t == "s64") return sgn ? h_atom<s64, SP> : h_atom<u64, SP>;
  if (t == "f32") return h_atom<f32, SP>;
  if (t == "f64") return h_atom<f64, SP>;
  if (t == "b16" || t == "u16") return h_atom<u16, SP>;
  if (t == "b128") return h_atom<w128, SP>;
  return nullptr;
}
} // namespace

void Dec::memory(Ins& I, const Opnd& o, int space) {
  if (o.k != Opnd::MEM) bad("not a memory operand");
  I.sub2 = (u8)space;
  I.imm = o.off;
  I.has_base = false;
  if (o.mem_reg) {
    I.has_base = true;
    I.a = o.reg.off;
    I.base32 = o.reg.width == 4;
    return;
  }
  if (o.mem_sym) {
    Symbol* s = find_sym(o.text);
    if (!s) bad("unknown name " + o.text);
    I.imm += (s64)s->addr;
    if (s->space == 3) I.imm &= ~(s64)TAG_MASK;
  }
}

static const char* const bools[] = {"", "and", "or", "xor"};

void Dec::instruction(Ins& I, const std::vector<std::string>& p, std::vector<std::string> ops, const std::string& opcode) {
  std::string const& o = p[0];
  std::string const& t = p.back();
  int const ts = tsize(t);
  auto has = [&](const char* x) { return std::find(p.begin() + 1, p.end(), x) != p.end(); };
  auto D = [&](int w) { I.d = dst(operand(ops[0]), w); };
  auto S = [&](size_t k, int w, bool fl = false) {
    if (k >= ops.size()) bad("too few operands");
    return src(operand(ops[k]), w, fl);
  };
  bool const fl = t == "f32" || t == "f64";
  auto unsupported = [&] {
    I.fn = h_unsupported;
    I.kind = K_NORMAL;
  };
  int rnd = has("rz")    ? 1
            : has("rm")  ? 2
            : has("rp")  ? 3
            : has("rni") ? 10
            : has("rzi") ? 11
            : has("rmi") ? 12
            : has("rpi") ? 13
                         : 0;
  I.rnd = (u8)rnd;
  bool const f_ftz = has("ftz"), f_sat = has("sat");
  bool const slow = fl && ((rnd >= 1 && rnd <= 3) || f_ftz || f_sat);
  auto slow_op = [&](int which, int n) {
    I.fn = h_fp_slow;
    I.sub = (u8)which;
    I.sub2 = (u8)ts;
    I.flags = (u8)((f_ftz ? 4 : 0) | (f_sat ? 8 : 0));
    D(ts);
    I.a = S(1, ts, true);
    I.b = n > 1 ? S(2, ts, true) : NONE;
    I.c = n > 2 ? S(3, ts, true) : NONE;
  };
  auto two = [&](Fn fn) {
    if (!fn) return unsupported();
    I.fn = fn;
    D(ts);
    I.a = S(1, ts, fl);
    I.b = S(2, ts, fl);
  };
  auto one = [&](Fn fn) {
    if (!fn) return unsupported();
    I.fn = fn;
    D(ts);
    I.a = S(1, ts, fl);
  };

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
  if (o == "add" || o == "sub" || o == "addc" || o == "subc") {
    if (has("cc") || o == "addc" || o == "subc") {
      I.sub = o[0] == 's';
      I.flags = (u8)((o.size() == 4 ? 1 : 0) | (has("cc") ? 2 : 0));
      if (ts == 4) return two(h_carry<u32>);
      if (ts == 8) return two(h_carry<u64>);
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
      if (t == "u32") return two(h_bin<u32, op::mul24<u32>>);
      if (t == "s32") return two(h_bin<s32, op::mul24<s32>>);
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
      I.fn = t == "f32" ? h_ter<f32, op::fma<f32>> : h_ter<f64, op::fma<f64>>;
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
      I.fn = ts == 4 ? h_carry<u32> : ts == 8 ? h_carry<u64> : nullptr;
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
        I.fn = t == "u32"   ? h_wide<u64, u32, W>
               : t == "s32" ? h_wide<s64, s32, WS>
               : t == "u16" ? h_wide<u32, u16, H>
               : t == "s16" ? h_wide<s32, s16, HS>
                            : nullptr;
      } else {
        I.c = S(3, 2 * ts);
        I.fn = t == "u32"   ? h_madwide<u64, u32>
               : t == "s32" ? h_madwide<s64, s32>
               : t == "u16" ? h_madwide<u32, u16>
               : t == "s16" ? h_madwide<s32, s16>
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
      I.fn = t == "u32"   ? h_ter<u32, op::madhi<u32>>
             : t == "s32" ? h_ter<s32, op::madhi<s32>>
             : t == "u64" ? h_ter<u64, op::madhi<u64>>
             : t == "s64" ? h_ter<s64, op::madhi<s64>>
                          : nullptr;
    else
      I.fn = ts == 4   ? h_ter<u32, op::mad<u32>>
             : ts == 8 ? h_ter<u64, op::mad<u64>>
             : ts == 2 ? h_ter<u16, op::mad<u16>>
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
  if (o == "and" || o == "or" || o == "xor" || o == "not") {
    if (t == "pred") {
      Opnd a = operand(ops[1]);
      I.d = dst(operand(ops[0]), 0);
      I.a = src(a, 0);
      I.flags = a.neg ? 1 : 0;
      I.sub = o == "and" ? 1 : o == "or" ? 2 : o == "xor" ? 3 : 4;
      if (o != "not") {
        Opnd b = operand(ops[2]);
        I.b = src(b, 0);
        if (b.neg) I.flags |= 2;
      }
      I.fn = h_pred_op;
      return;
    }
    if (o == "not") return one(un_i<op::bnot>(t));
    return two(o == "and" ? bin_wrap<op::band>(t) : o == "or" ? bin_wrap<op::bor>(t) : bin_wrap<op::bxor>(t));
  }
  if (o == "cnot") return one(un_i<op::cnot>(t));
  if (o == "neg" || o == "abs") {
    if (fl && f_ftz) return slow_op(o == "neg" ? 9 : 10, 1);
    return one(fl ? (o == "neg" ? un_f<op::neg>(t) : un_f<op::abs>(t))
                  : (o == "neg" ? un_i<op::neg>(t)
                                : (t == "s16"   ? h_un<s16, op::abs<s16>>
                                   : t == "s32" ? h_un<s32, op::abs<s32>>
                                   : t == "s64" ? h_un<s64, op::abs<s64>>
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
    I.fn = t == "u32" ? h_ter<u32, op::sad<u32>> : t == "s32" ? h_ter<s32, op::sad<s32>> : nullptr;
    if (!I.fn) unsupported();
    return;
  }
  if (o == "shl" || o == "shr") {
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, 4);
    if (o == "shl")
      I.fn = ts == 2 ? h_shift<u16, op::shl<u16>> : ts == 4 ? h_shift<u32, op::shl<u32>> : h_shift<u64, op::shl<u64>>;
    else
      I.fn = t == "s16"   ? h_shift<s16, op::shr<s16>>
             : t == "s32" ? h_shift<s32, op::shr<s32>>
             : t == "s64" ? h_shift<s64, op::shr<s64>>
             : ts == 2    ? h_shift<u16, op::shr<u16>>
             : ts == 4    ? h_shift<u32, op::shr<u32>>
                          : h_shift<u64, op::shr<u64>>;
    return;
  }
  if (o == "shf") {
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.sub = has("r");
    I.sub2 = has("wrap");
    I.fn = h_shf;
    return;
  }
  if (o == "lop3") {
    if (ops.size() != 5) return unsupported();
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.imm = (s64)operand(ops[4]).imm;
    I.fn = h_lop3;
    return;
  }
  if (o == "prmt") {
    if (p.size() > 2) return unsupported();
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.fn = h_prmt;
    return;
  }
  if (o == "popc" || o == "clz" || o == "brev" || o == "bfind") {
    I.sub = o == "popc" ? 0 : o == "clz" ? 1 : o == "brev" ? 2 : 3;
    I.flags = has("shiftamt");
    I.d = dst(operand(ops[0]), o == "brev" ? ts : 4);
    I.a = S(1, ts);
    I.fn = t == "s32" ? h_count<s32> : t == "s64" ? h_count<s64> : ts == 4 ? h_count<u32> : h_count<u64>;
    return;
  }
  if (o == "bfe") {
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, 4);
    I.c = S(3, 4);
    I.fn = t == "u32" ? h_bfe<u32> : t == "s32" ? h_bfe<s32> : t == "u64" ? h_bfe<u64> : h_bfe<s64>;
    return;
  }
  if (o == "bfi") {
    D(ts);
    I.a = S(1, ts);
    I.b = S(2, ts);
    I.c = S(3, 4);
    I.e = S(4, 4);
    I.fn = ts == 4 ? h_bfi<u32> : h_bfi<u64>;
    return;
  }
  if (o == "bmsk") {
    D(4);
    I.a = S(1, 4);
    I.b = S(2, 4);
    I.sub = has("wrap");
    I.fn = h_bmsk;
    return;
  }
  if (o == "setp" || o == "set") {
    int c = cmp_code(p[1], fl);
    if (c < 0) return unsupported();
    if (f_ftz) warn_once("setpftz", "ftz in a comparison is left out: %s", opcode.c_str());
    for (int k = 1; k < 4; ++k)
      if (has(bools[k])) I.sub = (u8)k;
    if (o == "setp") {
      Opnd d = operand(ops[0]);
      if (d.k == Opnd::VEC) {
        I.d = d.vec[0].k == Opnd::SINK ? NONE : dst(d.vec[0], 0);
        I.d2 = d.vec[1].k == Opnd::SINK ? NONE : dst(d.vec[1], 0);
      } else {
        I.d = dst(d, 0);
        I.d2 = NONE;
      }
    } else {
      I.d = dst(operand(ops[0]), 4);
      if (p[p.size() - 2] == "f32") I.flags |= 2;
    }
    I.a = S(1, ts, fl);
    I.b = S(2, ts, fl);
    if (I.sub) {
      Opnd q = operand(ops[3]);
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
    Opnd q = operand(ops[3]);
    I.c = src(q, 0);
    I.flags = q.neg;
    I.fn = ts == 2 ? h_selp<u16> : ts == 4 ? h_selp<u32> : h_selp<u64>;
    return;
  }
  if (o == "slct") {
    D(tsize(p[p.size() - 2]));
    int w = tsize(p[p.size() - 2]);
    I.a = S(1, w);
    I.b = S(2, w);
    I.c = S(3, 4);
    bool by_float = t == "f32";
    I.fn = w == 4 ? (by_float ? h_slct<u32, f32> : h_slct<u32, s32>) : (by_float ? h_slct<u64, f32> : h_slct<u64, s32>);
    return;
  }
  if (o == "testp") {
    I.d = dst(operand(ops[0]), 0);
    I.a = S(1, ts, true);
    I.sub = p[1] == "finite"       ? 0
            : p[1] == "infinite"   ? 1
            : p[1] == "number"     ? 2
            : p[1] == "notanumber" ? 3
            : p[1] == "normal"     ? 4
                                   : 5;
    I.fn = ts == 4 ? h_testp<f32> : h_testp<f64>;
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
    memory(I, mo, sp);
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
    memory(I, operand(ops[k]), sp);
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
    fixes.push_back({(u32)f.code.size(), ops[0]});
    return;
  }
  if (o == "brx") {
    I.kind = K_BRX;
    I.a = S(0, 4);
    auto it = tables.find(ops[1]);
    if (it == tables.end()) bad("unknown branch targets");
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

void Dec::statement(const std::string& s0) {
  std::string s = trim(s0);
  if (s.empty()) return;
  stmt = s;
  if (s[0] == '.') {
    size_t i = 0;
    while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
    std::string w = s.substr(0, i);
    if (w == ".reg") {
      while (i < s.size() && s[i] != '.') ++i;
      size_t b = i;
      while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
      std::string t = s.substr(b + 1, i - b - 1);
      int ts = tsize(t);
      if (ts < 0) {
        if (t == "f16x2")
          ts = 4;
        else
          bad("type of registers");
      }
      for (auto n : split(s.substr(i))) {
        size_t lt = n.find('<');
        int w8 = ts == 1 ? 2 : ts;
        if (lt == std::string::npos)
          regs.back()[n] = {w8, alloc(ts ? 32 * w8 : 4), ts == 0};
        else {
          int c = atoi(n.c_str() + lt + 1);
          std::string base = n.substr(0, lt);
          for (int k = 0; k < c; ++k) regs.back()[base + std::to_string(k)] = {w8, alloc(ts ? 32 * w8 : 4), ts == 0};
        }
      }
      return;
    }
    if (w == ".local" || w == ".shared" || w == ".param") {
      Decl d = parse_decl(s, i);
      if (w == ".local") {
        f.local_bytes = (f.local_bytes + d.align - 1) / d.align * d.align;
        syms.back()[d.name] = {3, TAG_LOCAL | f.local_bytes, d.size};
        f.local_bytes += d.size;
      } else if (w == ".shared") {
        f.shared_bytes = (f.shared_bytes + d.align - 1) / d.align * d.align;
        syms.back()[d.name] = {2, f.shared_bytes, d.size};
        f.shared_bytes += d.size;
      } else {
        u32 al = std::max(d.align, 8u);
        f.scratch_bytes = (f.scratch_bytes + al - 1) / al * al;
        syms.back()[d.name] = {5, f.scratch_bytes, d.size};
        f.scratch_bytes += d.size;
      }
      return;
    }
    if (w == ".pragma" || w == ".loc" || w == ".file") return;
    if (w == ".global" || w == ".const") bad("a global within a function");
    bad("directive");
  }
  Ins I;
  I.line = (u32)f.texts.size();
  f.texts.push_back(s);
  size_t i = 0;
  if (s[0] == '@') {
    size_t b = 1;
    bool n = s[1] == '!';
    if (n) ++b;
    i = b;
    while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
    Reg* r = find_reg(s.substr(b, i - b));
    if (!r || !r->pred) bad("guard");
    I.guard = r->off;
    I.gneg = n;
    while (i < s.size() && isspace((unsigned char)s[i])) ++i;
  }
  size_t b = i;
  while (i < s.size() && !isspace((unsigned char)s[i])) ++i;
  std::string opcode = s.substr(b, i - b);
  while (!opcode.empty() && opcode.back() == ',') opcode.pop_back();
  std::vector<std::string> p;
  {
    std::string cur;
    for (char c : opcode)
      if (c == '.') {
        p.push_back(cur);
        cur.clear();
      } else
        cur += c;
    p.push_back(cur);
  }
  try {
    instruction(I, p, split(s.substr(i)), opcode);
  } catch (std::string const& why) {
    fprintf(stderr, "interpreter: decode: %s\n", why.c_str());
    I.fn = h_unsupported;
    I.kind = K_NORMAL;
  }
  if (I.kind == K_NORMAL && !I.fn) {
    fprintf(stderr, "interpreter: decode: no handler: %s\n", s.c_str());
    I.fn = h_unsupported;
  }
  f.code.push_back(I);
}

void Dec::run() {
  f.shared_bytes = m.shared_bytes;
  for (auto& d : f.params) {
    if (f.entry) syms[0][d.name] = {4, d.offset, d.size};
  }
  if (!f.entry) {
    u32 at = 0; // parameters first, then results, then those of its own calls
    for (auto* l : {&f.params, &f.rets})
      for (auto& d : *l) {
        u32 al = std::max(d.align, 8u);
        at = (at + al - 1) / al * al;
        d.offset = at;
        syms[0][d.name] = {5, at, d.size};
        at += d.size;
      }
    f.scratch_bytes = at;
  }
  const std::string& s = f.body;
  size_t i = 0;
  std::vector<int> scope;
  int scopes = 0;
  std::string prefix;
  (void)scope;
  (void)scopes;
  while (i < s.size()) {
    if (isspace((unsigned char)s[i]) || s[i] == ';') {
      ++i;
      continue;
    }
    if (s[i] == '{') {
      regs.emplace_back();
      syms.emplace_back();
      ++i;
      continue;
    }
    if (s[i] == '}') {
      regs.pop_back();
      syms.pop_back();
      ++i;
      continue;
    }
    if (s.compare(i, 4, ".loc") == 0 && (s[i + 4] == ' ' || s[i + 4] == '\t')) {
      while (i < s.size() && s[i] != '\n') ++i;
      continue;
    }
    size_t j = i;
    while (j < s.size() && (isalnum((unsigned char)s[j]) || s[j] == '_' || s[j] == '$' || s[j] == '%')) ++j;
    size_t k = j;
    while (k < s.size() && (s[k] == ' ' || s[k] == '\t')) ++k;
    if (j > i && k < s.size() && s[k] == ':' && s[k + 1] != ':') {
      std::string name = s.substr(i, j - i);
      i = k + 1;
      while (i < s.size() && isspace((unsigned char)s[i])) ++i;
      if (s.compare(i, 14, ".branchtargets") == 0) {
        size_t e = s.find(';', i);
        tables[name] = (u32)f.tables.size();
        f.tables.emplace_back();
        tfixes.push_back({tables[name], split(s.substr(i + 14, e - i - 14))});
        i = e + 1;
        continue;
      }
      if (s.compare(i, 14, ".callprototype") == 0) {
        size_t e = s.find(';', i);
        i = e + 1;
        continue;
      }
      labels[name] = (u32)f.code.size();
      continue;
    }
    size_t e = i;
    int d = 0;
    for (; e < s.size(); ++e) {
      if (s[e] == '{') ++d;
      if (s[e] == '}') {
        if (d == 0) break;
        --d;
      }
      if (s[e] == ';' && d == 0) break;
      if (s[e] == '"') {
        ++e;
        while (e < s.size() && s[e] != '"') ++e;
      }
    }
    std::string st = s.substr(i, e - i);
    for (char& c : st)
      if (c == '\n') c = ' ';
    statement(st);
    i = e < s.size() && s[e] == ';' ? e + 1 : e;
  }
  Ins end;
  end.kind = K_RET;
  end.line = (u32)f.texts.size();
  f.texts.push_back("(the end)");
  f.code.push_back(end);
  for (auto& x : fixes) {
    auto it = labels.find(x.name);
    if (it == labels.end()) {
      fprintf(stderr, "interpreter: unknown label %s\n", x.name.c_str());
      abort();
    }
    f.code[x.ins].target = it->second;
  }
  for (auto& x : tfixes)
    for (auto& n : x.names) f.tables[x.table].push_back(labels.at(n));
  f.reg_bytes = (f.reg_bytes + 63) & ~63u;
  if (f.consts.empty()) f.consts.resize(64);
}

void decode(Func& f) {
  Dec d{f, *f.module};
  try {
    d.run();
  } catch (std::string const& why) {
    fprintf(stderr, "interpreter: decode of %s: %s\n", f.name.c_str(), why.c_str());
    abort();
  }
  f.decoded = true;
  if (f.has_calls)
    for (auto& c : f.calls)
      if (c.target && c.target->has_body && !c.target->decoded) decode(*c.target);
  // statically declared shared memory of what is called
  for (auto& c : f.calls)
    if (c.target && c.target->decoded) f.shared_bytes = std::max(f.shared_bytes, c.target->shared_bytes);
}
