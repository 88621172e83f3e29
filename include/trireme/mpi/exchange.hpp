/// @file mpi/exchange.hpp
/// Elements from every rank to every rank.
#pragma once
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <limits>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Of a rank's elements those in [sends[r], sends[r + 1]) go to rank r, and what comes from there is put at
/// [receives[r], receives[r + 1]). What that needs is allocated at the beginning, so that nothing fails between messages.
class exchange {
public:
  /// @param element  bytes of one. @param most  bytes of a message at most.
  exchange(mpi_link const& link, std::vector<std::size_t> const& sends, std::vector<std::size_t> const& receives,
           std::size_t element, std::size_t most = std::numeric_limits<int>::max())
      : link_(&link) {
    for (int step = 1; step < link.size(); ++step) { // each rank begins with another
      int const to = (link.rank() + step) % link.size(), from = (link.rank() + link.size() - step) % link.size();
      add(sends_, share_of(sends, to), element, to, most);
      add(receives_, share_of(receives, from), element, from, most);
    }
    requests_.resize(sends_.size() + receives_.size());
    share const kept = share_of(sends, link.rank());
    kept_from_ = kept.first * element;
    kept_to_ = share_of(receives, link.rank()).first * element;
    kept_bytes_ = kept.size() * element;
  }

  /// Collective. `from` and `to` don't overlap.
  void run(void const* from, void* to) {
    std::size_t count = 0;
    for (auto const& m : receives_)
      check_mpi(MPI_Irecv(static_cast<std::byte*>(to) + m.at, m.bytes, MPI_BYTE, m.rank, 0, link_->comm(), &requests_[count++]),
                "MPI_Irecv");
    for (auto const& m : sends_)
      check_mpi(
          MPI_Isend(static_cast<std::byte const*>(from) + m.at, m.bytes, MPI_BYTE, m.rank, 0, link_->comm(), &requests_[count++]),
          "MPI_Isend");
    if (kept_bytes_ != 0)
      std::memcpy(static_cast<std::byte*>(to) + kept_to_, static_cast<std::byte const*>(from) + kept_from_, kept_bytes_);
    check_mpi(MPI_Waitall(static_cast<int>(count), requests_.data(), MPI_STATUSES_IGNORE), "MPI_Waitall");
  }

private:
  struct message {
    std::size_t at; // of its first byte
    int bytes, rank;
  };
  static void add(std::vector<message>& messages, share elements, std::size_t element, int rank, std::size_t most) {
    for (std::size_t at = elements.first * element, end = elements.last * element; at < end;) {
      std::size_t const bytes = std::min(most, end - at);
      messages.push_back({at, static_cast<int>(bytes), rank});
      at += bytes;
    }
  }

  mpi_link const* link_;
  std::vector<message> sends_, receives_;
  std::vector<MPI_Request> requests_;
  std::size_t kept_from_ = 0, kept_to_ = 0, kept_bytes_ = 0; // what stays on this rank
};

}}} // namespace trireme::v1::detail
