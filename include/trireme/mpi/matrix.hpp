/// @file mpi/matrix.hpp
/// A matrix that is spread over the ranks of a cluster, in two dimensions.
#pragma once
#include <trireme/core/count.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/grid.hpp>
#include <trireme/mpi/redistribute.hpp>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// Which block of a matrix is whose.
struct matrix_cuts {
  matrix_cuts(std::size_t rows, std::size_t cols, grid_shape shape)
      : grid(shape), row_cuts(even_cuts(rows, shape.rows)), col_cuts(even_cuts(cols, shape.cols)) {}
  [[nodiscard]] share rows(int rank) const { return share_of(row_cuts, grid.row_of(rank)); }
  [[nodiscard]] share cols(int rank) const { return share_of(col_cuts, grid.col_of(rank)); }
  /// Where the blocks begin that lie one after the other, and where the last one ends.
  [[nodiscard]] std::vector<std::size_t> starts() const {
    int const ranks = grid.rows * grid.cols;
    std::vector<std::size_t> out{0};
    for (int r = 0; r < ranks; ++r) out.push_back(out.back() + rows(r).size() * cols(r).size());
    return out;
  }
  grid_shape grid;
  std::vector<std::size_t> row_cuts, col_cuts;
};

/// The block of `m` whose it is.
template <class M>
auto block_of(M& m, share rows, share cols) {
  auto const at = [](std::size_t n) { return static_cast<Eigen::Index>(n); };
  return m.block(at(rows.first), at(cols.first), at(rows.size()), at(cols.size()));
}

} // namespace detail

/// rows × cols elements in blocks, one for each rank, on its own executor; the ranks stand in a grid as square as their
/// number allows, column by column, and rows and columns are cut evenly. Move-only.
///
/// Constructors and `to_host` are collective: all ranks call them, and what one of them throws, all throw.
template <class T, executor E>
class matrix<T, mpi_cluster<E>> {
public:
  using value_type = T;
  using executor_type = mpi_cluster<E>;
  using host_type = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

  /// Uninitialised elements.
  /// @throws std::invalid_argument for a negative size or one beyond any memory, std::bad_alloc.
  matrix(mpi_cluster<E> const& cluster, count<"rows"> rows, count<"cols"> cols)
      : matrix(cluster, detail::matrix_cuts(rows, cols, detail::square_grid(cluster.size()))) {
    auto const work = [&] {
      std::size_t const n = detail::matrix_size(rows_, cols_, sizeof(T));
      local_.emplace(cluster.inner(), mine_rows_.size(), mine_cols_.size());
      return n;
    };
    link_of(cluster).together(work, detail::call_limit("matrix", {}, detail::shape_key(rows_, cols_), typeid(T).name()));
  }

  /// Of a matrix, Map or expression of Eigen that is the same on every rank, each keeps its block. No messages but one
  /// agreement.
  template <detail::eigen_matrix M>
    requires std::same_as<typename M::Scalar, T>
  matrix(mpi_cluster<E> const& cluster, M const& m)
      : matrix(cluster, detail::matrix_cuts(static_cast<std::size_t>(m.rows()), static_cast<std::size_t>(m.cols()),
                                            detail::square_grid(cluster.size()))) {
    auto const work = [&] {
      local_.emplace(cluster.inner(), detail::block_of(m, mine_rows_, mine_cols_));
      return size();
    };
    link_of(cluster).together(work, detail::call_limit("matrix", {}, detail::shape_key(rows_, cols_), typeid(T).name()));
  }

  /// Of blocks that are there already: this rank's is `block`, which has to have the shape of its share.
  /// @throws std::invalid_argument where it has another, on another executor.
  [[nodiscard]] static matrix from_local(mpi_cluster<E> const& cluster, count<"rows"> rows, count<"cols"> cols,
                                         matrix<T, E> block) {
    matrix out(cluster, detail::matrix_cuts(rows, cols, detail::square_grid(cluster.size())));
    link_of(cluster).together([&] {
      if (block.rows() != out.mine_rows_.size() || block.cols() != out.mine_cols_.size())
        throw std::invalid_argument("trireme: matrix: the block of rank " + std::to_string(cluster.rank()) + " is " +
                                    std::to_string(block.rows()) + " x " + std::to_string(block.cols()) + ", its share " +
                                    std::to_string(out.mine_rows_.size()) + " x " + std::to_string(out.mine_cols_.size()));
      if (!(block.executor() == cluster.inner()))
        throw std::invalid_argument("trireme: matrix: the block lives on another executor than the rank's");
      out.local_.emplace(std::move(block));
      return detail::matrix_size(rows, cols, sizeof(T));
    });
    return out;
  }

