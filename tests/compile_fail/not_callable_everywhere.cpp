// One line for each call, whatever the algorithm.
// expect: the kernel can't be called with these elements
// expect: the kernel of monte_carlo and simulate is called as f(rng), with rng taken by auto&
// errors: 14
#include <trireme/trireme.hpp>

#include <array>
#include <vector>

namespace tri = trireme;

template <int>
struct no_function {};

int main() {
  tri::thread_pool const pool(2);
  std::vector v{1, 2, 3};
  std::vector<std::array<int, 2>> const pairs{{1, 2}};
  tri::for_each_index(pool, 3, no_function<0>{});
  tri::for_each(pool, v, no_function<1>{});
  static_cast<void>(tri::transform(pool, v, v, no_function<2>{}));
  tri::transform(pool, v, no_function<3>{}, tri::into(v));
  static_cast<void>(tri::starmap(pool, v, [](auto...) { return 0; })); // these are no tuples
  static_cast<void>(tri::starmap(pool, pairs, no_function<4>{}));
  static_cast<void>(tri::reduce(pool, v, 0, no_function<5>{}));
  static_cast<void>(tri::transform_reduce(pool, v, 0, [](int a, int b) { return a + b; }, no_function<6>{}));
  static_cast<void>(tri::inclusive_scan(pool, v, no_function<7>{}));
  static_cast<void>(tri::exclusive_scan(pool, v, 0, no_function<8>{}));
  tri::sort(pool, v, no_function<9>{});
  static_cast<void>(tri::batch_map(pool, v, no_function<10>{}));
  static_cast<void>(tri::monte_carlo(pool, 3, no_function<11>{}));
  static_cast<void>(tri::simulate(pool, 3, no_function<12>{}));
}
