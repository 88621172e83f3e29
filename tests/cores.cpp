/// @file cores.cpp
/// How many cores a process may use, from cgroup files made for the purpose.
#include <trireme/threads/cores.hpp>

#include "cgroups.hpp"
#include "testing.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <thread>

namespace detail = trireme::detail;

TEST_CASE("cores: at least one, at most what the hardware has") {
  CHECK(detail::available_cores() >= 1);
  CHECK(detail::available_cores() <= std::max(1u, std::thread::hardware_concurrency()));
}

#if defined(__linux__)
namespace {
class fake : public testing::fake_cgroups {
public:
  fake& write(std::string const& path, std::string const& text) {
    fake_cgroups::write(path, text);
    return *this;
  }
  [[nodiscard]] std::size_t cores() const { return detail::cgroup_cores(self(), root()); }
};
} // namespace

TEST_CASE("cores: of a quota") {
  CHECK(detail::cores_of_quota(200'000, 100'000) == 2);
  CHECK(detail::cores_of_quota(150'000, 100'000) == 2);
  CHECK(detail::cores_of_quota(1'000, 100'000) == 1);
  CHECK(detail::cores_of_quota(-1, 100'000) == 0);
  CHECK(detail::cores_of_quota(100'000, 0) == 0);
}

TEST_CASE("cores: cgroup version 2, the tightest limit up to the root") {
  CHECK(fake().cores() == 0);
  CHECK(fake().write("self", "0::/\n").cores() == 0);
  CHECK(fake().write("self", "0::/\n").write("fs/cpu.max", "max 100000\n").cores() == 0);
  CHECK(fake().write("self", "0::/\n").write("fs/cpu.max", "300000 100000\n").cores() == 3);
  CHECK(fake().write("self", "0::/a/b\n").write("fs/a/b/cpu.max", "400000 100000\n").cores() == 4);
  CHECK(fake().write("self", "0::/a/b\n").write("fs/a/cpu.max", "150000 100000\n").cores() == 2);
  CHECK(fake()
            .write("self", "0::/a/b\n")
            .write("fs/a/b/cpu.max", "400000 100000\n")
            .write("fs/a/cpu.max", "50000 100000\n")
            .write("fs/cpu.max", "900000 100000\n")
            .cores() == 1);
  CHECK(
      fake().write("self", "0::/a/b\n").write("fs/a/b/cpu.max", "max 100000\n").write("fs/a/cpu.max", "250000 50000\n").cores() ==
      5);
}

TEST_CASE("cores: cgroup version 1, and both at once") {
  CHECK(fake()
            .write("self", "5:cpu:/a\n")
            .write("fs/cpu/a/cpu.cfs_quota_us", "200000\n")
            .write("fs/cpu/a/cpu.cfs_period_us", "100000\n")
            .cores() == 2);
  CHECK(fake()
            .write("self", "3:memory:/a\n4:cpu,cpuacct:/a\n")
            .write("fs/cpu,cpuacct/cpu.cfs_quota_us", "300000\n")
            .write("fs/cpu,cpuacct/cpu.cfs_period_us", "100000\n")
            .cores() == 3);
  CHECK(fake()
            .write("self", "4:cpuset:/a\n")
            .write("fs/cpuset/a/cpu.cfs_quota_us", "200000\n")
            .write("fs/cpuset/a/cpu.cfs_period_us", "100000\n")
            .cores() == 0);
  CHECK(fake()
            .write("self", "5:cpu:/\n")
            .write("fs/cpu/cpu.cfs_quota_us", "-1\n")
            .write("fs/cpu/cpu.cfs_period_us", "100000\n")
            .cores() == 0);
  CHECK(fake()
            .write("self", "5:cpu:/\n0::/\n")
            .write("fs/cpu/cpu.cfs_quota_us", "400000\n")
            .write("fs/cpu/cpu.cfs_period_us", "100000\n")
            .write("fs/cpu.max", "200000 100000")
            .cores() == 2);
}

TEST_CASE("cores: files that are damaged say nothing") {
  for (std::string const self : {"", "\n", "0:", "0:\n", ":::\n", "nonsense\n", "0::no slash\n"}) {
    CAPTURE(self);
    CHECK(fake().write("self", self).cores() == 0);
  }
  for (std::string const quota : {"", "max", "abc def", "100000", "-5 100000", "100000 0", "nan nan"}) {
    CAPTURE(quota);
    CHECK(fake().write("self", "0::/a\n").write("fs/a/cpu.max", quota).cores() == 0);
  }
}
#endif
