/// @file fail.cpp
/// tri::fail on executors of the host. On a device: gpu/failures.cu.
#include <trireme/trireme.hpp>

#include "testing.hpp"

#include <string>
#include <typeinfo>
#include <vector>

namespace tri = trireme;

namespace {

inline constexpr auto ten_times = [](int x) {
  if (x == 7) tri::fail("seven");
  return 10 * x;
};

constexpr int checked(int x) {
  if (x < 0) tri::fail("negative");
  return x;
}
static_assert(checked(3) == 3); // a condition that does not come about stands in no constant's way

template <class E>
void check(E const& ex) {
  CHECK(tri::transform(ex, std::vector{1, 8}, tri::fn<ten_times>) == std::vector{10, 80});
  try {
    static_cast<void>(tri::transform(ex, std::vector{1, 2, 7, 8}, tri::fn<ten_times>));
    FAIL("nothing was thrown");
  } catch (tri::error const& e) {
    CHECK(typeid(e) == typeid(tri::error));
    CHECK(e.what() == std::string("seven"));
  }
}

} // namespace

TEST_CASE("fail: throws error with the reason, which travels as itself") {
  check(tri::inline_executor{});
  check(tri::thread_pool(2));
#if defined(__linux__)
  check(tri::process_pool(2));
#endif
}
