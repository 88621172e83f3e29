/// @file matrix.hpp
/// A matrix in an executor's own memory, column-major.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/cluster.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/matrix_view.hpp>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

template <class D>
void accept_matrix(Eigen::MatrixBase<D> const&);

/// A matrix or vector of Eigen, a Map, a part of one, or an expression.
template <class M>
concept eigen_matrix = requires(std::remove_cvref_t<M> const& m) { accept_matrix(m); };

/// One whose elements lie in memory, with strides.
template <class M>
concept stored_matrix = eigen_matrix<M> && bool(std::remove_cvref_t<M>::Flags & Eigen::DirectAccessBit);

template <class M>
  requires stored_matrix<M>
constexpr auto view_of(M&& m) {
  using T = std::remove_pointer_t<decltype(m.data())>;
  bool constexpr by_rows = std::remove_cvref_t<M>::IsRowMajor;
  std::ptrdiff_t const inner = m.innerStride(), outer = m.outerStride();
  return matrix_view<T>{m.data(), m.rows(), m.cols(), by_rows ? outer : inner, by_rows ? inner : outer};
}

/// The number of elements of a matrix, if memory can hold them.
inline std::size_t matrix_size(std::size_t rows, std::size_t cols, std::size_t element) {
  constexpr std::size_t most = std::numeric_limits<std::ptrdiff_t>::max();
  if (rows > most || cols > most || (rows != 0 && cols > most / element / rows))
    throw std::invalid_argument("trireme: matrix: " + std::to_string(rows) + " x " + std::to_string(cols) +
                                " elements are more than memory can hold");
  return rows * cols;
}

} // namespace detail

/// rows × cols elements in the memory of an executor, column-major without gaps. Move-only; frees its memory, and keeps
/// the executor alive until then.
template <class T, executor_or_cluster E>
class matrix {
public:
  using value_type = T;
  using executor_type = E;
  using host_type = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

  /// Uninitialised elements.
  /// @throws std::invalid_argument for a negative size or one beyond any memory, std::bad_alloc.
  matrix(E const& ex, count<"rows"> rows, count<"cols"> cols)
      : elements_(ex, detail::matrix_size(rows, cols, sizeof(T))), rows_(rows), cols_(cols) {}

  /// A copy of a matrix, Map or expression of Eigen, whatever its storage order; an expression is evaluated.
  /// Cost: one upload; before it, where ex does not see host memory, a copy of what is not column-major without gaps.
  template <detail::eigen_matrix M>
    requires std::same_as<typename M::Scalar, T>
  matrix(E const& ex, M const& m) : matrix(ex, m.rows(), m.cols()) {
    if constexpr (host_executor<E>) {
      Eigen::Map<host_type>(data(), m.rows(), m.cols()) = m;
    } else {
      if constexpr (detail::stored_matrix<M>) {
        auto const from = detail::view_of(m);
        if (from.row_stride == 1 && (from.col_stride == from.rows || from.cols == 1)) {
          upload(from.data);
          return;
        }
      }
      host_type const gathered = m;
      upload(gathered.data());
    }
  }

  matrix(matrix&& other) noexcept
      : elements_(std::move(other.elements_)), rows_(std::exchange(other.rows_, 0)), cols_(std::exchange(other.cols_, 0)) {}
  matrix& operator=(matrix&& other) noexcept {
    elements_ = std::move(other.elements_);
    std::size_t const rows = std::exchange(other.rows_, 0), cols = std::exchange(other.cols_, 0);
    rows_ = rows;
    cols_ = cols;
    return *this;
  }
  ~matrix() = default;

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }
  [[nodiscard]] std::size_t size() const noexcept { return elements_.size(); }
  /// Element (i, j) lies at data()[i + j * rows()], in the executor's memory.
  [[nodiscard]] T* data() noexcept { return elements_.data(); }
  [[nodiscard]] T const* data() const noexcept { return elements_.data(); }
  [[nodiscard]] E const& executor() const noexcept { return elements_.executor(); }

  /// A copy on the host; returns when it is complete.
  [[nodiscard]] host_type to_host() const {
    host_type out(static_cast<Eigen::Index>(rows_), static_cast<Eigen::Index>(cols_));
    executor().download(data(), out.data(), size() * sizeof(T), {}).wait();
    return out;
  }

private:
  void upload(T const* from) { executor().upload(from, data(), size() * sizeof(T), {}).wait(); }

  buffer<T, E> elements_;
  std::size_t rows_, cols_;
};

template <executor_or_cluster E, detail::eigen_matrix M>
matrix(E, M const&) -> matrix<typename M::Scalar, E>;

namespace detail {

template <class M>
inline constexpr bool is_matrix = false;
template <class T, class E>
inline constexpr bool is_matrix<matrix<T, E>> = true;

/// A tri::matrix, by whatever reference.
template <class M>
concept any_matrix = is_matrix<std::remove_cvref_t<M>>;

template <any_matrix M>
auto view_of(M&& m) {
  auto const rows = static_cast<std::ptrdiff_t>(m.rows());
  return matrix_view<std::remove_pointer_t<decltype(m.data())>>{m.data(), rows, static_cast<std::ptrdiff_t>(m.cols()), 1, rows};
}

} // namespace detail

}} // namespace trireme::v1
