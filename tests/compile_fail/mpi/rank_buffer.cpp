// A buffer of one rank's executor, for a call of all ranks.
// expect: the buffer lives on another kind of executor; copy it with to_host()
#include <trireme/mpi.hpp>

#include <vector>

int main() {
  trireme::mpi_cluster const cluster(trireme::thread_pool(2));
  trireme::buffer const b(cluster.inner(), std::vector{1, 2, 3});
  auto const out = trireme::transform(cluster, b, [](int x) { return x; });
}
