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
enum stream_mode { eager, lazy, random_work };
stream_mode mode();
u64 random_number();

int device_count(); ///< they look alike
int threads_per_multiprocessor();
extern thread_local int t_device;
std::recursive_mutex& lock();
#define LOCK_RUNTIME std::lock_guard<std::recursive_mutex> guard_(lock())
#define API __attribute__((visibility("default")))

/// The error that ended the use of the device, which each call then gives.
extern cudaError_t g_sticky;
extern thread_local cudaError_t t_last;
cudaError_t ret(cudaError_t e);
cudaError_t api(const char* what, cudaError_t e);

// ---- Streams and events ----
struct work_stream;
struct stream_mark {
  bool done = false;
  work_stream* s = nullptr;
  double time = 0;
};
struct stream_work {
  std::function<void()> act;
  std::shared_ptr<stream_mark> wait;
  const char* what;
};
struct work_stream {
  std::deque<stream_work> q;
  bool blocking = true;
  u64 id;
  bool running = false;
  int dev = -1;
};
struct stream_event {
  std::shared_ptr<stream_mark> mark;
  unsigned flags;
  int dev = 0;
};

std::set<work_stream*>& streams();
std::set<stream_event*>& events();
work_stream* null_stream();
work_stream* stream_of(cudaStream_t s);
double now();
/// Does the work of a stream up to the mark, and what that waits for.
void advance_to(std::shared_ptr<stream_mark> m);
void drain(work_stream* s);
void progress_some(int most);
void push(work_stream* s, const char* what, std::function<void()> f, std::shared_ptr<stream_mark> wait = nullptr);

// ---- Kernels ----
struct fat_binary {
  std::string text;
  std::unique_ptr<ptx_module> m;
  std::vector<std::pair<const void*, std::string>> vars;
};
struct kernel_entry {
  fat_binary* mod;
  std::string name;
  ptx_function* f = nullptr;
};

kernel_entry* kernel_of(const void* p);
ptx_function* func_of(kernel_entry* k);
/// The address of a variable of a module; 0 where there is none.
u64 symbol(const void* s);

} // namespace interpreter
