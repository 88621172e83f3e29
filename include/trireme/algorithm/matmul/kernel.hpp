/// @file algorithm/matmul/kernel.hpp
/// Register tiles of a matrix product, on Eigen's packets, and the packing that feeds them. One thread, no allocation.
///
/// Every element of the output is one sum over k in ascending order, whichever tile it falls into and wherever the
/// operands lie in memory: its bits depend on nothing but its row and column.
#pragma once
#include <trireme/algorithm/matmul/operands.hpp>
#include <trireme/core/matrix_view.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <type_traits>

// g++ warns wherever a vector type is a template argument, which Eigen's packet functions are called with.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wignored-attributes"

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

using index_t = std::ptrdiff_t;

template <class T>
struct real_of {
  using type = T;
};
template <class R>
struct real_of<std::complex<R>> {
  using type = R;
};
template <class T>
using real_t = typename real_of<T>::type;

/// Complex scalars are pairs of real ones here: a (m × k) counts as 2m × k and b (k × n) as k × 2n, whose product holds
/// the four products of parts that make up each element of c. So one kernel, without shuffles, serves both.
template <class T>
inline constexpr index_t parts = is_complex<T> ? 2 : 1;

template <class P>
inline constexpr int lanes_of = Eigen::internal::unpacket_traits<P>::size;

template <class P>
using half_of = typename Eigen::internal::unpacket_traits<P>::half;
template <class P>
inline constexpr bool is_narrowest = std::is_same_v<half_of<P>, P>;

/// The size of a register tile of scalars T: as many sums as the registers hold beside the operands. With 32 registers
/// that is 3 × 8 packets of sums, 3 of the left operand and 1 of the right one; with 16, 3 × 4.
template <class T>
struct tile_shape {
  using packet = typename Eigen::internal::packet_traits<real_t<T>>::type;
  static constexpr int lanes = lanes_of<packet>;
  static constexpr int packets = lanes == 1 ? 2 : 3; // so that a complex number never lies across two tiles
  static constexpr int real_rows = packets * lanes;
  static constexpr int real_cols = sizeof(packet) == 64 ? 8 : 4;
  static constexpr int rows = real_rows / static_cast<int>(parts<T>); ///< in elements
  static constexpr int cols = real_cols / static_cast<int>(parts<T>);
};

