/// @file runtime.hpp
/// What the parts of the runtime API share: the lock over all of it, errors, streams and kernels.
#pragma once
#include "execution.hpp"

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace interpreter {

/// INTERPRETER_MODE: work is done when it is asked for, when somebody waits for it, or at any call some work of any stream.
enum Mode { EAGER, LAZY, RANDOM };
Mode mode();
u64 random_number();

int device_count(); ///< they look alike
int threads_per_multiprocessor();
extern thread_local int t_device;
std::recursive_mutex& lock();
#define LOCK std::lock_guard<std::recursive_mutex> guard_(lock())
#define API __attribute__((visibility("default")))

/// The error that ended the use of the device, which each call then gives.
extern cudaError_t g_sticky;
extern thread_local cudaError_t t_last;
cudaError_t ret(cudaError_t e);
cudaError_t api(const char* what, cudaError_t e);

// ---- Streams and events ----
struct Stream;
struct Mark {
  bool done = false;
  Stream* s = nullptr;
  double time = 0;
};
struct Op {
  std::function<void()> act;
  std::shared_ptr<Mark> wait;
  const char* what;
};
struct Stream {
  std::deque<Op> q;
  bool blocking = true;
  u64 id;
  bool running = false;
  int dev = -1;
};
struct Event {
  std::shared_ptr<Mark> mark;
  unsigned flags;
  int dev = 0;
};

std::set<Stream*>& streams();
std::set<Event*>& events();
Stream* null_stream();
Stream* stream_of(cudaStream_t s);
double now();
/// Does the work of a stream up to the mark, and what that waits for.
void advance_to(std::shared_ptr<Mark> m);
void drain(Stream* s);
void progress_some(int most);
void push(Stream* s, const char* what, std::function<void()> f, std::shared_ptr<Mark> wait = nullptr);

// ---- Kernels ----
struct FatModule {
  std::string text;
  std::unique_ptr<Module> m;
  std::vector<std::pair<const void*, std::string>> vars;
};
struct Kernel {
  FatModule* mod;
  std::string name;
  Func* f = nullptr;
};

Kernel* kernel_of(const void* p);
Func* func_of(Kernel* k);
/// The address of a variable of a module; 0 where there is none.
u64 symbol(const void* s);

} // namespace interpreter
