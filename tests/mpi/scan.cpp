/// @file mpi/scan.cpp
/// Scans on a cluster have the bits of inline_executor, of host ranges and of spread buffers.
#include <trireme/mpi.hpp>

#include "far_executor.hpp"
#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <stdexcept>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::add_boxed;
using testing::boxed;
using testing::cast_all;
using testing::message_contains;
using testing::numbers;
using testing::order_of;
using testing::same_bits;

namespace {

inline constexpr auto adds_up_to = [](double limit, double a, double b) {
  if (b == limit) throw std::domain_error("op threw at an element");
  return a + b;
};

std::vector<std::uint64_t> words(std::size_t n) {
  std::vector<std::uint64_t> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = testing::scramble(i);
  return out;
}

inline constexpr auto scan_sizes = testing::sizes(0, 1, 31, 127, 128, 129, 4095, 4096, 4097, 16'384, 16'385, 20'000, 300'000);

template <class E>
void scans(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  tri::inline_executor const reference;
  for (std::size_t const n : scan_sizes) {
    CAPTURE(n);
    auto const in = numbers(n);
    auto const expected = tri::inclusive_scan(reference, in);
    auto const got = tri::inclusive_scan(cluster, in);
    static_assert(std::is_same_v<decltype(got), std::vector<double> const>);
    CHECK(same_bits(got, expected));
    auto const floats = cast_all<float>(in);
    auto const before = tri::exclusive_scan(reference, floats, 0.5);
    CHECK(same_bits(tri::exclusive_scan(cluster, floats, 0.5), before));

    tri::buffer const spread(cluster, in);
    auto const stays = tri::inclusive_scan(cluster, spread);
    static_assert(std::is_same_v<decltype(stays), tri::buffer<double, tri::mpi_cluster<E>> const>);
    CHECK(same_bits(stays.to_host(), expected));
    CHECK(same_bits(tri::exclusive_scan(cluster, tri::buffer(cluster, floats), 0.5).to_host(), before));

    auto place = in; // in place
    tri::inclusive_scan(cluster, place, tri::into(place));
    CHECK(same_bits(place, expected));
    tri::buffer on(cluster, in);
    tri::exclusive_scan(cluster, on, 0.5, tri::into(on));
    CHECK(same_bits(on.to_host(), tri::exclusive_scan(reference, in, 0.5)));
    tri::inclusive_scan(cluster, in, std::plus<>{}, tri::into(on)); // from the host to where it is spread, and back
    CHECK(same_bits(on.to_host(), expected));
    tri::inclusive_scan(cluster, spread, tri::into(place));
    CHECK(same_bits(place, expected));

    auto const w = words(n);
    CHECK(tri::inclusive_scan(cluster, w, order_of{}) == tri::inclusive_scan(reference, w, order_of{}));
    CHECK(tri::exclusive_scan(cluster, tri::buffer(cluster, w), std::uint64_t{7}, order_of{}).to_host() ==
          tri::exclusive_scan(reference, w, std::uint64_t{7}, order_of{}));
  }
}

} // namespace

TEST_CASE("scans, on inline_executor") { scans(tri::inline_executor{}); }
TEST_CASE("scans, on threads") { scans(tri::thread_pool(2)); }
TEST_CASE("scans, on processes") { scans(tri::process_pool(2)); }
TEST_CASE("scans, where memory can't be touched from the host") { scans(testing::far_executor(testing::far_executor::lazy)); }

TEST_CASE("everything meets in the order of the fixed shape, wherever ranks begin") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  tri::inline_executor const reference;
  auto const all = words(70 * tri::tile_size + 5);
  for (std::size_t tiles = 0; tiles <= 70; tiles += tiles < 18 ? 1 : 13)
    for (std::size_t const rest : testing::sizes(0, 3000)) {
      std::size_t const n = std::min(all.size(), tiles * tri::tile_size + rest);
      std::vector const some(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n));
      if (tri::inclusive_scan(cluster, some, order_of{}) != tri::inclusive_scan(reference, some, order_of{}))
        FAIL_CHECK("another order of " << n);
      if (tri::exclusive_scan(cluster, some, std::uint64_t{7}, order_of{}) !=
          tri::exclusive_scan(reference, some, std::uint64_t{7}, order_of{}))
        FAIL_CHECK("another order of " << n << ", exclusive");
    }
}

