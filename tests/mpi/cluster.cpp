/// @file mpi/cluster.cpp
/// The handle itself: its ranks, its communicator, what MPI reports, and failures that reach every rank.
#include <trireme/mpi.hpp>

#include "testing.hpp"

#include <Eigen/Core>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

struct own_exception : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The first, a middle and the last rank.
std::set<int> some_ranks(int size) { return {0, size / 2, size - 1}; }

/// Where rank `bad` throws, and what each rank then sees.
template <class Throw>
void fail_on(tri::mpi_cluster<tri::inline_executor> const& cluster, int bad, Throw const& thrown) {
  link_of(cluster).together([&]() -> std::size_t {
    if (cluster.rank() == bad) thrown();
    return 7;
  });
}

} // namespace

TEST_CASE("a cluster knows its ranks") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  int rank = -1, size = -1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  CHECK(cluster.rank() == rank);
  CHECK(cluster.size() == size);
  CHECK(cluster.concurrency() == static_cast<std::size_t>(size));
  CHECK(cluster.inner() == tri::inline_executor{});

  tri::mpi_cluster const threads(tri::thread_pool(static_cast<std::size_t>(rank) + 1));
  auto const n = static_cast<std::size_t>(size);
  CHECK(threads.concurrency() == n * (n + 1) / 2);
}

TEST_CASE("copies are equal, other clusters are not") {
  tri::mpi_cluster const a(tri::inline_executor{});
  auto b = a;
  tri::mpi_cluster const c(tri::inline_executor{});
  CHECK(a == b);
  CHECK(!(a == c));
  b = c;
  CHECK(b == c);
  static_assert(!tri::executor<tri::mpi_cluster<tri::inline_executor>>);
}

TEST_CASE("our messages don't meet the user's") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  int same = -1;
  MPI_Comm_compare(link_of(cluster).comm(), MPI_COMM_WORLD, &same);
  CHECK(same == MPI_CONGRUENT);
}

TEST_CASE("what is no group of ranks is refused") {
  CHECK_THROWS_AS(tri::mpi_cluster(tri::inline_executor{}, MPI_COMM_NULL), std::invalid_argument);
}

TEST_CASE("what MPI reports is an mpi_error with its text, and the program's own handler stays") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const fail = [&] {
    int word = 0;
    tri::detail::check_mpi(MPI_Bcast(&word, 1, MPI_INT, 1000, link_of(cluster).comm()), "MPI_Bcast");
  };
  CHECK_THROWS_MATCHES(fail(), tri::mpi_error, message_contains("trireme: MPI_Bcast: "));
  try {
    fail();
  } catch (tri::mpi_error const& e) {
    CHECK(e.call() == "MPI_Bcast");
    int kind = 0;
    MPI_Error_class(e.code(), &kind);
    CHECK(kind == MPI_ERR_ROOT);
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    MPI_Error_string(e.code(), text, &length);
    CHECK_THAT(e.what(), testing::contains(text));
  }
  MPI_Errhandler theirs = MPI_ERRHANDLER_NULL;
  MPI_Comm_get_errhandler(MPI_COMM_WORLD, &theirs);
  CHECK(theirs == MPI_ERRORS_ARE_FATAL);
  MPI_Errhandler_free(&theirs);
}

TEST_CASE("what one rank throws all ranks throw, with its type and text") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  for (int const bad : some_ranks(cluster.size())) {
    CAPTURE(bad);
    std::string const text = "thrown on rank " + std::to_string(bad);
    CHECK_THROWS_MATCHES(fail_on(cluster, bad, [&] { throw std::out_of_range(text); }), std::out_of_range,
                         message_contains(text));
    CHECK_THROWS_AS(fail_on(cluster, bad, [] { throw std::bad_alloc{}; }), std::bad_alloc);
    CHECK_THROWS_AS(fail_on(cluster, bad, [] { throw tri::cancelled{}; }), tri::cancelled);
    try {
      fail_on(cluster, bad, [&] { throw std::system_error(std::make_error_code(std::errc::no_space_on_device), text); });
      FAIL_CHECK("nothing was thrown");
    } catch (std::system_error const& e) {
      CHECK(e.code() == std::errc::no_space_on_device);
      CHECK_THAT(e.what(), testing::contains(text));
    }
    try { // the same on the rank that threw it
      fail_on(cluster, bad, [&] { throw own_exception(text); });
      FAIL_CHECK("nothing was thrown");
    } catch (tri::remote_error const& e) {
      CHECK_THAT(e.type_name(), testing::contains("own_exception"));
      CHECK(e.text() == text);
    }
    CHECK_THROWS_AS(fail_on(cluster, bad, [] { throw 42; }), tri::remote_error);
    fail_on(cluster, -1, [] {}); // the cluster goes on
  }
}

