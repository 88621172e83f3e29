/// @file algorithm/matmul/packed.hpp
/// Large products: the operands are packed block by block, so that tiles read them in order and from a cache (Goto and
/// van de Geijn, Anatomy of high-performance matrix multiplication, 2008).
#pragma once
#include <trireme/algorithm/matmul/kernel.hpp>
#include <trireme/algorithm/matmul/pieces.hpp>
#include <trireme/core/matrix_view.hpp>

#include <algorithm>
#include <cstddef>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

/// The sizes of a block: a packed panel of b is to stay in the first cache, and both blocks in the last one.
template <class T>
struct block_shape {
  using tile = tile_shape<T>;
  static constexpr index_t depth = 2048 / static_cast<index_t>(sizeof(real_t<T>));
  static constexpr index_t rows = 2048 / tile::rows * tile::rows;
  static constexpr index_t cols = 2048;
  static constexpr index_t piece_rows = std::max(1, 96 / tile::rows) * tile::rows;
  static constexpr index_t piece_cols = 64;
};

/// Packs the panels of a block of a, then those of a block of b.
template <class T>
struct pack_panels {
  using tile = tile_shape<T>;
  matrix_view<T const> a, b;
  T *packed_a, *packed_b;
  bool with_b;

  [[nodiscard]] constexpr index_t panels_of_a() const { return pieces(a.rows, tile::rows); }
  [[nodiscard]] constexpr index_t size() const { return panels_of_a() + (with_b ? pieces(b.cols, tile::cols) : 0); }
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      if (n < panels_of_a()) {
        index_t const i = n * tile::rows;
        pack<tile::rows>(a.block(i, 0, std::min<index_t>(tile::rows, a.rows - i), a.cols), packed_a + i * a.cols);
      } else {
        index_t const j = (n - panels_of_a()) * tile::cols;
        pack<tile::cols>(b.block(0, j, b.rows, std::min<index_t>(tile::cols, b.cols - j)).transposed(), packed_b + j * b.rows);
      }
    }
  }
};

/// c (+)= a block of a times a block of b, both packed.
template <class T>
struct packed_pieces {
  using tile = tile_shape<T>;
  T const *packed_a, *packed_b;
  index_t depth;
  output_grid<T> out;
  bool add;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      auto const c = out.piece(n);
      for (index_t j = 0; j < c.cols; j += tile::cols)
        for (index_t i = 0; i < c.rows; i += tile::rows)
          packed_tile<T>(depth, packed_a + (out.row(n) + i) * depth, packed_b + (out.col(n) + j) * depth,
                         c.block(i, j, std::min<index_t>(tile::rows, c.rows - i), std::min<index_t>(tile::cols, c.cols - j)),
                         add);
    }
  }
};

/// c = a·b, or with `add` c += a·b: sums of a block's depth are added to c in turn, so that a product in parts of whole
/// blocks has the bits of the whole one.
template <class T, class Run>
void packed_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c, bool add) {
  using tile = tile_shape<T>;
  using block = block_shape<T>;
  index_t const depth = std::min(a.cols, block::depth), rows = std::min(c.rows, block::rows),
                cols = std::min(c.cols, block::cols);
  index_t const size_a = pieces(rows, tile::rows) * tile::rows * depth;
  index_t const size_b = pieces(cols, tile::cols) * tile::cols * depth;
  scratch<T> packed(size_a + size_b);
  for (index_t j = 0; j < c.cols; j += cols)
    for (index_t l = 0; l < a.cols; l += depth)
      for (index_t i = 0; i < c.rows; i += rows) {
        index_t const k = std::min(depth, a.cols - l);
        auto const to = c.block(i, j, std::min(rows, c.rows - i), std::min(cols, c.cols - j));
        pack_panels<T> const packing{a.block(i, l, to.rows, k), b.block(l, j, k, to.cols), packed.data(), packed.data() + size_a,
                                     i == 0};
        run(packing.size(), packing);
        packed_pieces<T> const work{
            packing.packed_a, packing.packed_b, k, {to, block::piece_rows, block::piece_cols}, add || l != 0};
        run(work.out.size(), work);
      }
}

}}}} // namespace trireme::v1::detail::gemm
