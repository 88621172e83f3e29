/// @file algorithm/matmul/host.hpp
/// The matrix product on executors whose workers see the caller's memory: which way is taken for which shape.
///
/// Every cut depends on shapes and strides alone, so that the bits are the same at every width.
#pragma once
#include <trireme/algorithm/matmul/direct.hpp>
#include <trireme/algorithm/matmul/packed.hpp>
#include <trireme/algorithm/matmul/pieces.hpp>
#include <trireme/algorithm/matmul/vector.hpp>
#include <trireme/core/matrix_view.hpp>
#if defined(TRIREME_BLAS)
#include <trireme/algorithm/matmul/blas.hpp>
#endif

#include <algorithm>
#include <cstddef>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

// ---- Few outputs, each of a long sum: the sum is cut as well, in places that the shape fixes ----

template <class T>
struct depth_pieces {
  matrix_view<T const> a, b;
  product_shape whole;
  index_t depth; ///< of one piece
  T* partial;    ///< one output after the other

  [[nodiscard]] index_t size() const { return pieces(a.cols, depth); }
  [[nodiscard]] matrix_view<T> output(index_t n) const { return {partial + n * a.rows * b.cols, a.rows, b.cols, 1, a.rows}; }
  constexpr void operator()(std::size_t first, std::size_t last) const;
};

/// How deep the pieces of a long sum are.
inline constexpr index_t long_sum = 8192, most_cuts = 32;
inline index_t piece_depth(index_t depth) { return std::max(pieces(depth, most_cuts), long_sum / 4); }

/// c = the sum of the partial products.
template <class T>
void add_up(depth_pieces<T> const& work, matrix_view<T> c) {
  for (index_t j = 0; j < c.cols; ++j)
    for (index_t i = 0; i < c.rows; ++i) {
      T sum = work.output(0)(i, j);
      for (index_t n = 1; n < work.size(); ++n) sum = static_cast<T>(sum + work.output(n)(i, j));
      c(i, j) = sum;
    }
}

template <class T, class Run>
void deep_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c, product_shape const& whole) {
  index_t const depth = piece_depth(a.cols);
  scratch<T> partial(pieces(a.cols, depth) * c.rows * c.cols);
  depth_pieces<T> const work{a, b, whole, depth, partial.data()};
  run(work.size(), work);
  add_up(work, c);
}

// ---- Which of them ----

/// The short way for what is over in some nanoseconds. Returns whether it was one.
template <class T>
[[gnu::always_inline]] inline bool multiply_small(matrix_view<T const> const& a, matrix_view<T const> const& b,
                                                  matrix_view<T> const& c) {
  if constexpr (is_complex<T>) {
    return false;
  } else {
    if (a.row_stride != 1 || c.row_stride != 1 || c.cols < 2 || a.cols == 0) return false;
    if (std::max({c.rows, c.cols, a.cols}) > 32) return false;
    direct_product<typename tile_shape<T>::packet, 3, T>(a, b, c);
    return true;
  }
}

enum class way { zeros, deep, vector, direct, packed };

/// Whether c's transpose is computed.
inline bool by_rows(product_shape const& of) { return of.cols == 1 ? false : of.rows == 1 || (of.c_row != 1 && of.c_col == 1); }

/// The way of a product that is not computed by rows.
template <class T>
way way_of(product_shape const& of) {
  // In floating point: the number may be beyond an integer.
  double const work = static_cast<double>(of.rows) * static_cast<double>(of.cols) * static_cast<double>(of.depth);
  if (of.depth >= long_sum && of.rows * of.cols <= 64 * 64 && work >= 4.0 * static_cast<double>(piece_work)) return way::deep;
  if (of.depth == 0) return way::zeros;
  if (of.cols == 1 && (of.a_row == 1 || of.a_col == 1)) return way::vector;
  return direct<T>(of) ? way::direct : way::packed;
}

/// c = a·b or, with `add`, c += a·b for a large product.
template <class T, class Run>
void large_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c, bool add) {
#if defined(TRIREME_BLAS)
  if (blas_multiply(run, a, b, c, add)) return;
#endif
  packed_multiply(run, a, b, c, add);
}

/// c = a·b, some rows and columns of a product of the shape `whole`, with the bits that they have there. The strides are
/// those of the whole, or at least those that are 1 are. c overlaps neither.
template <class T, class Run>
void multiply_part(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c, product_shape const& whole) {
  if (c.empty()) return;
  if (by_rows(whole)) return multiply_part<T>(run, b.transposed(), a.transposed(), c.transposed(), whole.transposed());

  double const work = static_cast<double>(c.rows) * static_cast<double>(c.cols) * static_cast<double>(a.cols);
  auto const with = [&](auto const& how) {
    if (work <= static_cast<double>(piece_work))
      how(in_turn{});
    else
      how(run);
  };
  switch (way_of<T>(whole)) {
    case way::zeros:
      for (index_t j = 0; j < c.cols; ++j)
        for (index_t i = 0; i < c.rows; ++i) c(i, j) = T(0);
      break;
    case way::deep: deep_multiply(run, a, b, c, whole); break;
    case way::vector: with([&](auto const& r) { vector_multiply(r, a, b, c); }); break;
    case way::direct: with([&](auto const& r) { direct_multiply(r, a, b, c); }); break;
    case way::packed: with([&](auto const& r) { large_multiply(r, a, b, c, false); }); break;
  }
}

/// c = a·b; c overlaps neither.
template <class T, class Run>
void multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  multiply_part<T>(run, a, b, c, shape_of<T>(a, b, c));
}

template <class T>
constexpr void depth_pieces<T>::operator()(std::size_t first, std::size_t last) const {
  for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
    index_t const l = n * depth, k = std::min(depth, a.cols - l);
    auto const c = output(n);
    product_shape piece = whole;
    piece.depth = k;
    piece.c_row = 1;
    piece.c_col = whole.rows;
    multiply_part<T>(in_turn{}, a.block(0, l, a.rows, k), b.block(l, 0, k, b.cols), c, piece);
  }
}

}}}} // namespace trireme::v1::detail::gemm
