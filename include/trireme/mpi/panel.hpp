/// @file mpi/panel.hpp
/// Panels of a spread matrix, which travel along a row or a column of the grid of ranks.
#pragma once
#include <trireme/core/matrix_view.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/session.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Columns of a matrix that is cut by columns over a line of ranks, arriving on all of them, column-major: one panel is on
/// its way while another one is in use. (Rows of a matrix cut by rows are columns of its transpose.)
///
/// All messages are the same on every rank of the line, and need no memory that the constructor has not taken.
template <class T>
class spread_panel {
public:
  /// `local` is this rank's part on the host, columns [cuts[r], cuts[r + 1]) of the whole. A panel has at most `lines` rows
  /// and `width` columns.
  spread_panel(MPI_Comm comm, matrix_view<T const> local, std::vector<std::size_t> const& cuts, std::size_t lines,
               std::size_t width)
      : comm_(comm), local_(local), cuts_(cuts) {
    MPI_Comm_rank(comm, &rank_);
    if (alone()) return;
    std::size_t const room = lines * width;
    for (auto& each : halves_) {
      each.memory.reset(new T[room]); // not zeroed
      each.requests.reserve(cuts.size() + room / most);
    }
  }
  ~spread_panel() {
    for (auto& each : halves_) // of a call that ended early: nothing may arrive in memory that is gone
      if (!each.requests.empty()) MPI_Waitall(static_cast<int>(each.requests.size()), each.requests.data(), MPI_STATUSES_IGNORE);
  }
  spread_panel(spread_panel const&) = delete;
  spread_panel& operator=(spread_panel const&) = delete;

  /// Columns `cols` of rows `rows` set out.
  void send(share rows, share cols) {
    half& next = halves_[turn_ ^= 1];
    auto const n = static_cast<std::ptrdiff_t>(rows.size());
    if (alone()) {
      next.view = local_.block(at(rows.first), at(cols.first), n, at(cols.size()));
      return;
    }
    next.view = {next.memory.get(), n, at(cols.size()), 1, n};
    for (int r = 0; r + 1 < static_cast<int>(cuts_.size()); ++r) {
      share const owned = share_of(cuts_, r);
      share const part{std::max(owned.first, cols.first), std::min(owned.last, cols.last)};
      if (part.first >= part.last) continue;
      T* const to = next.memory.get() + (part.first - cols.first) * rows.size();
      if (r == rank_) copy(local_.block(at(rows.first), at(part.first - owned.first), n, at(part.size())), to);
      for (std::size_t done = 0, all = part.size() * rows.size(); done < all; done += most) {
        next.requests.push_back(MPI_REQUEST_NULL);
        check_mpi(MPI_Ibcast(to + done, static_cast<int>(std::min(most, all - done) * sizeof(T)), MPI_BYTE, r, comm_,
                             &next.requests.back()),
                  "MPI_Ibcast");
      }
    }
  }
  /// The panel that set out last, once it is there.
  [[nodiscard]] matrix_view<T const> arrived() {
    half& here = halves_[turn_];
    auto& requests = here.requests;
    check_mpi(MPI_Waitall(static_cast<int>(requests.size()), requests.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
    requests.clear();
    return here.view;
  }

private:
  static constexpr std::size_t most = (std::size_t{1} << 30) / sizeof(T); ///< elements in a message: MPI counts in int
  struct half {
    std::unique_ptr<T[]> memory;
    matrix_view<T const> view;
    std::vector<MPI_Request> requests;
  };
  static std::ptrdiff_t at(std::size_t n) { return static_cast<std::ptrdiff_t>(n); }
  [[nodiscard]] bool alone() const { return cuts_.size() == 2; }

  /// To column-major without gaps; what lies by rows is read by rows, some columns at a time.
  static void copy(matrix_view<T const> from, T* to) {
    constexpr std::ptrdiff_t block = 32;
    for (std::ptrdiff_t j = 0; j < from.cols; j += block)
      for (std::ptrdiff_t i = 0; i < from.rows; i += block)
        for (std::ptrdiff_t l = j; l < std::min(j + block, from.cols); ++l)
          for (std::ptrdiff_t n = i; n < std::min(i + block, from.rows); ++n) to[n + l * from.rows] = from(n, l);
  }

  MPI_Comm comm_;
  matrix_view<T const> local_;
  std::vector<std::size_t> cuts_;
  int rank_ = 0;
  unsigned turn_ = 0;
  half halves_[2];
};

}}} // namespace trireme::v1::detail
