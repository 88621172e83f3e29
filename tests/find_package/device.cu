#include <trireme/cuda.hpp>

#include <iostream>
#include <vector>

double sum_on_device() {
  std::vector<double> const v{1, 2, 3};
  if (trireme::cuda_available()) return trireme::reduce(trireme::cuda_device{}, v);
  std::cout << "there is no CUDA device\n";
  return trireme::reduce(trireme::thread_pool(2), v);
}
