/// @file threads/cores.hpp
/// How many cores this process may use: the smallest of hardware, affinity mask and cgroup quota.
#pragma once
#include <trireme/core/cgroup.hpp>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>
#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif

namespace trireme { inline namespace v1 { namespace detail {

#if defined(__linux__)
/// Cores that a quota of `quota` µs in every `period` µs pays for, rounded up; 0 where there is no limit.
inline std::size_t cores_of_quota(double quota, double period) {
  if (!(quota > 0) || !(period > 0)) return 0;
  return static_cast<std::size_t>((quota + period - 1) / period);
}

/// The tightest CPU quota on the way from this process's cgroup to the root, in cores; 0 where there is none.
/// Version 2 keeps "quota period" in cpu.max ("max" for none), version 1 two files under the cpu controller.
inline std::size_t cgroup_cores(std::string const& self = "/proc/self/cgroup", std::string const& root = "/sys/fs/cgroup") {
  std::size_t least = 0;
  for_each_cgroup(
      "cpu",
      [&](int version, std::string const& folder) {
        double quota = 0, period = 0;
        if (version == 2)
          std::ifstream(folder + "/cpu.max") >> quota >> period;
        else if (!(std::ifstream(folder + "/cpu.cfs_quota_us") >> quota &&
                   std::ifstream(folder + "/cpu.cfs_period_us") >> period))
          return;
        if (std::size_t const cores = cores_of_quota(quota, period); cores != 0)
          least = least == 0 ? cores : std::min(least, cores);
      },
      self, root);
  return least;
}
#endif

/// The default width of a pool; at least 1.
inline std::size_t available_cores() {
  std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t mask;
  if (sched_getaffinity(0, sizeof mask, &mask) == 0)
    cores = std::min<std::size_t>(cores, static_cast<std::size_t>(CPU_COUNT(&mask)));
  if (std::size_t const quota = cgroup_cores(); quota != 0) cores = std::min(cores, quota);
#endif
  return std::max<std::size_t>(1, cores);
}

}}} // namespace trireme::v1::detail
