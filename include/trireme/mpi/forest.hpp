/// @file mpi/forest.hpp
/// A reduction in the fixed shape whose tiles are spread over ranks: each brings the values of the whole subtrees that it has,
/// and all ranks combine these as the tree of core/tiles.hpp does.
#pragma once
#include <trireme/core/tiles.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>

#include <bit>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Calls visit(end) for each largest subtree that lies in the tiles [first, last) of `tiles`, in order; it ends there and
/// begins where the one before it does. Subtrees at the end of all tiles may lack leaves.
template <class Visit>
void each_subtree(std::size_t first, std::size_t last, std::size_t tiles, Visit const& visit) {
  while (first < last) {
    std::size_t width = first == 0 ? std::bit_ceil(tiles) : first & (~first + 1);
    while (first + width > last && last != tiles) width /= 2;
    if (first + width > tiles) width = tiles - first;
    visit(first += width);
  }
}

/// The values of all ranks' subtrees of n ≥ 1 elements, each an A.
template <class A>
class forest {
public:
  forest(mpi_link const& link, std::size_t n)
      : n_(n), tiles_(tile_count(n)), cuts_(tile_cuts(tiles_, link.size())), mine_(share_of(cuts_, link.rank())) {
    owners_.push_back(0);
    for (int r = 0; r < link.size(); ++r) {
      auto const tiles = share_of(cuts_, r);
      each_subtree(tiles.first, tiles.last, tiles_, [&](std::size_t end) { ends_.push_back(end); });
      owners_.push_back(ends_.size());
    }
    own_ = share_of(owners_, link.rank());
  }

  /// How many elements this rank has.
  [[nodiscard]] std::size_t size() const { return element(mine_.last) - element(mine_.first); }

  /// Takes make(elements), an A, for the share of elements that each of this rank's subtrees combines.
  template <class Make>
  void fill(Make const& make) {
    values_.emplace(inline_executor{}, ends_.size());
    std::size_t first = mine_.first;
    for (std::size_t k = own_.first; k < own_.last; first = ends_[k++]) {
      share const part{element(first), element(ends_[k])};
      part_of_whole{part.first, 1, n_}([&] { values_->data()[k] = make(part); });
    }
  }

  /// Brings all subtrees' values to all ranks. Collective.
  void gather(mpi_link const& link) { link.gather(values_->data(), sizeof(slot<A>), owners_); }

  /// All subtrees combined, after that.
  template <class Op>
  [[nodiscard]] A combine(Op const& op) {
    std::size_t next = 0;
    return subtree(0, std::bit_ceil(tiles_), next, op);
  }

private:
  [[nodiscard]] std::size_t element(std::size_t tile) const { return tile == tiles_ ? n_ : tile * tile_size; }

  /// Of the subtree that begins at a tile and has that width; `next` is the first value not yet taken.
  template <class Op>
  A subtree(std::size_t first, std::size_t width, std::size_t& next, Op const& op) {
    if (ends_[next] == (first + width < tiles_ ? first + width : tiles_)) return std::move(in_slot<A>(values_->data()[next++]));
    A left = subtree(first, width / 2, next, op);
    if (first + width / 2 >= tiles_) return left; // an odd one out passes up unchanged
    A right = subtree(first + width / 2, width / 2, next, op);
    return static_cast<A>(op(std::move(left), std::move(right)));
  }

  std::size_t n_, tiles_;
  std::vector<std::size_t> cuts_;
  share mine_;
  std::vector<std::size_t> ends_, owners_; // of all subtrees; which of them are whose
  share own_{0, 0};
  std::optional<scratch<A, inline_executor>> values_;
};

}}} // namespace trireme::v1::detail