TEST_CASE("totals of values that are not negative never go down, wherever ranks begin") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  auto const check = [&]<class T>(std::vector<T> weights) {
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = i % 8 == 0 ? std::abs(weights[i]) : T(0);
    auto const totals = tri::inclusive_scan(cluster, weights), before = tri::exclusive_scan(cluster, weights, T(0));
    CHECK(std::is_sorted(totals.begin(), totals.end()));
    CHECK(std::is_sorted(before.begin(), before.end()));
    CHECK(std::equal(totals.begin(), totals.end() - 1, before.begin() + 1));
    tri::inclusive_scan(cluster, weights, tri::into(weights));
    CHECK(same_bits(weights, totals));
  };
  check(numbers(300'000));
  check(cast_all<float>(numbers(300'000, 1)));
}

TEST_CASE("scans of lists, vectors of Eigen and what has no default") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  tri::inline_executor const reference;
  auto const in = numbers(20'000);
  auto const expected = tri::inclusive_scan(reference, in);
  std::list<double> linked(in.begin(), in.end());
  CHECK(same_bits(tri::inclusive_scan(cluster, linked), expected));
  tri::inclusive_scan(cluster, linked, tri::into(linked));
  CHECK(same_bits(std::vector(linked.begin(), linked.end()), expected));
  Eigen::VectorXd const v = Eigen::Map<Eigen::VectorXd const>(in.data(), static_cast<Eigen::Index>(in.size()));
  auto const w = tri::inclusive_scan(cluster, v);
  static_assert(std::is_same_v<decltype(w), Eigen::VectorXd const>);
  CHECK(same_bits(w, expected));
  auto const floats = cast_all<float>(in);
  std::vector<double> wide(in.size());
  tri::inclusive_scan(cluster, floats, tri::into(wide)); // converted where it is stored
  auto const narrow = tri::inclusive_scan(reference, floats);
  CHECK(same_bits(wide, std::vector<double>(narrow.begin(), narrow.end())));

  std::vector<boxed> boxes;
  for (double const x : in) boxes.emplace_back(x);
  auto const sums = tri::inclusive_scan(cluster, boxes, add_boxed{});
  auto const before = tri::exclusive_scan(cluster, tri::buffer(cluster, boxes), boxed(0.5), add_boxed{}).to_host();
  auto const expected_before = tri::exclusive_scan(reference, in, 0.5);
  for (std::size_t i = 0; i < in.size(); ++i)
    if (!same_bits(sums[i].value, expected[i]) || !same_bits(before[i].value, expected_before[i]))
      FAIL_CHECK("another value at " << i);
}

TEST_CASE("a scan of a part of a spread buffer has the shape of the part") {
  auto const check = [](auto const& inner) {
    tri::mpi_cluster const cluster(inner);
    tri::inline_executor const reference;
    auto const in = numbers(50'000);
    for (std::size_t const first : testing::sizes(0, 100, 30'000)) {
      std::vector const some(in.begin() + static_cast<std::ptrdiff_t>(first),
                             in.begin() + static_cast<std::ptrdiff_t>(first) + 20'000);
      auto const expected = tri::inclusive_scan(reference, some);
      tri::buffer all(cluster, in);
      CHECK(same_bits(tri::inclusive_scan(cluster, all.subspan(first, 20'000)).to_host(), expected));
      auto part = all.subspan(first, 20'000);
      tri::inclusive_scan(cluster, part, tri::into(part));
      auto changed = in;
      std::copy(expected.begin(), expected.end(), changed.begin() + static_cast<std::ptrdiff_t>(first));
      CHECK(same_bits(all.to_host(), changed));
    }
  };
  check(tri::inline_executor{});
  check(tri::process_pool(1));
}

TEST_CASE("what op throws on one rank all ranks throw, and the cluster goes on") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  std::size_t const n = 100'000;
  for (std::size_t const bad : {std::size_t{1}, n / 2, n - 2}) {
    auto x = numbers(n);
    x[bad] = 1e300;
    CHECK_THROWS_MATCHES(tri::inclusive_scan(cluster, x, tri::bind_front<adds_up_to>(1e300)), std::domain_error,
                         message_contains("op threw at an element"));
    CHECK_THROWS_AS(tri::exclusive_scan(cluster, tri::buffer(cluster, x), 0.0, tri::bind_front<adds_up_to>(1e300)),
                    std::domain_error);
  }
  // Only on one rank, at each of its calls of op up to those that combine what all ranks have told.
  auto const x = numbers(n);
  auto const expected = tri::inclusive_scan(tri::inline_executor{}, x);
  for (int const rank : {0, cluster.size() / 2, cluster.size() - 1})
    for (int const good : {0, 100, 50'000, 10'000'000}) {
      tri::mpi_cluster const alone(tri::inline_executor{});
      int calls = 0;
      auto const op = [&](double a, double b) {
        if (alone.rank() == rank && calls++ == good) throw std::range_error("op threw once");
        return a + b;
      };
      if (good == 10'000'000)
        CHECK(same_bits(tri::inclusive_scan(alone, x, op), expected));
      else if (good * cluster.size() < 50'000)
        CHECK_THROWS_AS(tri::inclusive_scan(alone, x, op), std::range_error);
    }
  CHECK(same_bits(tri::inclusive_scan(cluster, x), expected));
}

TEST_CASE("bad arguments of scans are refused on every rank, before any work") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const x = numbers(10);
  std::vector<double> out(9, 1.0);
  CHECK_THROWS_AS(tri::inclusive_scan(cluster, x, tri::into(out)), std::invalid_argument);
  CHECK_THROWS_AS(tri::exclusive_scan(cluster, x, 0.0, std::plus<>{}, tri::into(out)), std::invalid_argument);
  CHECK(out == std::vector<double>(9, 1.0));
  tri::buffer<double, tri::mpi_cluster<tri::inline_executor>> spread(cluster, 9);
  CHECK_THROWS_AS(tri::inclusive_scan(cluster, x, tri::into(spread)), std::invalid_argument);
  CHECK_THROWS_AS(tri::inclusive_scan(cluster, x, std::plus<>{}, {.timeout = std::chrono::seconds(-1)}), std::invalid_argument);
  tri::mpi_cluster const other(tri::inline_executor{});
  CHECK_THROWS_AS(tri::inclusive_scan(other, spread), std::invalid_argument);
  testing::read_once source(10, cluster.rank() == cluster.size() - 1 ? 5 : -1);
  CHECK_THROWS_MATCHES(tri::inclusive_scan(cluster, source), std::runtime_error, message_contains("the range threw"));
  std::vector<int> const mine(static_cast<std::size_t>(cluster.rank()) + 1, 1);
  if (cluster.size() > 1) CHECK_THROWS_AS(tri::inclusive_scan(cluster, mine), std::invalid_argument);
}

TEST_CASE("scans are watched, stopped and limited in time") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const x = numbers(100'000);
  std::size_t done = 0, total = 0;
  auto const watch = [&](tri::progress p) {
    CHECK(p.done > done);
    done = p.done;
    total = p.total;
  };
  auto const cuts = cluster.cuts(x.size());
  auto const rank = static_cast<std::size_t>(cluster.rank());
  CHECK(same_bits(tri::inclusive_scan(cluster, x, std::plus<>{}, {.progress = watch}),
                  tri::inclusive_scan(tri::inline_executor{}, x)));
  CHECK(done == total);
  CHECK(total == cuts[rank + 1] - cuts[rank]);
  std::stop_source stop;
  if (cluster.rank() == cluster.size() - 1) stop.request_stop();
  CHECK_THROWS_AS(tri::inclusive_scan(cluster, x, std::plus<>{}, {.stop = stop.get_token()}), tri::cancelled);
  auto const slow = [until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300)](double a, double b) {
    while (std::chrono::steady_clock::now() < until) {
    }
    return a + b;
  };
  CHECK_THROWS_AS(tri::inclusive_scan(cluster, x, slow, {.timeout = std::chrono::milliseconds(20)}), tri::timed_out);
}
