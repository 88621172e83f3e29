/// @file mpi/sort.cpp
/// Sort on a cluster has the result of inline_executor, of host ranges and of spread buffers; and what it is made of.
#include <trireme/mpi.hpp>

#include "far_executor.hpp"
#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::by_key;
using testing::keyed;
using testing::message_contains;
using testing::numbers;
using testing::same_bits;

namespace {

inline constexpr auto sort_sizes = testing::sizes(0, 1, 2, 31, 127, 128, 129, 4095, 4096, 4097, 20'000, 300'000);

std::vector<keyed> records(std::size_t n, std::size_t keys) {
  std::vector<keyed> out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = {static_cast<std::int32_t>(testing::scramble(i) % keys), static_cast<std::uint32_t>(i)};
  return out;
}
std::vector<keyed> in_order(std::vector<keyed> x) {
  std::stable_sort(x.begin(), x.end(), by_key);
  return x;
}

template <class E>
void sorts(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  tri::inline_executor const reference;
  for (std::size_t const n : sort_sizes) {
    CAPTURE(n);
    auto const in = numbers(n);
    auto expected = in;
    tri::sort(reference, expected);
    auto sorted = in;
    tri::sort(cluster, sorted);
    CHECK(same_bits(sorted, expected));
    tri::buffer spread(cluster, in);
    tri::sort(cluster, spread);
    CHECK(same_bits(spread.to_host(), expected));
    tri::sort(cluster, spread); // that is sorted
    CHECK(same_bits(spread.to_host(), expected));
    tri::sort(cluster, spread, std::greater<>{}); // the other way round
    std::reverse(expected.begin(), expected.end());
    CHECK(same_bits(spread.to_host(), expected));

    for (std::size_t const keys : testing::sizes(1, 100)) { // stable
      CAPTURE(keys);
      auto const x = records(n, keys);
      auto y = x;
      tri::sort(cluster, y, tri::fn<by_key>);
      CHECK(same_bits(y, in_order(x)));
      tri::buffer b(cluster, x);
      tri::sort(cluster, b, tri::fn<by_key>);
      CHECK(same_bits(b.to_host(), in_order(x)));
    }
  }
}

} // namespace

TEST_CASE("sort, on inline_executor") { sorts(tri::inline_executor{}); }
TEST_CASE("sort, on threads") { sorts(tri::thread_pool(2)); }
TEST_CASE("sort, on processes") { sorts(tri::process_pool(2)); }
TEST_CASE("sort, where memory can't be touched from the host") { sorts(testing::far_executor(testing::far_executor::lazy)); }

TEST_CASE("sort where all elements change their ranks, or one rank has them all at an end") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  std::size_t const n = 50'000;
  for (std::size_t const by : testing::sizes(0, 1, 4096, n / 3, n / 2, n - 1)) {
    CAPTURE(by);
    std::vector<std::uint32_t> x(n), expected(n);
    std::iota(expected.begin(), expected.end(), 0u);
    for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<std::uint32_t>((i + by) % n);
    tri::buffer b(cluster, x);
    tri::sort(cluster, b);
    CHECK(b.to_host() == expected);
    // Where one key is most of them, some few others lie at both ends.
    auto y = records(n, n);
    for (auto& r : y) r.key = static_cast<std::size_t>(r.key) < by / 2 ? -1 : r.key > 49'900 ? 1 : 0;
    tri::buffer c(cluster, y);
    tri::sort(cluster, c, by_key);
    CHECK(same_bits(c.to_host(), in_order(y)));
  }
}

