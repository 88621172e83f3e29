// A call of what a device does better, whose definition the file has not included.
// expect: cuda/overloads.hpp); it has not been defined
#include <trireme/algorithm/sort.hpp>
#include <trireme/cuda/executor.hpp>

#include <vector>

int main() {
  trireme::cuda_device const gpu;
  trireme::buffer<int, trireme::cuda_device> x(gpu, std::vector{3, 1, 2});
  trireme::sort(gpu, x);
}
