// Results one by one, on all ranks.
// expect: trireme: map: a cluster takes no tasks; call transform or batch_map, or map on cluster.inner()
#include <trireme/mpi.hpp>

#include <vector>

int main() {
  trireme::mpi_cluster const cluster(trireme::thread_pool(2));
  for (int const x : trireme::map(cluster, std::vector{1, 2, 3}, [](int i) { return i; })) static_cast<void>(x);
}
