// A promise of no calls at all.
// expect: tri::draws<N>: N is the number of calls of rng in a sample, at least 1
#include <trireme/trireme.hpp>

int main() {
  trireme::thread_pool const pool(2);
  auto const e = trireme::monte_carlo(pool, 10, trireme::draws<0>([](auto&) { return 1.0; }));
}
