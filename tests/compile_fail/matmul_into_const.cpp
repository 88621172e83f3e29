// Said once, by into, and not by matmul again.
// expect: into: the storage is const, or an expression: nothing can be written there
#include <trireme/trireme.hpp>

int main() {
  Eigen::MatrixXd const a(3, 3), c(3, 3);
  trireme::matmul(trireme::inline_executor{}, a, a, trireme::into(c));
}
