/// @file matrix_view.hpp
/// Where a matrix lies: what algorithms on matrices hand to the backends.
#pragma once
#include <concepts>
#include <cstddef>
#include <type_traits>

namespace trireme { inline namespace v1 { namespace detail {

/// `rows` × `cols` elements in some executor's memory; element (i, j) lies at data[i·row_stride + j·col_stride].
/// Column-major has row_stride 1, row-major col_stride 1; a transpose, a block and a strided Map are views as well.
template <class T>
struct matrix_view {
  using value_type = std::remove_const_t<T>;
  T* data = nullptr;
  std::ptrdiff_t rows = 0, cols = 0;
  std::ptrdiff_t row_stride = 1, col_stride = 0;

  constexpr T& operator()(std::ptrdiff_t i, std::ptrdiff_t j) const { return data[i * row_stride + j * col_stride]; }
  [[nodiscard]] constexpr bool empty() const { return rows == 0 || cols == 0; }
  [[nodiscard]] constexpr matrix_view transposed() const { return {data, cols, rows, col_stride, row_stride}; }
  [[nodiscard]] constexpr matrix_view block(std::ptrdiff_t i, std::ptrdiff_t j, std::ptrdiff_t block_rows,
                                            std::ptrdiff_t block_cols) const {
    bool const none = block_rows == 0 || block_cols == 0; // of a matrix that may have no memory
    return {none ? data : data + (i * row_stride + j * col_stride), block_rows, block_cols, row_stride, col_stride};
  }
  template <std::same_as<T const> C>
    requires(!std::is_const_v<T>)
  constexpr operator matrix_view<C>() const {
    return {data, rows, cols, row_stride, col_stride};
  }
};

template <class T>
constexpr matrix_view<T> view_of(matrix_view<T> v) {
  return v;
}

}}} // namespace trireme::v1::detail