TEST_CASE("of several failures the lowest rank's is thrown") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  int const first = cluster.size() / 2;
  auto const call = [&] {
    link_of(cluster).together([&]() -> std::size_t {
      if (cluster.rank() >= first) throw std::runtime_error("rank " + std::to_string(cluster.rank()) + '!');
      return 1;
    });
  };
  CHECK_THROWS_MATCHES(call(), std::runtime_error, message_contains("rank " + std::to_string(first) + '!'));
}

TEST_CASE("ranks with different sizes are told so") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const call = [&] {
    link_of(cluster).together([&]() -> std::size_t { return cluster.rank() == cluster.size() - 1 ? 8 : 9; });
  };
  if (cluster.size() == 1)
    call();
  else
    CHECK_THROWS_MATCHES(call(), std::invalid_argument, message_contains("one has 8 elements here, and another 9"));
}

TEST_CASE("public calls with different sizes, and different calls, are told so, and the cluster goes on") {
  tri::mpi_cluster const cluster(tri::thread_pool(1));
  bool const last = cluster.rank() == cluster.size() - 1;
  std::vector<int> const x(last ? 8 : 9, 1);
  std::vector<int> out(x.size());
  auto const refuse = [&](auto const& call, char const* text) {
    if (cluster.size() != 1) CHECK_THROWS_MATCHES(call(), std::invalid_argument, message_contains(text));
    CHECK(tri::reduce(cluster, std::vector<int>(10, 1)) == 10);
  };
  auto const each = [](int) {};
  char const* const sizes = "one has 8 elements here, and another 9";
  refuse([&] { static_cast<void>(tri::reduce(cluster, x)); }, sizes);
  refuse([&] { static_cast<void>(tri::transform(cluster, x, std::negate<>{})); }, sizes);
  refuse([&] { tri::transform(cluster, x, std::negate<>{}, tri::into(out), {.schedule = tri::guided}); }, sizes);
  refuse([&] { tri::for_each(cluster, x, each, {.timeout = std::chrono::hours(1), .schedule = tri::guided}); }, sizes);
  refuse([&] { tri::for_each_index(cluster, x.size(), [](std::size_t) {}); }, sizes);
  refuse([&] { static_cast<void>(tri::inclusive_scan(cluster, x)); }, sizes);
  refuse([&] { static_cast<void>(tri::batch_map(cluster, x, std::negate<>{})); }, sizes);
  refuse([&] { static_cast<void>(tri::simulate(cluster, x.size(), [](auto& rng) { return rng.uniform(); })); }, sizes);
  refuse([&] { static_cast<void>(tri::buffer(cluster, x)); }, sizes);
  refuse([&] { tri::sort(cluster, out); }, sizes);

  std::vector<int> const same(9, 1);
  for (auto const timeout : {std::chrono::hours(0), std::chrono::hours(1)})
    refuse(
        [&] {
          if (last)
            static_cast<void>(tri::reduce(cluster, same, 0, std::plus<>{}, {.timeout = timeout}));
          else
            tri::for_each(cluster, same, each, {.timeout = timeout});
        },
        last ? "trireme: reduce: the ranks of a cluster make the same calls, but this one meets another call"
             : "trireme: for_each: the ranks of a cluster make the same calls, but this one meets another call");
  refuse([&] { tri::for_each(cluster, same, each, {.schedule = last ? tri::fixed : tri::guided}); },
         "meets another call on another rank");
  Eigen::MatrixXd const wide(2, 6), tall(4, 3), a(5, last ? 2 : 3), b(last ? 2 : 3, 4);
  refuse([&] { tri::matrix(cluster, last ? wide : tall); }, "meets another call on another rank");
  refuse([&] { static_cast<void>(tri::matmul(cluster, a, b)); }, "meets another call on another rank");
}

TEST_CASE("values of different types are told so on all ranks, with their names, and the cluster goes on") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  bool const last = cluster.rank() == cluster.size() - 1;
  std::vector<int> const x(20'000, 1);
  // call(a value) on the last rank with one of another type.
  auto const refuse = [&](char const* name, auto const& call, auto one, auto other) {
    auto const either = [&] { last ? static_cast<void>(call(other)) : static_cast<void>(call(one)); };
    if (cluster.size() == 1)
      either();
    else
      CHECK_THROWS_MATCHES(either(), std::invalid_argument,
                           message_contains("trireme: " + std::string(name) +
                                            ": the ranks of a cluster make the same calls, but the "
                                            "values of one are "));
    CHECK(tri::reduce(cluster, std::vector<int>(10, 1)) == 10);
  };
  refuse("reduce", [&](auto init) { return tri::reduce(cluster, x, init); }, 0.0, 0);
  refuse(
      "reduce", [&](auto init) { return tri::reduce(cluster, x, init, std::plus<>{}, {.timeout = std::chrono::hours(1)}); }, 0.0,
      0.0f);
  refuse(
      "transform_reduce", [&](auto init) { return tri::transform_reduce(cluster, x, init, std::plus<>{}, std::negate<>{}); }, 0L,
      0);
  refuse("exclusive_scan", [&](auto init) { return tri::exclusive_scan(cluster, x, init); }, 0.0, std::int64_t{0}); // of one size
  refuse(
      "transform", [&](auto to) { return tri::transform(cluster, x, [](int i) { return static_cast<decltype(to)>(i); }); }, 0.0,
      0);
  refuse(
      "batch_map", [&](auto to) { return tri::batch_map(cluster, x, [](int i) { return static_cast<decltype(to)>(i); }); }, 0.0,
      0);
  refuse("buffer", [&](auto to) { return tri::buffer(cluster, std::vector(100, to)); }, 0.0f, 0);
  refuse("inclusive_scan", [&](auto to) { return tri::inclusive_scan(cluster, std::vector(100, to)); }, 0.0f, 0.0);
  refuse(
      "monte_carlo",
      [&](auto to) { return tri::monte_carlo<decltype(to)>(cluster, 1'000'000, [](auto& rng) { return rng.uniform(); }); }, 0.0f,
      0.0);
  refuse(
      "sort",
      [&](auto to) {
        std::vector some(100, to);
        tri::sort(cluster, some);
      },
      0.0f, 0);
}

