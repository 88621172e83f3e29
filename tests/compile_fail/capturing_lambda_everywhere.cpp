// One line for each call, whatever the algorithm.
// expect: this executor can't run a lambda with captures: bind its values with tri::bind_front<f>(values...)
// max-errors: 14
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace tri = trireme;

int main() {
  testing::far_executor const far;
  int const k = 3;
  std::vector v{1, 2, 3};
  std::vector<std::array<int, 2>> const pairs{{1, 2}};
  auto const f = [k](int x) { return k * x; };
  auto const f2 = [k](int x, int y) { return k * x + y; };
  tri::for_each_index(far, 3, [k](std::size_t) { static_cast<void>(k); });
  tri::for_each(far, v, [k](int& x) { x += k; });
  static_cast<void>(tri::transform(far, v, v, f2));
  tri::transform(far, v, f, tri::into(v));
  static_cast<void>(tri::starmap(far, pairs, f2));
  static_cast<void>(tri::reduce(far, v, 0, f2));
  static_cast<void>(tri::transform_reduce(far, v, 0, f2, f2));
  static_cast<void>(tri::inclusive_scan(far, v, f2));
  static_cast<void>(tri::exclusive_scan(far, v, 0, f2));
  tri::sort(far, v, [k](int x, int y) { return x % k < y % k; });
  static_cast<void>(tri::batch_map(far, v, f));
  tri::batch_map(far, v, f, [](std::span<int const>) {});
  static_cast<void>(tri::monte_carlo(far, 3, [k](auto& rng) { return k * rng.uniform(); }));
  static_cast<void>(tri::simulate(far, 3, [k](auto& rng) { return k * rng.uniform(); }));
}
