/// @file algorithm/matmul/pieces.hpp
/// How a product is cut into pieces, and run: for the ways of computing one in direct.hpp, vector.hpp and packed.hpp.
#pragma once
#include <trireme/algorithm/matmul/kernel.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/matrix_view.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <new>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

/// Multiplications in a piece of work that is worth handing to another worker: some microseconds.
inline constexpr index_t piece_work = 64 * 64 * 64;

constexpr index_t pieces(index_t n, index_t size) { return (n + size - 1) / size; }

/// What the way of computing a product depends on, and with it the bits: (rows × depth)·(depth × cols), and where the
/// elements lie.
struct product_shape {
  index_t rows, cols, depth;
  index_t a_row, a_col, b_row, b_col, c_row, c_col; ///< strides
  [[nodiscard]] product_shape transposed() const { return {cols, rows, depth, b_col, b_row, a_col, a_row, c_col, c_row}; }
};
template <class T>
product_shape shape_of(matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  return {c.rows, c.cols, a.cols, a.row_stride, a.col_stride, b.row_stride, b.col_stride, c.row_stride, c.col_stride};
}

/// Uninitialised memory for n intermediate values: on the stack where they are few.
template <class R>
class scratch {
public:
  explicit scratch(index_t n) {
    if (n > few) many_.reset(static_cast<R*>(::operator new(static_cast<std::size_t>(n) * sizeof(R), cache_line)));
  }
  // Not inlined: g++ would see that nobody has initialised the memory, but not that the product does.
  [[nodiscard, gnu::noinline]] R* data() { return many_ ? many_.get() : reinterpret_cast<R*>(few_); }

private:
  static constexpr std::align_val_t cache_line{64};
  static constexpr index_t few = 1024;
  struct release {
    void operator()(R* p) const { ::operator delete(p, cache_line); }
  };
  std::unique_ptr<R, release> many_;
  alignas(64) std::byte few_[few * sizeof(R)];
};

/// Runs the pieces of a product on the workers of an executor ...
template <class E>
struct on_workers {
  E const& ex;
  template <class F>
  void operator()(index_t n, F const& f) const {
    on_bulk(ex, static_cast<std::size_t>(n), f, bulk_options<completion_t<E>>{.grain = 1});
  }
};
/// ... or one after the other, where whole products run side by side.
struct in_turn {
  template <class F>
  void operator()(index_t n, F const& f) const {
    f(0, static_cast<std::size_t>(n));
  }
};

/// Pieces of the output, counted down the columns of pieces: what the kernels below do one of at a time.
template <class T>
struct output_grid {
  matrix_view<T> c;
  index_t rows, cols; ///< of one piece

  [[nodiscard]] index_t size() const { return pieces(c.rows, rows) * pieces(c.cols, cols); }
  [[nodiscard]] index_t row(index_t n) const { return n % pieces(c.rows, rows) * rows; }
  [[nodiscard]] index_t col(index_t n) const { return n / pieces(c.rows, rows) * cols; }
  [[nodiscard]] matrix_view<T> piece(index_t n) const {
    return c.block(row(n), col(n), std::min(rows, c.rows - row(n)), std::min(cols, c.cols - col(n)));
  }
};

}}}} // namespace trireme::v1::detail::gemm
