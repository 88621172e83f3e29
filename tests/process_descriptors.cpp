/// @file process_descriptors.cpp
/// Pools of programs whose standard streams are closed when they start, and of workers that can't begin or have lost their
/// shared memory: right results or a typed exception in bounded time, and no process is left.
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/processes/submit.hpp>

#include "processes.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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
