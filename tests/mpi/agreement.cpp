/// @file mpi/agreement.cpp
/// Ranks that agree under a time limit: as without one, as long as all of them come.
#include <trireme/mpi.hpp>

#include "testing.hpp"

#include <chrono>
#include <cstddef>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>

namespace tri = trireme;
using namespace std::chrono_literals;
using testing::message_contains;

namespace {

using cluster_type = tri::mpi_cluster<tri::inline_executor>;

template <class Work>
void meet(cluster_type const& cluster, std::chrono::nanoseconds timeout, Work const& work) {
  link_of(cluster).together([&]() -> std::size_t { return work(), 7; }, {"meet", timeout});
}

/// The first, a middle and the last rank.
std::set<int> some_ranks(int size) { return {0, size / 2, size - 1}; }

} // namespace

TEST_CASE("ranks that come in time agree") {
  cluster_type const cluster(tri::inline_executor{});
  for (auto const timeout : {std::chrono::nanoseconds(0), std::chrono::nanoseconds(1h), std::chrono::nanoseconds::max()}) {
    CAPTURE(timeout.count());
    int calls = 0;
    meet(cluster, timeout, [&] { ++calls; });
    CHECK(calls == 1);
  }
}

TEST_CASE("a rank that is late by less than the grace is waited for") {
  cluster_type const cluster(tri::inline_executor{});
  for (int const late : some_ranks(cluster.size())) {
    CAPTURE(late);
    int calls = 0;
    meet(cluster, 1ms, [&] {
      if (cluster.rank() == late) std::this_thread::sleep_for(20ms);
      ++calls;
    });
    CHECK(calls == 1);
  }
}

TEST_CASE("what one rank throws under a limit all ranks throw") {
  cluster_type const cluster(tri::inline_executor{});
  for (int const bad : some_ranks(cluster.size())) {
    CAPTURE(bad);
    std::string const text = "thrown on rank " + std::to_string(bad);
    auto const call = [&] {
      meet(cluster, 1h, [&] {
        if (cluster.rank() == bad) throw std::domain_error(text);
      });
    };
    CHECK_THROWS_MATCHES(call(), std::domain_error, message_contains(text));
    meet(cluster, 1h, [] {}); // the cluster goes on
  }
}

TEST_CASE("ranks with different sizes are told so under a limit") {
  cluster_type const cluster(tri::inline_executor{});
  auto const call = [&] {
    link_of(cluster).together([&]() -> std::size_t { return cluster.rank() == cluster.size() - 1 ? 8 : 9; }, {"call", 1h});
  };
  if (cluster.size() == 1)
    call();
  else
    CHECK_THROWS_MATCHES(call(), std::invalid_argument, message_contains("one has 8 elements here, and another 9"));
}

TEST_CASE("many limited calls leave no message to each other, or to others") {
  cluster_type const cluster(tri::inline_executor{});
  int failures = 0;
  for (int i = 0; i < 1000; ++i) {
    try {
      meet(cluster, i % 3 == 0 ? 0s : 1h, [&] {
        if (i % 5 == 0 && cluster.rank() == i % cluster.size()) throw i;
      });
    } catch (tri::remote_error const&) {
      ++failures;
    }
  }
  CHECK(failures == 200);
  int left = 0;
  MPI_Barrier(link_of(cluster).comm());
  MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, link_of(cluster).comm(), &left, MPI_STATUS_IGNORE);
  CHECK(left == 0);
}

TEST_CASE("ranks that are late alike have their time out, and the job goes on") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const slow = [](std::size_t) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2200));
  }; // longer than timeout and grace
  for (auto const schedule : {tri::fixed, tri::guided})
    CHECK_THROWS_AS(tri::for_each_index(cluster, 4 * static_cast<std::size_t>(cluster.size()), slow,
                                        {.chunk_size = 1, .timeout = std::chrono::milliseconds(50), .schedule = schedule}),
                    tri::timed_out);
}
