/// @file algorithm/matmul/operands.hpp
/// What lies between `matmul` and `on_matmul`: the checks, and matrices brought to views of the executor's memory.
#pragma once
#include <trireme/core/executor.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/core/matrix_view.hpp>
#include <trireme/core/refused.hpp>

#include <Eigen/Core>

#include <complex>
#include <concepts>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

template <class T>
inline constexpr bool is_complex = false;
template <class R>
inline constexpr bool is_complex<std::complex<R>> = true;

template <class T>
concept scalar = (std::is_arithmetic_v<T> && !std::same_as<T, bool>) || is_complex<T>;

template <class M>
struct scalar_of {
  using type = typename std::remove_cvref_t<M>::Scalar;
};
template <any_matrix M>
struct scalar_of<M> {
  using type = typename std::remove_cvref_t<M>::value_type;
};
template <class M>
using scalar_t = typename scalar_of<M>::type;

/// Whether these can be multiplied on E; says why not, in one line.
template <class E, class A, class B>
consteval bool accepts() {
  constexpr bool matrices = (eigen_matrix<A> || any_matrix<A>) && (eigen_matrix<B> || any_matrix<B>);
  static_assert(matrices, "trireme: matmul: a and b must be matrices or expressions of Eigen, or tri::matrix");
  if constexpr (matrices) {
    constexpr bool same = std::same_as<scalar_t<A>, scalar_t<B>>;
    static_assert(same, "trireme: matmul: a and b have different scalar types: convert one with .cast<T>()");
    static_assert(scalar<scalar_t<A>>, "trireme: matmul: the scalars must be numbers or std::complex");
    constexpr bool one_place = any_matrix<A> == any_matrix<B>;
    static_assert(one_place, "trireme: matmul: one matrix is on the host and one a tri::matrix: upload the other too");
    constexpr bool here = [] {
      if constexpr (any_matrix<A> && any_matrix<B>)
        return std::same_as<typename std::remove_cvref_t<A>::executor_type, E> &&
               std::same_as<typename std::remove_cvref_t<B>::executor_type, E>;
      else
        return true;
    }();
    static_assert(here, "trireme: matmul: a tri::matrix lives on another kind of executor; copy it with to_host()");
    return same && scalar<scalar_t<A>> && one_place && here;
  }
  return false;
}

template <class M>
concept writable_matrix = stored_matrix<M> && (std::remove_cvref_t<M>::Flags & Eigen::LvalueBit) != 0;

/// Whether the result can be written there.
template <class A, class B, class C>
consteval bool accepts_into() {
  constexpr bool refused_before = std::same_as<std::remove_cvref_t<C>, refused>;
  constexpr bool place = any_matrix<C> || writable_matrix<C>;
  static_assert(place || refused_before,
                "trireme: matmul: into needs a matrix of Eigen, a Map or a part of one, or a tri::matrix");
  if constexpr (place) {
    constexpr bool same = std::same_as<scalar_t<C>, scalar_t<A>>;
    static_assert(same, "trireme: matmul: into: the storage has another scalar type than a and b");
    constexpr bool one_place = any_matrix<A> == any_matrix<C>;
    static_assert(one_place, "trireme: matmul: results live where inputs live: into needs an Eigen matrix for Eigen "
                             "matrices, a tri::matrix for tri::matrix");
    return same && one_place;
  }
  return false;
}

template <class M>
std::string shape_text(M const& m) {
  return std::to_string(m.rows()) + " x " + std::to_string(m.cols());
}

/// @throws std::invalid_argument; `which` says which pair of a batch it is, or nothing.
template <class A, class B>
void check_shapes(A const& a, B const& b, std::string_view name, std::size_t pair = 0) {
  if (std::cmp_equal(a.cols(), b.rows())) return;
  std::string const which = name == "matmul" ? "" : " pair " + std::to_string(pair) + ":";
  throw std::invalid_argument("trireme: " + std::string(name) + ":" + which + " a is " + shape_text(a) + ", b is " +
                              shape_text(b) + ": the columns of a must be as many as the rows of b");
}
template <class A, class B, class C>
void check_output(A const& a, B const& b, C const& c, std::string_view name, std::size_t pair = 0) {
  if (std::cmp_equal(a.rows(), c.rows()) && std::cmp_equal(b.cols(), c.cols())) return;
  std::string const which = name == "matmul" ? "" : " pair " + std::to_string(pair) + ":";
  throw std::invalid_argument("trireme: " + std::string(name) + ":" + which + " into: the storage is " + shape_text(c) +
                              ", the product " + std::to_string(a.rows()) + " x " + std::to_string(b.cols()));
}
template <class E, class M>
void check_place(E const& ex, M const& m) {
  if constexpr (any_matrix<M> && !host_executor<E>)
    if (!(m.executor() == ex))
      throw std::invalid_argument("trireme: matmul: a tri::matrix lives on another executor than the call runs on");
}

/// A matrix of Eigen, in memory: itself where it lies in memory, or else evaluated.
template <class M>
class evaluated {
public:
  explicit evaluated(M const& m) : held_(m) {}
  [[nodiscard]] auto view() const { return view_of(held_); }

private:
  std::conditional_t<stored_matrix<M>, M const&, typename M::PlainObject const> held_;
};
/// A view is in memory already.
template <class T>
class evaluated<matrix_view<T>> {
public:
  explicit evaluated(matrix_view<T> m) : held_(m) {}
  [[nodiscard]] matrix_view<T const> view() const { return held_; }

private:
  matrix_view<T> held_;
};

/// The first and the last address of a matrix that is not empty.
template <class T>
std::pair<void const*, void const*> stretch_of(matrix_view<T> v) {
  std::ptrdiff_t low = 0, high = 0;
  for (std::ptrdiff_t const span : {(v.rows - 1) * v.row_stride, (v.cols - 1) * v.col_stride}) (span < 0 ? low : high) += span;
  return {v.data + low, v.data + high};
}

/// Whether two matrices may share elements: whether the stretches of memory from their first to their last overlap.
template <class T, class U>
bool overlap(matrix_view<T> x, matrix_view<U> y) {
  if (x.empty() || y.empty()) return false;
  auto const a = stretch_of(x), b = stretch_of(y);
  return std::less_equal<>{}(a.first, b.second) && std::less_equal<>{}(b.first, a.second);
}

/// The product of A and B on the host: fixed in the sizes that they fix, unless that makes it large.
template <class A, class B>
struct host_product {
  using T = scalar_t<A>;
  static constexpr int rows = A::RowsAtCompileTime, cols = B::ColsAtCompileTime;
  static constexpr bool large = rows > 0 && cols > 0 && rows* cols* static_cast<int>(sizeof(T)) > 16384;
  using type = Eigen::Matrix<T, large ? Eigen::Dynamic : rows, large ? Eigen::Dynamic : cols>;
};
template <class A, class B>
using host_product_t = typename host_product<std::remove_cvref_t<A>, std::remove_cvref_t<B>>::type;

/// Copies a column-major matrix from the executor's memory to a host matrix of its shape.
template <class T, class E, class C>
void download(matrix<T, E> const& from, C& to) {
  auto const view = view_of(to);
  if (view.row_stride == 1 && (view.col_stride == view.rows || view.cols == 1))
    from.executor().download(from.data(), view.data, from.size() * sizeof(T), {}).wait();
  else
    to = from.to_host();
}

}}}} // namespace trireme::v1::detail::gemm
