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

struct register_slot {
  int width;
  s32 off;
  bool pred;
}; // width in bytes
struct operand {
  enum kind {
    is_nothing,
    is_register,
    is_integer,
    is_float,
    is_memory,
    is_vector,
    is_symbol,
    is_special,
    is_sink
  } k = is_nothing;
  std::string text;
  register_slot reg{};
  bool neg = false;
  u64 imm = 0;
  int fw = 0;               // FLT: 4 or 8
  std::vector<operand> vec; // VEC, or the parts of a|b
  bool pair = false;
  // MEM
  bool mem_reg = false, mem_sym = false;
  s64 off = 0;
};
struct decoder {
  ptx_function& f;
  ptx_module& m;
  std::vector<std::unordered_map<std::string, register_slot>> regs{1};
  std::vector<std::unordered_map<std::string, ptx_symbol>> syms{1};
  std::unordered_map<std::string, u32> labels{};
  struct label_use {
    u32 ins;
    std::string name;
  };
  std::vector<label_use> fixes{};
  struct table_use {
    u32 table;
    std::vector<std::string> names;
  };
  std::vector<table_use> tfixes{};
  std::unordered_map<std::string, u32> tables{};
  std::map<std::pair<u64, int>, s32> pool{};
  std::unordered_map<std::string, s32> specials{};
  std::string stmt{};

  [[noreturn]] void bad(const std::string& why) { throw std::string(why + ": " + stmt); }
  s32 alloc(int bytes);
  register_slot* find_reg(const std::string& n);
  ptx_symbol* find_sym(const std::string& n);
  s32 constant(u64 v, int width); // lanes of width bytes; width 0: a predicate mask
  static int special_id(const std::string& n);
  s32 special(const std::string& n);

  static std::string trim(std::string s);
  static std::vector<std::string> split(const std::string& s);
  static bool number(const std::string& s, u64& v);
  operand read_operand(std::string s);
  // A source of `width` bytes a lane (0: predicate); is_float: literals are of the type
  s32 src(const operand& o, int width, bool is_float = false);
  s32 fconst(double d, int width);
  s32 dst(const operand& o, int width);

  void run();
  void read_statement(const std::string& s);
};

/// Bytes of a type; 0 of a predicate, -1 of none.
int tsize(const std::string& t);

} // namespace interpreter
