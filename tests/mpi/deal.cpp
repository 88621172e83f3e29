/// @file mpi/deal.cpp
/// The guided schedule gives the results of inline_executor, whoever computes which piece, and ends as the fixed one does.
#include <trireme/mpi.hpp>

#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <numeric>
#include <set>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;
using testing::difference;
using testing::is_positive;
using testing::message_contains;

namespace {

inline constexpr auto root_of = [](double x) { return x * 1.25 - 0.5 / (x + 1); };

/// The guided form of the public calls.
template <class E, class F>
void dealt_loop(tri::mpi_cluster<E> const& cluster, std::size_t n, F const& f, tri::loop_options options = {}) {
  options.schedule = tri::guided;
  tri::for_each_index(cluster, n, f, options);
}
template <class E, class F, class... R>
auto dealt_map(tri::mpi_cluster<E> const& cluster, F const& f, R&&... in) {
  return tri::transform(cluster, std::forward<R>(in)..., f, {.schedule = tri::guided});
}
template <class E, class Out, class F, class... R>
void dealt_map_into(tri::mpi_cluster<E> const& cluster, Out&& out, F const& f, R&&... in) {
  tri::transform(cluster, std::forward<R>(in)..., f, tri::into(std::forward<Out>(out)), {.schedule = tri::guided});
}

std::vector<double> some_numbers(std::size_t n) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) out[i] = static_cast<double>(i % 97) - 31.5;
  return out;
}

struct no_default {
  explicit no_default(double x) : value(x) {}
  double value;
};

template <class E>
void same_results(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  auto const ranks = static_cast<std::size_t>(cluster.size());
  for (std::size_t const n : std::set<std::size_t>{0, 1, 2, ranks - 1, ranks, 1000, 10'000}) {
    CAPTURE(n);
    auto const in = some_numbers(n);
    std::vector<float> const other(in.begin(), in.end());
    tri::inline_executor const here;
    CHECK(dealt_map(cluster, root_of, in) == tri::transform(here, in, root_of));
    CHECK(dealt_map(cluster, is_positive, in) == tri::transform(here, in, is_positive));
    CHECK(dealt_map(cluster, difference, in, other) == tri::transform(here, in, other, difference));
    CHECK(dealt_map(cluster, root_of, std::list<double>(in.begin(), in.end())) == tri::transform(here, in, root_of));

    auto const boxed = dealt_map(cluster, [](double x) { return no_default(x); }, in);
    CHECK(
        std::equal(boxed.begin(), boxed.end(), in.begin(), in.end(), [](no_default const& a, double b) { return a.value == b; }));

    Eigen::VectorXd const vector = Eigen::Map<Eigen::VectorXd const>(in.data(), static_cast<Eigen::Index>(n));
    Eigen::VectorXd const expected = tri::transform(here, vector, root_of);
    CHECK((dealt_map(cluster, root_of, vector).array() == expected.array()).all());

    auto place = in;
    dealt_map_into(cluster, place, root_of, place); // in place
    CHECK(place == tri::transform(here, in, root_of));
    std::deque<double> elsewhere(n);
    dealt_map_into(cluster, elsewhere, root_of, in);
    CHECK(std::equal(elsewhere.begin(), elsewhere.end(), place.begin(), place.end()));
  }
  std::vector<double> const three(3);
  std::vector<float> const four(4);
  CHECK_THROWS_AS(dealt_map(cluster, difference, three, four), std::invalid_argument);
}

} // namespace

TEST_CASE("pieces cover all elements, and become smaller") {
  for (int const ranks : {1, 2, 3, 64})
    for (std::size_t const n : testing::sizes(0, 1, 2, 7, 1000, 123'456'789))
      for (std::size_t const least : testing::sizes(1, 8)) {
        auto const cuts = tri::detail::guided_cuts(n, ranks, least);
        CHECK(cuts.front() == 0);
        CHECK(cuts.back() == n);
        for (std::size_t k = 0; k + 2 < cuts.size(); ++k) {
          REQUIRE(cuts[k + 1] - cuts[k] >= least);
          REQUIRE(cuts[k + 1] - cuts[k] >= std::min(cuts[k + 2] - cuts[k + 1], least));
        }
        CHECK(cuts.size() <= 2 + static_cast<std::size_t>(ranks) * 100);
      }
}

TEST_CASE("guided results are the same to the bit") {
  same_results(tri::inline_executor{});
  same_results(tri::thread_pool(2));
}

