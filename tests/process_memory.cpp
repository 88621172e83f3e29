/// @file process_memory.cpp
/// What the system can still give: from cgroup files made for the purpose, and a pool in a cgroup that is small indeed.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/processes/executor.hpp>

#include "cgroups.hpp"
#include "testing.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <filesystem>
#include <fstream>
#include <limits>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace tri = trireme;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

std::size_t memory_left(std::vector<std::pair<std::string, std::string>> const& files) {
  testing::fake_cgroups const fake;
  for (auto const& [path, text] : files) fake.write(path, text);
  return tri::detail::cgroup_memory(fake.self(), fake.root());
}

/// A cgroup of memory in which a child process can be put; of the version that the system has, if it lets us.
class memory_cgroup {
public:
  explicit memory_cgroup(std::size_t limit) {
    std::string const name = "trireme-test-" + std::to_string(::getpid());
    for (std::string const root : {"/sys/fs/cgroup/memory/", "/sys/fs/cgroup/"}) {
      std::error_code failed;
      if (!fs::exists(root + "cgroup.procs", failed) || !fs::create_directory(root + name, failed)) continue;
      folder_ = root + name;
      bool const v1 = fs::exists(folder_ + "/memory.limit_in_bytes");
      if (std::ofstream(folder_ + (v1 ? "/memory.limit_in_bytes" : "/memory.max")) << limit << std::flush) return;
      fs::remove(folder_, failed);
      folder_.clear();
    }
  }
  memory_cgroup(memory_cgroup const&) = delete;
  memory_cgroup& operator=(memory_cgroup const&) = delete;
  ~memory_cgroup() {
    std::error_code ignored;
    for (int k = 0; k < 200 && !folder_.empty() && !fs::remove(folder_, ignored); ++k) ::usleep(10'000); // until all have left
  }
  [[nodiscard]] bool made() const { return !folder_.empty(); }
  [[nodiscard]] bool enter() const {
    return static_cast<bool>(std::ofstream(folder_ + "/cgroup.procs") << ::getpid() << std::flush);
  }

private:
  std::string folder_;
};

constexpr std::size_t mebi = std::size_t{1} << 20;
inline constexpr auto fill = [](double& x) { x = 1; };

/// Takes blocks until there are no more, and then works on. @returns what went wrong, in bits.
int until_full() try {
  int wrong = 0;
  for (std::size_t const block : {3 * mebi, 40 * mebi, 1000 * mebi}) {
    tri::process_pool const pool(2);
    std::vector<tri::buffer<double, tri::process_pool>> held;
    try {
      for (;;) {
        held.emplace_back(pool, block / sizeof(double));
        tri::for_each(pool, held.back(), tri::fn<fill>);
      }
    } catch (std::bad_alloc const&) {
    }
    std::size_t const got = held.size() * block;
    if (got > 400 * mebi) wrong |= 1;
    if (block < 100 * mebi && got < 200 * mebi) wrong |= 2;
    if (!held.empty() && tri::reduce(pool, held.front()) != static_cast<double>(block / sizeof(double))) wrong |= 4;
    held.clear();
    if (tri::reduce(pool, std::vector<double>(1000, 1.0)) != 1000) wrong |= 8;
  }
  return wrong;
} catch (std::exception const&) {
  return 16;
}

} // namespace

TEST_CASE("process memory: cgroup version 2, the tightest limit up to the root, without cached files") {
  CHECK(memory_left({}) == unlimited);
  CHECK(memory_left({{"self", "0::/\n"}}) == unlimited);
  CHECK(memory_left({{"self", "0::/a\n"}, {"fs/a/memory.max", "max\n"}, {"fs/a/memory.current", "10\n"}}) == unlimited);
  CHECK(memory_left({{"self", "0::/a\n"}, {"fs/a/memory.max", "1000\n"}, {"fs/a/memory.current", "400\n"}}) == 600);
  CHECK(memory_left({{"self", "0::/a\n"}, {"fs/a/memory.max", "1000\n"}, {"fs/a/memory.current", "4000\n"}}) == 0);
  CHECK(memory_left({{"self", "0::/a\n"},
                     {"fs/a/memory.max", "1000\n"},
                     {"fs/a/memory.current", "400\n"},
                     {"fs/a/memory.stat", "anon 300\ninactive_file 70\nother 1\n"}}) == 670);
  CHECK(memory_left({{"self", "0::/a/b\n"},
                     {"fs/a/b/memory.max", "1000\n"},
                     {"fs/a/b/memory.current", "400\n"},
                     {"fs/a/memory.max", "2000\n"},
                     {"fs/a/memory.current", "1900\n"}}) == 100);
}

TEST_CASE("process memory: cgroup version 1") {
  CHECK(memory_left({{"self", "4:memory:/a\n"},
                     {"fs/memory/a/memory.limit_in_bytes", "1000\n"},
                     {"fs/memory/a/memory.usage_in_bytes", "400\n"},
                     {"fs/memory/a/memory.stat", "inactive_file 3\ntotal_inactive_file 50\n"}}) == 650);
  CHECK(memory_left({{"self", "4:cpu:/a\n"},
                     {"fs/cpu/a/memory.limit_in_bytes", "1000\n"},
                     {"fs/cpu/a/memory.usage_in_bytes", "400\n"}}) == unlimited);
}

TEST_CASE("process memory: damaged files say nothing") {
  for (std::string const text : {"", "\n", "abc", "-"})
    CHECK(memory_left({{"self", "0::/a\n"}, {"fs/a/memory.max", text}, {"fs/a/memory.current", "1"}}) == unlimited);
  CHECK(tri::detail::available_memory() > 0);
  CHECK(tri::detail::number_in("/proc/meminfo", "MemTotal:") > 0);
  CHECK(tri::detail::number_in("/proc/meminfo", "Nonsense:") == 0);
}

TEST_CASE("process memory: in a small cgroup, running out is bad_alloc, and nobody is killed") {
  memory_cgroup const small(400 * mebi);
  if (!small.made()) {
    WARN("left out: no cgroup can be made here");
    return;
  }
  pid_t const child = ::fork();
  if (child == 0) ::_exit(small.enter() ? until_full() : 77);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77)
    WARN("left out: no process can be put into a cgroup here");
  else
    CHECK(WEXITSTATUS(status) == 0);
}
