/// @file process_descriptors.cpp
/// Pools of programs whose standard streams are closed when they start, and of workers that can't begin or have lost their
/// shared memory: right results or a typed exception in bounded time, and no process is left.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/processes/submit.hpp>

#include "processes.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <numeric>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;
using testing::message_contains;

namespace {

/// The exit status of a child, or -1 where it did not end in time.
int ends_with(pid_t child, int seconds = 60) {
  for (int k = 0; k < seconds * 100; ++k, ::usleep(10'000))
    if (int status = 0; ::waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return -1;
}

void close_streams(unsigned which) {
  for (int stream = 0; stream < 3; ++stream)
    if ((which >> stream & 1) != 0) ::close(stream);
}
bool are_closed(unsigned which) {
  unsigned closed = 0;
  for (int stream = 0; stream < 3; ++stream)
    if (::fcntl(stream, F_GETFD) == -1) closed |= 1u << stream;
  return closed == which;
}

inline constexpr auto print_and_square = [](std::uint64_t x) {
  std::printf("a kernel's line\n");
  std::fflush(stdout);
  for (int stream = 0; stream < 3; ++stream) [[maybe_unused]]
    auto const written = ::write(stream, "0123456789abcdef0123456789abcdef", 32);
  return x * x;
};
inline constexpr auto identity = [](int x) { return x; };

/// Where the workers' static initialisation runs: ends them there, as TRIREME_TEST_DIES says, and leaves a byte for each.
struct dies_at_start {
  dies_at_start() {
    char const* const how = std::getenv("TRIREME_TEST_DIES");
    if (how == nullptr || tri::detail::process_role::current != tri::detail::process_role::initialising) return;
    int const file = ::open(std::getenv("TRIREME_TEST_COUNT"), O_WRONLY | O_APPEND);
    [[maybe_unused]] auto const written = ::write(file, "x", 1);
    if (*how == 'k') std::raise(SIGKILL);
    if (*how == 'a') std::abort();
    ::_exit(1);
  }
} const dies_at_start_here;

/// Writes over part of what the pool keeps.
inline constexpr auto overwrite = [](char* from, std::size_t bytes, int with, std::size_t) { std::memset(from, with, bytes); };

/// Pools with streams closed: 0 where all was right.
int use_pools(unsigned closed) {
  std::vector<std::uint64_t> in(1000);
  std::iota(in.begin(), in.end(), std::uint64_t{0});
  if (!are_closed(closed)) return 7;
  for (int round = 0; round < 2; ++round) {
    tri::process_pool const pool(2);
    for (int stream = 0; stream < 3; ++stream) [[maybe_unused]]
      auto const written = ::write(stream, "the program's", 13);
    auto const out = tri::transform(pool, in, tri::fn<print_and_square>);
    for (std::size_t k = 0; k < in.size(); ++k)
      if (out[k] != in[k] * in[k]) return 2;
    if (tri::submit(pool, tri::fn<identity>, 42).get() != 42) return 3;
    std::printf("%s", "the program's own line");
    std::fflush(stdout);
    if (tri::reduce(pool, in) != 499'500) return 4;
    if (!are_closed(closed)) return 5; // the library's descriptors are not there, and it opened nothing for the program
  }
  return are_closed(closed) ? 0 : 6;
}

} // namespace

// Hidden: run by the next one, as a program of its own. TRIREME_TEST_CLOSED: bits of the streams, and 8 for a second thread.
TEST_CASE("process_pool: a program with closed streams", "[.closed]") {
  auto const how = static_cast<unsigned>(std::atoi(std::getenv("TRIREME_TEST_CLOSED")));
  bool stop = false;
  std::thread other;
  if ((how & 8) != 0)
    other = std::thread([&] {
      while (!std::atomic_ref(stop).load()) ::usleep(1000);
    });
  int const result = use_pools(how & 7);
  std::atomic_ref(stop).store(true);
  if (other.joinable()) other.join();
  ::_exit(result);
}

TEST_CASE("process_pool: each combination of closed standard streams, forked and executed anew, with kernels that print") {
  auto const self = std::filesystem::read_symlink("/proc/self/exe").string();
  for (unsigned how = 0; how < 16; ++how) {
    CAPTURE(how);
    pid_t const child = ::fork();
    if (child == 0) {
      ::setenv("TRIREME_TEST_CLOSED", std::to_string(how).c_str(), 1);
      int const nowhere = ::open("/dev/null", O_RDWR);
      for (int stream = 0; stream < 3; ++stream) ::dup2(nowhere, stream);
      ::close(nowhere);
      close_streams(how & 7);
      ::execl(self.c_str(), self.c_str(), "[.closed]", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    CHECK(ends_with(child) == 0);
  }
  CHECK(testing::soon(
      [] { return testing::workers_of_this_program().empty() && testing::supervisors_of_this_program().empty(); }));
}

// Hidden: run by the next one.
TEST_CASE("process_pool: a program whose workers die when they start", "[.dying]") {
  bool stop = false;
  std::thread other([&] {
    while (!std::atomic_ref(stop).load()) ::usleep(1000);
  });
  int result = 0;
  {
    tri::process_pool const pool(3);
    for (int call = 0; call < 2; ++call) try {
        result += tri::submit(pool, tri::fn<identity>, 1).get();
      } catch (tri::error const& e) {
        result += std::string_view(e.what()).find("the workers end before they can work") == std::string_view::npos ? 2 : 0;
      }
  }
  std::atomic_ref(stop).store(true);
  other.join();
  ::_exit(result);
}

TEST_CASE("process_pool: workers that die before they have done any work are an error, not a storm") {
  auto const self = std::filesystem::read_symlink("/proc/self/exe").string();
  for (char const* const how : {"kill", "abort", "exit"}) {
    CAPTURE(how);
    char name[] = "/tmp/trireme-count-XXXXXX";
    int const file = ::mkstemp(name);
    REQUIRE(file >= 0);
    pid_t const child = ::fork();
    if (child == 0) {
      ::setenv("TRIREME_TEST_DIES", how, 1);
      ::setenv("TRIREME_TEST_COUNT", name, 1);
      ::execl(self.c_str(), self.c_str(), "[.dying]", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    CHECK(ends_with(child) == 0);
    auto const started = ::lseek(file, 0, SEEK_END);
    CHECK(started >= 2);
    CHECK(started < 100);
    ::close(file);
    ::unlink(name);
  }
  CHECK(testing::soon([] { return testing::supervisors_of_this_program().empty(); }));
}

TEST_CASE("process_pool: shared memory that a kernel has overwritten ends the pool with an error, and all its processes") {
  using tri::detail::board;
  struct part {
    std::size_t first, bytes;
  };
  constexpr std::size_t behind = sizeof(board) - sizeof(tri::detail::module_table);
  for (auto const [first, bytes] : {part{0, sizeof(tri::detail::board_plan)}, part{0, 4096}, part{0, sizeof(board)},
                                    part{128, behind - 128}, part{sizeof(board), 4096}})
    for (int const with : {0xff, 0x00, 0x2a}) {
      CAPTURE(first, bytes, with);
      pid_t const child = ::fork();
      if (child == 0) {
        int errors = 0;
        {
          tri::process_pool const pool(2);
          if (tri::submit(pool, tri::fn<identity>, 1).get() != 1) ::_exit(10);
          char* const base = tri::detail::crew_of(pool)->region().base();
          auto const kernel = tri::bind_front<overwrite>(base + first, bytes, with);
          for (int call = 0; call < 6; ++call) try {
              if (call == 0)
                (void)tri::for_each_index(pool, 2, kernel);
              else if (tri::submit(pool, tri::fn<identity>, call).get() != call)
                ::_exit(11);
            } catch (std::exception const&) {
              ++errors;
            }
        }
        ::_exit(first == 0 && errors < 5 ? 12 : 0); // where the plan is overwritten the pool has ended; else it may go on
      }
      CHECK(ends_with(child) == 0);
    }
  CHECK(testing::soon(
      [] { return testing::workers_of_this_program().empty() && testing::supervisors_of_this_program().empty(); }));
}

TEST_CASE("process_pool: supervisors that are killed as soon as they appear") {
  pid_t const child = ::fork();
  if (child == 0) {
    bool stop = false;
    std::thread killer([&] {
      while (!std::atomic_ref(stop).load())
        for (pid_t const supervisor : testing::supervisors_of_this_program()) ::kill(supervisor, SIGKILL);
    });
    int wrong = 0;
    {
      tri::process_pool const pool(2);
      for (int k = 0; k < 30; ++k) try {
          wrong += tri::submit(pool, tri::fn<identity>, k).get() != k;
        } catch (tri::error const&) { // it may be lost
        }
      std::atomic_ref(stop).store(true);
      killer.join();
      wrong += tri::submit(pool, tri::fn<identity>, 7).get() != 7;
    }
    ::_exit(wrong);
  }
  CHECK(ends_with(child) == 0);
  CHECK(testing::soon(
      [] { return testing::workers_of_this_program().empty() && testing::supervisors_of_this_program().empty(); }));
}
