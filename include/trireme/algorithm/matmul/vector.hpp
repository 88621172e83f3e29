/// @file algorithm/matmul/vector.hpp
/// Products of a matrix and a vector: the matrix is read once, in the order in which it lies.
#pragma once
#include <trireme/algorithm/matmul/kernel.hpp>
#include <trireme/algorithm/matmul/pieces.hpp>
#include <trireme/core/matrix_view.hpp>

#include <algorithm>
#include <cstddef>

// See kernel.hpp.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

/// c = a·b where b is a vector (N = 1) or the parts of one (N = 2), and a is too large for a cache: a is read along a
/// few columns at a time, which the hardware foresees.
template <int N, class T>
void tall_product(matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  using packet = typename tile_shape<T>::packet;
  constexpr index_t columns = 16, rows = 4 * tile_shape<T>::lanes;
  index_t const whole = a.rows / rows * rows;
  for (index_t l = 0; l < a.cols; l += columns)
    for (index_t i = 0; i < whole; i += rows)
      real_tile<packet, 4, N>(std::min(columns, a.cols - l), &a(i, l), a.col_stride, &b(l, 0), b.row_stride, b.col_stride,
                              &c(i, 0), c.col_stride, l != 0);
  // The last rows in the same order: the bits of a row do not depend on how many follow it.
  alignas(64) T sums[rows * N];
  matrix_view<T> const rest = c.block(whole, 0, a.rows - whole, N), part{sums, rest.rows, N, 1, rest.rows};
  for (index_t l = 0; l < a.cols && rest.rows != 0; l += columns) {
    index_t const k = std::min(columns, a.cols - l);
    direct_product<packet, 3, T>(a.block(whole, l, rest.rows, k), b.block(l, 0, k, N), part);
    for (index_t j = 0; j < N; ++j)
      for (index_t i = 0; i < rest.rows; ++i) rest(i, j) = l == 0 ? part(i, j) : static_cast<T>(rest(i, j) + part(i, j));
  }
}

/// c = a·b where every row of a lies in one piece, and so do the N columns of b: sums along k in the lanes of a packet,
/// lanes last.
template <int M, int N, class T>
void row_products(matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  using namespace Eigen::internal;
  using P = typename tile_shape<T>::packet;
  constexpr index_t lanes = tile_shape<T>::lanes;
  index_t i = 0;
  for (; a.rows - i >= M; i += M) {
    P sum[M][N];
    for (auto& row : sum)
      for (auto& s : row) s = pset1<P>(T(0));
    index_t l = 0;
    for (; a.cols - l >= lanes; l += lanes)
#pragma GCC unroll 8
      for (int m = 0; m < M; ++m)
#pragma GCC unroll 2
        for (int n = 0; n < N; ++n)
          sum[m][n] = pmadd(ploadu<P>(a.data + (i + m) * a.row_stride + l), ploadu<P>(b.data + n * b.col_stride + l), sum[m][n]);
    for (int m = 0; m < M; ++m)
      for (int n = 0; n < N; ++n) {
        alignas(64) T lane[lanes];
        pstoreu(lane, sum[m][n]);
        T total(0);
        for (T const x : lane) total = static_cast<T>(total + x);
        for (index_t r = l; r < a.cols; ++r)
          total = static_cast<T>(total + a.data[(i + m) * a.row_stride + r] * b.data[n * b.col_stride + r]);
        c(i + m, n) = total;
      }
  }
  if constexpr (M > 1)
    if (i < a.rows) row_products<1, N, T>(a.block(i, 0, a.rows - i, a.cols), b, c.block(i, 0, a.rows - i, c.cols));
}

template <class T>
struct vector_pieces {
  using real = real_t<T>;
  matrix_view<T const> a;
  matrix_view<real const> x; ///< for complex scalars two columns
  output_grid<T> out;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    constexpr int columns = static_cast<int>(parts<T>);
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      auto const y = out.piece(n);
      auto const rows = a.block(out.row(n), 0, y.rows, a.cols);
      scratch<real> product(columns * columns * y.rows);
      if (a.row_stride == 1) {
        auto const r = left_parts<T>(rows);
        tall_product<columns, real>(r, x, {product.data(), r.rows, columns, 1, r.rows});
        store(product.data(), r.rows, y, false);
      } else {
        matrix_view<real const> const r{reinterpret_cast<real const*>(rows.data), rows.rows, columns * rows.cols,
                                        columns * rows.row_stride, 1};
        row_products<4, columns, real>(r, x, {product.data(), r.rows, columns, columns, 1});
        for (index_t i = 0; i < y.rows; ++i)
          if constexpr (is_complex<T>)
            y(i, 0) = T(product.data()[2 * i], product.data()[2 * i + 1]);
          else
            y(i, 0) = product.data()[i];
      }
    }
  }
};

template <class T, class Run>
void vector_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> x, matrix_view<T> y) {
  using real = real_t<T>;
  bool const by_columns = a.row_stride == 1;
  index_t const rows_at_once = by_columns ? 512 : 8;
  index_t const rows = pieces(piece_work / 4 / a.cols + 1, rows_at_once) * rows_at_once;
  vector_pieces<T> work{a, right_parts<T>(x), {y, rows, 1}};
  bool const as_it_lies = by_columns || (!is_complex<T> && x.row_stride == 1);
  scratch<real> columns(as_it_lies ? 0 : parts<T> * parts<T> * x.rows);
  if (!as_it_lies) { // Σ (a, a')·(x, −x') and Σ (a, a')·(x', x) are the parts of the complex product.
    index_t const n = parts<T> * x.rows;
    for (index_t l = 0; l < x.rows; ++l)
      if constexpr (is_complex<T>) {
        columns.data()[2 * l] = columns.data()[n + 2 * l + 1] = x(l, 0).real();
        columns.data()[2 * l + 1] = -x(l, 0).imag();
        columns.data()[n + 2 * l] = x(l, 0).imag();
      } else {
        columns.data()[l] = x(l, 0);
      }
    work.x = {columns.data(), n, parts<T>, 1, n};
  }
  run(work.out.size(), work);
}

}}}} // namespace trireme::v1::detail::gemm

#pragma GCC diagnostic pop
