/// @file mpi/cuts.hpp
/// Which elements are whose.
#pragma once
#include <bit>
#include <cstddef>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Elements [first, last).
struct share {
  std::size_t first, last;
  [[nodiscard]] std::size_t size() const noexcept { return last - first; }
};

/// Where the parts of n things begin that are cut evenly for `parts` ranks, and where the last one ends.
inline std::vector<std::size_t> even_cuts(std::size_t n, int parts) {
  auto const p = static_cast<std::size_t>(parts);
  std::vector<std::size_t> cuts(p + 1);
  for (std::size_t r = 0; r <= p; ++r) cuts[r] = n / p * r + n % p * r / p;
  return cuts;
}

inline share share_of(std::vector<std::size_t> const& cuts, int rank) {
  auto const r = static_cast<std::size_t>(rank);
  return {cuts[r], cuts[r + 1]};
}

/// Where the runs of tiles begin that ranks take. They are of whole units, a power of two small enough to make the ranks
/// equal within a hundredth, so that a rank has few subtrees.
inline std::vector<std::size_t> tile_cuts(std::size_t tiles, int ranks) {
  std::size_t const unit = std::bit_floor(tiles / (std::size_t{128} * static_cast<std::size_t>(ranks)) | 1u);
  auto cuts = even_cuts((tiles + unit - 1) / unit, ranks);
  for (auto& cut : cuts) cut = cut * unit < tiles ? cut * unit : tiles;
  return cuts;
}

}}} // namespace trireme::v1::detail
