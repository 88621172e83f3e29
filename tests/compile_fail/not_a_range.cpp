// A number where data is needed.
// expect: the data must be a range, a vector of Eigen or a tri::buffer
#include <trireme/trireme.hpp>

int main() {
  trireme::thread_pool const pool(2);
  auto const out = trireme::transform(pool, 5, [](int x) { return x; });
}
