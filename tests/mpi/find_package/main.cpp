#include <trireme/mpi.hpp>

#include <vector>

int main() {
  trireme::mpi_cluster const cluster(trireme::thread_pool(1));
  return trireme::reduce(cluster, std::vector<int>{1, 2, 3}) == 6 && cluster.size() == 1 ? 0 : 1;
}
