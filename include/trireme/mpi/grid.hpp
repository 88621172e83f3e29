/// @file mpi/grid.hpp
/// The ranks of a cluster in rows and columns, for data that is spread in two dimensions.
#pragma once
#include <trireme/mpi/session.hpp>

namespace trireme { inline namespace v1 { namespace detail {

/// rows × cols places, that ranks take column by column.
struct grid_shape {
  int rows, cols;
  [[nodiscard]] int row_of(int rank) const noexcept { return rank % rows; }
  [[nodiscard]] int col_of(int rank) const noexcept { return rank / rows; }
};

/// As square as the number of ranks allows, the wide way: a prime number of ranks is one row.
inline grid_shape square_grid(int ranks) {
  int rows = 1;
  for (int r = 1; r <= ranks / r; ++r)
    if (ranks % r == 0) rows = r;
  return {rows, ranks / rows};
}

/// In which ranks that make or multiply a matrix have to agree.
constexpr std::uint64_t shape_key(std::size_t rows, std::size_t cols, std::size_t depth = 0) {
  return rows + std::uint64_t{0x9e3779b97f4a7c15} * (cols + std::uint64_t{0x9e3779b97f4a7c15} * depth);
}

/// Communicators along the rows and columns of that grid. Their errors are exceptions.
class mpi_grid {
public:
  /// Collective.
  explicit mpi_grid(MPI_Comm comm) {
    int rank = 0, size = 1;
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
    grid_shape const grid = square_grid(size);
    row_.split(comm, grid.row_of(rank), rank);
    col_.split(comm, grid.col_of(rank), rank);
  }
  [[nodiscard]] MPI_Comm row() const noexcept { return row_.comm; } ///< of the ranks in this one's row, by column
  [[nodiscard]] MPI_Comm col() const noexcept { return col_.comm; } ///< of those in its column, by row

private:
  struct line {
    MPI_Comm comm = MPI_COMM_NULL;
    line() = default;
    line(line const&) = delete;
    line& operator=(line const&) = delete;
    ~line() {
      if (comm != MPI_COMM_NULL && !mpi_session::is(MPI_Finalized)) MPI_Comm_free(&comm);
    }
    void split(MPI_Comm from, int color, int key) {
      check_mpi(MPI_Comm_split(from, color, key, &comm), "MPI_Comm_split");
      MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    }
  };
  line row_, col_;
};

}}} // namespace trireme::v1::detail
