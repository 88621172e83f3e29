// A lambda with captures, where kernels are copied to other memory.
// expect: this executor can't run a lambda with captures: bind its values with tri::bind_front<f>(values...)
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <vector>

int main() {
  testing::far_executor const far;
  int k = 3;
  auto const out = trireme::transform(far, std::vector{1, 2, 3}, [k](int x) { return k * x; });
}
