/// @file everywhere.hpp
/// Calls a test with each executor there is.
#pragma once
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>
#if defined(__linux__)
#include <trireme/processes/executor.hpp>
#endif

#include "far_executor.hpp"

namespace testing {

inline trireme::thread_pool const& three_threads() {
  static trireme::thread_pool const pool(3);
  return pool;
}

template <class Use>
void on_every_executor(Use use) {
  use(trireme::inline_executor{});
  use(three_threads());
  use(far_executor{});
#if defined(__linux__)
  static trireme::process_pool const processes(2);
  use(processes);
#endif
}

} // namespace testing
