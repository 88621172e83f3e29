/// @file mpi/matmul.hpp
/// Matrix products on a cluster: of matrices that are the same on every rank, and of spread ones.
#pragma once
#include <trireme/algorithm/matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/mpi/batch_matmul.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/matrix.hpp>
#include <trireme/mpi/summa.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail { namespace gemm {

/// The cut of an output that every rank knows whole: the one with the least work for a rank, where an element of a and b
/// that is packed counts as some multiplications. More than one row of blocks has to save a twentieth, since whole columns
/// go to where the result is wanted without a copy.
inline grid_shape output_grid_of(std::size_t rows, std::size_t cols, int ranks) {
  grid_shape best{1, ranks};
  double least = -1;
  for (int r = 1; r <= ranks; ++r) {
    if (ranks % r != 0) continue;
    auto const parts = [](std::size_t n, int of) {
      return static_cast<double>((n + static_cast<std::size_t>(of) - 1) / static_cast<std::size_t>(of));
    };
    double const m = parts(rows, r), n = parts(cols, ranks / r), work = m * n + 8 * (m + n);
    if (least < 0 || work < 0.95 * least) {
      best = {r, ranks / r};
      least = work;
    }
  }
  return best;
}

/// c = a·b, some rows and columns of a product of the shape `whole`, all in host memory.
template <class E, class T>
void multiply_part_on(E const& ex, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c, product_shape const& whole) {
  if (c.empty()) return;
  if constexpr (host_executor<E>) {
    multiply_part<T>(on_workers<E>{ex}, a, b, c, whole);
  } else {
    matrix<T, E> const x(ex, map_of(a)), y(ex, map_of(b));
    matrix<T, E> z(ex, static_cast<std::size_t>(c.rows), static_cast<std::size_t>(c.cols));
    on_matmul(ex, matrix_view<T const>(view_of(x)), matrix_view<T const>(view_of(y)), view_of(z));
    auto to = map_of(c);
    download(z, to);
  }
}

/// A product in host memory of which every rank computes its part, which then travel.
template <class T>
class shared_product {
public:
  /// Computes this rank's part; c is written later. What is kept of a and b are views.
  template <class E>
  shared_product(mpi_cluster<E> const& cluster, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c)
      : c_(c), shape_(shape_of<T>(a, b, c)), cuts_(0, 0, {1, cluster.size()}) {
    bool const deep = host_executor<E> && !c.empty() && way_of<T>(by_rows(shape_) ? shape_.transposed() : shape_) == way::deep;
    if constexpr (host_executor<E>)
      if (deep) cut_sums(cluster, a, b);
    if (!deep) cut_output(cluster, a, b);
  }
  void gather(mpi_link const& link) {
    link.gather(elements_, sizeof(T), starts_);
    if (deep_) return add_up(deep_->run, deep_c());
    if (!elsewhere_) return;
    auto whole = map_of(c_);
    for (int r = 0; r < link.size(); ++r) {
      auto to = block_of(whole, cuts_.rows(r), cuts_.cols(r));
      to = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> const>(elements_ + starts_[static_cast<std::size_t>(r)],
                                                                              to.rows(), to.cols());
    }
  }

private:
  static index_t at(std::size_t n) { return static_cast<index_t>(n); }
  void take(std::size_t n) {
    elsewhere_.reset(new T[n]); // not zeroed
    elements_ = elsewhere_.get();
  }

  /// A block of c for each rank.
  template <class E>
  void cut_output(mpi_cluster<E> const& cluster, matrix_view<T const> a, matrix_view<T const> b) {
    auto const rows = static_cast<std::size_t>(c_.rows), cols = static_cast<std::size_t>(c_.cols);
    cuts_ = matrix_cuts(rows, cols, output_grid_of(rows, cols, cluster.size()));
    starts_ = cuts_.starts();
    bool const in_order = cuts_.grid.rows == 1 || c_.cols == 1;
    bool const without_gaps = c_.row_stride == 1 && (c_.col_stride == c_.rows || c_.cols == 1);
    if (in_order && without_gaps && !overlap(a, c_) && !overlap(b, c_))
      elements_ = c_.data;
    else
      take(starts_.back());
    share const i = cuts_.rows(cluster.rank()), j = cuts_.cols(cluster.rank());
    multiply_part_on<E, T>(
        cluster.inner(), a.block(at(i.first), 0, at(i.size()), a.cols), b.block(0, at(j.first), b.rows, at(j.size())),
        {elements_ + starts_[static_cast<std::size_t>(cluster.rank())], at(i.size()), at(j.size()), 1, at(i.size())}, shape_);
  }

