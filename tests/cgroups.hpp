/// @file cgroups.hpp
/// A cgroup file system in a folder of its own: "self" stands for /proc/self/cgroup, "fs" for /sys/fs/cgroup.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace testing {

class fake_cgroups {
public:
  fake_cgroups() {
    std::string name = (std::filesystem::temp_directory_path() / "trireme-cgroups-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder could be made");
    folder_ = name;
  }
  fake_cgroups(fake_cgroups const&) = delete;
  fake_cgroups& operator=(fake_cgroups const&) = delete;
  ~fake_cgroups() { std::filesystem::remove_all(folder_); }

  void write(std::string const& path, std::string const& text) const {
    std::filesystem::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  [[nodiscard]] std::string self() const { return (folder_ / "self").string(); }
  [[nodiscard]] std::string root() const { return (folder_ / "fs").string(); }

private:
  std::filesystem::path folder_;
};

} // namespace testing
