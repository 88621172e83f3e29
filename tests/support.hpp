/// @file support.hpp
/// What several tests share: comparison by bits, the fixed shape written a second time, ranges and elements that are
/// awkward on purpose.
#pragma once
#include <trireme/algorithm/estimate.hpp>

#include <array>
#include <cmath>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <ranges>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace testing {

/// Sizes, from plain literals.
template <class... N>
constexpr std::array<std::size_t, sizeof...(N)> sizes(N... n) {
  return {static_cast<std::size_t>(n)...};
}

// ---- Comparison by bits ----

template <class T>
  requires std::is_arithmetic_v<T>
bool same_bits(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

/// Of a NaN neither sign nor payload is promised.
inline bool same_bits(trireme::estimate const& a, trireme::estimate const& b) {
  auto const same = [](double x, double y) { return (std::isnan(x) && std::isnan(y)) || same_bits(x, y); };
  return same(a.mean, b.mean) && same(a.variance, b.variance) && a.samples == b.samples && same(a.error, b.error);
}

template <class T>
inline constexpr bool without_padding = std::is_floating_point_v<T> || std::has_unique_object_representations_v<T>;
template <class T>
inline constexpr bool without_padding<std::complex<T>> = true;
template <class T, std::size_t N>
inline constexpr bool without_padding<std::array<T, N>> = without_padding<T>;
struct measured; // of kernels.hpp: a double and 64 bits
template <>
inline constexpr bool without_padding<measured> = true;

/// Of contiguous ranges whose elements have no padding.
template <class A, class B>
  requires requires(A const& a, B const& b) {
    a.data();
    b.data();
  }
bool same_bits(A const& a, B const& b) {
  using T = std::remove_cvref_t<decltype(*a.data())>;
  static_assert(std::is_same_v<T, std::remove_cvref_t<decltype(*b.data())>>);
  auto const size = static_cast<std::size_t>(a.size());
  if (size != static_cast<std::size_t>(b.size())) return false;
  if constexpr (std::is_same_v<T, trireme::estimate>) {
    for (std::size_t i = 0; i < size; ++i)
      if (!same_bits(a.data()[i], b.data()[i])) return false;
    return true;
  } else {
    static_assert(without_padding<T>);
    return size == 0 || std::memcmp(a.data(), b.data(), size * sizeof(T)) == 0;
  }
}

// ---- The fixed shape of a reduction, from the words of the design (section 6), by recursion ----

template <class T, class Op>
struct slow_shape {
  std::vector<T> const& x;
  Op op;

  /// Lane j of the tile that starts at `begin` with n elements: element j, then j + 32, j + 64, … up to `last`.
  T lane(std::size_t begin, std::size_t last) const {
    return last < 32 ? x[begin + last] : op(lane(begin, last - 32), x[begin + last]);
  }
  /// a[j] after the butterfly's step of width s; s = 32 is before the first one.
  T butterfly(std::size_t begin, std::size_t n, std::size_t j, std::size_t s) const {
    if (s == 32) return lane(begin, j + (n - 1 - j) / 32 * 32);
    bool const partner_holds_anything = j + s < n;
    return partner_holds_anything ? op(butterfly(begin, n, j, 2 * s), butterfly(begin, n, j + s, 2 * s))
                                  : butterfly(begin, n, j, 2 * s);
  }
  T tile(std::size_t t) const {
    std::size_t const begin = 4096 * t, left = x.size() - begin;
    return butterfly(begin, left < 4096 ? left : 4096, 0, 1);
  }
  /// Entry i of level l, where the level below has `below` entries.
  T level(std::size_t l, std::size_t i) const {
    if (l == 0) return tile(i);
    std::size_t below = (x.size() + 4095) / 4096;
    for (std::size_t k = 1; k < l; ++k) below = (below + 1) / 2;
    return 2 * i + 1 < below ? op(level(l - 1, 2 * i), level(l - 1, 2 * i + 1)) : level(l - 1, 2 * i);
  }
  /// All elements, of which there is at least one.
  T all() const {
    std::size_t levels = 0;
    for (std::size_t count = (x.size() + 4095) / 4096; count > 1; count = (count + 1) / 2) ++levels;
    return level(levels, 0);
  }
};
template <class T, class Op>
slow_shape(std::vector<T> const&, Op) -> slow_shape<T, Op>;

// ---- Numbers that look random, and are the same everywhere ----

inline std::uint64_t scramble(std::uint64_t x) {
  x = (x + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

/// In (-1, 1), of very different magnitudes, so that every order of adding them rounds differently.
inline std::vector<double> numbers(std::size_t n, std::uint64_t seed = 0) {
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    std::uint64_t const w = scramble(i + (seed << 32));
    out[i] = std::ldexp(static_cast<double>(static_cast<std::int64_t>(w)), -63 - static_cast<int>(w % 20));
  }
  return out;
}

template <class T>
std::vector<T> cast_all(std::vector<double> const& from) {
  std::vector<T> out;
  for (double const x : from) out.push_back(static_cast<T>(x));
  return out;
}

// ---- Awkward ranges and elements ----

/// 0, 1, …, n - 1, to be read once; counts how many were fetched, and throws at one of them if asked to.
class read_once {
public:
  explicit read_once(int n, int throw_at = -1) : n_(n), throw_at_(throw_at) {}

  class iterator {
  public:
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    iterator() = default;
    explicit iterator(read_once* range) : range_(range) {}
    int operator*() const { return range_->at_; }
    iterator& operator++() {
      ++range_->at_;
      range_->fetch();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(iterator const& i, std::default_sentinel_t) { return i.range_->at_end(); }

  private:
    read_once* range_ = nullptr;
  };

  iterator begin() {
    fetch();
    return iterator(this);
  }
  static std::default_sentinel_t end() { return {}; }
  [[nodiscard]] bool at_end() const { return at_ == n_; }
  /// Elements fetched so far.
  [[nodiscard]] int reads() const { return reads_; }

private:
  void fetch() {
    if (at_ == throw_at_) throw std::runtime_error("the range threw");
    if (at_ < n_) ++reads_;
  }
  int n_, throw_at_;
  int at_ = 0, reads_ = 0;
};
static_assert(std::ranges::input_range<read_once> && !std::ranges::forward_range<read_once>);

/// Moves, but neither copies nor has a default.
struct move_only {
  explicit move_only(int v) : value(v) {}
  move_only(move_only&& other) noexcept : value(std::exchange(other.value, -1)) {}
  move_only& operator=(move_only&& other) noexcept {
    value = std::exchange(other.value, -1);
    return *this;
  }
  ~move_only() = default;
  int value;
  friend bool operator==(move_only const&, move_only const&) = default;
  friend bool operator<(move_only const& a, move_only const& b) { return a.value < b.value; }
};

} // namespace testing
