/// @file mpi/summa.hpp
/// The product of spread matrices: panels of a travel along the rows of the grid of ranks, panels of b along its columns.
#pragma once
#include <trireme/algorithm/matmul.hpp>
#include <trireme/algorithm/matmul/host.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/core/matrix_view.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/matrix.hpp>
#include <trireme/mpi/panel.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

/// A view as Eigen has it.
template <class T>
auto map_of(matrix_view<T> v) {
  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  using plain = Eigen::Matrix<std::remove_const_t<T>, Eigen::Dynamic, Eigen::Dynamic>;
  using kept = std::conditional_t<std::is_const_v<T>, plain const, plain>;
  return Eigen::Map<kept, Eigen::Unaligned, strides>(v.data, v.rows, v.cols, strides(v.col_stride, v.row_stride));
}

/// A rank's block of a spread matrix, in host memory.
template <class T, class E>
class host_block {
public:
  explicit host_block(matrix<T, E> const& block) : held_(hold(block)) {}
  [[nodiscard]] matrix_view<T const> view() const { return view_of(held_); }

private:
  static decltype(auto) hold(matrix<T, E> const& block) {
    if constexpr (host_executor<E>)
      return (block);
    else
      return block.to_host();
  }
  decltype(hold(std::declval<matrix<T, E> const&>())) held_;
};

/// The order in which parts of a and b arrive: for each run of columns of c, for each run of its rows, one run of k after the
/// other. All of it depends on the whole product's shape, so that all ranks take as many steps.
struct summa_steps {
  std::size_t rows, cols, depth;             ///< of the whole
  std::size_t run_rows, run_cols, run_depth; ///< at most

  struct step {
    share rows, cols, depth; ///< rows and columns of a rank's block
    bool other_b;            ///< whether b's part is another one than before
  };
  static std::size_t runs(std::size_t n, std::size_t most) { return n == 0 ? 1 : (n + most - 1) / most; }
  [[nodiscard]] std::size_t size() const { return runs(rows, run_rows) * runs(cols, run_cols) * runs(depth, run_depth); }
  /// For a rank whose block has these rows and columns.
  [[nodiscard]] step get(std::size_t n, std::size_t block_rows, std::size_t block_cols) const {
    std::size_t const in_depth = runs(depth, run_depth), in_rows = runs(rows, run_rows);
    auto const run = [](std::size_t i, std::size_t most, std::size_t all) {
      return share{std::min(i * most, all), std::min((i + 1) * most, all)};
    };
    return {run(n / in_depth % in_rows, run_rows, block_rows), run(n / in_depth / in_rows, run_cols, block_cols),
            run(n % in_depth, run_depth, depth), in_depth > 1 || n % in_rows == 0};
  }
};

/// Of blocks with at most these rows and columns. Parts of k are whole blocks of the packed product, so that sums have its bits;
/// other products get all of k at once, and runs of rows and of columns that `room` elements hold.
template <class T>
summa_steps steps_of(std::size_t rows, std::size_t cols, std::size_t depth, bool by_depth, std::size_t room) {
  constexpr std::size_t panel = 2 * static_cast<std::size_t>(block_shape<T>::depth);
  auto const lines = [&](std::size_t n) { return std::max<std::size_t>(1, std::min(n, room / std::max<std::size_t>(1, depth))); };
  std::size_t const all = std::max<std::size_t>(1, depth);
  if (by_depth) return {rows, cols, depth, std::max<std::size_t>(1, rows), std::max<std::size_t>(1, cols), panel};
  return {rows, cols, depth, lines(rows), lines(cols), all};
}

/// c = a·b, checked, where c is neither. Collective. `room`: for elements of a part of a or b that is not cut along k.
template <class T, class E>
void multiply_spread(mpi_cluster<E> const& cluster, matrix<T, mpi_cluster<E>> const& a, matrix<T, mpi_cluster<E>> const& b,
                     matrix<T, mpi_cluster<E>>& c, std::size_t room = (std::size_t{128} << 20) / sizeof(T)) {
  auto const& link = link_of(cluster);
  auto const& grid = link.grid();
  grid_shape const shape = square_grid(link.size());
  auto const index = [](std::size_t n) { return static_cast<index_t>(n); };
  std::size_t const rows = c.local().rows(), cols = c.local().cols(), depth = a.cols();
  // As on one executor: without gaps, column-major.
  product_shape const whole{index(a.rows()), index(b.cols()), index(depth), 1, index(a.rows()), 1, index(depth), 1,
                            index(a.rows())};
  bool const by_depth = host_executor<E> && !by_rows(whole) && way_of<T>(whole) == way::packed;
  auto const most = [](std::size_t n, int of) { return (n + static_cast<std::size_t>(of) - 1) / static_cast<std::size_t>(of); };
  auto const steps = steps_of<T>(most(c.rows(), shape.rows), most(c.cols(), shape.cols), depth, by_depth, room);

  std::optional<host_block<T, E>> left, right;
  std::optional<spread_panel<T>> panels_a, panels_b;
  link.together([&] {
    left.emplace(a.local());
    right.emplace(b.local());
    std::size_t const width = std::min(steps.run_depth, depth);
    panels_a.emplace(grid.row(), left->view(), even_cuts(depth, shape.cols), std::min(steps.run_rows, rows), width);
    panels_b.emplace(grid.col(), right->view().transposed(), even_cuts(depth, shape.rows), std::min(steps.run_cols, cols), width);
    return c.size();
  });

  auto const multiply = [&](summa_steps::step const& at, matrix_view<T const> x, matrix_view<T const> y) {
    auto const to =
        view_of(c.local()).block(index(at.rows.first), index(at.cols.first), index(at.rows.size()), index(at.cols.size()));
    if (to.empty()) return;
    if constexpr (host_executor<E>) {
      on_workers<E> const run{cluster.inner()};
      if (by_depth) return large_multiply<T>(run, x, y, to, at.depth.first != 0);
      typename matrix<T, E>::host_type const by_columns = map_of(y); // as it lies on one executor
      multiply_part<T>(run, x, view_of(by_columns), to, whole);
    } else {
      matrix<T, E> const there(cluster.inner(), map_of(x)), there_too(cluster.inner(), map_of(y));
      on_matmul(cluster.inner(), matrix_view<T const>(view_of(there)), matrix_view<T const>(view_of(there_too)), to);
    }
  };

  // A rank whose product fails goes on to pass panels on; what it threw, all throw in the end.
  std::exception_ptr failure;
  auto const send = [&](summa_steps::step const& at) {
    panels_a->send(at.rows, at.depth);
    if (at.other_b) panels_b->send(at.cols, at.depth);
  };
  auto next = steps.get(0, rows, cols);
  matrix_view<T const> y;
  send(next);
  for (std::size_t n = 0, count = steps.size(); n < count; ++n) {
    auto const at = next;
    auto const x = panels_a->arrived();
    if (at.other_b) y = panels_b->arrived().transposed();
    if (n + 1 < count) {
      next = steps.get(n + 1, rows, cols);
      send(next);
    }
    if (failure) continue;
    try {
      multiply(at, x, y);
    } catch (...) {
      failure = std::current_exception();
    }
  }
  link.together([&] {
    if (failure) std::rethrow_exception(failure);
    return c.size();
  });
}

}}}} // namespace trireme::v1::detail::gemm