TEST_CASE("every index is computed once, on one rank") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  auto const ranks = static_cast<std::size_t>(cluster.size());
  for (std::size_t const n : std::set<std::size_t>{0, 1, 2, ranks - 1, ranks, 1000, 10'000}) {
    std::vector<std::atomic<int>> calls(n);
    dealt_loop(cluster, n, [&](std::size_t i) { ++calls[i]; });
    std::vector<int> mine(calls.begin(), calls.end()), all(n);
    MPI_Allreduce(mine.data(), all.data(), static_cast<int>(n), MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(std::count(all.begin(), all.end(), 1) == static_cast<std::ptrdiff_t>(n));
  }
}

TEST_CASE("a slow rank gets fewer pieces") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  if (cluster.size() == 1) return;
  for (int const slow : {0, cluster.size() - 1}) {
    int mine = 0;
    dealt_loop(cluster, 200, [&](std::size_t) {
      ++mine;
      std::this_thread::sleep_for(cluster.rank() == slow ? 4ms : 100us);
    });
    std::vector<int> all(static_cast<std::size_t>(cluster.size()));
    MPI_Allgather(&mine, 1, MPI_INT, all.data(), 1, MPI_INT, MPI_COMM_WORLD);
    CHECK(std::accumulate(all.begin(), all.end(), 0) == 200);
    CHECK(all[static_cast<std::size_t>(slow)] < 200 / cluster.size());
  }
}

TEST_CASE("what a kernel throws in any piece all ranks throw, and the cluster goes on") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  for (std::size_t const bad : testing::sizes(0, 500, 999)) {
    CAPTURE(bad);
    std::string const text = "the kernel threw at " + std::to_string(bad);
    auto const fail = [&](std::size_t i) {
      if (i == bad) throw std::out_of_range(text);
    };
    CHECK_THROWS_MATCHES(dealt_loop(cluster, 1000, fail), std::out_of_range, message_contains(text));
    std::vector<std::size_t> in(1000);
    std::iota(in.begin(), in.end(), std::size_t{0});
    CHECK_THROWS_MATCHES(
        dealt_map(cluster, [&](std::size_t i) { return fail(i), i; }, in), std::out_of_range, message_contains(text));
    CHECK(dealt_map(cluster, [](std::size_t i) { return i; }, in) == in);
  }
}

TEST_CASE("after a failure no rank takes more") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  for (int const bad : std::set<int>{0, cluster.size() / 2, cluster.size() - 1}) {
    int mine = 0, all = 0;
    auto const call = [&] {
      dealt_loop(cluster, 10'000, [&](std::size_t) {
        ++mine;
        if (cluster.rank() == bad) throw std::runtime_error("at once");
        std::this_thread::sleep_for(100us);
      });
    };
    CHECK_THROWS_AS(call(), std::runtime_error);
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(all < 9'999);
  }
}

TEST_CASE("a stop and a timeout end a guided call on all ranks") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  for (int const asking : std::set<int>{0, cluster.size() / 2, cluster.size() - 1}) {
    std::stop_source source;
    auto const call = [&](std::chrono::nanoseconds timeout) {
      dealt_loop(cluster, timeout.count() == 0 ? 2'000 : 1'000'000, // a rank finishes its piece after another's stop
                 [&](std::size_t) {
                   std::this_thread::sleep_for(50us);
                   if (timeout.count() == 0 && cluster.rank() == asking) source.request_stop();
                 },
                 {.chunk_size = 1, .stop = source.get_token(), .timeout = timeout});
    };
    CHECK_THROWS_AS(call(0ns), tri::cancelled);
    source = {};
    CHECK_THROWS_MATCHES(call(20ms), tri::timed_out, message_contains("for_each_index: it took longer than its timeout"));
    CHECK_THROWS_AS(call(-1ns), std::invalid_argument);
    dealt_loop(cluster, 100, [](std::size_t) {}, {.timeout = 1h});
  }
}

TEST_CASE("progress of a guided call goes on to the end, on each rank") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  std::size_t last = 0;
  bool ordered = true;
  auto const watch = [&](tri::progress p) {
    ordered = ordered && p.done >= last && p.total == 1000;
    last = p.done;
  };
  dealt_loop(cluster, 1000, [](std::size_t) {}, {.progress = watch});
  CHECK(ordered);
  CHECK(last == 1000);
  CHECK_THROWS_AS(
      dealt_loop(cluster, 1000, [](std::size_t) {}, {.progress = [](tri::progress) { throw std::domain_error("seen enough"); }}),
      std::domain_error);
}

TEST_CASE("many guided calls leave no message to each other") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  for (int i = 0; i < 200; ++i) {
    auto const n = static_cast<std::size_t>(i % 7);
    int mine = 0, all = 0;
    dealt_loop(cluster, n, [&](std::size_t) { ++mine; }, {.timeout = i % 2 == 0 ? 0s : 1h});
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(all == i % 7);
  }
  int left = 0;
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, link_of(cluster).comm(), &left, MPI_STATUS_IGNORE);
  CHECK(left == 0);
}
