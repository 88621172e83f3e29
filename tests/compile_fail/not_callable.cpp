// A kernel that is no function.
// expect: the kernel can't be called with these elements
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  auto const out = trireme::transform(pool, std::vector{1, 2, 3}, 5);
}
