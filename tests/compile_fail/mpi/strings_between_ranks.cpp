// Results that are no run of bytes.
// expect: trireme: results go from rank to rank as bytes, so that they must be trivially copyable, or tuples, pairs or arrays of such
#include <trireme/mpi.hpp>

#include <string>
#include <vector>

int main() {
  trireme::mpi_cluster const cluster(trireme::thread_pool(2));
  auto const out = trireme::transform(cluster, std::vector{1, 2, 3}, [](int x) { return std::to_string(x); });
}
