// A lambda with captures that is not marked for the device.
// expect: this executor can't run a lambda with captures: bind its values with tri::bind_front<f>(values...)
#include <trireme/cuda.hpp>

#include <vector>

int main() {
  trireme::cuda_device const gpu;
  int k = 3;
  auto const out = trireme::transform(gpu, std::vector{1, 2, 3}, [k](int x) { return k * x; });
}
