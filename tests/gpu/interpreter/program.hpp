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

constexpr u64 tag_shared = 1ull << 56, tag_local = 2ull << 56, tag_param = 3ull << 56, tag_mask = 0xffull << 56;
constexpr u32 dynamic_base = 0x40000; // dynamic shared memory begins here
enum memory_space : u8 { space_generic, space_global, space_shared, space_local, space_kernel_parameters, space_parameters };
enum step_kind : u8 {
  step_normal,
  step_branch,
  step_exit,
  step_return,
  step_barrier,
  step_warp,
  step_call,
  step_table,
  step_trap,
  step_nothing
};

struct warp;
struct instruction;
struct ptx_function;
struct ptx_module;
typedef void (*handler)(warp&, const instruction&, u32);

struct touched_last {
  u64 lo, size;
  s64 delta;
  u64 gen;
};
struct call_info {
  ptx_function* target = nullptr;
  std::string name;
  int indirect = 0;
  std::vector<u32> args, rets;
  std::vector<u32> arg_sizes, ret_sizes;
};
struct instruction {
  handler fn = nullptr;
  step_kind kind = step_normal;
  bool gneg = false;
  u8 nv = 1, rnd = 0, flags = 0, sub = 0, sub2 = 0;
  s32 guard = -1;
  u32 target = 0;
  s32 d = 0, d2 = 0, a = 0, b = 0, c = 0, e = 0;
  s32 v[8] = {};
  s64 imm = 0;
  bool has_base = true, base32 = false;
  mutable touched_last cache{0, 0, 0, 0};
  u32 aux = 0;  // index into tables of the function
  u32 line = 0; // of the statement, for messages
};
struct parameter {
  std::string name;
  u32 size, align, offset;
};
struct special_register {
  int id;
  s32 off;
};
struct ptx_function {
  ptx_module* module = nullptr;
  std::string name, body, head; // head: directives between the parameters and the body
  bool entry = false, decoded = false, has_body = true, has_calls = false;
  std::vector<parameter> params, rets;
  u32 param_bytes = 0; // kernel parameters
  std::vector<instruction> code;
  std::vector<std::string> texts; // of the statements
  u32 reg_bytes = 0;
  std::vector<char> consts;
  std::vector<special_register> specials;
  u32 shared_bytes = 0, local_bytes = 0, scratch_bytes = 0;
  u32 maxntid = 0;
  std::vector<call_info> calls;
  std::vector<std::vector<u32>> tables;
  u64 launches = 0;
};
struct ptx_symbol {
  int space;
  u64 addr;
  u64 size;
}; // space: 1 global/const, 2 shared, 3 local, 4 kernel param, 5 function param
struct ptx_module {
  std::string text;
  std::unordered_map<std::string, std::unique_ptr<ptx_function>> funcs;
  std::unordered_map<std::string, ptx_symbol> symbols;
  u32 shared_bytes = 0;
  int target = 0;
};
std::unique_ptr<ptx_module> parse_module(std::string text);
void decode(ptx_function& f);

} // namespace interpreter
