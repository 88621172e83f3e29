/// @file process_forks.cpp
/// Kernels that fork: the copy ends where it comes out of the kernel, and what it did on the way was done to itself.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/processes/map.hpp>

#include "processes.hpp"
#include "testing.hpp"

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <vector>

namespace tri = trireme;

namespace {

enum class then { returns, throws, exits, executes, returns_by_clone };

/// Forks; the copy does as it is told, and the worker goes on.
void fork_and(then what) {
  if (what == then::returns_by_clone) {
    ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    return;
  }
  if (::fork() != 0) return;
  switch (what) {
    case then::throws: throw std::runtime_error("in the copy");
    case then::exits: std::exit(3); // NOLINT(concurrency-mt-unsafe)
    case then::executes: ::execl("/bin/true", "true", static_cast<char*>(nullptr)); ::_exit(127);
    default: break;
  }
}

inline constexpr auto count_and_fork = [](std::uint32_t* calls, then what, std::size_t i) {
  if (i % 16 == 5) fork_and(what);
  ++calls[i]; // by a copy too, if it goes on
};
inline constexpr auto fork_and_double = [](then what, int x) {
  fork_and(what);
  return std::vector<int>(20, 2 * x); // more than fits beside the task
};
inline constexpr auto twice = [](int x) { return 2 * x; };

} // namespace

TEST_CASE("process_pool: kernels that fork, with copies that return, throw, exit and execute") {
  for (then const what : {then::returns, then::throws, then::exits, then::executes, then::returns_by_clone}) {
    CAPTURE(static_cast<int>(what));
    tri::process_pool const pool(2);
    std::size_t const n = 1000;
    tri::buffer<std::uint32_t, tri::process_pool> calls(pool, std::vector<std::uint32_t>(n, 0));
    if (what != then::returns_by_clone) { // of which nobody is told, so that its loop goes on to its end
      tri::for_each_index(pool, n, tri::bind_front<count_and_fork>(calls.data(), what));
      CHECK(calls.to_host() == std::vector<std::uint32_t>(n, 1));
    }
    auto const kernel = tri::bind_front<fork_and_double>(what);
    std::vector<tri::future<std::vector<int>>> tasks;
    for (int k = 0; k < 20; ++k) tasks.push_back(tri::submit(pool, kernel, k));
    for (int k = 0; k < 20; ++k) CHECK(tasks[static_cast<std::size_t>(k)].get() == std::vector<int>(20, 2 * k));
    int at = 0;
    std::vector<int> in(20);
    std::iota(in.begin(), in.end(), 0);
    for (auto const& x : tri::map(pool, in, kernel)) CHECK(x == std::vector<int>(20, 2 * at++));
    CHECK(at == 20);
    for (int k = 0; k < 100; ++k) {
      CHECK(tri::submit(pool, tri::fn<twice>, k).get() == 2 * k);
      CHECK(tri::transform(pool, in, tri::fn<twice>)[7] == 14);
    }
  }
  CHECK(testing::soon([] { return testing::workers_of_this_program().empty(); }));
}
