/// @file algorithm/matmul/direct.hpp
/// Products straight from the operands: best where they stay in a cache, or are read too few times to be worth packing.
#pragma once
#include <trireme/algorithm/matmul/kernel.hpp>
#include <trireme/algorithm/matmul/pieces.hpp>
#include <trireme/core/matrix_view.hpp>

#include <algorithm>
#include <cstddef>
#include <type_traits>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

template <class T>
struct direct_pieces {
  matrix_view<T const> a, b;
  output_grid<T> out;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      product(a.block(out.row(n), 0, out.piece(n).rows, a.cols), b.block(0, out.col(n), b.rows, out.piece(n).cols), out.piece(n));
    }
  }

private:
  static void product(matrix_view<T const> x, matrix_view<T const> y, matrix_view<T> c) {
    using packet = typename tile_shape<T>::packet;
    if constexpr (!is_complex<T>)
      if (c.row_stride == 1) return direct_product<packet, 3, T>(x, y, c);
    bool const by_rows = y.col_stride == 1 || y.cols == 1 || !is_complex<T>;
    scratch<T> rows(by_rows ? 0 : y.rows * y.cols);
    if (!by_rows) { // the parts of a row must follow one another
      matrix_view<T> const copy{rows.data(), y.rows, y.cols, y.cols, 1};
      for (index_t j = 0; j < y.cols; ++j)
        for (index_t l = 0; l < y.rows; ++l) copy(l, j) = y(l, j);
      y = copy;
    }
    auto const left = left_parts<T>(x), right = right_parts<T>(y);
    scratch<real_t<T>> parts_of_c(left.rows * right.cols);
    direct_product<packet, 3, real_t<T>>(left, right, {parts_of_c.data(), left.rows, right.cols, 1, left.rows});
    store(parts_of_c.data(), left.rows, c, false);
  }
};

/// Reads a matrix in the order in which it lies, which the hardware foresees: from memory it comes into the cache faster
/// so than by tiles.
template <class T>
void touch(matrix_view<T const> a) {
  constexpr index_t line = 64 / sizeof(T);
  for (index_t l = 0; l < a.cols; ++l)
    for (index_t i = 0; i < a.rows; i += line)
      static_cast<void>(*reinterpret_cast<unsigned char const volatile*>(a.data + i + l * a.col_stride));
}

template <class T, class Run>
void direct_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  if constexpr (std::is_same_v<Run, in_turn>) {
    if (c.cols > 2 * tile_shape<T>::cols) touch(a);
    direct_pieces<T>{a, b, {c, c.rows, c.cols}}(0, 1);
  } else {
    constexpr index_t cols = 32, least_rows = 2 * tile_shape<T>::rows;
    index_t const rows = pieces(piece_work / a.cols / std::min(c.cols, cols), least_rows) * least_rows;
    direct_pieces<T> const work{a, b, {c, std::max(rows, least_rows), cols}};
    run(work.out.size(), work);
  }
}

/// Whether that is the best way: a must be read along its columns, and either stay in the second cache while that is
/// done again and again, or be read too few times to be worth packing.
template <class T>
bool direct(product_shape const& of) {
  return of.a_row == 1 && (of.cols <= 2 * tile_shape<T>::cols ||
                           (of.a_col >= 0 && of.a_col * of.depth <= (index_t{2} << 20) / index_t{sizeof(T)}));
}

}}}} // namespace trireme::v1::detail::gemm