TEST_CASE("sort of lists, vectors of Eigen, bools, tuples, and numbers that are none") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  tri::inline_executor const reference;
  auto in = numbers(20'000);
  for (std::size_t i = 0; i < in.size(); i += 100) in[i] = std::numeric_limits<double>::quiet_NaN();
  auto expected = in;
  tri::sort(reference, expected);
  std::list<double> linked(in.begin(), in.end());
  tri::sort(cluster, linked);
  CHECK(same_bits(std::vector(linked.begin(), linked.end()), expected));
  Eigen::VectorXd v = Eigen::Map<Eigen::VectorXd const>(in.data(), static_cast<Eigen::Index>(in.size()));
  tri::sort(cluster, v);
  CHECK(same_bits(v, expected));
  std::vector<bool> flags(10'000);
  for (std::size_t i = 0; i < flags.size(); ++i) flags[i] = testing::scramble(i) % 3 == 0;
  auto expected_flags = flags;
  std::stable_sort(expected_flags.begin(), expected_flags.end());
  tri::sort(cluster, flags);
  CHECK(flags == expected_flags);
  std::vector<std::tuple<int, double>> tuples;
  for (std::size_t i = 0; i < in.size(); ++i)
    tuples.emplace_back(static_cast<int>(testing::scramble(i) % 100), static_cast<double>(i));
  auto expected_tuples = tuples;
  std::sort(expected_tuples.begin(), expected_tuples.end());
  tri::buffer b(cluster, tuples);
  tri::sort(cluster, b);
  CHECK(b.to_host() == expected_tuples);
}

TEST_CASE("sort of a part of a spread buffer stays in the part") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const in = numbers(50'000);
  for (std::size_t const first : testing::sizes(0, 100, 30'000, 49'999))
    for (std::size_t const n : testing::sizes(0, 1, 5000, 20'000)) {
      if (first + n > in.size()) continue;
      CAPTURE(first, n);
      auto expected = in;
      std::sort(expected.begin() + static_cast<std::ptrdiff_t>(first), expected.begin() + static_cast<std::ptrdiff_t>(first + n));
      tri::buffer b(cluster, in);
      tri::sort(cluster, b.subspan(first, n));
      CHECK(same_bits(b.to_host(), expected));
    }
}

TEST_CASE("what less throws on one rank all ranks throw, no element is lost, and the cluster goes on") {
  auto const check = [](auto const& inner) {
    tri::mpi_cluster const cluster(inner);
    std::size_t const n = 20'000;
    auto const in = numbers(n);
    auto expected = in;
    std::sort(expected.begin(), expected.end());
    for (int const rank : {0, cluster.size() / 2, cluster.size() - 1}) {
      std::size_t calls = 0, bad = std::numeric_limits<std::size_t>::max();
      auto const less = [&](double a, double b) {
        if (cluster.rank() == rank && ++calls == bad) throw std::range_error("less threw once");
        return a < b;
      };
      tri::buffer first(cluster, in);
      tri::sort(cluster, first, less);
      std::size_t const all_calls = calls;
      for (int const part : {0, 50, 85, 90, 94, 97, 99, 100}) { // in each of its stages
        CAPTURE(rank, part);
        bad = std::max<std::size_t>(1, all_calls * static_cast<std::size_t>(part) / 100);
        calls = 0;
        tri::buffer b(cluster, in);
        CHECK_THROWS_MATCHES(tri::sort(cluster, b, less), std::range_error, message_contains("less threw once"));
        auto all = b.to_host();
        std::sort(all.begin(), all.end());
        CHECK(same_bits(all, expected));
        calls = 0;
        auto host = in;
        CHECK_THROWS_AS(tri::sort(cluster, host, less), std::range_error);
        CHECK(same_bits(host, in));
      }
    }
    auto last = in;
    tri::sort(cluster, last);
    CHECK(same_bits(last, expected));
  };
  check(tri::inline_executor{});
}

TEST_CASE("bad arguments of sort are refused on every rank, and it is watched, stopped and limited in time") {
  tri::mpi_cluster const cluster(tri::thread_pool(2)), other(tri::thread_pool(1));
  auto x = numbers(100'000);
  tri::buffer b(cluster, x);
  CHECK_THROWS_AS(tri::sort(other, b), std::invalid_argument);
  CHECK_THROWS_AS(tri::sort(cluster, x, std::less<>{}, {.timeout = std::chrono::seconds(-1)}), std::invalid_argument);
  std::stop_source stop;
  if (cluster.rank() == cluster.size() - 1) stop.request_stop();
  CHECK_THROWS_AS(tri::sort(cluster, x, std::less<>{}, {.stop = stop.get_token()}), tri::cancelled);
  CHECK(same_bits(x, numbers(x.size())));
  auto const slow = [until = std::chrono::steady_clock::now() + std::chrono::milliseconds(300)](double a, double c) {
    while (std::chrono::steady_clock::now() < until) {
    }
    return a < c;
  };
  CHECK_THROWS_AS(tri::sort(cluster, x, slow, {.timeout = std::chrono::milliseconds(20)}), tri::timed_out);
  std::size_t done = 0, total = 0;
  auto const watch = [&](tri::progress p) {
    CHECK(p.done >= done);
    CHECK(p.done <= p.total);
    done = p.done;
    total = p.total;
  };
  tri::sort(cluster, b, std::less<>{}, {.progress = watch});
  CHECK(done == total);
  CHECK(total == b.local().size());
  std::sort(x.begin(), x.end());
  CHECK(same_bits(b.to_host(), x));
}

TEST_CASE("elements go from all ranks to all, in messages of any size") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const& link = link_of(cluster);
  auto const rank = static_cast<std::size_t>(cluster.rank()), ranks = static_cast<std::size_t>(cluster.size());
  auto const count = [](std::size_t from, std::size_t to) { return (from * 7 + to * 13) % 23; };
  for (std::size_t const most : testing::sizes(4, 5, 64, 1'000'000)) {
    CAPTURE(most);
    std::vector<std::size_t> sends{0}, receives{0};
    std::vector<std::uint32_t> from, expected;
    for (std::size_t r = 0; r < ranks; ++r) {
      for (std::size_t i = 0; i < count(rank, r); ++i) from.push_back(static_cast<std::uint32_t>(rank * 10'000 + r * 100 + i));
      for (std::size_t i = 0; i < count(r, rank); ++i)
        expected.push_back(static_cast<std::uint32_t>(r * 10'000 + rank * 100 + i));
      sends.push_back(from.size());
      receives.push_back(expected.size());
    }
    std::vector<std::uint32_t> to(expected.size());
    tri::detail::exchange move(link, sends, receives, sizeof(std::uint32_t), most);
    move.run(from.data(), to.data());
    CHECK(to == expected);
  }
}

TEST_CASE("less that is no order loses nothing, on any number of ranks") {
  using testing::measured;
  auto const check = [](auto const& inner, std::size_t n) {
    CAPTURE(n);
    tri::mpi_cluster const cluster(inner);
    std::vector<measured> in(n);
    for (std::size_t i = 0; i < n; ++i)
      in[i] = {i % 3 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(testing::scramble(i) % 1000), i};
    auto const loses_none = [&](auto const& less) {
      auto const all_there = [&](std::vector<measured> after) {
        std::sort(after.begin(), after.end(), [](measured a, measured b) { return a.place < b.place; });
        return same_bits(after, in);
      };
      auto const sorts = [&](auto&& range) { // as ranks find it out, or not, but all of them the same
        try {
          tri::sort(cluster, range, less);
        } catch (std::invalid_argument const& e) {
          CHECK_THAT(e.what(), testing::contains("less is no strict weak order"));
        }
      };
      tri::buffer b(cluster, in);
      sorts(b);
      CHECK(all_there(b.to_host()));
      auto host = in;
      sorts(host);
      CHECK(all_there(host));
    };
    loses_none(tri::fn<testing::by_value>);
    loses_none(tri::fn<testing::by_chance>);
  };
  for (std::size_t const n : testing::sizes(1, 100, 40'000, 200'000)) check(tri::inline_executor{}, n);
  check(tri::thread_pool(2), 100'000);
  check(tri::process_pool(2), 100'000);
}

namespace {
inline constexpr std::greater<> greater{};
} // namespace

TEST_CASE("sort has NaNs last in the members of elements, and first where std::greater is given") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  tri::inline_executor const reference;
  double const nan = std::numeric_limits<double>::quiet_NaN();
  std::size_t const n = 50'000;
  std::vector<testing::measured> records(n);
  std::vector<std::array<double, 2>> arrays(n);
  for (std::size_t i = 0; i < n; ++i) {
    records[i] = {i % 10 == 0 ? nan : static_cast<double>(testing::scramble(i) % 1000), i};
    arrays[i] = {i % 7 == 0 ? nan : static_cast<double>(i % 5), i % 11 == 0 ? nan : static_cast<double>(testing::scramble(i))};
  }
  auto const check = [&](auto const& in, auto const& less) {
    auto expected = in;
    tri::sort(reference, expected, less);
    auto sorted = in;
    tri::sort(cluster, sorted, less);
    CHECK(same_bits(sorted, expected));
    tri::buffer b(cluster, in);
    tri::sort(cluster, b, less);
    CHECK(same_bits(b.to_host(), expected));
  };
  check(records, tri::ascending{});
  check(records, std::greater<>{});
  check(arrays, std::less<>{});
  check(arrays, tri::fn<greater>);
}
