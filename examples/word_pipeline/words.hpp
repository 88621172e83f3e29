/// @file words.hpp
/// Counts words of UTF-8 text, with a decoder as strict as some libraries' are: it aborts where a sequence is broken.
#pragma once
#include <cctype>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

using word_counts = std::map<std::string, std::size_t>;

/// The bytes of the character that text begins with.
inline std::size_t character_length(std::string_view text) {
  auto const byte = [&](std::size_t k) { return static_cast<unsigned char>(text[k]); };
  std::size_t const length = byte(0) < 0x80 ? 1 : byte(0) >> 5 == 6 ? 2 : byte(0) >> 4 == 14 ? 3 : byte(0) >> 3 == 30 ? 4 : 0;
  if (length == 0 || length > text.size()) std::abort();
  for (std::size_t k = 1; k < length; ++k)
    if (byte(k) >> 6 != 2) std::abort();
  return length;
}

/// Words of letters alone, in lower case; letters beyond ASCII count as they are.
inline word_counts count_words_of(std::string_view text) {
  word_counts counts;
  std::string word;
  while (!text.empty()) {
    std::size_t const length = character_length(text);
    auto const c = static_cast<unsigned char>(text[0]);
    if (length > 1)
      word += text.substr(0, length);
    else if (std::isalpha(c) != 0)
      word += static_cast<char>(std::tolower(c));
    else if (!word.empty())
      ++counts[std::exchange(word, {})];
    text.remove_prefix(length);
  }
  if (!word.empty()) ++counts[word];
  return counts;
}

inline word_counts count_words_in(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("it can't be opened");
  std::string const text(std::istreambuf_iterator<char>(file), {});
  if (file.bad()) throw std::runtime_error("it can't be read");
  return count_words_of(text);
}
