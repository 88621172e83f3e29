/// @file failures.cu
/// Kernels that fail on a device: each algorithm throws a cuda_error with the reason, and the device goes on.
#include <trireme/cuda.hpp>

#include "../testing.hpp"
#include "gpu.hpp"

#include <cstddef>
#include <functional>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

inline constexpr auto fails_at = [](std::size_t bad, double* to, std::size_t i) {
  if (i == bad) tri::fail("the index is bad");
  to[i] = static_cast<double>(i);
};
inline constexpr auto ten_times = [](int x) {
  if (x == 7) tri::fail("seven");
  return 10 * x;
};
inline constexpr auto bounded_sum = [](double a, double b) {
  if (a + b > 500) tri::fail("the sum is too large");
  return a + b;
};
inline constexpr auto less_but_seven = [](int a, int b) {
  if (a == 7 || b == 7) tri::fail("seven has no place");
  return a < b;
};
inline constexpr auto fails_rarely = [](auto& rng) {
  auto const u = rng.uniform();
  if (u > 0.9999) tri::fail("a rare sample");
  return u;
};
inline constexpr auto draws_three = [](auto& rng) { return rng.uniform() + rng.uniform() + rng.uniform(); };
inline constexpr auto draws_three_rarely = [](auto& rng) {
  auto const u = rng.uniform();
  return u < 0.9999 ? u : u + rng.uniform() + rng.uniform();
};
inline constexpr auto dice = [](int sides, auto& rng) { return static_cast<double>(rng.index(sides)); };
inline constexpr auto says_much = [](int) -> int {
  tri::fail("0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
            "0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
            "0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
            "0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 "
            "0123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 123456789 ");
};
inline constexpr auto says = [](char which, int) -> int {
  if (which == 'a') tri::fail("reason a");
  tri::fail("reason b");
};

} // namespace

#define CHECK_FAILS(call, why) CHECK_THROWS_MATCHES(call, tri::cuda_error, message_contains(why))

TEST_CASE("cuda_device: a kernel that fails is told, at whichever index") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const n = 100'000;
  tri::buffer<double, tri::cuda_device> out(gpu, n);
  for (std::size_t const bad : {std::size_t{0}, std::size_t{31}, std::size_t{255}, std::size_t{70'000}, n - 1}) {
    CHECK_FAILS(tri::for_each_index(gpu, n, tri::bind_front<fails_at>(bad, out.data())), "the index is bad");
    tri::for_each_index(gpu, n, tri::bind_front<fails_at>(n, out.data())); // and the device goes on
    CHECK(out.to_host()[n - 1] == static_cast<double>(n - 1));
  }
  for (int k = 0; k < 600; ++k) // more than there are records of launches at first
    CHECK_FAILS(tri::for_each_index(gpu, 1, tri::bind_front<fails_at>(std::size_t{0}, out.data())), "the index is bad");
}

TEST_CASE("cuda_device: a kernel that fails is told by every algorithm") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  CHECK_FAILS(tri::transform(gpu, std::vector{1, 2, 7, 8}, tri::fn<ten_times>), "seven");
  CHECK(tri::transform(gpu, std::vector{1, 2, 8}, tri::fn<ten_times>) == std::vector{10, 20, 80});
  for (std::size_t const n :
       {std::size_t{1000}, std::size_t{8000}, std::size_t{300'000}}) { // with fewer elements than threads, and more
    CAPTURE(n);
    std::vector<double> const ones(n, 1.0);
    CHECK_FAILS(tri::reduce(gpu, ones, 0.0, tri::fn<bounded_sum>), "the sum is too large");
    CHECK_FAILS(tri::inclusive_scan(gpu, ones, tri::fn<bounded_sum>), "the sum is too large");
    std::vector<int> many(n);
    std::iota(many.begin(), many.end(), 0);
    CHECK_FAILS(tri::transform_reduce(gpu, many, 0, std::plus<>{}, tri::fn<ten_times>), "seven");
    CHECK_FAILS(tri::batch_map(gpu, many, tri::fn<ten_times>, {.batch_size = 1000}), "seven");
    auto const before = many;
    CHECK_FAILS(tri::sort(gpu, many, tri::fn<less_but_seven>), "seven has no place");
    CHECK(many == before);
  }
  CHECK_FAILS(tri::monte_carlo(gpu, 100'000, tri::fn<fails_rarely>), "a rare sample");
  CHECK_FAILS(tri::monte_carlo(gpu, 100'000, tri::draws<1>(tri::fn<fails_rarely>)), "a rare sample");
  CHECK_FAILS(tri::simulate(gpu, 100'000, tri::fn<fails_rarely>), "a rare sample");
}

TEST_CASE("cuda_device: the library's own failures in kernels") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  for (std::size_t const n : {std::size_t{1}, std::size_t{100'000}}) {
    CHECK_FAILS(tri::monte_carlo(gpu, n, tri::draws<2>(tri::fn<draws_three>)), "called rng more than N times");
    CHECK_FAILS(tri::monte_carlo<float>(gpu, n, tri::draws<2>(tri::fn<draws_three>)), "called rng more than N times");
    CHECK_FAILS(tri::simulate(gpu, n, tri::draws<2>(tri::fn<draws_three>)), "called rng more than N times");
    CHECK_FAILS(tri::monte_carlo(gpu, n, tri::bind_front<dice>(0)), "rng.index(n) needs n >= 1");
    CHECK_FAILS(tri::monte_carlo<float>(gpu, n, tri::draws<2>(tri::bind_front<dice>(-1))), "rng.index(n) needs n >= 1");
  }
  CHECK_FAILS(tri::monte_carlo(gpu, 100'000, tri::draws<2>(tri::fn<draws_three_rarely>)), "called rng more than N times");
  CHECK(tri::monte_carlo(gpu, 100'000, tri::draws<3>(tri::fn<draws_three>)).mean > 1.4);
}

TEST_CASE("cuda_device: a long reason is cut") {
  if (testing::no_device()) return;
  try {
    static_cast<void>(tri::transform(tri::cuda_device{}, std::vector<int>(10'000, 1), tri::fn<says_much>));
    FAIL("nothing was thrown");
  } catch (tri::cuda_error const& e) {
    std::string const text = e.what();
    CHECK(text.size() > 490);
    CHECK(text.size() < 530);
    CHECK(text.find("0123456789 123456789") != std::string::npos);
  }
}

TEST_CASE("cuda_device: each launch has its own reason") {
  if (testing::no_device()) return;
  std::vector<std::jthread> threads;
  std::vector<int> wrong(4);
  for (std::size_t t = 0; t < wrong.size(); ++t)
    threads.emplace_back([t, &wrong] {
      tri::cuda_device const gpu;
      char const which = t % 2 == 0 ? 'a' : 'b';
      for (int k = 0; k < 20; ++k) try {
          static_cast<void>(tri::transform(gpu, std::vector<int>(3000, 1), tri::bind_front<says>(which)));
          ++wrong[t];
        } catch (tri::cuda_error const& e) {
          if (std::string(e.what()).find(std::string("reason ") + which) == std::string::npos) ++wrong[t];
        }
    });
  threads.clear();
  CHECK(wrong == std::vector<int>(4, 0));
}
