/// @file processes/wait.hpp
/// Waiting for a word in shared memory to change: a short spin that yields, then sleep in a futex.
#pragma once
#include <trireme/core/descriptor.hpp>

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace trireme { inline namespace v1 { namespace detail {

/// A word that processes wait for. Its address is the same memory in all of them.
using shared_word = std::atomic<std::uint32_t>;
static_assert(shared_word::is_always_lock_free && sizeof(shared_word) == 4);

inline constexpr std::int64_t forever = -1;

/// Sleeps while `word` has the value `expected`, for at most `nanoseconds`; may return early.
inline void sleep_on(shared_word& word, std::uint32_t expected, std::int64_t nanoseconds) noexcept {
  timespec limit{};
  limit.tv_sec = static_cast<time_t>(nanoseconds / 1'000'000'000);
  limit.tv_nsec = static_cast<long>(nanoseconds % 1'000'000'000);
  ::syscall(SYS_futex, &word, FUTEX_WAIT, expected, nanoseconds < 0 ? nullptr : &limit, nullptr, 0);
}

inline void wake(shared_word& word, int sleepers = INT_MAX) noexcept {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, sleepers, nullptr, nullptr, 0);
}

/// Whether `done()` became true within some microseconds. It yields now and then: where both sides share a core,
/// the other one could not run otherwise.
template <class Done>
bool spin_until(Done const& done) noexcept {
  for (int round = 1; round <= 200; ++round) {
    if (done()) return true;
    if (round % 20 == 0)
      ::sched_yield();
    else {
#if defined(__x86_64__) || defined(__i386__)
      __builtin_ia32_pause();
#endif
    }
  }
  return done();
}

/// A descriptor of a process, which can be polled for its end; -1 and errno where there is none.
inline int open_process(pid_t pid) noexcept { return beyond_streams(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))); }

inline std::int64_t now_ns() noexcept {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}}} // namespace trireme::v1::detail
