/// @file decoder.hpp
/// What is known while the statements of a function are read.
#pragma once
#include "comparisons.hpp"
#include "lexer.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace interpreter {

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
  std::string stmt{};

  [[noreturn]] void bad(const std::string& why) { throw std::string(why + ": " + stmt); }
  s32 alloc(int bytes);
  Reg* find_reg(const std::string& n);
  Symbol* find_sym(const std::string& n);
  s32 constant(u64 v, int width); // lanes of width bytes; width 0: a predicate mask
  static int special_id(const std::string& n);
  s32 special(const std::string& n);

  static std::string trim(std::string s);
  static std::vector<std::string> split(const std::string& s);
  static bool number(const std::string& s, u64& v);
  Opnd operand(std::string s);
  // A source of `width` bytes a lane (0: predicate); is_float: literals are of the type
  s32 src(const Opnd& o, int width, bool is_float = false);
  s32 fconst(double d, int width);
  s32 dst(const Opnd& o, int width);

  void run();
  void statement(const std::string& s);
};

/// Bytes of a type; 0 of a predicate, -1 of none.
int tsize(const std::string& t);

} // namespace interpreter
