// A lambda with captures, on a pool of processes.
// expect: this executor can't run a lambda with captures: bind its values with tri::bind_front<f>(values...)
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::process_pool const pool(1);
  int k = 3;
  static_cast<void>(trireme::transform(pool, std::vector{1, 2, 3}, [k](int x) { return k * x; }));
}
