/// @file merge_runs.hpp
/// Merges of sorted runs, cut along their output into tiles. Whatever less says, each element arrives once.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/tiles.hpp>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// What a sort throws where it sees that less contradicts itself.
inline std::invalid_argument no_order() {
  return std::invalid_argument("trireme: sort: less is no strict weak order: it contradicts itself, as < does on NaNs");
}

/// Merges a[0, na) and b[0, nb) to out; equal ones from a first.
template <class T, class Less>
constexpr void merge_two(T const* a, std::size_t na, T const* b, std::size_t nb, T* out, Less const& less) {
  std::size_t i = 0, j = 0;
  while (i < na && j < nb) {
    bool const from_b = less(b[j], a[i]);
    *out++ = from_b ? b[j] : a[i];
    i += from_b ? 0 : 1;
    j += from_b ? 1 : 0;
  }
  while (i < na) *out++ = a[i++];
  while (j < nb) *out++ = b[j++];
}

/// How many of the first d elements of the merge come from a (the "merge path": Odeh, Green et al., 2012). Whatever less says,
/// they are there: d - nb ≤ result ≤ na.
template <class T, class Less>
constexpr std::size_t merge_split(T const* a, std::size_t na, T const* b, std::size_t nb, std::size_t d, Less const& less) {
  std::size_t low = d > nb ? d - nb : 0;
  std::size_t high = d < na ? d : na;
  while (low < high) {
    std::size_t const i = low + (high - low) / 2;
    if (less(b[d - 1 - i], a[i]))
      high = i;
    else
      low = i + 1;
  }
  return low;
}

/// Two runs that become one: [begin, middle) and [middle, end).
struct run_pair {
  std::size_t begin, middle, end;
};

/// Runs of `width` elements each, the last one of what is left of n.
struct even_runs {
  std::size_t width, n;
  [[nodiscard]] constexpr std::size_t size() const { return n; }
  [[nodiscard]] constexpr run_pair pair_at(std::size_t out) const {
    std::size_t const begin = out / (2 * width) * (2 * width);
    std::size_t const middle = n - begin < width ? n : begin + width;
    return {begin, middle, n - middle < width ? n : middle + width};
  }
};

/// Where the tiles of the output begin in the runs of their pairs: tile t after splits[t] elements of the first run of the pair
/// at its first element. They are found once and kept, so that a tile ends where the next one starts even if less would now say
/// something else.
template <std::size_t Tile, class T, class Less, class Runs>
struct find_splits {
  using parts = parts_of<Less>;
  T const* from;
  std::size_t* splits;
  Runs runs;
  Less less;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t t = first; t < last; ++t) {
      auto const [begin, middle, end] = runs.pair_at(t * Tile);
      splits[t] = merge_split(from + begin, middle - begin, from + middle, end - middle, t * Tile - begin, less);
    }
  }
};

inline constexpr std::size_t splits_checked = 64; ///< by one index of check_splits

/// Whether each tile gets a part of either run, and not less than none: less contradicts itself where it does not. One flag for
/// many tiles.
template <std::size_t Tile, class Runs>
struct check_splits {
  std::size_t const* splits;
  std::uint8_t* crossed;
  std::size_t tiles;
  Runs runs;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t g = first; g < last; ++g) {
      std::size_t const end = tiles - g * splits_checked < splits_checked ? tiles : (g + 1) * splits_checked;
      bool good = true;
      for (std::size_t t = g * splits_checked; t < end; ++t) {
        std::size_t const begin = runs.pair_at(t * Tile).begin;
        if (t == 0 || (t - 1) * Tile < begin) continue; // the tile before starts in another pair, and in this one at its start
        good = good && splits[t] >= splits[t - 1] && splits[t] - splits[t - 1] <= Tile;
      }
      crossed[g] = good ? 0 : 1;
    }
  }
};

/// Merges each pair of runs from `from` to `to`. Index t is a tile of the output.
template <std::size_t Tile, class T, class Less, class Runs>
struct merge_tiles {
  using parts = parts_of<Less>;
  T const* from;
  T* to;
  std::size_t const* splits;
  Runs runs;
  Less less;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t t = first; t < last; ++t) {
      std::size_t const start = t * Tile, stop = runs.size() - start < Tile ? runs.size() : start + Tile;
      for (std::size_t out = start; out < stop;) { // a tile may span several pairs
        auto const [begin, middle, end] = runs.pair_at(out);
        std::size_t const until = end < stop ? end : stop;
        std::size_t const i = out == start ? splits[t] : 0, i_end = until == end ? middle - begin : splits[t + 1];
        std::size_t const j = out - begin - i, j_end = until - begin - i_end;
        merge_two(from + begin + i, i_end - i, from + middle + j, j_end - j, to + out, less);
        out = until;
      }
    }
  }
};

/// The memory of merges of n elements.
template <std::size_t Tile, executor E>
class merger {
public:
  merger(E const& ex, std::size_t n)
      : ex_(ex), tiles_(n / Tile + (n % Tile != 0)), splits_(ex, tiles_), crossed_(ex, groups()), seen_(groups()) {}

  /// One pass of merges. @throws invalid_argument where less contradicts itself on where to cut; then nothing was written.
  template <class T, class Less, class Runs>
  void pass(T const* from, T* to, Runs const& runs, Less const& less, bulk_options<completion_t<E>> const& options) {
    on_bulk(ex_, tiles_, find_splits<Tile, T, Less, Runs>{from, splits_.data(), runs, less}, options);
    on_bulk(ex_, groups(), check_splits<Tile, Runs>{splits_.data(), crossed_.data(), tiles_, runs}, {});
    ex_.download(crossed_.data(), seen_.data(), seen_.size(), {}).wait();
    for (std::uint8_t const crossed : seen_)
      if (crossed != 0) throw no_order();
    on_bulk(ex_, tiles_, merge_tiles<Tile, T, Less, Runs>{from, to, splits_.data(), runs, less}, options);
  }

private:
  [[nodiscard]] std::size_t groups() const { return tiles_ / splits_checked + (tiles_ % splits_checked != 0); }

  E ex_;
  std::size_t tiles_;
  buffer<std::size_t, E> splits_;
  buffer<std::uint8_t, E> crossed_;
  std::vector<std::uint8_t> seen_;
};

}}} // namespace trireme::v1::detail
