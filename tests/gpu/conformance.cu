/// @file conformance.cu
/// The conformance suite on a CUDA device.
#include <trireme/cuda.hpp>

#include "../conformance.hpp"
#include "gpu.hpp"

TEST_CASE("cuda_device conforms") {
  if (testing::no_device()) return;
  testing::conformance<false>(trireme::cuda_device{});
}
