// One line for each call, whatever the algorithm.
// expect: this executor can't run a lambda with captures: bind its values with tri::bind_front<f>(values...)
// errors: 17
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <array>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

namespace tri = trireme;

int main() {
  testing::far_executor const far;
  int k = 3;
  std::vector v{1, 2, 3};
  std::vector<std::array<int, 2>> const pairs{{1, 2}};
  auto const sink = [](std::span<int const>) {};
  tri::for_each_index(far, 3, [k](std::size_t) { static_cast<void>(k); });
  tri::for_each(far, v, [k](int& x) { x += k; });
  static_cast<void>(tri::transform(far, v, [k](int x) { return k * x; }));
  static_cast<void>(tri::transform(far, v, v, [k](int x, int y) { return k * x + y; }));
  tri::transform(far, v, [k](int x) { return k * x; }, tri::into(v));
  tri::transform(far, v, v, [k](int x, int y) { return k * x + y; }, tri::into(v));
  static_cast<void>(tri::starmap(far, pairs, [k](int x, int y) { return k * x + y; }));
  static_cast<void>(tri::reduce(far, v, 0, [k](int x, int y) { return x + y + k; }));
  static_cast<void>(tri::transform_reduce(far, v, 0, std::plus<>{}, [k](int x) { return k * x; }));
  static_cast<void>(tri::inclusive_scan(far, v, [k](int x, int y) { return x + y + k; }));
  static_cast<void>(tri::exclusive_scan(far, v, 0, [k](int x, int y) { return x + y + k; }));
  tri::sort(far, v, [k](int x, int y) { return x % k < y % k; });
  static_cast<void>(tri::batch_map(far, v, [k](int x) { return k * x; }));
  tri::batch_map(far, v, [k](int x) { return k * x; }, sink);
  static_cast<void>(tri::monte_carlo(far, 3, [k](auto& rng) { return k * rng.uniform(); }));
  static_cast<void>(tri::simulate(far, 3, [k](auto& rng) { return k * rng.uniform(); }));
  static_cast<void>(tri::simulate(far, 3, tri::draws<1>([k](auto& rng) { return k * rng.uniform(); })));
}
