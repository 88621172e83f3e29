// A product of float and double.
// expect: matmul: a and b have different scalar types: convert one with .cast<T>()
#include <trireme/trireme.hpp>

#include <Eigen/Core>

int main() {
  trireme::thread_pool const pool(2);
  Eigen::MatrixXd const c = trireme::matmul(pool, Eigen::MatrixXd(2, 2), Eigen::MatrixXf(2, 2));
}
