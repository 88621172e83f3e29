/// @file algorithm/matmul/pairs.hpp
/// One product of a batch on a host executor, and which of them are worth cutting up.
#pragma once
#include <trireme/algorithm/matmul/host.hpp>
#include <trireme/algorithm/matmul/operands.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/core/matrix_view.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

template <class M>
inline constexpr bool is_view = false;
template <class T>
inline constexpr bool is_view<matrix_view<T>> = true;
template <class M>
concept any_view = is_view<std::remove_cvref_t<M>>;
template <any_view M>
struct scalar_of<M> {
  using type = std::remove_cvref_t<decltype(*std::declval<M>().data)>;
};

template <class M>
inline constexpr bool is_fixed = false;
template <class T, int Rows, int Cols, int Options, int MostRows, int MostCols>
inline constexpr bool is_fixed<Eigen::Matrix<T, Rows, Cols, Options, MostRows, MostCols>> = Rows > 0 && Cols > 0;

template <class A, class B>
double multiplications(A const& a, B const& b) {
  constexpr double of_one = parts<scalar_t<A>> * parts<scalar_t<A>>;
  if constexpr (any_view<A>)
    return of_one * static_cast<double>(a.rows) * static_cast<double>(a.cols) * static_cast<double>(b.cols);
  else
    return of_one * static_cast<double>(a.rows()) * static_cast<double>(a.cols()) * static_cast<double>(b.cols());
}

/// The number of multiplications above which a product of a batch is worth cutting up: those that would keep one worker
/// busy while the others have nothing left to do. 0 where there is none. It changes no bits.
template <class As, class Bs>
double cutting_limit(As const& as, Bs const& bs, std::size_t workers) {
  using A = std::remove_cvref_t<decltype(as[0])>;
  constexpr double worth_it = 16.0 * piece_work;
  if constexpr (is_fixed<A>) {
    return 0;
  } else {
    std::size_t sizes = 0; // first the cheap question: are there no large ones at all?
    for (std::size_t i = 0; i < as.size(); ++i) {
      auto&& a = as[i];
      auto&& b = bs[i];
      if constexpr (any_view<A>)
        sizes |= static_cast<std::size_t>(a.rows | a.cols | b.cols);
      else
        sizes |= static_cast<std::size_t>(a.rows() | a.cols() | b.cols());
    }
    if (sizes < 128) return 0;
    double total = 0, largest = 0;
    for (std::size_t i = 0; i < as.size(); ++i) {
      double const n = multiplications(as[i], bs[i]);
      total += n;
      largest = std::max(largest, n);
    }
    double const limit = std::max(worth_it, total / (4.0 * static_cast<double>(workers)));
    return largest > limit ? limit : 0;
  }
}

template <class A, class B, class C>
consteval bool is_tiny() {
  if constexpr (is_fixed<A> && is_fixed<B> && is_fixed<C>)
    return !is_complex<scalar_t<A>> && (!A::IsRowMajor || A::RowsAtCompileTime == 1) &&
           (!C::IsRowMajor || C::RowsAtCompileTime == 1) && int{A::SizeAtCompileTime} * int{C::ColsAtCompileTime} <= 1024;
  else
    return false;
}

/// A product whose sizes the compiler knows, all of it in registers.
template <int Rows, int Depth, int Cols, bool ByRows, class T>
[[gnu::flatten]] inline void tiny_product(T const* a, T const* b, T* c) {
  direct_product<typename tile_shape<T>::packet, 3, T>(
      {a, Rows, Depth, 1, Rows}, {b, Depth, Cols, ByRows ? Cols : 1, ByRows ? 1 : Depth}, {c, Rows, Cols, 1, Rows});
}

/// c = a·b for matrices of Eigen or views; a plain matrix c is given its shape first.
template <class Run, class A, class B, class C>
void multiply_pair(Run const& run, A const& a, B const& b, C& c) {
  if constexpr (is_tiny<A, B, C>()) {
    tiny_product<A::RowsAtCompileTime, A::ColsAtCompileTime, B::ColsAtCompileTime, B::IsRowMajor>(a.data(), b.data(), c.data());
  } else {
    using T = scalar_t<A>;
    if constexpr (eigen_matrix<C>) {
      if constexpr (std::same_as<C, typename C::PlainObject>)
        if (c.rows() != a.rows() || c.cols() != b.cols()) c.resize(a.rows(), b.cols());
    }
    evaluated<A> const x(a);
    evaluated<B> const y(b);
    matrix_view<T const> const left = x.view(), right = y.view();
    matrix_view<T> const out = view_of(c);
    if (!multiply_small(left, right, out)) multiply<T>(run, left, right, out);
  }
}

}}}} // namespace trireme::v1::detail::gemm
