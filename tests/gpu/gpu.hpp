/// @file gpu.hpp
/// What tests on a GPU share.
#pragma once
#include <trireme/cuda/runtime.hpp>

#include <cstdio>

namespace testing {

/// Says so where there is no device; ctest then counts the program as skipped, by this line.
inline bool no_device() {
  if (trireme::cuda_available()) return false;
  std::puts("skipped: there is no CUDA device");
  return true;
}

} // namespace testing
