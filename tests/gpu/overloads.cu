/// @file overloads.cu
/// Templates that were written before the device was known find what it does better than the general definitions. On a
/// device the results are compared; which definitions they are, the names of their kernels tell, also without one: see
/// expect_symbols.cmake.
#include <trireme/trireme.hpp>

#include "../support.hpp"

#include <Eigen/Core>

#include <functional>
#include <vector>

namespace {

namespace tri = trireme;

inline constexpr auto twice = [](double x) { return x + x; };
inline constexpr auto draw = [](auto& rng) { return rng.uniform(); };

/// One call of each algorithm that a device overloads.
template <class E>
std::vector<double> one_of_each(E const& ex) {
  auto const x = testing::numbers(10'000);
  std::vector<int> const counts(1000, 3);
  std::vector<double> out{tri::reduce(ex, x), tri::transform_reduce(ex, x, 0.0, std::plus<>{}, tri::fn<twice>)};
  auto const e = tri::monte_carlo(ex, 10'000, tri::fn<draw>);
  out.insert(out.end(), {e.mean, e.variance});
  for (double const sample : tri::simulate(ex, 100, tri::fn<draw>)) out.push_back(sample);
  auto sorted = x;
  tri::sort(ex, sorted);
  out.insert(out.end(), sorted.begin(), sorted.end());
  out.push_back(tri::inclusive_scan(ex, counts, std::plus<>{}).back());
  out.push_back(tri::exclusive_scan(ex, counts, 7, std::plus<>{}).back());
  Eigen::MatrixXd const m = Eigen::MatrixXd::Identity(3, 3);
  out.push_back(tri::matmul(ex, m, m).sum()); // small whole numbers, which every order adds to the same
  out.push_back(tri::batch_matmul(ex, std::vector{m}, std::vector{m}).front().sum());
  return out;
}

} // namespace

#include <trireme/cuda.hpp>

#include "../testing.hpp"
#include "gpu.hpp"

TEST_CASE("cuda_device: what it does better is found, with the same results") {
  if (testing::no_device()) return;
  CHECK(testing::same_bits(one_of_each(tri::cuda_device{}), one_of_each(tri::inline_executor{})));
}
