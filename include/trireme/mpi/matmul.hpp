/// @file mpi/matmul.hpp
/// Matrix products on a cluster: of matrices that are the same on every rank, and of spread ones.
#pragma once
#include <trireme/algorithm/matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/mpi/batch_matmul.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/matrix.hpp>
#include <trireme/mpi/summa.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
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
    auto const parts = [](std::size_t n, int of) { return static_cast<double>((n + static_cast<std::size_t>(of) - 1) / static_cast<std::size_t>(of)); };
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

/// c = a·b for matrices of Eigen that are the same on every rank; `make` gives the place.
template <class E, class A, class B, class Make>
void multiply_together(mpi_cluster<E> const& cluster, A const& a, B const& b, Make const& make) {
  using T = scalar_t<A>;
  auto const& link = link_of(cluster);
  auto const rows = static_cast<std::size_t>(a.rows()), cols = static_cast<std::size_t>(b.cols());
  matrix_cuts const cuts(rows, cols, output_grid_of(rows, cols, link.size()));
  auto const starts = cuts.starts();
  matrix_view<T> c;
  std::unique_ptr<T[]> elsewhere;
  T* blocks = nullptr;
  link.together([&] {
    evaluated<A> const x(a);
    evaluated<B> const y(b);
    matrix_view<T const> const left = x.view(), right = y.view();
    c = view_of(make());
    bool const in_place = (cuts.grid.rows == 1 || c.cols == 1) && c.row_stride == 1 && (c.col_stride == c.rows || c.cols == 1) &&
                          !overlap(left, c) && !overlap(right, c);
    if (!in_place) elsewhere.reset(new T[starts.back()]);
    blocks = in_place ? c.data : elsewhere.get();
    auto const at = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n); };
    share const i = cuts.rows(link.rank()), j = cuts.cols(link.rank());
    multiply_part_on<E, T>(cluster.inner(), left.block(at(i.first), 0, at(i.size()), left.cols),
                           right.block(0, at(j.first), right.rows, at(j.size())),
                           {blocks + starts[static_cast<std::size_t>(link.rank())], at(i.size()), at(j.size()), 1, at(i.size())},
                           shape_of<T>(left, right, c));
    return starts.back();
  });
  link.gather(blocks, sizeof(T), starts);
  if (!elsewhere) return;
  auto whole = map_of(c);
  for (int r = 0; r < link.size(); ++r) {
    auto to = block_of(whole, cuts.rows(r), cuts.cols(r));
    to = Eigen::Map<Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> const>(elsewhere.get() + starts[static_cast<std::size_t>(r)], to.rows(), to.cols());
  }
}

}} // namespace detail::gemm

/// The product of two matrices: as on one executor, of matrices of Eigen that are the same on every rank, and the result
/// arrives on every rank; or both are spread over the cluster, tri::matrix, and so is the result.
///
/// On inner executors that see host memory, and on processes, the bits are those of that executor alone, at any number of
/// ranks; where a library computes (a device, trireme::blas), the bound of the one-executor form holds.
/// @throws std::invalid_argument, before any work and on every rank, where a.cols() != b.rows(); its text has both shapes. What
/// one rank throws otherwise, all ranks throw.
/// Cost: a rank computes its block of the result. On the host: one agreement and an allgather. Spread: every rank receives the
/// rows of a and the columns of b that its block needs, of a large product some at a time while it multiplies others (SUMMA:
/// van de Geijn and Watts, 1997), else whole, 128 MiB of each at a time.
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
