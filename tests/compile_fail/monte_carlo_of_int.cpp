// Random numbers are real.
// expect: random numbers are drawn in float or double
#include <trireme/trireme.hpp>

int main() {
  trireme::thread_pool const pool(2);
  auto const e = trireme::monte_carlo<int>(pool, 10, [](auto& rng) { return rng.uniform(); });
}
