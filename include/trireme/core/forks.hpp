/// @file core/forks.hpp
/// Which process this is: a child that the program forked has copies of its parent's pools, but none of their threads.
#pragma once
#if defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#endif

#include <atomic>

namespace trireme { inline namespace v1 { namespace detail {

/// How many forks lie between the first process and this one. Cheap to ask.
class forks {
public:
  [[nodiscard]] static int so_far() noexcept { return count_.load(std::memory_order_relaxed); }
  static void count_one() noexcept { count_.fetch_add(1, std::memory_order_relaxed); }

private:
  static int watch() noexcept {
#if defined(__unix__) || defined(__APPLE__)
    return ::pthread_atfork(nullptr, nullptr, &count_one);
#else
    return 0;
#endif
  }
  static inline constinit std::atomic<int> count_{0};
  static inline int const watched_ = watch();
};

}}} // namespace trireme::v1::detail
