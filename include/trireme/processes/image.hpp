/// @file processes/image.hpp
/// A fresh image of the running program, as a pool's supervisor: how it is started, and how it begins.
///
/// A child that is forked inherits every lock as it was at that moment, held by threads that it does not have. So the
/// supervisor is executed anew, from /proc/self/exe. A function of this header, which runs before the program's own
/// static initialisation, recognises it by an environment variable, and main is never reached. Workers, forked
/// from there, do the static initialisation, each for itself.
#pragma once
#include <trireme/processes/arena.hpp>
#include <trireme/processes/board.hpp>
#include <trireme/processes/supervisor.hpp>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
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

/// In a new worker: its own signals, and the static initialisation that comes after ours.
inline void become_worker() {
  for (int s = 1; s < NSIG; ++s) { // a sanitizer's handler would turn a signal into an exit status
    struct sigaction action{};
    if (::sigaction(s, nullptr, &action) == 0 && action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
      action = {};
      action.sa_handler = SIG_DFL;
      ::sigaction(s, &action, nullptr);
    }
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  process_role::current = process_role::initialising;
  bool after_ours = false;
  for (auto* f = __init_array_start; f != __init_array_end; ++f) {
    if (after_ours && *f != image_start::self) (*f)(image_start::argc, image_start::argv, image_start::envp);
    after_ours = after_ours || *f == image_start::self;
  }
  process_role::current = process_role::worker;
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
  ::prctl(PR_SET_NAME, "trireme-pool");
  ::setpgid(0, 0); // Ctrl-C is for the program to answer
  ::fcntl(order.file, F_SETFD, FD_CLOEXEC);
  ::fcntl(order.parent, F_SETFD, FD_CLOEXEC);
  // Files that the program has open without close-on-exec: a pipe must end when the program closes it.
  int const low = order.file < order.parent ? order.file : order.parent, high = order.file + order.parent - low;
  auto const close_range = [](int first, int last) {
    if (first <= last) ::syscall(SYS_close_range, first, last, 0);
  };
  close_range(3, low - 1);
  close_range(low + 1, high - 1);
  close_range(high + 1, INT_MAX);
  supervisor(*reinterpret_cast<board*>(region.base()), region, order.parent, &become_worker).run();
  ::_exit(0);
}

[[gnu::section(".init_array.00101"), gnu::used]] static initialiser const image_entry = &enter_image;

/// What the two processes between the program and the supervisor share; they run in the program's memory, while the
/// calling thread waits.
struct image_launch {
  char const* const* argv;
  char const* const* envp;
  int file, parent;
  char* stack;
  int pidfd = -1;
  int error = 0;
};

[[gnu::no_sanitize("address", "undefined")]] inline int execute_image(void* p) {
  auto& launch = *static_cast<image_launch*>(p);
  ::fcntl(launch.file, F_SETFD, 0); // this process has file descriptors of its own
  ::fcntl(launch.parent, F_SETFD, 0);
  ::execve("/proc/self/exe", const_cast<char* const*>(launch.argv), const_cast<char* const*>(launch.envp));
  launch.error = errno;
  ::_exit(127);
}

[[gnu::no_sanitize("address", "undefined")]] inline int launch_image(void* p) {
  auto& launch = *static_cast<image_launch*>(p);
  if (::clone(&execute_image, launch.stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, p, &launch.pidfd) < 0)
    launch.error = errno;
  ::_exit(0);
}

/// Starts a supervisor for the pool in `region`. @returns a pidfd of it. @throws std::system_error
///
/// It is no child of this process, but of one in between that has gone: so no SIGCHLD of ours reaches the program,
/// no wait() of the program's waits for it, and it leaves no zombie here.
inline int start_supervisor(shared_region const& region) {
  auto const check = [](bool ok, int error, char const* what) {
    if (!ok) throw std::system_error(error, std::generic_category(), std::string("trireme: process_pool: ") + what);
  };
  int const parent = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
  check(parent >= 0, errno, "pidfd_open");

  std::array<char, 128> order{};
  std::snprintf(order.data(), order.size(), "%s=%d,%d,%zx,%zx", image_variable, region.file(), parent,
                reinterpret_cast<std::size_t>(region.base()), region.size());
  std::vector<char const*> environment{order.data()};
  for (char** variable = ::environ; variable != nullptr && *variable != nullptr; ++variable) environment.push_back(*variable);
  environment.push_back(nullptr);
  std::array<char const*, 2> const arguments{program_invocation_name, nullptr};

  constexpr std::size_t stack_size = 1 << 16;
  std::vector<char> stacks(2 * stack_size + 64);
  auto const top = [&](std::size_t k) {
    auto const end = reinterpret_cast<std::uintptr_t>(stacks.data()) + k * stack_size + 63;
    return reinterpret_cast<char*>(end / 64 * 64);
  };
  image_launch launch{arguments.data(), environment.data(), region.file(), parent, top(1)};

  sigset_t all, before; // a handler must not run in those two, which share our memory
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // Exit signal 0: only a wait with __WCLONE sees it.
  pid_t const between = ::clone(&launch_image, top(2), CLONE_VM | CLONE_VFORK | CLONE_FILES, &launch);
  int const error = between < 0 ? errno : launch.error;
  if (between > 0)
    while (::waitpid(between, nullptr, __WCLONE) < 0 && errno == EINTR) {}
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  ::close(parent);
  if (error != 0 && launch.pidfd >= 0) ::close(launch.pidfd);
  check(error == 0, error, "the program could not be started as a supervisor of workers");
  return launch.pidfd;
}

}}} // namespace trireme::v1::detail
