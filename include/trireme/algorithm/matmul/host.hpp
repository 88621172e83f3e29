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
  index_t depth; ///< of one piece
  T* partial;    ///< one output after the other

  [[nodiscard]] index_t size() const { return pieces(a.cols, depth); }
  [[nodiscard]] matrix_view<T> output(index_t n) const {
    return {partial + n * a.rows * b.cols, a.rows, b.cols, 1, a.rows};
  }
  constexpr void operator()(std::size_t first, std::size_t last) const;
};

template <class T, class Run>
void deep_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c,
                   index_t depth) {
  scratch<T> partial(pieces(a.cols, depth) * c.rows * c.cols);
  depth_pieces<T> const work{a, b, depth, partial.data()};
  run(work.size(), work);
  for (index_t j = 0; j < c.cols; ++j)
    for (index_t i = 0; i < c.rows; ++i) {
      T sum = work.output(0)(i, j);
      for (index_t n = 1; n < work.size(); ++n) sum = static_cast<T>(sum + work.output(n)(i, j));
      c(i, j) = sum;
    }
}

// ---- Which of them ----

/// The short way for what is over in some nanoseconds. Returns whether it was one.
template <class T>
[[gnu::always_inline]] inline bool multiply_small(matrix_view<T const> const& a,
                                                  matrix_view<T const> const& b, matrix_view<T> const& c) {
  if constexpr (is_complex<T>) {
    return false;
  } else {
    if (a.row_stride != 1 || c.row_stride != 1 || c.cols < 2 || a.cols == 0) return false;
    if (std::max({c.rows, c.cols, a.cols}) > 32) return false;
    direct_product<typename tile_shape<T>::packet, 3, T>(a, b, c);
    return true;
  }
}

/// c = a·b; c overlaps neither.
template <class T, class Run>
void multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  if (c.empty()) return;
  bool const by_rows = c.cols == 1 ? false : c.rows == 1 || (c.row_stride != 1 && c.col_stride == 1);
  if (by_rows) return multiply<T>(run, b.transposed(), a.transposed(), c.transposed());

  // In floating point: the number may be beyond an integer.
  double const work = static_cast<double>(c.rows) * static_cast<double>(c.cols) * static_cast<double>(a.cols);
  bool const small = work <= static_cast<double>(piece_work);
  constexpr index_t long_sum = 8192, most_cuts = 32;
  if (a.cols >= long_sum && c.rows * c.cols <= 64 * 64 && work >= 4.0 * static_cast<double>(piece_work))
    return deep_multiply(run, a, b, c, std::max(pieces(a.cols, most_cuts), long_sum / 4));

  auto const with = [&](auto const& how) {
    if (small)
      how(in_turn{});
    else
      how(run);
  };
  if (a.cols == 0) {
    for (index_t j = 0; j < c.cols; ++j)
      for (index_t i = 0; i < c.rows; ++i) c(i, j) = T(0);
  } else if (c.cols == 1 && (a.row_stride == 1 || a.col_stride == 1)) {
    with([&](auto const& r) { vector_multiply(r, a, b, c); });
  } else if (direct(a, c)) {
    with([&](auto const& r) { direct_multiply(r, a, b, c); });
  } else {
    with([&](auto const& r) {
#if defined(TRIREME_BLAS)
      if (blas_multiply(r, a, b, c)) return;
#endif
      packed_multiply(r, a, b, c);
    });
  }
}

template <class T>
constexpr void depth_pieces<T>::operator()(std::size_t first, std::size_t last) const {
  for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
    index_t const l = n * depth, k = std::min(depth, a.cols - l);
    multiply<T>(in_turn{}, a.block(0, l, a.rows, k), b.block(l, 0, k, b.cols), output(n));
  }
}

}}}} // namespace trireme::v1::detail::gemm
