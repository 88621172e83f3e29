/// @file program.hpp
/// Modules, functions and instructions.
#pragma once
#include "memory.hpp"
#include "messages.hpp"

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace interpreter {

constexpr u64 TAG_SHARED = 1ull << 56, TAG_LOCAL = 2ull << 56, TAG_PARAM = 3ull << 56, TAG_MASK = 0xffull << 56;
constexpr u32 DYN_BASE = 0x40000; // dynamic shared memory begins here
enum Space : u8 { S_GENERIC, S_GLOBAL, S_SHARED, S_LOCAL, S_PARAM_K, S_PARAM_F };
enum Kind : u8 { K_NORMAL, K_BRA, K_EXIT, K_RET, K_BAR, K_WSYNC, K_CALL, K_BRX, K_TRAP, K_NOP };

struct Warp;
struct Ins;
struct Func;
struct Module;
typedef void (*Fn)(Warp&, const Ins&, u32);

struct Cache {
  u64 lo, size;
  s64 delta;
  u64 gen;
};
struct CallInfo {
  Func* target = nullptr;
  std::string name;
  int indirect = 0;
  std::vector<u32> args, rets;
  std::vector<u32> arg_sizes, ret_sizes;
};
struct Ins {
  Fn fn = nullptr;
  Kind kind = K_NORMAL;
  bool gneg = false;
  u8 nv = 1, rnd = 0, flags = 0, sub = 0, sub2 = 0;
  s32 guard = -1;
  u32 target = 0;
  s32 d = 0, d2 = 0, a = 0, b = 0, c = 0, e = 0;
  s32 v[8] = {};
  s64 imm = 0;
  bool has_base = true, base32 = false;
  mutable Cache cache{0, 0, 0, 0};
  u32 aux = 0;  // index into tables of the function
  u32 line = 0; // of the statement, for messages
};
struct ParamDecl {
  std::string name;
  u32 size, align, offset;
};
struct Special {
  int id;
  s32 off;
};
struct Func {
  Module* module = nullptr;
  std::string name, body, head; // head: directives between the parameters and the body
  bool entry = false, decoded = false, has_body = true, has_calls = false;
  std::vector<ParamDecl> params, rets;
  u32 param_bytes = 0; // kernel parameters
  std::vector<Ins> code;
  std::vector<std::string> texts; // of the statements
  u32 reg_bytes = 0;
  std::vector<char> consts;
  std::vector<Special> specials;
  u32 shared_bytes = 0, local_bytes = 0, scratch_bytes = 0;
  u32 maxntid = 0;
  std::vector<CallInfo> calls;
  std::vector<std::vector<u32>> tables;
  u64 launches = 0;
};
struct Symbol {
  int space;
  u64 addr;
  u64 size;
}; // space: 1 global/const, 2 shared, 3 local, 4 kernel param, 5 function param
struct Module {
  std::string text;
  std::unordered_map<std::string, std::unique_ptr<Func>> funcs;
  std::unordered_map<std::string, Symbol> symbols;
  u32 shared_bytes = 0;
  int target = 0;
};
std::unique_ptr<Module> parse_module(std::string text);
void decode(Func& f);

} // namespace interpreter
