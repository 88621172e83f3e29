// A place that can't be written.
// expect: into: the storage is const, or an expression: nothing can be written there
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  std::vector<int> const out(3);
  trireme::transform(pool, std::vector{1, 2, 3}, [](int x) { return x; }, trireme::into(out));
}
