/// @file conformance.cpp
/// One line for each backend that sees the caller's memory; conformance_elsewhere.cpp has the others, which is long to compile.
#include "conformance.hpp"

using testing::conformance;
using trireme::inline_executor;
using trireme::thread_pool;

TEST_CASE("inline_executor conforms") { conformance(inline_executor{}); }
TEST_CASE("thread_pool(1) conforms") { conformance(thread_pool(1)); }
TEST_CASE("thread_pool(2) conforms") { conformance(thread_pool(2)); }
TEST_CASE("thread_pool(3) conforms") { conformance(thread_pool(3)); }
TEST_CASE("thread_pool(7) conforms") { conformance(thread_pool(7)); }
