/// @file mpi/redistribute.hpp
/// Elements that change their owners.
#pragma once
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Brings elements that are the ranks' by the cuts `from` to those whose they are by the cuts `to`, each straight to its new
/// owner. What it needs is allocated at the beginning, so that nothing fails between messages.
class redistribution {
public:
  /// @param most  bytes of a message at most.
  redistribution(mpi_link const& link, std::vector<std::size_t> const& from, std::vector<std::size_t> const& to, std::size_t element,
                 std::size_t most = std::numeric_limits<int>::max())
      : link_(&link) {
    share const had = share_of(from, link.rank()), has = share_of(to, link.rank());
    for (int r = 0; r < link.size(); ++r) {
      add(sends_, had, share_of(to, r), element, r, most);
      add(receives_, has, share_of(from, r), element, r, most);
    }
    requests_.resize(sends_.size() + receives_.size());
  }

  /// Collective. `from` and `to` are this rank's elements before and after, and don't overlap.
  void run(void const* from, void* to) {
    std::size_t count = 0;
    for (auto const& m : receives_)
      if (m.rank != link_->rank())
        check_mpi(MPI_Irecv(static_cast<std::byte*>(to) + m.at, m.bytes, MPI_BYTE, m.rank, 0, link_->comm(), &requests_[count++]), "MPI_Irecv");
    for (auto const& m : sends_)
      if (m.rank != link_->rank())
        check_mpi(MPI_Isend(static_cast<std::byte const*>(from) + m.at, m.bytes, MPI_BYTE, m.rank, 0, link_->comm(), &requests_[count++]),
                  "MPI_Isend");
    for (std::size_t i = 0, j = 0; i < sends_.size(); ++i) { // to itself
      if (sends_[i].rank != link_->rank()) continue;
      while (receives_[j].rank != link_->rank()) ++j;
      std::memcpy(static_cast<std::byte*>(to) + receives_[j++].at, static_cast<std::byte const*>(from) + sends_[i].at,
                  static_cast<std::size_t>(sends_[i].bytes));
    }
    check_mpi(MPI_Waitall(static_cast<int>(count), requests_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
  }

private:
  struct message {
    std::size_t at; // in this rank's elements
    int bytes, rank;
  };

  /// What rank r has in common with this one's share.
  static void add(std::vector<message>& messages, share mine, share theirs, std::size_t element, int rank, std::size_t most) {
    std::size_t const first = std::max(mine.first, theirs.first), last = std::min(mine.last, theirs.last);
    if (first >= last) return;
    for (std::size_t at = (first - mine.first) * element, end = (last - mine.first) * element; at < end;) {
      std::size_t const bytes = std::min(most, end - at);
      messages.push_back({at, static_cast<int>(bytes), rank});
      at += bytes;
    }
  }

  mpi_link const* link_;
  std::vector<message> sends_, receives_;
  std::vector<MPI_Request> requests_;
};

}}} // namespace trireme::v1::detail
