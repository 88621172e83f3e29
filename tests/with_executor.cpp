/// @file with_executor.cpp
/// Executors chosen by name.
#include <trireme/trireme.hpp>

#include "far_executor.hpp"
#include "testing.hpp"

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {
constexpr auto describe = [](auto const& ex) {
  using E = std::remove_cvref_t<decltype(ex)>;
  std::string const kind = std::is_same_v<E, tri::inline_executor> ? "inline"
                           : std::is_same_v<E, tri::thread_pool>   ? "threads"
                           : std::is_same_v<E, tri::process_pool>  ? "processes"
                                                                   : "far";
  return kind + ' ' + std::to_string(ex.concurrency());
};
} // namespace

TEST_CASE("with_executor: names") {
  CHECK(tri::with_executor("inline", describe) == "inline 1");
  CHECK(tri::with_executor("threads:8", describe) == "threads 8");
  CHECK(tri::with_executor("threads:1", describe) == "threads 1");
  CHECK(tri::with_executor("processes:3", describe) == "processes 3");
  CHECK(tri::with_executor("threads", describe) == "threads " + std::to_string(tri::thread_pool().concurrency()));
  std::string const name = "threads:3, a part of a longer text";
  CHECK(tri::with_executor(std::string_view(name).substr(0, 9), describe) == "threads 3");
}

TEST_CASE("with_executor: the candidates are those that are written") {
  CHECK(tri::with_executor<testing::far_executor, tri::inline_executor>("far", describe) == "far 3");
  CHECK_THROWS_MATCHES((tri::with_executor<testing::far_executor, tri::inline_executor>("threads", describe)),
                       std::invalid_argument, message_contains("\"threads\"; there are far, inline"));
  CHECK_THROWS_MATCHES((tri::with_executor<tri::inline_executor>("", describe)), std::invalid_argument,
                       message_contains("inline"));
}

TEST_CASE("executor_names: one for each candidate, and with_executor knows it") {
  STATIC_REQUIRE(tri::executor_names<testing::far_executor, tri::thread_pool>() ==
                 std::array<std::string_view, 2>{"far", "threads"});
  STATIC_REQUIRE(tri::executor_names().front() == "inline");
  for (auto const name : tri::executor_names()) CHECK(!tri::with_executor(name, describe).empty());
}

TEST_CASE("with_executor: what is no name") {
  for (std::string const text : {"", "cpu", "Inline", "inline ", "threads:", "threads:-1", "threads:+2", "threads:2x",
                                 "threads: 2", "threads:1.5", "threads8", "processes:", "process"}) {
    CAPTURE(text);
    CHECK_THROWS_MATCHES(tri::with_executor(text, describe), std::invalid_argument,
                         message_contains("no executor is named \"" + text + "\"; there are inline, threads[:N], processes[:N]"));
  }
}

TEST_CASE("with_executor: a width that no pool has") {
  for (std::string const text : {"threads:0", "processes:0", "threads:65536", "threads:99999999999999999999"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(tri::with_executor(text, describe), std::invalid_argument);
  }
}

TEST_CASE("with_executor: results, references and exceptions pass through") {
  int value = 1;
  int& same = tri::with_executor("inline", [&](auto const&) -> int& { return value; });
  CHECK(&same == &value);
  for (std::string const text : {"inline", "threads:2", "processes:2"}) // on each, so with a kernel for each
    value += tri::with_executor(text, [](auto const& ex) { return tri::reduce(ex, std::vector{1, 2, 3}); });
  CHECK(value == 19);
  CHECK_THROWS_AS(tri::with_executor("inline", [](auto const&) { throw 7; }), int);
}
