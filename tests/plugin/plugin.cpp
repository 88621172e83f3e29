/// @file plugin.cpp
/// A library with a kernel, which is built twice: TRIREME_TEST_VALUE tells the builds apart.
#include <trireme/processes/executor.hpp>

#include <cstddef>

namespace {
struct write_value {
  int* to;
  void operator()(std::size_t, std::size_t) const { *to = TRIREME_TEST_VALUE; }
};
} // namespace

/// Has a worker write the value.
extern "C" void trireme_test_plugin(trireme::process_pool const& pool, int* to) { pool.bulk(1, write_value{to}).wait(); }
