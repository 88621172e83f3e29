// One line for each call, whatever the algorithm.
// expect: the data must be a range, a vector of Eigen or a tri::buffer
// errors: 9
#include <trireme/trireme.hpp>

#include <functional>

namespace tri = trireme;

template <int>
struct no_range {};

int main() {
  tri::thread_pool const pool(2);
  auto const f = [](int x) { return x; };
  tri::for_each(pool, no_range<0>{}, f);
  static_cast<void>(tri::starmap(pool, no_range<1>{}, f));
  static_cast<void>(tri::reduce(pool, no_range<2>{}));
  static_cast<void>(tri::reduce(pool, no_range<3>{}, 0, std::plus<>{}));
  static_cast<void>(tri::transform_reduce(pool, no_range<4>{}, 0, std::plus<>{}, f));
  static_cast<void>(tri::inclusive_scan(pool, no_range<5>{}));
  static_cast<void>(tri::exclusive_scan(pool, no_range<6>{}, 0));
  tri::sort(pool, no_range<7>{});
  static_cast<void>(tri::batch_map(pool, no_range<8>{}, f));
}
