/// @file lexer.hpp
/// PTX as words and declarations.
#pragma once
#include "types.hpp"

#include <cctype>
#include <cstdlib>
#include <string>

namespace interpreter {

struct lexer {
  const std::string& s;
  size_t i = 0;
  void ws() {
    while (i < s.size() && isspace((unsigned char)s[i])) ++i;
  }
  bool end() {
    ws();
    return i >= s.size();
  }
  char peek() {
    ws();
    return i < s.size() ? s[i] : 0;
  }
  bool eat(char c) {
    if (peek() == c) {
      ++i;
      return true;
    }
    return false;
  }
  std::string word() { // identifier or directive or number
    ws();
    size_t b = i;
    if (i < s.size() && (s[i] == '.' || s[i] == '%' || s[i] == '$' || s[i] == '-')) ++i;
    while (i < s.size() && (isalnum((unsigned char)s[i]) || s[i] == '_' || s[i] == '$' || s[i] == '%')) ++i;
    if (i == b) ++i;
    return s.substr(b, i - b);
  }
  void line() {
    while (i < s.size() && s[i] != '\n') ++i;
  }
  std::string until(char c) {
    size_t b = i;
    while (i < s.size() && s[i] != c) ++i;
    std::string r = s.substr(b, i - b);
    if (i < s.size()) ++i;
    return r;
  }
  std::string braces() { // at '{': text within
    ws();
    int d = 0;
    size_t b = i + 1;
    for (; i < s.size(); ++i) {
      if (s[i] == '{') ++d;
      if (s[i] == '}' && --d == 0) {
        std::string r = s.substr(b, i - b);
        ++i;
        return r;
      }
      if (s[i] == '"') {
        ++i;
        while (i < s.size() && s[i] != '"') ++i;
      }
    }
    return {};
  }
};

inline u32 type_size(const std::string& t) {
  if (t == ".pred") return 1;
  size_t k = 1;
  while (k < t.size() && !isdigit((unsigned char)t[k])) ++k;
  u32 bits = (u32)atoi(t.c_str() + k);
  if (t == ".f16x2" || t == ".bf16x2") bits = 32;
  return bits / 8;
}

/// Without comments.
inline std::string strip(const std::string& in) {
  std::string o;
  o.reserve(in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    if (in[i] == '"') {
      o += in[i++];
      while (i < in.size() && in[i] != '"') o += in[i++];
      if (i < in.size()) o += '"';
      continue;
    }
    if (in[i] == '/' && i + 1 < in.size() && in[i + 1] == '/') {
      while (i < in.size() && in[i] != '\n') ++i;
      o += '\n';
      continue;
    }
    if (in[i] == '/' && i + 1 < in.size() && in[i + 1] == '*') {
      i += 2;
      while (i + 1 < in.size() && !(in[i] == '*' && in[i + 1] == '/')) ++i;
      ++i;
      o += ' ';
      continue;
    }
    o += in[i];
  }
  return o;
}
// A declaration after its space: [.align n] [.ptr …] .type name[n][m]…; returns name, size, align.
struct declaration {
  std::string name, type;
  u32 size = 0, align = 1, count = 1;
  bool array = false, open = false;
};
declaration parse_decl(const std::string& s, size_t& i);

} // namespace interpreter
