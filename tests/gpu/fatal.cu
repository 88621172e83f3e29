/// @file fatal.cu
/// Kernels that do what ends the use of the device: it is told as that, by the call that it was, and by all later ones.
/// Each case runs in a process of its own, since nothing helps then.
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
inline constexpr auto write_beyond = [](int* to, int x) {
  to[std::ptrdiff_t{x} << 40] = x;
  return x;
};

template <class F>
void check_fatal(tri::cuda_device const& gpu, F const& f) {
  std::vector<int> const in(1000, 2);
  for (int round = 0; round < 2; ++round) try {
      static_cast<void>(tri::transform(gpu, in, f));
      FAIL("nothing was thrown");
    } catch (tri::cuda_error const& e) {
      CHECK(e.code() != 0);
      CHECK(std::string(e.what()).find("can't use the device any more") != std::string::npos);
    }
}

} // namespace

TEST_CASE("cuda_device: a table that the device has not", "[table]") {
  if (testing::no_device()) return;
  check_fatal(tri::cuda_device{}, tri::fn<look_up>);
}

TEST_CASE("cuda_device: a write out of bounds", "[bounds]") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  tri::buffer<int, tri::cuda_device> to(gpu, 1);
  check_fatal(gpu, tri::bind_front<write_beyond>(to.data()));
}
