// A kernel that takes no rng.
// expect: the kernel of monte_carlo and simulate is called as f(rng), with rng taken by auto&
#include <trireme/trireme.hpp>

int main() {
  trireme::thread_pool const pool(2);
  auto const e = trireme::monte_carlo(pool, 10, [](double x) { return x; });
}
