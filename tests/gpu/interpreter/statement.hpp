/// @file statement.hpp
/// A statement on its way to an instruction.
#pragma once
#include "decoder.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace interpreter {

struct statement {
  decoder& dec;
  instruction& I;
  const std::vector<std::string>& p; ///< the opcode between its dots
  const std::vector<std::string>& ops;
  const std::string& opcode;
  ptx_function& f = dec.f;
  ptx_module& m = dec.m;
  std::string const& o = p.front();
  std::string const& t = p.back();
  int const ts = tsize(t);
  bool const fl = t == "f32" || t == "f64";
  int const rnd = rounding();
  bool const f_ftz = has("ftz"), f_sat = has("sat");
  bool const slow = fl && ((rnd >= 1 && rnd <= 3) || f_ftz || f_sat);

  /// Fills in the instruction.
  void read();

private:
  void arithmetic();
  void bits();
  void moves();
  void control();

  // ---- Words of the statement ----
  [[nodiscard]] bool has(const char* x) const { return std::find(p.begin() + 1, p.end(), x) != p.end(); }
  [[nodiscard]] int rounding() const;
  void D(int width) { I.d = dst(read_operand(ops[0]), width); }
  s32 S(size_t k, int width, bool number = false);

  // ---- Kinds of instructions ----
  void unsupported();
  void slow_op(int which, int n);
  void two(handler fn);
  void one(handler fn);

  // ---- The function that it is in ----
  [[noreturn]] void bad(const std::string& why) { dec.bad(why); }
  operand read_operand(const std::string& s) { return dec.read_operand(s); }
  s32 src(const operand& from, int width, bool number = false) { return dec.src(from, width, number); }
  s32 dst(const operand& to, int width) { return dec.dst(to, width); }
  s32 alloc(int bytes) { return dec.alloc(bytes); }
  ptx_symbol* find_sym(const std::string& n) { return dec.find_sym(n); }
  void memory(const operand& at, int space);
  static std::string trim(const std::string& s) { return decoder::trim(s); }
  static std::vector<std::string> split(const std::string& s) { return decoder::split(s); }
  static bool number(const std::string& s, u64& v) { return decoder::number(s, v); }
  static int special_id(const std::string& n) { return decoder::special_id(n); }
};

} // namespace interpreter