  /// Few outputs, each of a long sum: pieces of the sum for each rank.
  template <class E>
  void cut_sums(mpi_cluster<E> const& cluster, matrix_view<T const> a, matrix_view<T const> b) {
    depth_pieces<T> const work =
        by_rows(shape_) ? depth_pieces<T>{b.transposed(), a.transposed(), shape_.transposed(), piece_depth(a.cols), nullptr}
                        : depth_pieces<T>{a, b, shape_, piece_depth(a.cols), nullptr};
    auto const cuts = even_cuts(static_cast<std::size_t>(work.size()), cluster.size());
    for (std::size_t const cut : cuts) starts_.push_back(cut * static_cast<std::size_t>(c_.rows * c_.cols));
    take(starts_.back());
    share const mine = share_of(cuts, cluster.rank());
    deep_ = shifted_run<depth_pieces<T>>{work, mine.first};
    deep_->run.partial = elements_;
    on_workers<E>{cluster.inner()}(at(mine.size()), *deep_);
  }
  [[nodiscard]] matrix_view<T> deep_c() const { return by_rows(shape_) ? c_.transposed() : c_; }

  matrix_view<T> c_;
  product_shape shape_;
  matrix_cuts cuts_;
  std::vector<std::size_t> starts_; ///< of the ranks' parts
  T* elements_ = nullptr;
  std::unique_ptr<T[]> elsewhere_;
  std::optional<shifted_run<depth_pieces<T>>> deep_; ///< from the first that is this rank's
};

/// c = a·b for matrices of Eigen that are the same on every rank; `make` gives the place.
template <class E, class A, class B, class Make>
void multiply_together(mpi_cluster<E> const& cluster, A const& a, B const& b, Make const& make) {
  using T = scalar_t<A>;
  std::optional<shared_product<T>> product;
  auto const work = [&] {
    evaluated<A> const x(a);
    evaluated<B> const y(b);
    auto& c = make();
    product.emplace(cluster, matrix_view<T const>(x.view()), matrix_view<T const>(y.view()), matrix_view<T>(view_of(c)));
    return static_cast<std::size_t>(c.size());
  };
  auto const size = [](auto n) { return static_cast<std::size_t>(n); };
  link_of(cluster).together(
      work, call_limit("matmul", {}, shape_key(size(a.rows()), size(b.cols()), size(a.cols())), typeid(T).name()));
  product->gather(link_of(cluster));
}

}} // namespace detail::gemm

/// The product of two matrices: as on one executor, of matrices of Eigen that are the same on every rank, and the result
/// arrives on every rank; or both are spread over the cluster, tri::matrix, and so is the result.
///
/// On inner executors that see host memory, and on processes, the bits are those of that executor alone, at any number of
/// ranks; where a library computes (a device, trireme::blas), the bound of the one-executor form holds.
/// @throws std::invalid_argument, before any work and on every rank, where a.cols() != b.rows(); its text has both shapes. What
/// one rank throws otherwise, all ranks throw.
/// Cost: a rank computes its block of the result, or, of few elements that are long sums, a part of each on the host. On the
/// host: one agreement and an allgather. Spread: every rank receives the rows of a and the columns of b that its block needs, of a
/// large product some at a time while it multiplies others (SUMMA: van de Geijn and Watts, 1997), else whole, 128 MiB of each
/// at a time.
template <executor E, class A, class B>
[[nodiscard]] auto matmul(mpi_cluster<E> const& cluster, A const& a, B const& b) {
  using namespace detail;
  if constexpr (gemm::accepts<mpi_cluster<E>, A, B>()) {
    gemm::check_shapes(a, b, "matmul");
    if constexpr (any_matrix<A>) {
      gemm::check_place(cluster, a);
      gemm::check_place(cluster, b);
      matrix<gemm::scalar_t<A>, mpi_cluster<E>> c(cluster, a.rows(), b.cols());
      gemm::multiply_spread(cluster, a, b, c);
      return c;
    } else {
      gemm::host_product_t<A, B> c;
      gemm::multiply_together(cluster, a, b, [&]() -> auto& {
        c.resize(a.rows(), b.cols());
        return c;
      });
      return c;
    }
  } else {
    return refused{};
  }
}

/// The same into existing storage: on every rank a matrix, Map or part of one of Eigen with the shape of the product; or a
/// spread tri::matrix. It may be a or b, or share memory with them: the product is then computed elsewhere first (a
/// tri::matrix takes over that memory).
/// @throws std::invalid_argument, before any work, where a shape does not fit.
template <executor E, class A, class B, class C>
void matmul(mpi_cluster<E> const& cluster, A const& a, B const& b, into_type<C> place) {
  using namespace detail;
  if constexpr (gemm::accepts<mpi_cluster<E>, A, B>() && gemm::accepts_into<A, B, C>()) {
    auto& c = place.out;
    gemm::check_shapes(a, b, "matmul");
    gemm::check_output(a, b, c, "matmul");
    if constexpr (any_matrix<A>) {
      gemm::check_place(cluster, a);
      gemm::check_place(cluster, b);
      gemm::check_place(cluster, c);
      if (&a == &c || &b == &c)
        c = matmul(cluster, a, b);
      else
        gemm::multiply_spread(cluster, a, b, c);
    } else {
      gemm::multiply_together(cluster, a, b, [&]() -> auto& { return c; });
    }
  }
}

}} // namespace trireme::v1
