/// @file device.cu
/// cuda_device beside the conformance suite: order, limits, memory, threads, numbers.
#include <trireme/cuda.hpp>

#include "../support.hpp"
#include "../testing.hpp"
#include "gpu.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

inline constexpr auto plus_one = [](double x) { return x + 1; };
inline constexpr auto draws_three = [](auto& rng) { return rng.uniform() + rng.uniform() + rng.uniform(); };
inline constexpr auto option = [](auto& rng) {
  auto const z = rng.normal();
  auto const u = rng.uniform();
  return tri::select(u < 0.5, tri::exp(z), tri::pow(u, 1.5));
};
inline constexpr auto wave = [](auto x) { return tri::sin(x) + tri::log(x + 1); };
inline constexpr auto first_of = [](double const* p, double x) { return *p + x; };
inline constexpr auto twice_chain = [](std::uint64_t* to, std::size_t) { *to = *to * 2 + 1; };

inline constexpr auto takes_long = [](std::size_t i) {
  double x = static_cast<double>(i);
  for (int k = 0; k < 100'000; ++k) x = x * 0.5 + 1;
  if (x == 0) tri::fail("zero"); // so that x is needed
};
inline constexpr auto last_writes = [](std::size_t last, std::size_t* to, std::size_t i) {
  if (i == last) *to = i;
};

} // namespace

TEST_CASE("cuda_device: handles") {
  if (testing::no_device()) return;
  tri::cuda_device const a, b;
  CHECK(a != b);
  auto c = a;
  CHECK(c == a);
  CHECK(a.concurrency() >= 1024);
  CHECK(tri::with_executor<tri::cuda_device>("cuda:0", [](auto const& ex) { return ex.ordinal(); }) == 0);
}

TEST_CASE("cuda_device: bound pointers") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  double const outside = 7;
  tri::buffer const inside(gpu, std::vector{10.0});
  std::vector<double> const in{1, 2, 3};
  CHECK(tri::transform(gpu, in, tri::bind_front<first_of>(inside.data())) == std::vector{11.0, 12.0, 13.0});
  CHECK_THROWS_MATCHES(tri::transform(gpu, in, tri::bind_front<first_of>(&outside)), std::invalid_argument,
                       message_contains("argument 1 is a pointer outside"));
  auto const pinned = tri::detail::make_pinned<double>(1);
  pinned[0] = 5;
  CHECK(tri::transform(gpu, in, tri::bind_front<first_of>(static_cast<double const*>(pinned.get()))) ==
        std::vector{6.0, 7.0, 8.0});
}

TEST_CASE("cuda_device: order across streams, and completions that outlive all handles") {
  if (testing::no_device()) return;
  tri::cuda_completion last;
  {
    tri::cuda_device const gpu;
    tri::buffer<std::uint64_t, tri::cuda_device> value(gpu, 1);
    std::uint64_t const zero = 0;
    std::vector<tri::cuda_completion> chain;
    chain.push_back(gpu.upload(&zero, value.data(), sizeof zero));
    using kernel = tri::detail::index_run<decltype(tri::bind_front<twice_chain>(value.data()))>;
    for (int k = 0; k < 40; ++k)
      chain.push_back(gpu.bulk(1, kernel{tri::bind_front<twice_chain>(value.data())}, {.after = chain.back()}));
    std::uint64_t result = 0;
    gpu.download(value.data(), &result, sizeof result, {.after = chain.back()}).wait();
    CHECK(result == (std::uint64_t{1} << 40) - 1);
    last = gpu.bulk(1000, tri::detail::bulk_archetype{});
  }
  last.wait();
  CHECK(last.ready());
}

TEST_CASE("cuda_device: stops and time limits are heeded between pieces") {
  using namespace std::chrono_literals;
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const endless = std::size_t{1} << 40;
  CHECK_THROWS_AS(tri::for_each_index(gpu, endless, tri::fn<takes_long>, {.timeout = 200ms}), tri::timed_out);
  CHECK_THROWS_AS(tri::monte_carlo(gpu, endless, tri::draws<3>(tri::fn<draws_three>), {.timeout = 200ms}), tri::timed_out);
  std::stop_source stop;
  CHECK_THROWS_AS(tri::for_each_index(gpu, endless, tri::fn<takes_long>,
                                      {.progress = [&](auto const&) { stop.request_stop(); }, .stop = stop.get_token()}),
                  tri::cancelled);
}

TEST_CASE("cuda_device: memory that there is not") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  using buffer = tri::buffer<double, tri::cuda_device>;
  CHECK_THROWS_MATCHES(buffer(gpu, std::size_t{1} << 45), tri::cuda_error, message_contains("bytes were asked for"));
  CHECK(tri::reduce(gpu, std::vector<double>(1000, 1.0)) == 1000);
}

TEST_CASE("cuda_device: from several threads, and beside worker processes") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::vector<double> const v(100'000, 1.0);
  std::vector<double> sums(4);
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < sums.size(); ++t)
      threads.emplace_back([&, t] {
        for (int k = 0; k < 20; ++k) sums[t] += tri::reduce(gpu, v);
      });
  }
  for (double const s : sums) CHECK(s == 2e6);
  tri::process_pool const pool(2);
  CHECK(tri::transform(pool, v, tri::fn<plus_one>) == tri::transform(gpu, v, tri::fn<plus_one>));
}

TEST_CASE("cuda_device: more indices than 32 bits hold") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  std::size_t const n = (std::size_t{1} << 32) + 5;
  auto const e = tri::monte_carlo<float>(gpu, n, tri::draws<3>(tri::fn<draws_three>));
  CHECK(e.samples == n);
  CHECK(e.mean == testing::Approx(1.5).epsilon(1e-4));
  tri::buffer<std::size_t, tri::cuda_device> reached(gpu, 1);
  tri::for_each_index(gpu, n, tri::bind_front<last_writes>(n - 1, reached.data()));
  CHECK(reached.to_host().front() == n - 1);
}

TEST_CASE("cuda_device: simd kernels, of one element there, give the bits of packs") {
  if (testing::no_device()) return;
  tri::cuda_device const gpu;
  tri::inline_executor const host;
  std::vector<double> const x = testing::numbers(100'000);
  auto const samples = tri::simd(tri::draws<2>(tri::fn<option>));
  auto const streams = tri::simd(tri::fn<option>);
  CHECK(testing::same_bits(tri::simulate(gpu, 100'001, samples), tri::simulate(host, 100'001, samples)));
  CHECK(testing::same_bits(tri::monte_carlo(gpu, 1'000'001, samples).mean, tri::monte_carlo(host, 1'000'001, samples).mean));
  CHECK(testing::same_bits(tri::monte_carlo(gpu, 100'001, streams).mean, tri::monte_carlo(host, 100'001, streams).mean));
  CHECK(testing::same_bits(tri::transform(gpu, x, tri::simd(tri::fn<wave>)), tri::transform(host, x, tri::simd(tri::fn<wave>))));
  CHECK(testing::same_bits(tri::transform_reduce(gpu, x, 0.0, std::plus<>{}, tri::simd(tri::fn<wave>)),
                           tri::transform_reduce(host, x, 0.0, std::plus<>{}, tri::simd(tri::fn<wave>))));
}
