/// @file access_handlers.hpp
/// Loads, stores and atomic operations by their types and spaces.
#pragma once
#include "access.hpp"

#include <string>

namespace interpreter {

template <class M, int SP>
inline Fn ld_r(int rw) {
  if (rw == 2) return h_ld<M, u16, SP>;
  if (rw == 4) return h_ld<M, u32, SP>;
  if (rw == 8) return h_ld<M, u64, SP>;
  return nullptr;
}
template <class M, int SP>
inline Fn ld_rs(int rw) {
  if (rw == 2) return h_ld<M, s16, SP>;
  if (rw == 4) return h_ld<M, s32, SP>;
  if (rw == 8) return h_ld<M, s64, SP>;
  return nullptr;
}
template <int SP>
inline Fn ld_of(const std::string& t, int rw) {
  if (t == "u8" || t == "b8") return ld_r<u8, SP>(rw);
  if (t == "s8") return ld_rs<s8, SP>(rw);
  if (t == "u16" || t == "b16" || t == "f16") return ld_r<u16, SP>(rw);
  if (t == "s16") return ld_rs<s16, SP>(rw);
  if (t == "u32" || t == "b32" || t == "f32") return ld_r<u32, SP>(rw);
  if (t == "s32") return ld_rs<s32, SP>(rw);
  if (t == "u64" || t == "b64" || t == "s64" || t == "f64") return ld_r<u64, SP>(rw);
  if (t == "b128" && rw == 16) return h_ld<w128, w128, SP>;
  return nullptr;
}
template <class M>
inline Fn ldk_r(int rw) {
  if (rw == 2) return h_ldk<M, u16>;
  if (rw == 4) return h_ldk<M, u32>;
  if (rw == 8) return h_ldk<M, u64>;
  return nullptr;
}
template <class M>
inline Fn ldk_rs(int rw) {
  if (rw == 2) return h_ldk<M, s16>;
  if (rw == 4) return h_ldk<M, s32>;
  if (rw == 8) return h_ldk<M, s64>;
  return nullptr;
}
inline Fn ldk_of(const std::string& t, int rw) {
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
inline Fn st_r(int rw) {
  if (rw == 2) return h_st<M, u16, SP>;
  if (rw == 4) return h_st<M, u32, SP>;
  if (rw == 8) return h_st<M, u64, SP>;
  return nullptr;
}
template <int SP>
inline Fn st_of(int ms, int rw) {
  if (ms == 1) return st_r<u8, SP>(rw);
  if (ms == 2) return st_r<u16, SP>(rw);
  if (ms == 4) return st_r<u32, SP>(rw);
  if (ms == 8) return st_r<u64, SP>(rw);
  if (ms == 16 && rw == 16) return h_st<w128, w128, SP>;
  return nullptr;
}
template <int SP>
inline Fn atom_of(const std::string& t, int op_) {
  bool sgn = op_ == A_MIN || op_ == A_MAX;
  if (t == "u32" || t == "b32") return h_atom<u32, SP>;
  if (t == "s32") return sgn ? h_atom<s32, SP> : h_atom<u32, SP>;
  if (t == "u64" || t == "b64") return h_atom<u64, SP>;
  if (t == "s64") return sgn ? h_atom<s64, SP> : h_atom<u64, SP>;
  if (t == "f32") return h_atom<f32, SP>;
  if (t == "f64") return h_atom<f64, SP>;
  if (t == "b16" || t == "u16") return h_atom<u16, SP>;
  if (t == "b128") return h_atom<w128, SP>;
  return nullptr;
}

} // namespace interpreter
