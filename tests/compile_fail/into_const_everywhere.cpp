// One line for each kind of storage, whatever the algorithm.
// expect: into: the storage is const, or an expression: nothing can be written there
// errors: 7
#include <trireme/trireme.hpp>

#include <Eigen/Core>

#include <array>
#include <deque>
#include <functional>
#include <span>
#include <utility>
#include <vector>

namespace tri = trireme;

int main() {
  tri::thread_pool const pool(2);
  auto const f = [](int x) { return x; };
  std::vector const in{1, 2, 3};
  std::array const array{1, 2, 3};
  std::deque<int> const deque(3);
  Eigen::VectorXi const vector(3);
  Eigen::VectorXi twice(3);
  tri::buffer<int, tri::thread_pool> const buffer(pool, 3);
  tri::transform(pool, in, in, std::plus<>{}, tri::into(array));
  tri::starmap(pool, std::vector<std::array<int, 1>>(3), f, tri::into(std::span(in)));
  tri::inclusive_scan(pool, in, tri::into(deque));
  tri::exclusive_scan(pool, in, 0, tri::into(vector));
  tri::transform(pool, in, f, tri::into(2 * twice));
  tri::simulate(pool, 3, [](auto& rng) { return rng.index(3); }, tri::into(buffer));
  tri::transform(pool, in, f, tri::into(std::as_const(twice).head(3)));
}
