/// @file main.cpp
/// The most frequent words of many files: they are read and counted by processes, while the counts of those before are
/// added up. A file that crashes its worker is named, and the others are counted all the same.
///
///   word_pipeline FILE...
#include <trireme/core/progress.hpp>
#include <trireme/processes/map.hpp>

#include "../output.hpp"
#include "words.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <string>
#include <utility>
#include <vector>

namespace tri = trireme;

/// In a worker.
inline constexpr auto count_words = [](std::string const& path) { return count_words_in(path); };

int main(int argc, char** argv) try {
  check_output();
  std::vector<std::string> const files(argv + 1, argv + argc);
  if (files.empty()) {
    std::fprintf(stderr, "usage: word_pipeline FILE...\n");
    return 2;
  }
  tri::process_pool const pool;
  // One file a chunk: what a poisoned one takes with it is itself.
  auto counted = tri::map(pool, files, tri::fn<count_words>, {.chunk_size = 1, .progress = tri::progress_bar("files")});

  word_counts all;
  std::size_t good = 0;
  auto file = files.begin();
  for (auto counts = counted.begin(); counts != counted.end(); ++counts, ++file) try {
      for (auto const& [word, n] : *counts) all[word] += n;
      ++good;
    } catch (tri::worker_lost const& e) {
      std::printf("%s crashed its worker (signal %d)\n", file->c_str(), e.signal());
    } catch (std::exception const& e) {
      std::printf("%s: %s\n", file->c_str(), e.what());
    }

  std::vector<std::pair<std::string, std::size_t>> ranked(all.begin(), all.end());
  auto const top = ranked.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(10, ranked.size()));
  std::partial_sort(ranked.begin(), top, ranked.end(), [](auto const& a, auto const& b) { return a.second > b.second; });
  std::printf("%zu of %zu files, %zu different words\n", good, files.size(), all.size());
  for (auto word = ranked.begin(); word != top; ++word) std::printf("%8zu %s\n", word->second, word->first.c_str());
  return finished("word_pipeline");
} catch (std::exception const& e) {
  std::fprintf(stderr, "word_pipeline: %s\n", e.what());
  return 1;
}
