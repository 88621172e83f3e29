// One line for each call, whatever the algorithm.
// expect: the kernel can't be called with these elements
// max-errors: 13
#include <trireme/trireme.hpp>

#include <array>
#include <vector>

namespace tri = trireme;

int main() {
  tri::thread_pool const pool(2);
  std::vector v{1, 2, 3};
  std::vector<std::array<int, 2>> const pairs{{1, 2}};
  tri::for_each_index(pool, 3, 5);
  tri::for_each(pool, v, 5);
  static_cast<void>(tri::transform(pool, v, v, 5));
  tri::transform(pool, v, 5, tri::into(v));
  static_cast<void>(tri::starmap(pool, pairs, 5));
  static_cast<void>(tri::reduce(pool, v, 0, 5));
  static_cast<void>(tri::transform_reduce(pool, v, 0, [](int a, int b) { return a + b; }, 5));
  static_cast<void>(tri::inclusive_scan(pool, v, 5));
  static_cast<void>(tri::exclusive_scan(pool, v, 0, 5));
  tri::sort(pool, v, 5);
  static_cast<void>(tri::batch_map(pool, v, 5));
  static_cast<void>(tri::monte_carlo(pool, 3, 5));
  static_cast<void>(tri::simulate(pool, 3, 5));
}
