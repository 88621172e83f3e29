/// @file core/forks.hpp
/// Which process this is: a child that the program forked has copies of its parent's pools, but none of their threads.
#pragma once
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#include <unistd.h>
#endif

#include <atomic>

namespace trireme { inline namespace v1 { namespace detail {

/// The number of this process, kept, so that asking is cheap; fork() makes it anew.
class this_process {
public:
  [[nodiscard]] static int number() noexcept {
    int const known = number_.load(std::memory_order_relaxed);
    return known != 0 ? known : renew();
  }
  /// For a process that no call of fork() has made.
  static int renew() noexcept {
#if defined(__unix__) || defined(__APPLE__)
    number_.store(::getpid(), std::memory_order_relaxed);
#else
    number_.store(1, std::memory_order_relaxed);
#endif
    return number_.load(std::memory_order_relaxed);
  }

private:
  static int watch() noexcept {
#if defined(__unix__) || defined(__APPLE__)
    return ::pthread_atfork(nullptr, nullptr, [] { renew(); });
#else
    return 0;
#endif
  }
  static inline constinit std::atomic<int> number_{0};
  static inline int const watched_ = watch();
};

}}} // namespace trireme::v1::detail
