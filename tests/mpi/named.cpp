/// @file mpi/named.cpp
/// Clusters chosen by name.
#include <trireme/mpi.hpp>

#include "far_executor.hpp"
#include "testing.hpp"

#include <array>
#include <cstddef>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

int ranks() { return tri::mpi_cluster(tri::inline_executor{}).size(); }

constexpr auto describe = [](auto const& ex) {
  using E = std::remove_cvref_t<decltype(ex)>;
  std::string kind = "one machine";
  if constexpr (tri::executor_cluster<E>)
    kind = std::is_same_v<E, tri::mpi_cluster<tri::thread_pool>> ? "cluster of threads" : "cluster";
  return kind + ' ' + std::to_string(ex.concurrency());
};

template <class Visitor>
auto with_any(std::string_view text, Visitor const& visitor) {
  return tri::with_executor<tri::inline_executor, tri::thread_pool, tri::mpi_cluster<tri::thread_pool>,
                            tri::mpi_cluster<tri::inline_executor>, tri::mpi_cluster<testing::far_executor>>(text, visitor);
}

/// An executor that has no name, and one that one of the ranks can't make.
struct nameless : tri::inline_executor {
  [[maybe_unused]] static constexpr bool names = false;
};
struct made_on_some : tri::inline_executor {
  static bool matches(std::string_view text) { return text == "some"; }
  static made_on_some named(std::string_view) {
    if (tri::mpi_cluster(tri::inline_executor{}).rank() == 0) throw std::runtime_error("no such thing on this rank");
    return {};
  }
  static constexpr std::string_view names = "some";
};

} // namespace

TEST_CASE("with_executor: clusters by name") {
  auto const all = static_cast<std::size_t>(ranks());
  CHECK(with_any("mpi:threads:2", describe) == "cluster of threads " + std::to_string(2 * all));
  CHECK(with_any("mpi:inline", describe) == "cluster " + std::to_string(all));
  CHECK(with_any("mpi:far", describe) == "cluster " + std::to_string(3 * all));
  CHECK(with_any("threads:2", describe) == "one machine 2");
  CHECK(with_any("mpi:threads", describe).starts_with("cluster of threads "));
}

TEST_CASE("with_executor: one visitor for an executor and for a cluster, the same bits") {
  std::vector<double> numbers(20'000);
  for (std::size_t i = 0; i < numbers.size(); ++i) numbers[i] = 1.0 / static_cast<double>(i + 1);
  auto const sum = [&](auto const& ex) { return tri::reduce(ex, numbers); };
  CHECK(with_any("mpi:threads:1", sum) == with_any("inline", sum));
  CHECK(with_any("mpi:threads:3", sum) == with_any("inline", sum));
}

TEST_CASE("with_executor: what is no cluster") {
  for (std::string const text : {"mpi", "mpi:", "mpi:threads:", "mpi:threads:2x", "mpi:cpu", "mpi threads", "MPI:threads",
                                 "mpi::threads", "mpi:mpi:threads", "mpi:processes"}) {
    CAPTURE(text);
    CHECK_THROWS_MATCHES(with_any(text, describe), std::invalid_argument,
                         message_contains("no executor is named \"" + text +
                                          "\"; there are inline, threads[:N], mpi:threads[:N], mpi:inline, mpi:far"));
  }
  CHECK_THROWS_MATCHES(with_any("mpi:threads:0", describe), std::invalid_argument, message_contains("width must be 1 to 65535"));
}

TEST_CASE("with_executor: a rank that has not got the executor is heard by all") {
  auto const ask = [] { tri::with_executor<tri::mpi_cluster<made_on_some>>("mpi:some", [](auto const&) {}); };
  CHECK_THROWS_MATCHES(ask(), std::runtime_error, message_contains("no such thing on this rank"));
}

TEST_CASE("mpi_cluster: names") {
  STATIC_REQUIRE(tri::named_executor<tri::mpi_cluster<tri::process_pool>>);
  STATIC_REQUIRE(tri::mpi_cluster<tri::process_pool>::names == "mpi:processes[:N]");
  CHECK(tri::executor_names<tri::inline_executor, tri::mpi_cluster<tri::thread_pool>>() == // no constant to g++ 12's sanitizers
        std::array<std::string_view, 2>{"inline", "mpi:threads"});
  STATIC_REQUIRE(tri::executor_cluster<tri::mpi_cluster<nameless>>);
  STATIC_REQUIRE(!tri::named_executor<tri::mpi_cluster<nameless>>);
}
