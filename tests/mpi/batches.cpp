/// @file mpi/batches.cpp
/// batch_map on a cluster: all batches on every rank, in order, and failures of the range, the kernel and the sink on all of them.
#include <trireme/mpi.hpp>

#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::message_contains;
using testing::numbers;
using testing::same_bits;
using testing::square_of;

namespace {

inline constexpr auto fails_at_element = [](int bad, int x) {
  if (x == bad) throw std::domain_error("the kernel threw");
  return x;
};

template <class E>
void batches(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  for (std::size_t const n : testing::sizes(0, 1, 4, 1000, 10'001))
    for (std::size_t const size : {std::size_t{3}, std::size_t{4096}, n + 1}) {
      if (size == 3 && n > 1000) continue;
      CAPTURE(n, size);
      auto const in = numbers(n);
      auto const expected = tri::transform(tri::inline_executor{}, in, square_of);
      CHECK(same_bits(tri::batch_map(cluster, in, tri::fn<square_of>, {.batch_size = size}), expected));
      std::list<double> const linked(in.begin(), in.end());
      CHECK(same_bits(tri::batch_map(cluster, linked, tri::fn<square_of>, {.batch_size = size}), expected));
      std::vector<double> got;
      std::size_t done = 0;
      tri::batch_map(cluster, in, tri::fn<square_of>,
                     [&](std::span<double const> batch) {
                       CHECK(batch.size() == std::min(size, n - got.size()));
                       got.insert(got.end(), batch.begin(), batch.end());
                     },
                     {.batch_size = size, .progress = [&](tri::progress p) {
                        done = p.done;
                        CHECK(p.total == n);
                      }});
      CHECK(same_bits(got, expected));
      CHECK(done == n);
      Eigen::VectorXd const v = Eigen::Map<Eigen::VectorXd const>(in.data(), static_cast<Eigen::Index>(n));
      auto const w = tri::batch_map(cluster, v, tri::fn<square_of>, {.batch_size = size});
      static_assert(std::is_same_v<decltype(w), Eigen::VectorXd const>);
      CHECK(same_bits(w, expected));
    }
}

} // namespace

TEST_CASE("batches, on inline_executor") { batches(tri::inline_executor{}); }
TEST_CASE("batches, on threads") { batches(tri::thread_pool(2)); }
TEST_CASE("batches, on processes") { batches(tri::process_pool(1)); }

TEST_CASE("whatever fails in batch_map on one rank fails on all, after the batches before it") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  for (int const bad : {0, cluster.size() / 2, cluster.size() - 1}) {
    CAPTURE(bad);
    bool const here = cluster.rank() == bad;
    std::vector<int> got;
    auto const keep = [&](std::span<int const> batch) { got.insert(got.end(), batch.begin(), batch.end()); };

    testing::read_once broken(100, here ? 25 : -1);
    CHECK_THROWS_MATCHES(tri::batch_map(cluster, broken, std::negate<>{}, keep, {.batch_size = 10}), std::runtime_error,
                         message_contains("the range threw"));
    CHECK(got.size() == 20);

    got.clear();
    testing::read_once fine(100);
    CHECK_THROWS_MATCHES(tri::batch_map(cluster, fine, tri::bind_front<fails_at_element>(57), keep, {.batch_size = 10}),
                         std::domain_error, message_contains("the kernel threw"));
    CHECK(got.size() == 50);

    int calls = 0;
    testing::read_once again(100);
    auto const breaks = [&](std::span<int const>) {
      if (++calls == 3 && here) throw std::length_error("the sink is full");
    };
    CHECK_THROWS_MATCHES(tri::batch_map(cluster, again, std::negate<>{}, breaks, {.batch_size = 10}), std::length_error,
                         message_contains("the sink is full"));
    CHECK(calls == 3);
  }
  CHECK_THROWS_AS(tri::batch_map(cluster, std::vector{1, 2}, std::negate<>{}, {.batch_size = 0}), std::invalid_argument);
}

TEST_CASE("time that is out on one rank is out on all") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  testing::read_once source(1'000'000'000);
  auto const slow = [](std::span<int const>) {};
  using std::chrono_literals::operator""ms;
  CHECK_THROWS_AS(tri::batch_map(cluster, source, std::negate<>{}, slow, {.batch_size = 100, .timeout = 50ms}), tri::timed_out);
}
