/// @file handlers.hpp
/// Instructions by their types: the function that runs one.
#pragma once
#include "arithmetic.hpp"
#include "comparisons.hpp"

#include <string>
#include <unordered_map>

namespace interpreter {

template <template <class> class O>
inline Fn bin_i(const std::string& t) {
  if (t == "u16" || t == "b16") return h_bin<u16, O<u16>>;
  if (t == "s16") return h_bin<s16, O<s16>>;
  if (t == "u32" || t == "b32") return h_bin<u32, O<u32>>;
  if (t == "s32") return h_bin<s32, O<s32>>;
  if (t == "u64" || t == "b64") return h_bin<u64, O<u64>>;
  if (t == "s64") return h_bin<s64, O<s64>>;
  return nullptr;
}
template <template <class> class O>
inline Fn bin_wrap(const std::string& t) { // the same bits signed or not
  if (t == "u16" || t == "b16" || t == "s16") return h_bin<u16, O<u16>>;
  if (t == "u32" || t == "b32" || t == "s32") return h_bin<u32, O<u32>>;
  if (t == "u64" || t == "b64" || t == "s64") return h_bin<u64, O<u64>>;
  return nullptr;
}
template <template <class> class O>
inline Fn bin_f(const std::string& t) {
  if (t == "f32") return h_bin<f32, O<f32>>;
  if (t == "f64") return h_bin<f64, O<f64>>;
  return nullptr;
}
template <template <class> class O>
inline Fn un_f(const std::string& t) {
  if (t == "f32") return h_un<f32, O<f32>>;
  if (t == "f64") return h_un<f64, O<f64>>;
  return nullptr;
}
template <template <class> class O>
inline Fn un_i(const std::string& t) {
  if (t == "u16" || t == "b16") return h_un<u16, O<u16>>;
  if (t == "s16") return h_un<s16, O<s16>>;
  if (t == "u32" || t == "b32") return h_un<u32, O<u32>>;
  if (t == "s32") return h_un<s32, O<s32>>;
  if (t == "u64" || t == "b64") return h_un<u64, O<u64>>;
  if (t == "s64") return h_un<s64, O<s64>>;
  return nullptr;
}

template <class T>
inline Fn setp_f(int c) {
  switch (c) {
#define CASE(x)                                                                                                                  \
  case x: return h_setp<T, x>;
    CASE(C_EQ)
    CASE(C_NE)
    CASE(C_LT)
    CASE(C_LE) CASE(C_GT) CASE(C_GE) CASE(C_EQU) CASE(C_NEU) CASE(C_LTU) CASE(C_LEU) CASE(C_GTU) CASE(C_GEU) CASE(C_NUM)
        CASE(C_NAN)
#undef CASE
  }
  return nullptr;
}
template <class T>
inline Fn set_f(int c) {
  switch (c) {
#define CASE(x)                                                                                                                  \
  case x: return h_set<T, x>;
    CASE(C_EQ)
    CASE(C_NE)
    CASE(C_LT)
    CASE(C_LE) CASE(C_GT) CASE(C_GE) CASE(C_EQU) CASE(C_NEU) CASE(C_LTU) CASE(C_LEU) CASE(C_GTU) CASE(C_GEU) CASE(C_NUM)
        CASE(C_NAN)
#undef CASE
  }
  return nullptr;
}
inline int cmp_code(const std::string& s, bool fl) {
  static const std::unordered_map<std::string, int> t{
      {"eq", C_EQ},   {"ne", C_NE},   {"lt", C_LT},   {"le", C_LE},   {"gt", C_GT},   {"ge", C_GE},
      {"lo", C_LT},   {"ls", C_LE},   {"hi", C_GT},   {"hs", C_GE},   {"equ", C_EQU}, {"neu", C_NEU},
      {"ltu", C_LTU}, {"leu", C_LEU}, {"gtu", C_GTU}, {"geu", C_GEU}, {"num", C_NUM}, {"nan", C_NAN}};
  (void)fl;
  auto it = t.find(s);
  return it == t.end() ? -1 : it->second;
}

} // namespace interpreter