/// c (+)= a·b for M packets of rows and N columns. Column l of a lies at a + l·a_col; element (l, j) of b at
/// b[l·b_row + j·b_col]; column j of c at c + j·c_col. With OneRow only the first row is touched, and computed as in a
/// packet all the same: the compiler might round a lone a·b + c twice.
template <class P, int M, int N, bool OneRow = false, class T>
void real_tile(index_t k, T const* a, index_t a_col, T const* b, index_t b_row, index_t b_col, T* c, index_t c_col, bool add) {
  using namespace Eigen::internal;
  constexpr int lanes = lanes_of<P>;
  P sum[M][N];
#pragma GCC unroll 8
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 8
    for (int i = 0; i < M; ++i) sum[i][j] = pset1<P>(T(0));
  for (index_t l = 0; l < k; ++l, a += a_col, b += b_row) {
    P x[M];
#pragma GCC unroll 8
    for (int i = 0; i < M; ++i)
      if constexpr (OneRow)
        x[i] = pset1<P>(*a);
      else
        x[i] = ploadu<P>(a + i * lanes);
#pragma GCC unroll 8
    for (int j = 0; j < N; ++j) {
      P const y = pset1<P>(b[j * b_col]);
#pragma GCC unroll 4
      for (int i = 0; i < M; ++i) sum[i][j] = pmadd(x[i], y, sum[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < N; ++j)
#pragma GCC unroll 8
    for (int i = 0; i < M; ++i) {
      T* const to = c + j * c_col + i * lanes;
      if constexpr (OneRow)
        *to = pfirst(sum[i][j]);
      else
        pstoreu(to, add ? padd(ploadu<P>(to), sum[i][j]) : sum[i][j]);
    }
}

/// The left operand's elements down its columns, and the right one's along its rows, as real numbers: the former with
/// row stride 1; the latter, if complex, with column stride 1 or only one column.
template <class T>
matrix_view<real_t<T> const> left_parts(matrix_view<T const> a) {
  return {reinterpret_cast<real_t<T> const*>(a.data), parts<T> * a.rows, a.cols, 1, parts<T> * a.col_stride};
}
template <class T>
matrix_view<real_t<T> const> right_parts(matrix_view<T const> b) {
  return {reinterpret_cast<real_t<T> const*>(b.data), b.rows, parts<T> * b.cols, parts<T> * b.row_stride,
          is_complex<T> ? 1 : b.col_stride};
}

/// c (+)= the real product `from`, column-major, whose columns are `stride` apart.
template <class T>
void store(real_t<T> const* from, index_t stride, matrix_view<T> c, bool add) {
  for (index_t j = 0; j < c.cols; ++j)
    for (index_t i = 0; i < c.rows; ++i) {
      T x;
      if constexpr (is_complex<T>) {
        real_t<T> const* const p = from + 2 * j * stride + 2 * i;
        x = T(p[0] - p[stride + 1], p[1] + p[stride]);
      } else {
        x = from[j * stride + i];
      }
      c(i, j) = add ? static_cast<T>(c(i, j) + x) : x;
    }
}

/// Copies up to Width rows of v so that a tile reads them in order: for each column Width elements, padded with zeros.
template <int Width, class T>
void pack(matrix_view<T const> v, T* out) {
  for (index_t l = 0; l < v.cols; ++l, out += Width) {
    T const* const from = v.data + l * v.col_stride;
    if (v.rows == Width && v.row_stride == 1) {
      for (index_t i = 0; i < Width; ++i) out[i] = from[i];
    } else if (v.rows == Width) {
      for (index_t i = 0; i < Width; ++i) out[i] = from[i * v.row_stride];
    } else {
      for (index_t i = 0; i < v.rows; ++i) out[i] = from[i * v.row_stride];
      for (index_t i = v.rows; i < Width; ++i) out[i] = T(0);
    }
  }
}

/// c (+)= the product of two packed panels of depth k. c is at most a register tile, with any strides.
template <class T>
void packed_tile(index_t k, T const* a, T const* b, matrix_view<T> c, bool add) {
  using shape = tile_shape<T>;
  using packet = typename shape::packet;
  using R = real_t<T>;
  constexpr int rows = shape::real_rows, cols = shape::real_cols;
  auto const* const x = reinterpret_cast<R const*>(a);
  auto const* const y = reinterpret_cast<R const*>(b);
  if constexpr (!is_complex<T>)
    if (c.rows == rows && c.cols == cols && c.row_stride == 1)
      return real_tile<packet, shape::packets, cols>(k, x, rows, y, cols, 1, c.data, c.col_stride, add);
  alignas(64) R out[rows * cols];
  index_t const used = parts<T> * c.rows;
  if (used <= shape::lanes)
    real_tile<packet, 1, cols>(k, x, rows, y, cols, 1, out, rows, false);
  else if (used <= 2 * shape::lanes)
    real_tile<packet, 2, cols>(k, x, rows, y, cols, 1, out, rows, false);
  else
    real_tile<packet, shape::packets, cols>(k, x, rows, y, cols, 1, out, rows, false);
  store(out, rows, c, add);
}

/// M packets of rows from row i, all columns: N at a time, then half as many, down to one.
template <class P, int M, int N, bool OneRow, class T>
[[gnu::always_inline]] inline void direct_strip(matrix_view<T const> const& a, matrix_view<T const> const& b,
                                                matrix_view<T> const& c, index_t i, index_t j = 0) {
  for (; c.cols - j >= N; j += N)
    real_tile<P, M, N, OneRow>(a.cols, a.data + i, a.col_stride, b.data + j * b.col_stride, b.row_stride, b.col_stride,
                               c.data + i + j * c.col_stride, c.col_stride, false);
  if constexpr (N > 1)
    if (j < c.cols) direct_strip<P, M, N / 2, OneRow, T>(a, b, c, i, j);
}

/// The rows from row i, which fill no packet P: by the narrowest packet that covers them. It reaches back over rows
/// already done, which get the same values again.
template <class P, class T>
[[gnu::always_inline]] inline void direct_rest(matrix_view<T const> const& a, matrix_view<T const> const& b,
                                               matrix_view<T> const& c, index_t i) {
  if constexpr (!is_narrowest<P>)
    if (c.rows - i <= lanes_of<half_of<P>>) return direct_rest<half_of<P>, T>(a, b, c, i);
  direct_strip<P, 1, tile_shape<T>::cols, false, T>(a, b, c, c.rows - lanes_of<P>);
}

/// c = a·b straight from the operands, for real scalars where a and c have row stride 1: best for small products.
template <class P, int M, class T>
[[gnu::always_inline]] inline void direct_product(matrix_view<T const> const& a, matrix_view<T const> const& b,
                                                  matrix_view<T> const& c) {
  constexpr index_t lanes = lanes_of<P>;
  constexpr int cols = tile_shape<T>::cols;
  index_t i = 0;
  if (c.rows < lanes) {
    if constexpr (!is_narrowest<P>)
      direct_product<half_of<P>, 1, T>(a, b, c);
    else
      for (; i < c.rows; ++i) direct_strip<P, 1, cols, true, T>(a, b, c, i);
    return;
  }
  for (; c.rows - i >= M * lanes; i += M * lanes) direct_strip<P, M, cols, false, T>(a, b, c, i);
  if constexpr (M > 2)
    for (; c.rows - i >= 2 * lanes; i += 2 * lanes) direct_strip<P, 2, cols, false, T>(a, b, c, i);
  if constexpr (M > 1)
    for (; c.rows - i >= lanes; i += lanes) direct_strip<P, 1, cols, false, T>(a, b, c, i);
  if (i < c.rows) direct_rest<P, T>(a, b, c, i);
}

}}}} // namespace trireme::v1::detail::gemm

#pragma GCC diagnostic pop
