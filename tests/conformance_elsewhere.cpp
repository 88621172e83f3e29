/// @file conformance_elsewhere.cpp
/// One line for each backend that copies data to memory of its own.
#include "conformance.hpp"
#include "far_executor.hpp"

using testing::conformance;
using testing::far_executor;
using trireme::process_pool;

TEST_CASE("process_pool(1) conforms") { conformance(process_pool(1)); }
TEST_CASE("process_pool(2) conforms") { conformance(process_pool(2)); }
TEST_CASE("process_pool(3) conforms") { conformance(process_pool(3)); }
TEST_CASE("process_pool(5) conforms") { conformance(process_pool(5)); }
TEST_CASE("an executor with memory of its own conforms") { conformance(far_executor(far_executor::eager)); }
TEST_CASE("an executor that works at the last moment conforms") { conformance(far_executor(far_executor::lazy)); }
