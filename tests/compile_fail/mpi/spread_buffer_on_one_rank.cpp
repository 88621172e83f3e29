// A buffer of all ranks, for a call of one rank's executor.
// expect: the buffer lives on another kind of executor; copy it with to_host()
#include <trireme/mpi.hpp>

#include <vector>

int main() {
  trireme::mpi_cluster const cluster(trireme::thread_pool(2));
  trireme::buffer const spread(cluster, std::vector{1, 2, 3});
  auto const out = trireme::transform(cluster.inner(), spread, [](int x) { return x; });
}
