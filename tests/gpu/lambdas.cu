/// @file lambdas.cu
/// Lambdas that are marked for host and device, with captures and without, written in place.
#include <trireme/cuda.hpp>

#include "../testing.hpp"
#include "gpu.hpp"

#include <functional>
#include <vector>

namespace tri = trireme;

namespace {

template <class E>
void in_place(E const& ex) {
  std::vector<int> const in{1, 2, 3};
  int k = 3;
  CHECK(tri::transform(ex, in, [k] __host__ __device__(int x) { return k * x; }) == std::vector{3, 6, 9});
  CHECK(tri::transform(ex, in, [] __host__ __device__(int x) { return -x; }) == std::vector{-1, -2, -3});
  CHECK(tri::transform_reduce(ex, in, 0, std::plus<>{}, [k] __host__ __device__(int x) { return k + x; }) == 15);
}

} // namespace

TEST_CASE("lambdas in place: on the host", "[host]") { in_place(tri::thread_pool(2)); }
TEST_CASE("lambdas in place: on a device", "[device]") {
  if (testing::no_device()) return;
  in_place(tri::cuda_device{});
}
