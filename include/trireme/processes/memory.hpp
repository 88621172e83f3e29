/// @file processes/memory.hpp
/// How much memory the system can still give to this process.
#pragma once
#include <trireme/core/cgroup.hpp>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <limits>
#include <string>

namespace trireme { inline namespace v1 { namespace detail {

/// The number behind a key at the beginning of a line; 0 where there is none.
inline std::size_t number_in(std::string const& file, std::string const& key) {
  std::ifstream lines(file);
  for (std::string word; lines >> word; lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n'))
    if (std::size_t number = 0; word == key && lines >> number) return number;
  return 0;
}

/// What is left under the tightest limit of a cgroup, in bytes. Cached pages of files that nobody needs don't count.
inline std::size_t cgroup_memory(std::string const& self = "/proc/self/cgroup", std::string const& root = "/sys/fs/cgroup") {
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for_each_cgroup(
      "memory",
      [&](int version, std::string const& folder) {
        bool const v2 = version == 2;
        std::size_t limit = 0, used = 0; // "max" is no number
        if (!(std::ifstream(folder + (v2 ? "/memory.max" : "/memory.limit_in_bytes")) >> limit)) return;
        if (!(std::ifstream(folder + (v2 ? "/memory.current" : "/memory.usage_in_bytes")) >> used)) return;
        std::size_t const cached = number_in(folder + "/memory.stat", v2 ? "inactive_file" : "total_inactive_file");
        used -= std::min(used, cached);
        least = std::min(least, limit - std::min(limit, used));
      },
      self, root);
  return least;
}

/// In bytes: what /proc/meminfo says, and the cgroups' limits.
inline std::size_t available_memory() {
  std::size_t const kib = number_in("/proc/meminfo", "MemAvailable:");
  return std::min(kib == 0 ? std::numeric_limits<std::size_t>::max() : kib * 1024, cgroup_memory());
}

}}} // namespace trireme::v1::detail
