/// @file process_children.cpp
/// Children that the program forks: copies of its pools go without a word, and using one is an error, not a hang.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/submit.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/timer.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/processes/submit.hpp>
#include <trireme/threads/executor.hpp>

#include "processes.hpp"
#include "testing.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;

namespace {

/// The exit status of what runs in a child of this process, 128 and the signal that ended it, or -1 where it hangs.
template <class Work>
int in_child(Work const& work) {
  pid_t const child = ::fork();
  if (child == 0) {
    work();
    ::_exit(99);
  }
  for (int k = 0; k < 3000; ++k, ::usleep(10'000))
    if (int status = 0; ::waitpid(child, &status, WNOHANG) == child)
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  return -1;
}

inline constexpr auto twice = [](int x) { return 2 * x; };

template <class Pool>
int use(Pool const& pool) {
  tri::for_each_index(pool, 1000, [](std::size_t) {});
  return tri::submit(pool, tri::fn<twice>, 21).get() == 42 ? 0 : 1;
}

template <class Call>
bool is_refused(Call const& call) {
  try {
    call();
    return false;
  } catch (std::logic_error const&) {
    return true;
  }
}

template <class Pool>
void refuses(Pool const& pool) {
  int wrong = 0;
  wrong += !is_refused([&] { (void)tri::submit(pool, tri::fn<twice>, 1); });
  wrong += !is_refused([&] { tri::for_each_index(pool, 10, [](std::size_t) {}); });
  wrong += !is_refused([&] { (void)pool.bulk(10, tri::detail::bulk_archetype{}); });
  ::_exit(wrong);
}

} // namespace

TEST_CASE("children: exit() where a static pool has run tasks and loops") {
  CHECK(in_child([] {
          static tri::thread_pool const threads(3);
          static tri::process_pool const processes(2);
          if (use(threads) + use(processes) != 0) ::_exit(98);
          static_cast<void>(tri::sleep_for(1ms).get());
          auto const copy = in_child([] { std::exit(0); });
          std::exit(copy == 0 ? use(threads) + use(processes) : 97);
        }) == 0);
}

TEST_CASE("children: local pools, their completions and futures go there") {
  CHECK(in_child([] {
          int copy = 0;
          {
            tri::thread_pool const threads(3);
            tri::process_pool const processes(2);
            if (use(threads) + use(processes) != 0) ::_exit(98);
            auto loop = threads.bulk(100, [](std::size_t, std::size_t) { ::usleep(1000); });
            auto job = processes.bulk(100, tri::detail::bulk_archetype{});
            auto task = tri::submit(threads, [] { return ::usleep(50'000); });
            auto after = tri::submit(processes, tri::fn<twice>, 4);
            pid_t const child = ::fork();
            if (child != 0) {
              int status = 0;
              ::waitpid(child, &status, 0);
              copy = status;
              loop.wait();
              job.wait();
              task.wait();
              copy += after.get() != 8;
            } else {
              ::alarm(20);
              copy = 1000;
            }
          }
          std::exit(copy == 1000 ? 0 : copy);
        }) == 0);
}

TEST_CASE("children: a copied pool that is used says so") {
  CHECK(in_child([] {
          tri::thread_pool const threads(2);
          tri::process_pool const processes(2);
          if (use(threads) + use(processes) != 0) ::_exit(98);
          int wrong = in_child([&] { refuses(threads); }) + in_child([&] { refuses(processes); });
          wrong += use(threads) + use(processes);
          ::_exit(wrong);
        }) == 0);
}

TEST_CASE("children: workers leave no zombie where nobody reaps, whether the pool ends or its program is killed") {
  CHECK(in_child([] {
          ::prctl(PR_SET_CHILD_SUBREAPER, 1); // stands for a process 1 that reaps nothing
          for (bool const killed : {false, true}) {
            pid_t const program = ::fork();
            if (program == 0) {
              tri::process_pool const pool(3);
              if (use(pool) != 0) ::_exit(98);
              if (killed) ::raise(SIGKILL);
              std::exit(0);
            }
            ::waitpid(program, nullptr, 0);
          }
          std::size_t workers = 1;
          auto const found = [&] {
            workers = 0;
            for (auto const& entry : std::filesystem::directory_iterator("/proc")) {
              auto const stat = testing::first_line(entry.path().string() + "/stat");
              workers += stat.find("(trireme-worker) Z " + std::to_string(::getpid()) + " ") != std::string::npos;
            }
            return workers != 0;
          };
          for (int k = 0; k < 30 && !found(); ++k) ::usleep(10'000); // it takes a moment to become one
          ::_exit(static_cast<int>(workers));
        }) == 0);
}

TEST_CASE("children: what needs no copied thread works: inline, timers, timeouts, and a pool of processes") {
  CHECK(in_child([] {
          tri::thread_pool const threads(2);
          if (use(threads) != 0) ::_exit(98);
          auto const sleeping = tri::sleep_for(1h);
          ::_exit(in_child([&] {
            sleeping.cancel();
            tri::inline_executor const here;
            int wrong = tri::transform(here, std::vector{1, 2}, tri::fn<twice>) != std::vector{2, 4};
            tri::sleep_for(1ms).get();
            try {
              tri::for_each_index(here, 10'000, [](std::size_t) { ::usleep(1000); }, {.timeout = 20ms});
              ++wrong;
            } catch (tri::timed_out const&) {
            }
            wrong += use(tri::process_pool(1));
            std::exit(wrong);
          }));
        }) == 0);
}
