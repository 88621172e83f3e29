/// @file algorithm/matmul.hpp
/// Matrix products.      Definitions for every executor, plain loops, and for host executors, on Eigen's packets.
///                       A device overloads on_matmul and on_batch_matmul with its own library. Many products at once:
///                       batch_matmul.hpp, which this brings along.
#pragma once
#include <trireme/algorithm/batch_matmul.hpp>
#include <trireme/algorithm/matmul/host.hpp>
#include <trireme/algorithm/matmul/operands.hpp>
#include <trireme/algorithm/matmul/plain.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/core/matrix_view.hpp>
#include <trireme/core/refused.hpp>

#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// c = a·b in the memory of any executor. c overlaps neither a nor b; the shapes fit.
template <executor E, class T>
void on_matmul(E const& ex, detail::matrix_view<T const> a, detail::matrix_view<T const> b, detail::matrix_view<T> c) {
  detail::gemm::plain_multiply(ex, a, b, c);
}

/// The same where the workers see the caller's memory.
template <host_executor E, class T>
void on_matmul(E const& ex, detail::matrix_view<T const> a, detail::matrix_view<T const> b, detail::matrix_view<T> c) {
  detail::gemm::multiply(detail::gemm::on_workers<E>{ex}, a, b, c);
}

namespace detail { namespace gemm {

/// c = a·b for matrices of Eigen that do not overlap, and checked shapes.
template <executor E, class A, class B, class C>
void host_multiply(E const& ex, A const& a, B const& b, C& c) {
  if constexpr (host_executor<E>) {
    evaluated<A> const x(a);
    evaluated<B> const y(b);
    on_matmul(ex, matrix_view<scalar_t<A> const>(x.view()), matrix_view<scalar_t<A> const>(y.view()), view_of(c));
  } else {
    matrix<scalar_t<A>, E> const x(ex, a), y(ex, b);
    matrix<scalar_t<A>, E> z(ex, c.rows(), c.cols());
    on_matmul(ex, view_of(x), view_of(y), view_of(z));
    download(z, c);
  }
}

/// Whether c shares memory with m; an expression is evaluated into memory of its own, while c is still intact.
template <class M, class C>
bool overlaps(M const& m, C const& c) {
  if constexpr (stored_matrix<M> || any_matrix<M>)
    return overlap(view_of(m), view_of(c));
  else
    return false;
}

}} // namespace detail::gemm

/// The product of two matrices.
///
/// a and b are matrices, Maps, parts or expressions of Eigen, of any storage order and strides, and the result is an
/// Eigen::Matrix, column-major, with a's rows and b's columns, fixed where they are; or both are tri::matrix on
/// ex, and so is the result, and nothing is copied to the host. Both have one scalar type: float, double, std::complex of
/// them, or another arithmetic type. Without columns in a the result is zero.
///
/// The same bits at every width; across backends within the bound |error| ≤ k·ε·|a|·|b|, element by element, for k
/// columns of a (Higham, Accuracy and Stability of Numerical Algorithms, section 3.5), for complex scalars with k + 2 in
/// place of k and √2 times as large.
/// @throws std::invalid_argument, before any work, where a.cols() != b.rows(); its text has both shapes.
/// Cost: 2·rows·cols·k operations. Beside the result, memory for packed blocks of a and b, 8 MiB for each at most, and
/// for what a tells no address of: an expression is evaluated once. A device: two uploads and a download for host data.
template <executor E, class A, class B>
[[nodiscard]] auto matmul(E const& ex, A const& a, B const& b) {
  using namespace detail;
  if constexpr (gemm::accepts<E, A, B>()) {
    gemm::check_shapes(a, b, "matmul");
    if constexpr (any_matrix<A>) {
      gemm::check_place(ex, a);
      gemm::check_place(ex, b);
      matrix<gemm::scalar_t<A>, E> c(ex, a.rows(), b.cols());
      on_matmul(ex, view_of(a), view_of(b), view_of(c));
      return c;
    } else {
      gemm::host_product_t<A, B> c;
      c.resize(a.rows(), b.cols());
      gemm::host_multiply(ex, a, b, c);
      return c;
    }
  } else {
    return refused{};
  }
}

/// The same, into existing storage: a matrix, Map or part of one of Eigen with the shape of the product, or a
/// tri::matrix on ex. Where it shares memory with a or b, the product is computed elsewhere first (a tri::matrix then
/// takes over that memory).
/// @throws std::invalid_argument, before any work, where a shape does not fit.
template <executor E, class A, class B, class C>
void matmul(E const& ex, A const& a, B const& b, into_type<C> place) {
  using namespace detail;
  if constexpr (gemm::accepts<E, A, B>() && gemm::accepts_into<A, B, C>()) {
    auto& c = place.out;
    gemm::check_shapes(a, b, "matmul");
    gemm::check_output(a, b, c, "matmul");
    if constexpr (any_matrix<A>) {
      gemm::check_place(ex, a);
      gemm::check_place(ex, b);
      gemm::check_place(ex, c);
      if (gemm::overlaps(a, c) || gemm::overlaps(b, c))
        c = matmul(ex, a, b);
      else
        on_matmul(ex, view_of(a), view_of(b), view_of(c));
    } else {
      if (gemm::overlaps(a, c) || gemm::overlaps(b, c))
        c = matmul(ex, a, b);
      else
        gemm::host_multiply(ex, a, b, c);
    }
  }
}

}} // namespace trireme::v1
