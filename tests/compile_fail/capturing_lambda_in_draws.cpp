// The same behind the promise of draws, and where rng is the argument.
// expect: this executor can't run a lambda with captures: bind its values with tri::bind_front<f>(values...)
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

int main() {
  testing::far_executor const far;
  double const k = 3;
  auto const e = trireme::monte_carlo(far, 1000, trireme::draws<1>([&k](auto& rng) { return k * rng.uniform(); }));
}
