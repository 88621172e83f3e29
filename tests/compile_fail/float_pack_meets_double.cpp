// 0.5 is a double: the scalar kernel would go on in double, with other bits.
// expect: a pack of floats meets a double
#include <trireme/trireme.hpp>

int main() {
  trireme::thread_pool const pool(2);
  return static_cast<int>(
      trireme::monte_carlo<float>(pool, 10, trireme::simd([](auto& rng) { return rng.uniform() * 0.5; })).mean);
}
