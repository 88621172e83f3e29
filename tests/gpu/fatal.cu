/// @file fatal.cu
/// A kernel that does what ends the use of the device: it is told as that, by the call that it was, and by all later ones.
/// A program of its own, since nothing helps then.
#include <trireme/cuda.hpp>

#include "../testing.hpp"
#include "gpu.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tri = trireme;

namespace {
inline constexpr int table[4]{1, 2, 3, 4};
inline constexpr auto look_up = [](int x) { return table[x & 3]; }; // the device has no such table
} // namespace

TEST_CASE("cuda_device: an error that stays") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::vector<int> const in(1000, 2);
  for (int round = 0; round < 2; ++round)
    try {
      static_cast<void>(tri::transform(gpu, in, tri::fn<look_up>));
      FAIL("nothing was thrown");
    } catch (tri::cuda_error const& e) {
      CHECK(e.code() != 0);
      CHECK(std::string(e.what()).find("can't use the device any more") != std::string::npos);
    }
}
