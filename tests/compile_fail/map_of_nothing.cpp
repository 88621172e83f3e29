// A range of results that are none.
// expect: trireme: map: the kernel returns nothing: for_each calls it for its effect
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  auto const out = trireme::map(pool, std::vector{1, 2, 3}, [](int) {});
}
