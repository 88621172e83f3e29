/// @file processes.hpp
/// What tests of process_pool ask the system: which processes, files and mappings there are.
#pragma once
#include <dirent.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

namespace testing {

inline std::string first_line(std::string const& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Whether that becomes true; a process that starts or ends takes its time.
template <class Condition>
bool soon(Condition const& condition) {
  for (int k = 0; k < 1000; ++k, ::usleep(10'000))
    if (condition()) return true;
  return false;
}

/// The file descriptors that are open, the one for looking included.
inline std::size_t open_files() {
  std::size_t n = 0;
  std::unique_ptr<DIR, int (*)(DIR*)> const folder(::opendir("/proc/self/fd"), ::closedir);
  while (auto const* const entry = ::readdir(folder.get())) n += entry->d_name[0] != '.';
  return n;
}

/// How many mappings of pools this process has.
inline std::size_t shared_mappings() {
  std::size_t n = 0;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) n += line.find("memfd:trireme") != line.npos;
  return n;
}

/// Processes of that name that run the same program as this one, dead ones left out.
inline std::vector<pid_t> processes_of_this_program(std::string const& name) {
  std::vector<pid_t> found;
  std::error_code none;
  auto const self = std::filesystem::read_symlink("/proc/self/exe", none);
  for (auto const& entry : std::filesystem::directory_iterator("/proc", none)) {
    auto const path = entry.path().string();
    if (std::filesystem::read_symlink(path + "/exe", none) == self && first_line(path + "/comm") == name)
      found.push_back(std::atoi(entry.path().filename().c_str()));
  }
  return found;
}
inline std::vector<pid_t> workers_of_this_program() { return processes_of_this_program("trireme-worker"); }
inline std::vector<pid_t> supervisors_of_this_program() { return processes_of_this_program("trireme-pool"); }

} // namespace testing
