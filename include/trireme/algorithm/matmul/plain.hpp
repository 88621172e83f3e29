/// @file algorithm/matmul/plain.hpp
/// The matrix product by plain loops, on any executor: through pointers to its memory alone, and portable kernels.
#pragma once
#include <trireme/algorithm/matmul/operands.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/matrix_view.hpp>

#include <cstddef>
#include <type_traits>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

/// One product cut into tiles of 4 × 4 elements, each summed in registers, over k in ascending order. `Parts` is 2 for
/// complex scalars, whose parts alternate: device compilers have no multiplication of std::complex.
template <class R, std::ptrdiff_t Parts>
struct plain_product {
  matrix_view<R const> a, b; ///< strides count parts
  matrix_view<R> c;

  static constexpr std::ptrdiff_t side = 4;
  [[nodiscard]] constexpr std::ptrdiff_t tile_rows() const { return (c.rows + side - 1) / side; }
  [[nodiscard]] constexpr std::ptrdiff_t size() const { return tile_rows() * ((c.cols + side - 1) / side); }

  constexpr void tile(std::ptrdiff_t n) const {
    std::ptrdiff_t const i0 = n % tile_rows() * side, j0 = n / tile_rows() * side;
    std::ptrdiff_t const rows = c.rows - i0 < side ? c.rows - i0 : side, cols = c.cols - j0 < side ? c.cols - j0 : side;
    R sum[side][side][Parts]{};
    for (std::ptrdiff_t l = 0; l < a.cols; ++l)
      for (std::ptrdiff_t j = 0; j < cols; ++j)
        for (std::ptrdiff_t i = 0; i < rows; ++i) {
          R const* const x = &a(i0 + i, l);
          R const* const y = &b(l, j0 + j);
          R* const s = sum[j][i];
          if constexpr (Parts == 1) {
            s[0] = static_cast<R>(s[0] + x[0] * y[0]);
          } else {
            s[0] += x[0] * y[0] - x[1] * y[1];
            s[1] += x[0] * y[1] + x[1] * y[0];
          }
        }
    for (std::ptrdiff_t j = 0; j < cols; ++j)
      for (std::ptrdiff_t i = 0; i < rows; ++i)
        for (std::ptrdiff_t part = 0; part < Parts; ++part) (&c(i0 + i, j0 + j))[part] = sum[j][i][part];
  }
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t n = first; n < last; ++n) tile(static_cast<std::ptrdiff_t>(n));
  }
};

template <class T>
auto parts_of(matrix_view<T> v) {
  using U = std::remove_const_t<T>;
  if constexpr (is_complex<U>) {
    using R = std::conditional_t<std::is_const_v<T>, typename U::value_type const, typename U::value_type>;
    return matrix_view<R>{reinterpret_cast<R*>(v.data), v.rows, v.cols, 2 * v.row_stride, 2 * v.col_stride};
  } else {
    return v;
  }
}

template <class T>
auto make_plain_product(matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  auto const out = parts_of(c);
  return plain_product<std::remove_pointer_t<decltype(out.data)>, is_complex<T> ? 2 : 1>{parts_of(a), parts_of(b), out};
}
template <class T>
using plain_product_t = decltype(make_plain_product<T>({}, {}, {}));

template <class E, class T>
void plain_multiply(E const& ex, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c) {
  if (c.empty()) return;
  auto const work = make_plain_product(a, b, c);
  on_bulk(ex, static_cast<std::size_t>(work.size()), work, bulk_options<completion_t<E>>{});
}

}}}} // namespace trireme::v1::detail::gemm
