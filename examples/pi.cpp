/// @file pi.cpp
/// π from a hundred million random points: the library's first page.
#include <trireme/trireme.hpp>

#include "output.hpp"

#include <iostream>

namespace tri = trireme;

inline constexpr auto in_circle = [](auto& rng) {
  auto x = rng.uniform();
  auto y = rng.uniform();
  return tri::select(x * x + y * y < 1.0, 4.0, 0.0);
};

int main() {
  tri::thread_pool pool; // or process_pool, or cuda_device: nothing else changes
  auto pi = tri::monte_carlo(pool, 100'000'000, tri::fn<in_circle>, {.seed = 42});
  std::cout << pi << '\n';
  return finished("pi"); // 0, if that could be written
}
