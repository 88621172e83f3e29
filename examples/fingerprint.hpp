/// @file fingerprint.hpp
/// Many numbers' bits in one number, to compare the results of backends by.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>

/// FNV-1a over bit patterns, word by word.
class fingerprint {
public:
  void add(float x) { mix(std::bit_cast<std::uint32_t>(one_nan(x))); }
  void add(double x) { mix(std::bit_cast<std::uint64_t>(one_nan(x))); }
  template <class T>
  void add(std::span<T const> all) {
    for (T const& x : all) add(x);
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }
  /// Whether all of them were numbers: neither infinite nor NaN.
  [[nodiscard]] bool finite() const { return finite_; }

private:
  template <class T>
  T one_nan(T x) { // a NaN's sign and payload are not promised
    finite_ = finite_ && std::isfinite(x);
    return x == x ? x : std::numeric_limits<T>::quiet_NaN();
  }
  void mix(std::uint64_t word) { hash_ = (hash_ ^ word) * 0x100000001b3u; }

  std::uint64_t hash_ = 0xcbf29ce484222325u;
  bool finite_ = true;
};