TEST_CASE("parts are gathered, also in messages that are too small for them") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const& link = link_of(cluster);
  auto const ranks = static_cast<std::size_t>(cluster.size());
  for (std::size_t const most : {std::size_t{1} << 30, std::size_t{100}, std::size_t{7}, std::size_t{1}}) {
    // Rank r has 10 r elements, the first none.
    std::vector<std::size_t> bounds{0};
    for (std::size_t r = 0; r < ranks; ++r) bounds.push_back(bounds.back() + 10 * r);
    std::vector<std::uint32_t> all(bounds.back(), 0), expected(bounds.back());
    std::iota(expected.begin(), expected.end(), 1u);
    auto const r = static_cast<std::size_t>(cluster.rank());
    for (std::size_t i = bounds[r]; i < bounds[r + 1]; ++i) all[i] = expected[i];
    link.gather(all.data(), sizeof(std::uint32_t), bounds, most);
    CHECK(all == expected);
  }
}

TEST_CASE("two clusters of split communicators work at once") {
  int rank = 0, size = 0;
  tri::mpi_cluster const everyone(tri::inline_executor{});
  rank = everyone.rank();
  size = everyone.size();
  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
  {
    tri::mpi_cluster const mine(tri::inline_executor{}, half);
    MPI_Comm_free(&half); // the cluster has its own
    CHECK(mine.size() == (rank % 2 == 0 ? (size + 1) / 2 : size / 2));
    CHECK(mine.rank() == rank / 2);
    // One half fails while the other does not, and makes more calls.
    for (int i = 0; i < (rank % 2 == 0 ? 3 : 30); ++i) {
      if (rank % 2 == 0)
        CHECK_THROWS_AS(fail_on(mine, 0, [] { throw std::domain_error("even"); }), std::domain_error);
      else
        fail_on(mine, -1, [] {});
    }
  }
  fail_on(everyone, -1, [] {});
}

TEST_CASE("two clusters work at once on two threads, while one of them fails") {
  tri::mpi_cluster const a(tri::thread_pool(1));
  tri::mpi_cluster const b(tri::inline_executor{});
  int threads = MPI_THREAD_SINGLE;
  MPI_Query_thread(&threads);
  if (threads < MPI_THREAD_MULTIPLE) return;
  int failures = 0, wrong = 0; // the checks of Catch2 are for one thread
  std::thread other([&] {
    for (int i = 0; i < 50; ++i) {
      try {
        tri::for_each_index(a, 100,
                            [&](std::size_t k) {
                              if (k == static_cast<std::size_t>(i)) throw std::domain_error("one");
                            },
                            {.schedule = i % 2 == 0 ? tri::fixed : tri::guided});
      } catch (std::domain_error const&) {
        ++failures;
      }
    }
  });
  for (int i = 0; i < 50; ++i)
    if (tri::reduce(b, std::vector<int>(100, i), 0, std::plus<>{}, {.timeout = std::chrono::hours(i % 2)}) != 100 * i) ++wrong;
  other.join();
  CHECK(failures == 50);
  CHECK(wrong == 0);
}

TEST_CASE("ranks destroy their clusters in any order") {
  for (int i = 0; i < 20; ++i) {
    auto a = std::make_optional<tri::mpi_cluster<tri::inline_executor>>(tri::inline_executor{});
    auto b = std::make_optional<tri::mpi_cluster<tri::inline_executor>>(tri::inline_executor{});
    if (a->rank() % 2 == 0) a.reset();
    b.reset();
  }
}

TEST_CASE("a cluster outlives MPI, which the end of the program finalises") {
  static std::optional<tri::mpi_cluster<tri::inline_executor>> kept; // destroyed after what its emplace begins
  kept.emplace(tri::inline_executor{});
  static tri::mpi_cluster const early(tri::inline_executor{});
  CHECK(early.size() == kept->size());
}
