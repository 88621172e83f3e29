// A task for all ranks.
// expect: trireme: submit: a cluster takes no tasks; give them to this rank's own executor, cluster.inner()
#include <trireme/mpi.hpp>

int main() {
  trireme::mpi_cluster const cluster(trireme::thread_pool(2));
  int const x = trireme::submit(cluster, [](int i) { return i; }, 3).get();
  return x;
}