  matrix(matrix&& other) noexcept
      : cluster_(other.cluster_), rows_(std::exchange(other.rows_, 0)), cols_(std::exchange(other.cols_, 0)),
        mine_rows_(std::exchange(other.mine_rows_, {0, 0})), mine_cols_(std::exchange(other.mine_cols_, {0, 0})),
        local_(std::move(other.local_)) {}
  matrix& operator=(matrix&& other) noexcept {
    cluster_ = other.cluster_;
    local_ = std::move(other.local_);
    std::size_t const rows = std::exchange(other.rows_, 0), cols = std::exchange(other.cols_, 0);
    auto const mine_rows = std::exchange(other.mine_rows_, {0, 0}), mine_cols = std::exchange(other.mine_cols_, {0, 0});
    rows_ = rows;
    cols_ = cols;
    mine_rows_ = mine_rows;
    mine_cols_ = mine_cols;
    return *this;
  }
  ~matrix() = default;

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; } ///< of the whole
  [[nodiscard]] std::size_t cols() const noexcept { return cols_; }
  [[nodiscard]] std::size_t size() const noexcept { return rows_ * cols_; }
  [[nodiscard]] mpi_cluster<E> const& executor() const noexcept { return cluster_; }
  /// This rank's block: its element (0, 0) is element (first_row(), first_col()) of the whole.
  [[nodiscard]] matrix<T, E>& local() noexcept { return *local_; }
  [[nodiscard]] matrix<T, E> const& local() const noexcept { return *local_; }
  [[nodiscard]] std::size_t first_row() const noexcept { return mine_rows_.first; }
  [[nodiscard]] std::size_t first_col() const noexcept { return mine_cols_.first; }

  /// The whole, on every rank. Cost: an allgather, and once more the memory of the whole meanwhile.
  [[nodiscard]] host_type to_host() const {
    auto const& link = link_of(cluster_);
    detail::matrix_cuts const cuts = this->cuts();
    auto const starts = cuts.starts();
    host_type out;
    std::vector<T> blocks;
    link.together([&] {
      resize(out);
      blocks.resize(size());
      download(blocks.data() + starts[static_cast<std::size_t>(link.rank())]);
      return size();
    });
    link.gather(blocks.data(), sizeof(T), starts);
    place_all(out, cuts, blocks.data());
    return out;
  }

  /// The whole on one rank; elsewhere 0 × 0. Cost: each other rank's block in a message, memory for its own block on each rank, and
  /// on that one for the whole once more meanwhile. @throws std::invalid_argument where there is no such rank.
  [[nodiscard]] host_type to_host(int rank) const {
    auto const& link = link_of(cluster_);
    detail::matrix_cuts const cuts = this->cuts();
    auto const starts = cuts.starts();
    host_type out;
    std::vector<T> mine, blocks;
    std::optional<detail::redistribution> move;
    link.together([&] {
      auto const to = detail::all_on(rank, size(), link.size());
      if (link.rank() == rank) resize(out);
      mine.resize(local_size());
      blocks.resize(detail::share_of(to, link.rank()).size());
      move.emplace(link, starts, to, sizeof(T));
      download(mine.data());
      return size();
    });
    move->run(mine.data(), blocks.data());
    if (link.rank() == rank) place_all(out, cuts, blocks.data());
    return out;
  }

private:
  matrix(mpi_cluster<E> const& cluster, detail::matrix_cuts const& cuts)
      : cluster_(cluster), rows_(cuts.row_cuts.back()), cols_(cuts.col_cuts.back()), mine_rows_(cuts.rows(cluster.rank())),
        mine_cols_(cuts.cols(cluster.rank())) {}

  [[nodiscard]] detail::matrix_cuts cuts() const { return {rows_, cols_, detail::square_grid(cluster_.size())}; }
  [[nodiscard]] std::size_t local_size() const { return mine_rows_.size() * mine_cols_.size(); }
  void resize(host_type& m) const { m.resize(static_cast<Eigen::Index>(rows_), static_cast<Eigen::Index>(cols_)); }
  void download(T* to) const {
    if (local_size() != 0) local_->executor().download(local_->data(), to, local_size() * sizeof(T), {}).wait();
  }
  /// Blocks that lie one after the other, to where they belong.
  static void place_all(host_type& whole, detail::matrix_cuts const& cuts, T const* block) {
    for (int r = 0; r < cuts.grid.rows * cuts.grid.cols; ++r) {
      auto to = detail::block_of(whole, cuts.rows(r), cuts.cols(r));
      to = Eigen::Map<host_type const>(block, to.rows(), to.cols());
      block += to.size();
    }
  }

  mpi_cluster<E> cluster_;
  std::size_t rows_, cols_;
  detail::share mine_rows_, mine_cols_;
  std::optional<matrix<T, E>> local_; // none until the ranks agree
};

}} // namespace trireme::v1
