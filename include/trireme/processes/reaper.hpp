/// @file processes/reaper.hpp
/// A small process that stands between the program and a supervisor that executes the program anew. It waits for the end of the
/// supervisor, and of workers that outlive it, so that none stays a zombie where the system's first process reaps nobody.
///
/// The program can't be their parent itself: a child that has executed a program sends SIGCHLD, and every wait() of the
/// program's sees it. The reaper has exit signal 0, which only a wait with __WCLONE sees.
#pragma once
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// A system call, which leaves errno alone: that belongs to a thread of the program, whose memory the reaper runs in.
__attribute__((no_sanitize("address", "undefined"), no_stack_protector)) inline long
bare_syscall(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) noexcept {
#if defined(__x86_64__)
  long result = number;
  asm volatile("mov %[d], %%r10\n\t"
               "mov %[e], %%r8\n\t"
               "xor %%r9d, %%r9d\n\t"
               "syscall"
               : "+a"(result)
               : "D"(a), "S"(b), "d"(c), [d] "r"(d), [e] "r"(e)
               : "rcx", "r8", "r9", "r10", "r11", "memory");
  return result;
#elif defined(__aarch64__)
  long result = 0;
  asm volatile("mov x8, %[n]\n\tmov x0, %[a]\n\tmov x1, %[b]\n\tmov x2, %[c]\n\tmov x3, %[d]\n\tmov x4, %[e]\n\tmov x5, xzr\n\t"
               "svc #0\n\t"
               "mov %[result], x0"
               : [result] "=r"(result)
               : [n] "r"(number), [a] "r"(a), [b] "r"(b), [c] "r"(c), [d] "r"(d), [e] "r"(e)
               : "x0", "x1", "x2", "x3", "x4", "x5", "x8", "memory");
  return result;
#else
  // Elsewhere errno of the thread that started it may be written to, as the reaper ends.
  long const result = ::syscall(number, a, b, c, d, e);
  return result < 0 ? -errno : result;
#endif
}

inline constexpr long close_range_unshare = 2; ///< CLOSE_RANGE_UNSHARE of linux/close_range.h, which older systems lack
inline constexpr int most_looks = 1000;        ///< about a second of them

/// What the reaper and who starts it share until the supervisor runs.
struct reaper_order {
  int (*supervisor)(void*); ///< runs with the program's memory until it executes another, or ends
  void* argument;
  char* stack; ///< the end of the supervisor's
  int pidfd = -1;
  int error = 0;
  std::atomic<std::uint32_t> done{0};
};

/// Runs in the program's memory, since a copy would cost more the larger the program is: touches its own stack, and nothing else
/// after `done`.
__attribute__((no_sanitize("address", "undefined"), no_stack_protector)) inline int reap(void* p) {
  auto& order = *static_cast<reaper_order*>(p);
  int const supervisor =
      ::clone(order.supervisor, order.stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, order.argument, &order.pidfd);
  if (supervisor < 0) order.error = errno;
  bare_syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1);
  bare_syscall(SYS_prctl, PR_SET_NAME, reinterpret_cast<long>("trireme-reaper"));
  bare_syscall(SYS_setpgid, 0, 0); // Ctrl-C is for the program to answer
  // The descriptor of the supervisor is in the program's table by now. From here on files close when the program closes them; in one
  // step with a table of its own, so that where that is refused the program's stay open.
  bare_syscall(SYS_close_range, 0, INT_MAX, close_range_unshare);
  auto* const done = &order.done;
  done->store(1);
  bare_syscall(SYS_futex, reinterpret_cast<long>(done), FUTEX_WAKE_PRIVATE, 1);
  int status = 0;
  for (long ended = 0; supervisor > 0 && ended != supervisor && ended != -ECHILD;)
    ended = bare_syscall(SYS_wait4, -1, reinterpret_cast<long>(&status), __WALL);
  // One that ended by itself has seen its workers off; those of one that was killed end at once. What else there is a kernel has left
  // running: that may go on, and is not waited for, since this process keeps the program's memory.
  bool const killed = supervisor > 0 && status != 0;
  for (int k = 0; k < most_looks; ++k) {
    long const ended = bare_syscall(SYS_wait4, -1, 0, __WALL | WNOHANG);
    if (ended == -ECHILD || (ended == 0 && !killed)) break;
    timespec const millisecond{0, 1'000'000};
    if (ended == 0) bare_syscall(SYS_nanosleep, reinterpret_cast<long>(&millisecond), 0);
  }
  for (;;) bare_syscall(SYS_exit_group, 0);
}

/// The reaper of a supervisor. The default: there is none.
class reaper {
public:
  reaper() = default;
  /// `supervisor(argument)` executes a program, which gets a pidfd. All signals of the calling thread are blocked.
  /// @throws std::system_error where it can't be started.
  reaper(int (*supervisor)(void*), void* argument, int& pidfd) : stacks_(new char[2 * stack_size]) {
    reaper_order order{supervisor, argument, top(1)};
    pid_ = ::clone(&reap, top(2), CLONE_VM | CLONE_FILES, &order);
    if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "trireme: process_pool: clone");
    while (order.done.load() == 0) {
      timespec const tenth{0, 100'000'000};
      bare_syscall(SYS_futex, reinterpret_cast<long>(&order.done), FUTEX_WAIT_PRIVATE, 0, reinterpret_cast<long>(&tenth));
      if (order.done.load() == 0 && has_ended())
        throw std::system_error(ECHILD, std::generic_category(), "trireme: process_pool: clone");
    }
    pidfd = order.pidfd;
    if (order.error != 0) {
      wait();
      throw std::system_error(order.error, std::generic_category(),
                              "trireme: process_pool: the program could not be started again");
    }
  }
  reaper(reaper&& other) noexcept : stacks_(std::move(other.stacks_)), pid_(std::exchange(other.pid_, 0)) {}
  reaper& operator=(reaper&& other) noexcept {
    wait();
    stacks_ = std::move(other.stacks_);
    pid_ = std::exchange(other.pid_, 0);
    return *this;
  }
  ~reaper() { wait(); }

  /// Returns when all that it waits for has ended, which is to be soon.
  void wait() noexcept {
    for (int k = 0; pid_ > 0 && !has_ended(); ++k) {
      if (k == most_waits) { // a worker that can't be killed: the reaper stays, with its stack
        static_cast<void>(stacks_.release());
        pid_ = 0;
        return;
      }
      ::usleep(k < 100 ? 20 : 1000);
    }
  }
  /// In a child that the program has forked: there it has none.
  void forget() noexcept { pid_ = 0; }

private:
  static constexpr std::size_t stack_size = std::size_t{1} << 15;
  static constexpr int most_waits = 2 * most_looks;

  [[nodiscard]] char* top(std::size_t k) const noexcept {
    auto const end = reinterpret_cast<std::uintptr_t>(stacks_.get()) + k * stack_size;
    return reinterpret_cast<char*>(end / 64 * 64);
  }
  /// Whether it has ended; then no trace of it is left.
  bool has_ended() noexcept {
    pid_t const ended = static_cast<pid_t>(bare_syscall(SYS_wait4, pid_, 0, static_cast<long>(__WCLONE | WNOHANG)));
    if (ended == 0 || ended == -EINTR) return false;
    pid_ = 0;
    return true;
  }

  std::unique_ptr<char[]> stacks_;
  pid_t pid_ = 0;
};

}}} // namespace trireme::v1::detail
