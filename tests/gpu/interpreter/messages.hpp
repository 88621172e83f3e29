/// @file messages.hpp
/// Settings from the environment, notes, and what ends a kernel.
#pragma once
#include "types.hpp"

#include <cuda_runtime_api.h>

#include <string>

namespace interpreter {

struct kernel_fault {
  cudaError_t code;
  std::string text;
};
[[noreturn]] void fault(cudaError_t code, const char* fmt, ...) __attribute__((format(printf, 2, 3)));

extern int g_verbose;
/// The variable INTERPRETER_<name>, or `otherwise`.
long env(const char* name, long otherwise);
/// The seed of all random orders: INTERPRETER_SEED, or one of the moment, which the report at the end tells.
u64 seed();
/// A note for each key once.
void warn_once(const char* key, const char* fmt, ...) __attribute__((format(printf, 2, 3)));
/// A wrong use of the API.
void diag(const char* fmt, ...) __attribute__((format(printf, 1, 2)));

} // namespace interpreter
