/// @file process_reaper.cpp
/// No process of a pool stays as a zombie, also where the system's first process, or what stands for it, reaps nobody.
#include <trireme/core/buffer.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/processes/executor.hpp>

#include "processes.hpp"
#include "testing.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <stop_token>
#include <thread>
#include <vector>

namespace tri = trireme;

namespace {

inline constexpr auto nothing = [](std::size_t, std::size_t) {};

/// What a program that makes some pools leaves to the process that its orphans go to: how many are there after it has ended.
template <class Program>
int left_behind(Program const& program) {
  pid_t const first = ::fork(); // stands for a first process that reaps nobody but the program
  if (first == 0) {
    ::alarm(100);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    pid_t const child = ::fork();
    if (child == 0) ::_exit(program());
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0) ::_exit(100);
    int left = 0;
    while (::waitpid(-1, nullptr, __WALL) > 0) ++left; // those that still run are waited for
    ::_exit(left);
  }
  int status = 0;
  REQUIRE(::waitpid(first, &status, 0) == first);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// 0: what it did was right, and no child can be seen by a plain wait.
int make_pools(bool kill_supervisor) {
  for (int k = 0; k < 3; ++k) {
    tri::process_pool const pool(2);
    pool.bulk(10, tri::fn<nothing>).wait();
    if (::waitpid(-1, nullptr, WNOHANG) != -1 || errno != ECHILD) return 1;
    if (kill_supervisor) {
      for (pid_t const supervisor : testing::supervisors_of_this_program()) ::kill(supervisor, SIGKILL);
      pool.bulk(10, tri::fn<nothing>).wait();
    }
  }
  return ::waitpid(-1, nullptr, __WALL) == -1 && errno == ECHILD ? 0 : 2; // nor any other child left
}

struct another_thread {
  std::jthread thread{[](std::stop_token const& stop) {
    while (!stop.stop_requested()) std::this_thread::yield();
  }};
};

} // namespace

TEST_CASE("process_pool: no zombies are left to a first process that reaps nobody") {
  CHECK(left_behind([] { return make_pools(false); }) == 0); // supervisors are forks
  CHECK(left_behind([] {                                     // … and images
          another_thread const other;
          return make_pools(false);
        }) == 0);
  CHECK(left_behind([] { // workers outlive a supervisor that is killed
          another_thread const other;
          return make_pools(true);
        }) == 0);
}

TEST_CASE("process_pool: what a kernel leaves running goes on, and holds up nobody") {
  static constexpr auto start_helper = [](pid_t* helper, std::size_t, std::size_t) {
    pid_t const child = ::fork();
    if (child == 0) {
      ::execlp("sleep", "sleep", "100", static_cast<char*>(nullptr));
      ::_exit(127);
    }
    *helper = child;
  };
  another_thread const other;
  pid_t helper = 0;
  auto const begun = std::chrono::steady_clock::now();
  {
    tri::process_pool const pool(1);
    tri::buffer pid(pool, std::vector<pid_t>{0});
    pool.bulk(1, tri::bind_front<start_helper>(pid.data())).wait();
    helper = pid.to_host()[0];
  }
  CHECK(std::chrono::steady_clock::now() - begun < std::chrono::seconds(30));
  REQUIRE(helper > 0);
  CHECK(::kill(helper, 0) == 0);
  ::kill(helper, SIGKILL);
}

TEST_CASE("process_pool: SIGCHLD is for the program's own children") {
  static volatile std::sig_atomic_t signals = 0;
  signals = 0;
  struct sigaction count {
  }, before{};
  count.sa_handler = [](int) { signals = signals + 1; };
  ::sigaction(SIGCHLD, &count, &before);
  {
    another_thread const other;
    tri::process_pool const pool(2);
    pool.bulk(10, tri::fn<nothing>).wait();
  }
  ::sigaction(SIGCHLD, &before, nullptr);
  CHECK(signals == 0);
}
