/// @file kernels.hpp
/// Kernels that decide at run time what they do, so that one for each type is compiled. All are portable.
#pragma once
#include "elements.hpp"
#include "harness.hpp"

#include <complex>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <vector>

namespace testing {

/// What a kernel throws at a word, and what has to arrive then.
struct fault {
  std::uint64_t word = 0;
  std::uint32_t kind = 0; ///< 0: never
  void at(std::uint64_t w) const {
    if (kind == 0 || w != word) return;
    std::string const text = "at " + std::to_string(word);
    if (kind == 1) throw std::out_of_range(text);
    if (kind == 2) throw std::domain_error(text);
    throw std::runtime_error(text);
  }
  [[nodiscard]] bool is(std::exception const& e) const {
    if (e.what() != "at " + std::to_string(word)) return false;
    if (kind == 1) return dynamic_cast<std::out_of_range const*>(&e) != nullptr;
    if (kind == 2) return dynamic_cast<std::domain_error const*>(&e) != nullptr;
    return kind == 3 && typeid(e) == typeid(std::runtime_error);
  }
};

/// A fault at one of the elements, now and then.
template <class T>
fault some_fault(random_call& call, std::vector<T> const& x) {
  if (x.empty() || !call.once_in(4)) return {};
  fault const f{word_of(x[call.below(x.size())]), 1 + static_cast<std::uint32_t>(call.below(3))};
  call.note("throws at ", f.word, ',');
  return f;
}
/// Whether work() throws, which has to be the fault.
template <class Work>
bool throws_or_not(fault const& expected, Work const& work) {
  try {
    work();
  } catch (std::exception const& e) {
    if (!expected.is(e)) throw;
    return true;
  }
  return false;
}
/// The same, and that it throws if there is a fault.
template <class Work>
bool throws(random_call& call, fault const& expected, Work const& work) {
  bool const threw = throws_or_not(expected, work);
  call.require(threw || expected.kind == 0, "nothing was thrown");
  return threw;
}

/// Some U of every element.
template <class U>
struct to {
  std::uint64_t salt;
  fault bad;
  template <class T>
  U operator()(T const& x) const {
    std::uint64_t const w = word_of(x);
    bad.at(w);
    return made<U>(scramble(w ^ salt));
  }
  template <class S, class T>
  U operator()(S const& x, T const& y) const {
    std::uint64_t const w = word_of(x);
    bad.at(w);
    return made<U>(scramble(w ^ salt) - word_of(y));
  }
};
/// The same in place.
template <class T>
struct change {
  to<T> how;
  void operator()(T& x) const { x = how(x); }
};

/// Ways to combine two elements.
enum class way : std::uint32_t {
  sum,
  least,
  most,
  order ///< neither associative nor commutative: the result tells the order in which all elements met
};
template <class T>
struct combine {
  way how;
  T operator()(T const& a, T const& b) const {
    if constexpr (std::same_as<T, affine>) {
      if (how != way::order) return {b.times * a.times, b.times * a.plus + b.plus};
    } else if constexpr (is_complex<T>) {
      if (how != way::order) return a + b;
    } else if constexpr (std::is_arithmetic_v<T> || std::same_as<T, int128>) {
      if (how == way::least) return b < a ? b : a;
      if (how == way::most) return a < b ? b : a;
      if constexpr (std::is_floating_point_v<T>) {
        if (how == way::sum) return a + b;
      } else if (how == way::sum) {
        return static_cast<T>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b)); // wraps
      }
    } else if constexpr (std::same_as<T, std::string>) {
      if (how != way::order) return a.size() + b.size() < 200 ? a + b : made<T>(word_of(a) * 5 + word_of(b));
    }
    return made<T>((word_of(a) ^ (word_of(b) * 0x9e3779b97f4a7c15u)) * 0xbf58476d1ce4e5b9u + 1);
  }
};

} // namespace testing
