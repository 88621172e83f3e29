/// @file pi_trireme.cu
/// π on a GPU, and by compile_time.py on other executors: the program whose time to compile is measured.
#include <trireme/cuda/monte_carlo.hpp>

#include <iostream>

namespace tri = trireme;

inline constexpr auto in_circle = [](auto& rng) {
  auto x = rng.uniform();
  auto y = rng.uniform();
  return tri::select(x * x + y * y < 1.0, 4.0, 0.0);
};

int main() {
  tri::cuda_device const gpu;
  auto pi = tri::monte_carlo(gpu, 100'000'000, tri::fn<in_circle>, {.seed = 42});
  std::cout << pi << '\n';
}
