/// @file mpi/conformance.cpp
/// The suite of all backends, on clusters.
#include <trireme/mpi.hpp>

#include "conformance.hpp"

using testing::conformance;
using trireme::mpi_cluster;

TEST_CASE("mpi_cluster(inline_executor) conforms") { conformance(mpi_cluster(trireme::inline_executor{})); }
TEST_CASE("mpi_cluster(thread_pool(2)) conforms") { conformance(mpi_cluster(trireme::thread_pool(2))); }
TEST_CASE("mpi_cluster(process_pool(1)) conforms") { conformance(mpi_cluster(trireme::process_pool(1))); }
