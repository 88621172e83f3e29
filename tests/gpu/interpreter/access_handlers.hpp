/// @file access_handlers.hpp
/// Loads, stores and atomic operations by their types and spaces.
#pragma once
#include "access.hpp"

#include <string>

namespace interpreter {

template <class M, int SP>
inline handler ld_r(int rw) {
  if (rw == 2) return do_ld<M, u16, SP>;
  if (rw == 4) return do_ld<M, u32, SP>;
  if (rw == 8) return do_ld<M, u64, SP>;
  return nullptr;
}
template <class M, int SP>
inline handler ld_rs(int rw) {
  if (rw == 2) return do_ld<M, s16, SP>;
  if (rw == 4) return do_ld<M, s32, SP>;
  if (rw == 8) return do_ld<M, s64, SP>;
  return nullptr;
}
template <int SP>
inline handler ld_of(const std::string& t, int rw) {
  if (t == "u8" || t == "b8") return ld_r<u8, SP>(rw);
  if (t == "s8") return ld_rs<s8, SP>(rw);
  if (t == "u16" || t == "b16" || t == "f16") return ld_r<u16, SP>(rw);
  if (t == "s16") return ld_rs<s16, SP>(rw);
  if (t == "u32" || t == "b32" || t == "f32") return ld_r<u32, SP>(rw);
  if (t == "s32") return ld_rs<s32, SP>(rw);
  if (t == "u64" || t == "b64" || t == "s64" || t == "f64") return ld_r<u64, SP>(rw);
  if (t == "b128" && rw == 16) return do_ld<w128, w128, SP>;
  return nullptr;
}
template <class M>
inline handler ldk_r(int rw) {
  if (rw == 2) return do_ldk<M, u16>;
  if (rw == 4) return do_ldk<M, u32>;
  if (rw == 8) return do_ldk<M, u64>;
  return nullptr;
}
template <class M>
inline handler ldk_rs(int rw) {
  if (rw == 2) return do_ldk<M, s16>;
  if (rw == 4) return do_ldk<M, s32>;
  if (rw == 8) return do_ldk<M, s64>;
  return nullptr;
}
inline handler ldk_of(const std::string& t, int rw) {
  if (t == "u8" || t == "b8") return ldk_r<u8>(rw);
  if (t == "s8") return ldk_rs<s8>(rw);
  if (t == "u16" || t == "b16" || t == "f16") return ldk_r<u16>(rw);
  if (t == "s16") return ldk_rs<s16>(rw);
  if (t == "u32" || t == "b32" || t == "f32") return ldk_r<u32>(rw);
  if (t == "s32") return ldk_rs<s32>(rw);
  if (t == "u64" || t == "b64" || t == "s64" || t == "f64") return ldk_r<u64>(rw);
  return nullptr;
}
template <class M, int SP>
inline handler st_r(int rw) {
  if (rw == 2) return do_st<M, u16, SP>;
  if (rw == 4) return do_st<M, u32, SP>;
  if (rw == 8) return do_st<M, u64, SP>;
  return nullptr;
}
template <int SP>
inline handler st_of(int ms, int rw) {
  if (ms == 1) return st_r<u8, SP>(rw);
  if (ms == 2) return st_r<u16, SP>(rw);
  if (ms == 4) return st_r<u32, SP>(rw);
  if (ms == 8) return st_r<u64, SP>(rw);
  if (ms == 16 && rw == 16) return do_st<w128, w128, SP>;
  return nullptr;
}
template <int SP>
inline handler atom_of(const std::string& t, int op_) {
  bool sgn = op_ == atom_min || op_ == atom_max;
  if (t == "u32" || t == "b32") return do_atom<u32, SP>;
  if (t == "s32") return sgn ? do_atom<s32, SP> : do_atom<u32, SP>;
  if (t == "u64" || t == "b64") return do_atom<u64, SP>;
  if (t == "s64") return sgn ? do_atom<s64, SP> : do_atom<u64, SP>;
  if (t == "f32") return do_atom<f32, SP>;
  if (t == "f64") return do_atom<f64, SP>;
  if (t == "b16" || t == "u16") return do_atom<u16, SP>;
  if (t == "b128") return do_atom<w128, SP>;
  return nullptr;
}

} // namespace interpreter
