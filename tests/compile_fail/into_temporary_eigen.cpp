// The same of Eigen; a Map or a row, which are temporaries too, look elsewhere and are right.
// expect: into: the storage is a temporary that would be gone with the result in it
#include <trireme/trireme.hpp>

#include <Eigen/Core>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  Eigen::MatrixXi m(3, 3);
  trireme::transform(pool, std::vector{1, 2, 3}, [](int x) { return x; }, trireme::into(m.row(1)));
  trireme::transform(pool, std::vector{1, 2, 3}, [](int x) { return x; }, trireme::into(Eigen::VectorXi(3)));
}
