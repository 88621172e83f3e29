// batch_map with a sink and a kernel that is no function: the line is about the kernel.
// expect: the kernel can't be called with these elements
#include <trireme/trireme.hpp>

#include <span>
#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  trireme::batch_map(pool, std::vector{1, 2, 3}, 5, [](std::span<int const>) {});
}
