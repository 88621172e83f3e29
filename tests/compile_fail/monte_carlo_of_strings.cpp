// A mean of texts.
// expect: monte_carlo: the kernel must return a number or a std::array of numbers
#include <trireme/trireme.hpp>

#include <string>

int main() {
  trireme::thread_pool const pool(2);
  auto const e = trireme::monte_carlo(pool, 10, [](auto& rng) { return std::to_string(rng.uniform()); });
}
