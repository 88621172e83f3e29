/// @file stack.hpp
/// How much of the calling thread's stack is left.
#pragma once
#include <cstddef>
#include <cstdint>

#if defined(__linux__)
#include <pthread.h>
#endif

namespace trireme { inline namespace v1 { namespace detail {

/// The address below which less than half of the calling thread's stack is left; 0 where nobody knows.
inline std::uintptr_t middle_of_stack() noexcept {
#if defined(__linux__)
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* lowest = nullptr;
  std::size_t bytes = 0;
  bool const known = pthread_attr_getstack(&attributes, &lowest, &bytes) == 0;
  pthread_attr_destroy(&attributes);
  if (known) return reinterpret_cast<std::uintptr_t>(lowest) + bytes / 2;
#endif
  return 0;
}

/// Whether at least half of the calling thread's stack is left. Never inlined: see task_worker::current.
/// Cost: about a nanosecond, and for each thread's first call some microseconds.
[[nodiscard, gnu::noinline]] inline bool stack_has_room() noexcept {
  static thread_local std::uintptr_t const middle = middle_of_stack();
  return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) > middle;
}

}}} // namespace trireme::v1::detail
