#include <trireme/trireme.hpp>

#include <cmath>
#include <iostream>

namespace tri = trireme;

double sum_of_squares(int n); // in other.cpp: the library's definitions meet in two files
#ifdef OUTSIDE_CUDA
double sum_on_device(); // in device.cu
#else
double sum_on_device() { return 6; }
#endif

inline constexpr auto in_circle = [](auto& rng) {
  auto x = rng.uniform();
  auto y = rng.uniform();
  return tri::select(x * x + y * y < 1.0, 4.0, 0.0);
};

int main() {
  tri::thread_pool pool;
  auto pi = tri::monte_carlo(pool, 1'000'000, tri::fn<in_circle>, {.seed = 42});
  std::cout << pi << '\n';

  bool const right = std::abs(pi.mean - 3.14159) < 0.01 && sum_of_squares(4) == 30.0 && sum_on_device() == 6.0;
  return right ? 0 : 1;
}
