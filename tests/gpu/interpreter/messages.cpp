/// @file messages.cpp
/// Settings from the environment, and what is said on stderr.
#include "execution.hpp"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>

namespace interpreter {

long env(const char* name, long otherwise) {
  const char* s = getenv((std::string("INTERPRETER_") + name).c_str());
  return s && *s ? strtol(s, nullptr, 0) : otherwise;
}
u64 seed() {
  static u64 const s = (u64)env("SEED", (long)(std::random_device{}() % 1000000));
  return s;
}
int g_verbose = (int)env("VERBOSE", 0);

static std::string written(const char* fmt, va_list l) {
  char text[3000];
  vsnprintf(text, sizeof text, fmt, l);
  return text;
}
void warn_once(const char* key, const char* fmt, ...) {
  static std::set<std::string> told;
  if (!told.insert(key).second) return;
  va_list l;
  va_start(l, fmt);
  fprintf(stderr, "interpreter: note: %s\n", written(fmt, l).c_str());
  va_end(l);
}
void diag(const char* fmt, ...) {
  va_list l;
  va_start(l, fmt);
  fprintf(stderr, "interpreter: DIAG: %s\n", written(fmt, l).c_str());
  va_end(l);
}
void fault(cudaError_t code, const char* fmt, ...) {
  va_list l;
  va_start(l, fmt);
  std::string const text = written(fmt, l);
  va_end(l);
  throw kernel_fault{code, text};
}

/// The last word, by which an order can be had again.
static struct last_word {
  ~last_word() {
    if (env("QUIET", 0) || !g_warp_instructions) return;
    fprintf(stderr, "interpreter: INTERPRETER_SEED=%llu; %.1f M thread instructions, %.1f M warp instructions\n",
            (unsigned long long)seed(), (double)g_thread_instructions * 1e-6, (double)g_warp_instructions * 1e-6);
  }
} g_report;

} // namespace interpreter
