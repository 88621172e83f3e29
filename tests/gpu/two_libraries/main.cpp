/// @file main.cpp
/// Two shared libraries that both use Trireme, in one process.
#include "../../support.hpp"
#include "../../testing.hpp"
#include "../gpu.hpp"
#include "library.hpp"

TEST_CASE("two libraries: on the host", "[host]") {
  CHECK(testing::same_bits(first_library::results(false), second_library::results(false)));
}
TEST_CASE("two libraries: on a device, in turns", "[device]") {
  if (testing::no_device()) return;
  auto const expected = first_library::results(false);
  for (int round = 0; round < 2; ++round) {
    CHECK(testing::same_bits(first_library::results(true), expected));
    CHECK(testing::same_bits(second_library::results(true), expected));
  }
}
