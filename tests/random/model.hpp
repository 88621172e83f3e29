/// @file model.hpp
/// What calls have to give, by the words of the design alone: plain loops, and nothing of the library.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace testing {

/// The fixed shape of a reduction: 32 lanes in a tile of 4096, which meet in a butterfly, then tiles level by level.
template <class A, class T, class Op, class F>
A reduced(std::vector<T> const& x, A const& init, Op const& op, F const& f) {
  std::vector<A> tiles;
  for (std::size_t first = 0; first < x.size(); first += 4096) {
    std::size_t const last = std::min(first + 4096, x.size());
    std::array<std::optional<A>, 32> lanes;
    for (std::size_t i = first; i < last; ++i) {
      auto& lane = lanes[(i - first) % 32];
      A next = static_cast<A>(f(x[i]));
      if (lane)
        lane.emplace(static_cast<A>(op(*lane, next)));
      else
        lane.emplace(std::move(next));
    }
    for (std::size_t s = 16; s > 0; s /= 2)
      for (std::size_t j = 0; j < s; ++j)
        if (lanes[j + s]) lanes[j].emplace(static_cast<A>(op(*lanes[j], *lanes[j + s])));
    tiles.push_back(*lanes[0]);
  }
  if (tiles.empty()) return init;
  while (tiles.size() > 1) {
    std::vector<A> level;
    for (std::size_t i = 0; i + 1 < tiles.size(); i += 2) level.push_back(static_cast<A>(op(tiles[i], tiles[i + 1])));
    if (tiles.size() % 2 != 0) level.push_back(tiles.back());
    tiles = std::move(level);
  }
  return static_cast<A>(op(init, tiles[0]));
}

/// The fixed shape of a scan: chains from the left, p over the elements of a segment of 128, c over the 32 segments of a tile, and
/// C over the tiles, from init where there is one. A total is op(C before the tile, op(c before the segment, p)).
template <class A, class T, class Op>
std::vector<A> totals(std::vector<T> const& x, std::optional<A> const& init, Op const& op) {
  auto const both = [&op](A const& a, A const& b) { return static_cast<A>(op(a, b)); };
  std::vector<A> p, c, all, out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    p.push_back(i % 128 == 0 ? static_cast<A>(x[i]) : both(p.back(), static_cast<A>(x[i])));
    bool const last = i + 1 == x.size();
    if (i % 128 == 127 || last) c.push_back(c.size() % 32 == 0 ? p.back() : both(c.back(), p.back()));
    if (i % 4096 == 4095 || last)
      all.push_back(!all.empty() ? both(all.back(), c.back()) : init ? both(*init, c.back()) : c.back());
  }
  if (init && !x.empty()) out.push_back(*init);
  for (std::size_t i = 0; i < x.size(); ++i) {
    A total = p[i];
    if (i / 128 % 32 != 0) total = both(c[i / 128 - 1], total);
    if (i / 4096 != 0) total = both(all[i / 4096 - 1], total);
    if (i / 4096 == 0 && init) total = both(*init, total);
    out.push_back(total);
  }
  if (init && !x.empty()) out.pop_back();
  return out;
}

/// Philox4x32-10 of Salmon et al. (SC'11), by the paper's words.
inline std::array<std::uint32_t, 4> random_block(std::uint64_t seed, std::uint64_t subsequence, std::uint64_t index) {
  auto const low = [](std::uint64_t w) { return static_cast<std::uint32_t>(w); };
  auto const high = [](std::uint64_t w) { return static_cast<std::uint32_t>(w >> 32); };
  std::array<std::uint32_t, 4> c{low(index), high(index), low(subsequence), high(subsequence)};
  std::uint32_t k0 = low(seed), k1 = high(seed);
  for (int round = 0; round < 10; ++round, k0 += 0x9e3779b9u, k1 += 0xbb67ae85u) {
    std::uint64_t const a = 0xd2511f53u * std::uint64_t{c[0]}, b = 0xcd9e8d57u * std::uint64_t{c[2]};
    c = {high(b) ^ c[1] ^ k0, low(b), high(a) ^ c[3] ^ k1, low(a)};
  }
  return c;
}

/// The rng of sample i. Draws: how many calls are promised, or 0.
template <class Real, std::uint64_t Draws>
class model_rng {
public:
  model_rng(std::uint64_t seed, std::uint64_t sample) : seed_(seed), sample_(sample) {}
  Real uniform() {
    if constexpr (sizeof(Real) == 4)
      return static_cast<Real>(word() >> 8) * 0x1p-24f;
    else
      return static_cast<Real>(two_words() >> 12) * 0x1p-52;
  }
  template <class I>
  I index(I n) {
    __extension__ typedef unsigned __int128 wide;
    return static_cast<I>(static_cast<wide>(two_words()) * static_cast<std::uint64_t>(n) >> 64);
  }

private:
  std::uint32_t word() {
    std::uint64_t const w = at_++;
    if constexpr (Draws == 0) return random_block(seed_, sample_, w / 4)[w % 4];
    std::uint64_t const q = Draws * (sizeof(Real) / 4) * (sample_ / 32) + w;
    return random_block(seed_, 0, 32 * (q / 4) + sample_ % 32)[q % 4];
  }
  std::uint64_t two_words() {
    std::uint64_t const first = word();
    return first << 32 | word();
  }
  std::uint64_t seed_, sample_, at_ = 0;
};

} // namespace testing
