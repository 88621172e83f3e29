/// @file cgroup.hpp
/// The control groups of Linux that this process is in, from its own up to the root.
#pragma once
#include <fstream>
#include <string>
#include <string_view>

namespace trireme { inline namespace v1 { namespace detail {

/// Whether one of the words between commas is that one.
inline bool lists(std::string_view words, std::string_view word) {
  for (;;) {
    auto const comma = words.find(',');
    if (words.substr(0, comma) == word) return true;
    if (comma == words.npos) return false;
    words.remove_prefix(comma + 1);
  }
}

/// Calls visit(version, folder) for every group whose limits on what `controller` counts hold for this process. The
/// folder has no slash at its end. Nothing where there are no groups.
template <class Visit>
void for_each_cgroup(std::string_view controller, Visit const& visit, std::string const& self = "/proc/self/cgroup",
                     std::string const& root = "/sys/fs/cgroup") {
  std::ifstream groups(self);
  for (std::string line; std::getline(groups, line);) { // number:controllers:path
    auto const colon = line.find(':');
    auto const second = line.find(':', colon + 1);
    if (colon == std::string::npos || second == std::string::npos) continue;
    std::string const controllers = line.substr(colon + 1, second - colon - 1);
    bool const v2 = controllers.empty();
    if (!v2 && !lists(controllers, controller)) continue;
    std::string const mount = v2 ? root : root + "/" + controllers;
    std::string path = line.substr(second + 1);
    while (path.ends_with('/')) path.pop_back();
    for (;; path.erase(path.rfind('/'))) {
      visit(v2 ? 2 : 1, mount + path);
      if (path.rfind('/') == std::string::npos) break;
    }
  }
}

}}} // namespace trireme::v1::detail
