// One line for each call, whatever the algorithm.
// expect: the data must be a range, a vector of Eigen or a tri::buffer
// max-errors: 9
#include <trireme/trireme.hpp>

#include <functional>

namespace tri = trireme;

int main() {
  tri::thread_pool const pool(2);
  auto const f = [](int x) { return x; };
  tri::for_each(pool, 5, f);
  static_cast<void>(tri::starmap(pool, 5, f));
  static_cast<void>(tri::reduce(pool, 5));
  static_cast<void>(tri::reduce(pool, 5, 0, std::plus<>{}));
  static_cast<void>(tri::transform_reduce(pool, 5, 0, std::plus<>{}, f));
  static_cast<void>(tri::inclusive_scan(pool, 5));
  static_cast<void>(tri::exclusive_scan(pool, 5, 0));
  tri::sort(pool, 5);
  static_cast<void>(tri::batch_map(pool, 5, f));
}
