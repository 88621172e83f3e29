// A kernel that changes itself, which many workers call at once.
// expect: it is called as const, by many workers at once
// max-errors: 1
#include <trireme/trireme.hpp>

#include <cstddef>

int main() {
  trireme::thread_pool const pool(2);
  trireme::for_each_index(pool, 3, [sum = 0](std::size_t) mutable { ++sum; });
}
