// A kernel that changes itself, which many workers call at once.
// expect: remove `mutable` from the lambda
#include <trireme/trireme.hpp>

#include <cstddef>

int main() {
  trireme::thread_pool const pool(2);
  trireme::for_each_index(pool, 3, [sum = 0](std::size_t) mutable { ++sum; });
}
