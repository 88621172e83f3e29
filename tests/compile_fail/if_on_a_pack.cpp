// Lanes may differ.
// expect: use tri::select
#include <trireme/trireme.hpp>

int main() {
  trireme::thread_pool const pool(2);
  return static_cast<int>(trireme::monte_carlo(pool, 10, trireme::simd([](auto& rng) {
                                                 auto const x = rng.uniform();
                                                 if (x < 0.5) return x;
                                                 return 1 - x;
                                               }))
                              .mean);
}
