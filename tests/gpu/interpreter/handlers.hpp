/// @file handlers.hpp
/// Instructions by their types: the function that runs one.
#pragma once
#include "arithmetic.hpp"
#include "comparisons.hpp"

#include <string>
#include <unordered_map>

namespace interpreter {

template <template <class> class O>
inline handler bin_i(const std::string& t) {
  if (t == "u16" || t == "b16") return do_bin<u16, O<u16>>;
  if (t == "s16") return do_bin<s16, O<s16>>;
  if (t == "u32" || t == "b32") return do_bin<u32, O<u32>>;
  if (t == "s32") return do_bin<s32, O<s32>>;
  if (t == "u64" || t == "b64") return do_bin<u64, O<u64>>;
  if (t == "s64") return do_bin<s64, O<s64>>;
  return nullptr;
}
template <template <class> class O>
inline handler bin_wrap(const std::string& t) { // the same bits signed or not
  if (t == "u16" || t == "b16" || t == "s16") return do_bin<u16, O<u16>>;
  if (t == "u32" || t == "b32" || t == "s32") return do_bin<u32, O<u32>>;
  if (t == "u64" || t == "b64" || t == "s64") return do_bin<u64, O<u64>>;
  return nullptr;
}
template <template <class> class O>
inline handler bin_f(const std::string& t) {
  if (t == "f32") return do_bin<f32, O<f32>>;
  if (t == "f64") return do_bin<f64, O<f64>>;
  return nullptr;
}
template <template <class> class O>
inline handler un_f(const std::string& t) {
  if (t == "f32") return do_un<f32, O<f32>>;
  if (t == "f64") return do_un<f64, O<f64>>;
  return nullptr;
}
template <template <class> class O>
inline handler un_i(const std::string& t) {
  if (t == "u16" || t == "b16") return do_un<u16, O<u16>>;
  if (t == "s16") return do_un<s16, O<s16>>;
  if (t == "u32" || t == "b32") return do_un<u32, O<u32>>;
  if (t == "s32") return do_un<s32, O<s32>>;
  if (t == "u64" || t == "b64") return do_un<u64, O<u64>>;
  if (t == "s64") return do_un<s64, O<s64>>;
  return nullptr;
}

template <class T>
inline handler setp_f(int c) {
  switch (c) {
#define CASE(x)                                                                                                                  \
  case x: return do_setp<T, x>;
    CASE(cmp_eq)
    CASE(cmp_ne)
    CASE(cmp_lt)
    CASE(cmp_le)
    CASE(cmp_gt) CASE(cmp_ge) CASE(cmp_equ) CASE(cmp_neu) CASE(cmp_ltu) CASE(cmp_leu) CASE(cmp_gtu) CASE(cmp_geu) CASE(cmp_num)
        CASE(cmp_nan)
#undef CASE
  }
  return nullptr;
}
template <class T>
inline handler set_f(int c) {
  switch (c) {
#define CASE(x)                                                                                                                  \
  case x: return do_set<T, x>;
    CASE(cmp_eq)
    CASE(cmp_ne)
    CASE(cmp_lt)
    CASE(cmp_le)
    CASE(cmp_gt) CASE(cmp_ge) CASE(cmp_equ) CASE(cmp_neu) CASE(cmp_ltu) CASE(cmp_leu) CASE(cmp_gtu) CASE(cmp_geu) CASE(cmp_num)
        CASE(cmp_nan)
#undef CASE
  }
  return nullptr;
}
inline int cmp_code(const std::string& s, bool fl) {
  static const std::unordered_map<std::string, int> t{
      {"eq", cmp_eq},   {"ne", cmp_ne},   {"lt", cmp_lt},   {"le", cmp_le},   {"gt", cmp_gt},   {"ge", cmp_ge},
      {"lo", cmp_lt},   {"ls", cmp_le},   {"hi", cmp_gt},   {"hs", cmp_ge},   {"equ", cmp_equ}, {"neu", cmp_neu},
      {"ltu", cmp_ltu}, {"leu", cmp_leu}, {"gtu", cmp_gtu}, {"geu", cmp_geu}, {"num", cmp_num}, {"nan", cmp_nan}};
  (void)fl;
  auto it = t.find(s);
  return it == t.end() ? -1 : it->second;
}

} // namespace interpreter
