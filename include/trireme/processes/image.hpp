/// @file processes/image.hpp
/// How a pool's supervisor is started: as a fresh image of the running program, or, by a small program, as a fork.
///
/// A child that is forked inherits every lock as it was at that moment, held by threads that it does not have, and costs
/// more the larger its parent is. So in general the supervisor is executed anew, from /proc/self/exe. A function of this
/// header, which runs before the program's own static initialisation, recognises it by an environment variable, and
/// main is never reached. Workers, forked from there, do the static initialisation, each for itself. A fork is five times
/// as fast, and right where the program has one thread and little memory.
#pragma once
#include <trireme/core/forks.hpp>
#include <trireme/processes/arena.hpp>
#include <trireme/processes/board.hpp>
#include <trireme/processes/forked_copy.hpp>
#include <trireme/processes/reaper.hpp>
#include <trireme/processes/supervisor.hpp>

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

// Where the linker has put the functions of the static initialisation.
extern "C" {
[[gnu::weak, gnu::visibility("hidden")]] extern void (*__init_array_start[])(int, char**, char**);
[[gnu::weak, gnu::visibility("hidden")]] extern void (*__init_array_end[])(int, char**, char**);
}

namespace trireme { inline namespace v1 { namespace detail {

using initialiser = void (*)(int, char**, char**);

/// What a process is to a pool.
struct process_role {
  enum kind { program, initialising, worker };
  static inline kind current = program;
};

inline constexpr char image_variable[] = "TRIREME_PROCESS_POOL";

/// What a supervisor is told through its environment.
struct image_order {
  int file = -1, parent = -1; ///< open in the new image: the region, and a pidfd of the parent
  std::uintptr_t base = 0;
  std::size_t size = 0;
};

struct image_start {
  static inline initialiser self = nullptr;
  static inline int argc = 0;
  static inline char** argv = nullptr;
  static inline char** envp = nullptr;
};

/// In a new worker: the signals as a program finds them.
inline void reset_signals() {
  for (int s = 1; s < NSIG; ++s) { // a sanitizer's handler would turn a signal into an exit status
    struct sigaction action {};
    if (::sigaction(s, nullptr, &action) == 0 && action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
      action = {};
      action.sa_handler = SIG_DFL;
      ::sigaction(s, &action, nullptr);
    }
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// In a new worker of a fresh image: the static initialisation that comes after ours.
inline void become_worker_of_image() {
  reset_signals();
  process_role::current = process_role::initialising;
  bool after_ours = false;
  for (auto* f = __init_array_start; f != __init_array_end; ++f) {
    if (after_ours && *f != image_start::self) (*f)(image_start::argc, image_start::argv, image_start::envp);
    after_ours = after_ours || *f == image_start::self;
  }
  process_role::current = process_role::worker;
}

inline void become_worker_of_fork() {
  reset_signals();
  process_role::current = process_role::worker;
}

/// What a supervisor is from now on. Does not return.
[[noreturn]] inline void supervise(shared_region const& region, int parent, supervisor::preparation become_worker) {
  ::prctl(PR_SET_NAME, "trireme-pool");
  ::setpgid(0, 0);            // Ctrl-C is for the program to answer
  ::signal(SIGCHLD, SIG_DFL); // a program that ignores it would have its workers reaped unseen
  this_process::renew(); // no call of fork() has told
  forked_copy::forget();
  streams_held().keep();      // what a kernel prints, and what it opens, is not for descriptors of the pool's
  // The program's open files: a pipe must end when the program closes it.
  int const low = std::min(region.file(), parent), high = std::max(region.file(), parent);
  auto const close_range = [](int first, int last) {
    if (first <= last) ::syscall(SYS_close_range, first, last, 0);
  };
  close_range(3, low - 1);
  close_range(low + 1, high - 1);
  close_range(high + 1, INT_MAX);
  supervisor(*reinterpret_cast<board*>(region.base()), region, parent, become_worker).run();
  ::_exit(0);
}

/// Runs in every program that includes this header, before its static initialisation; of no effect but in an image that
/// was started as a supervisor.
inline void enter_image(int argc, char** argv, char** envp) {
  char const* const text = std::getenv(image_variable);
  if (text == nullptr) return;
  image_order order;
  int const read = std::sscanf(text, "%d,%d,%zx,%zx", &order.file, &order.parent, &order.base, &order.size);
  ::unsetenv(image_variable); // programs that a kernel starts are not ours
  shared_region region;
  if (read != 4 || !region.attach(reinterpret_cast<void*>(order.base), order.size, order.file)) ::_exit(127);
  image_start::self = &enter_image;
  image_start::argc = argc;
  image_start::argv = argv;
  image_start::envp = envp;
  ::fcntl(order.file, F_SETFD, FD_CLOEXEC);
  ::fcntl(order.parent, F_SETFD, FD_CLOEXEC);
  supervise(region, order.parent, &become_worker_of_image);
}

[[gnu::section(".init_array.00101"), gnu::used]] static initialiser const image_entry = &enter_image;

/// What the process that is to be the supervisor finds in the program's memory, where it runs until it executes the program.
struct image_launch {
  char const* const* argv;
  char const* const* envp;
  int file, parent;
  int error = 0;
};

__attribute__((no_sanitize("address", "undefined"))) inline int execute_image(void* p) {
  auto& launch = *static_cast<image_launch*>(p);
  ::fcntl(launch.file, F_SETFD, 0); // this process has file descriptors of its own
  ::fcntl(launch.parent, F_SETFD, 0);
  ::execve("/proc/self/exe", const_cast<char* const*>(launch.argv), const_cast<char* const*>(launch.envp));
  launch.error = errno;
  ::_exit(127);
}

/// A supervisor that was started.
struct started_supervisor {
  int pidfd = -1;
  reaper its_reaper = {};
  bool forked = false; ///< it needs no time to become one
};

/// Executes the program anew, as a child of a reaper. @throws std::system_error
inline started_supervisor execute_supervisor(shared_region const& region, int parent) {
  // Where only a library has this header, such as a plugin of an interpreter, nothing would stop the program's main.
  if (loaded_module const own(reinterpret_cast<void const*>(&enter_image)); own.path == nullptr || own.path[0] != '\0')
    throw std::runtime_error("trireme: process_pool: code of a library can make a pool only while the program has one thread and "
                             "less than 32 MB of memory in use; else make it in the program itself, and hand it over");
  std::array<char, 128> order{};
  std::snprintf(order.data(), order.size(), "%s=%d,%d,%zx,%zx", image_variable, region.file(), parent,
                reinterpret_cast<std::size_t>(region.base()), region.size());
  std::vector<char const*> environment{order.data()};
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  std::array<char const*, 2> const arguments{program_invocation_name, nullptr};
  image_launch launch{arguments.data(), environment.data(), region.file(), parent};

  struct blocked { // a handler must not run in processes that share our memory
    sigset_t before;
    blocked() {
      sigset_t all;
      ::sigfillset(&all);
      ::pthread_sigmask(SIG_SETMASK, &all, &before);
    }
    ~blocked() { ::pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  } const here;
  started_supervisor started;
  started.its_reaper = reaper(&execute_image, &launch, started.pidfd);
  if (launch.error == 0) return started;
  ::close(started.pidfd);
  throw std::system_error(launch.error, std::generic_category(), "trireme: process_pool: the program could not be started again");
}

/// Forks the supervisor: a child with exit signal 0, which only a wait with __WALL or __WCLONE sees.
/// @returns a pidfd. @throws std::system_error
inline int fork_supervisor(shared_region const& region, int parent) {
  std::fflush(nullptr); // what is written so far is written once
  sigset_t all, before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  int pidfd = -1;
  long const child = ::syscall(SYS_clone, CLONE_PIDFD, nullptr, &pidfd, nullptr, nullptr);
  if (child == 0) supervise(region, parent, &become_worker_of_fork);
  int const failure = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child > 0) return pidfd;
  throw std::system_error(failure, std::generic_category(), "trireme: process_pool: fork");
}

/// Whether a fork of this process is clean and cheap: it has one thread, and not much memory.
inline bool may_fork() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text, '\0');
  auto const name = text.rfind(')'); // which may hold anything
  if (name == std::string::npos) return false;
  std::istringstream fields(text.substr(name + 1));
  std::string skipped;
  long threads = 0, pages = 0;
  for (int k = 3; k < 20; ++k) fields >> skipped;
  fields >> threads >> skipped >> skipped >> skipped >> pages;
  constexpr long most = 32L << 20;
  return fields && threads == 1 && pages < most / ::sysconf(_SC_PAGESIZE);
}

/// Starts a supervisor for the pool in `region`. @throws std::system_error
inline started_supervisor start_supervisor(shared_region const& region) {
  int const parent = open_process(::getpid());
  if (parent < 0) throw std::system_error(errno, std::generic_category(), "trireme: process_pool: pidfd_open");
  bool const fork = may_fork();
  started_supervisor started;
  try {
    if (fork)
      started = {fork_supervisor(region, parent), {}, true};
    else
      started = execute_supervisor(region, parent);
  } catch (...) {
    ::close(parent);
    throw;
  }
  ::close(parent); // which leaves room for the other
  started.pidfd = beyond_streams(started.pidfd);
  if (started.pidfd < 0) throw std::system_error(errno, std::generic_category(), "trireme: process_pool: pidfd");
  return started;
}

}}} // namespace trireme::v1::detail
