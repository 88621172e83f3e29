/// @file no_device.cu
/// What is said where there is no device, and by names that no device has.
#include <trireme/cuda.hpp>

#include "../testing.hpp"

#include <stdexcept>
#include <string>

namespace tri = trireme;
using testing::message_contains;

TEST_CASE("cuda: asking for devices never throws") {
  static_assert(noexcept(tri::cuda_available()) && noexcept(tri::cuda_device_count()));
  CHECK(tri::cuda_available() == (tri::cuda_device_count() > 0));
  if (tri::cuda_available()) CHECK(cudaPeekAtLastError() == cudaSuccess); // nothing was left behind for others to find
}

TEST_CASE("cuda: a device that there is not") {
  CHECK_THROWS_MATCHES(tri::cuda_device(-1), std::invalid_argument, message_contains("ordinal must not be negative"));
  try {
    tri::cuda_device const none(1000);
    FAIL("nothing was thrown");
  } catch (tri::cuda_error const& e) {
    CHECK(e.code() != 0);
    CHECK(e.name().substr(0, 9) == "cudaError");
    CHECK(std::string(e.what()).find("cuda_device") != std::string::npos);
    CHECK(std::string(e.what()).find(e.name()) != std::string::npos);
  }
  if (tri::cuda_available()) CHECK(cudaPeekAtLastError() == cudaSuccess);
}

TEST_CASE("cuda: names of devices") {
  CHECK(tri::cuda_device::matches("cuda"));
  CHECK(tri::cuda_device::matches("cuda:12"));
  for (char const* const text : {"", "cud", "cuda:", "cuda:-1", "cuda:x", "cuda:1x", "cuda 1"})
    CHECK(!tri::cuda_device::matches(text));
  auto const width = [](auto const& ex) { return ex.concurrency(); };
  CHECK(tri::with_executor<tri::inline_executor, tri::cuda_device>("inline", width) == 1);
  CHECK_THROWS_AS((tri::with_executor<tri::inline_executor, tri::cuda_device>("cuda:1000", width)), tri::cuda_error);
  CHECK_THROWS_MATCHES((tri::with_executor<tri::inline_executor, tri::cuda_device>("gpu", width)), std::invalid_argument,
                       message_contains("inline, cuda[:N]"));
}
