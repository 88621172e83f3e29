/// @file count.hpp
/// Counts and sizes as a user has them, in any integral type, and the arguments that refuse a negative one.
#pragma once
#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace trireme { inline namespace v1 {

/// The name of an argument, as a template argument.
template <std::size_t N>
struct argument_name {
  char text[N]{};
  // NOLINTNEXTLINE(google-explicit-constructor): written as a string literal.
  consteval argument_name(char const (&s)[N]) { std::copy_n(s, N, text); }
};

/// A std::size_t that is filled from any integral type, for the argument or option called `Name`.
/// @throws std::invalid_argument that names the argument, where the value is negative or does not fit.
template <argument_name Name>
class count {
public:
  template <std::integral I>
  constexpr count(I value) : value_(static_cast<std::size_t>(value)) {
    if constexpr (std::signed_integral<I>) {
      if (value < 0) throw std::invalid_argument(std::string("trireme: ") + Name.text + " must not be negative" + written(value));
    }
    if constexpr (sizeof(I) > sizeof(std::size_t)) {
      if (static_cast<I>(value_) != value) throw std::invalid_argument(std::string("trireme: ") + Name.text + " is too large");
    }
  }
  constexpr operator std::size_t() const noexcept { return value_; }

private:
  template <class I>
  static std::string written(I value) {
    if constexpr (sizeof(I) <= sizeof(long long))
      return ", but is " + std::to_string(value);
    else
      return {}; // std::to_string knows no __int128
  }
  std::size_t value_;
};

/// A seed of any integral type; a negative one counts as its two's complement.
class seed_value {
public:
  template <std::integral I>
  constexpr seed_value(I value) noexcept : value_(static_cast<std::uint64_t>(value)) {}
  constexpr operator std::uint64_t() const noexcept { return value_; }

private:
  std::uint64_t value_;
};

}} // namespace trireme::v1
