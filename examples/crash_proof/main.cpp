/// @file main.cpp
/// Reads many files with a parser that some of them crash, hang or fill the memory with: the good results arrive, and the
/// bad files are named with the cause.
///
///   crash_proof FILE...
#include <trireme/processes/submit.hpp>

#include "../output.hpp"
#include "parser.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;

/// In a worker. The limit is the worker's own: it turns a file that would eat all memory into std::bad_alloc.
inline constexpr auto parse = [](std::string const& path) {
  rlimit const most{std::size_t{256} << 20, std::size_t{256} << 20};
  ::setrlimit(RLIMIT_DATA, &most);
  return parser(path).result();
};

int main(int argc, char** argv) try {
  check_output();
  std::vector<std::string> const files(argv + 1, argv + argc);
  if (files.empty()) {
    std::fprintf(stderr, "usage: crash_proof FILE...\n");
    return 2;
  }
  tri::process_pool const pool({.timeout = 3s});
  std::vector<std::pair<std::string, tri::future<summary>>> parsed;
  for (auto const& file : files) parsed.emplace_back(file, tri::submit(pool, tri::fn<parse>, file));

  std::size_t good = 0;
  for (auto& [file, result] : parsed) {
    auto const bad = [name = file.c_str()](char const* what, char const* why) { std::printf("%-40s %s: %s\n", name, what, why); };
    try {
      summary const s = result.get();
      check_number(s.sum, "its sum");
      std::printf("%-40s %zu rows, sum %.6g\n", file.c_str(), s.rows, s.sum);
      ++good;
    } catch (tri::worker_lost const& e) {
      bad("crashed", e.what());
    } catch (tri::timed_out const& e) {
      bad("hung", e.what());
    } catch (std::bad_alloc const&) {
      bad("too large", "it takes more than 256 MB");
    } catch (std::exception const& e) {
      bad("refused", e.what());
    }
  }
  std::printf("%zu of %zu files were read\n", good, parsed.size());
  return finished("crash_proof");
} catch (std::exception const& e) {
  std::fprintf(stderr, "crash_proof: %s\n", e.what());
  return 1;
}
