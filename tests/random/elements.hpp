/// @file elements.hpp
/// Elements of many types, all made from words: narrow and wide numbers, large ones, some that lie or begin strangely.
#pragma once
#include "../support.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

namespace testing {

__extension__ typedef __int128 int128;

/// As large as some records are.
template <std::size_t Bytes>
struct large {
  std::array<std::uint64_t, Bytes / 8> words;
  friend bool operator==(large const&, large const&) = default;
};
struct no_default {
  constexpr explicit no_default(std::uint64_t w) : word(w) {}
  std::uint64_t word;
  friend bool operator==(no_default const&, no_default const&) = default;
};
template <std::size_t Align>
struct alignas(Align) aligned {
  std::uint64_t word;
  friend bool operator==(aligned const&, aligned const&) = default;
};
struct empty {
  friend bool operator==(empty, empty) = default;
};
/// x → times · x + plus of words: their composition is associative, and not commutative.
struct affine {
  std::uint64_t times, plus;
  friend bool operator==(affine, affine) = default;
};

template <class T>
inline constexpr bool is_complex = false;
template <class T>
inline constexpr bool is_complex<std::complex<T>> = true;
template <class T>
inline constexpr bool is_large = false;
template <std::size_t N>
inline constexpr bool is_large<large<N>> = true;

/// The element of a word. Of real numbers none is 0 or NaN, and magnitudes differ.
template <class T>
constexpr T made(std::uint64_t w) {
  if constexpr (std::same_as<T, int128>) {
    return static_cast<int128>(w) << 63 ^ static_cast<int128>(scramble(w)); // from both sides of 0
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(w);
  } else if constexpr (std::is_floating_point_v<T>) {
    double const small = static_cast<double>(static_cast<std::int64_t>(w | 1)) * 0x1p-63; // float rounds it
    return static_cast<T>(small) * (w % 3 == 0 ? T(1) : w % 3 == 1 ? T(1024) : T(0x1p-12));
  } else if constexpr (is_complex<T>) {
    using real = typename T::value_type;
    return T(made<real>(w), made<real>(w + 1));
  } else if constexpr (std::same_as<T, std::string>) {
    return std::string(w % 40, 'x') + std::to_string(w);
  } else if constexpr (std::same_as<T, std::pair<double, std::string>>) {
    return {made<double>(w), made<std::string>(w >> 7)};
  } else if constexpr (std::same_as<T, empty>) {
    return {};
  } else if constexpr (std::same_as<T, affine>) {
    return {w | 1, scramble(w)};
  } else if constexpr (is_large<T>) {
    T out{};
    for (std::size_t k = 0; k < out.words.size(); ++k) out.words[k] = w * (2 * k + 1);
    return out;
  } else {
    return T{w};
  }
}

/// A word that tells the element, where its type can.
template <class T>
constexpr std::uint64_t word_of(T const& x) {
  if constexpr (std::same_as<T, int128>) {
    return static_cast<std::uint64_t>(x) ^ static_cast<std::uint64_t>(x >> 64) * 3;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<std::uint64_t>(x);
  } else if constexpr (std::same_as<T, float>) {
    return std::bit_cast<std::uint32_t>(x);
  } else if constexpr (std::is_floating_point_v<T>) {
    double const high = static_cast<double>(x);
    double const low = static_cast<double>(x - static_cast<T>(high));
    return std::bit_cast<std::uint64_t>(high) ^ std::bit_cast<std::uint64_t>(low) * 3;
  } else if constexpr (is_complex<T>) {
    return word_of(x.real()) * 5 + word_of(x.imag());
  } else if constexpr (std::same_as<T, std::string>) {
    std::uint64_t h = 1;
    for (char const c : x) h = h * 0x100000001b3u ^ static_cast<unsigned char>(c);
    return h;
  } else if constexpr (std::same_as<T, std::pair<double, std::string>>) {
    return word_of(x.first) * 5 + word_of(x.second);
  } else if constexpr (std::same_as<T, empty>) {
    return 0;
  } else if constexpr (std::same_as<T, affine>) {
    return x.times * 5 + x.plus;
  } else if constexpr (is_large<T>) {
    std::uint64_t h = 0;
    for (std::uint64_t const w : x.words) h = h * 5 + w;
    return h;
  } else {
    return x.word;
  }
}

/// By bits, where numbers have no padding.
template <class T>
bool same(T const& a, T const& b) {
  if constexpr (std::same_as<T, float> || std::same_as<T, double>)
    return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b);
  else if constexpr (std::same_as<T, long double>)
    return (a == b && std::signbit(a) == std::signbit(b)) || (a != a && b != b);
  else if constexpr (is_complex<T>)
    return same(a.real(), b.real()) && same(a.imag(), b.imag());
  else
    return a == b;
}
template <class A, class B>
bool same_elements(A const& a, B const& b) {
  if (a.size() != b.size()) return false;
  auto y = b.begin();
  for (auto const& x : a)
    if (!same(x, *y++)) return false;
  return true;
}

/// As the compiler has it.
template <class T>
std::string name_of() {
  std::string const text = __PRETTY_FUNCTION__;
  auto const begin = text.find("T = ") + 4;
  return text.substr(begin, text.find_first_of(";]", begin) - begin);
}

} // namespace testing
