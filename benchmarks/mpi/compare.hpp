/// @file compare.hpp
/// Peers measured in turn on all ranks.
#pragma once
#include <functional>
#include <string>
#include <vector>

/// What is measured: `calls` calls of work() in a row, on all ranks; the time of one is that of the slowest rank.
struct contestant {
  std::string peer;
  std::function<void()> work;
};

/// To be called before main: the peers of one case, of which each repetition measures all.
void compare(std::string const& name, int calls, std::function<std::vector<contestant>()> peers);
