/// @file mpi/deal.hpp
/// The guided schedule: pieces of a call's work go to whichever rank asks next, and their results to all ranks.
#pragma once
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/link.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <limits>
#include <thread>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Where the pieces of n elements begin, and where the last one ends: each takes a part of what is left, down to `least`
/// elements, so that there are few, and the last ones are small enough for all ranks to end together.
inline std::vector<std::size_t> guided_cuts(std::size_t n, int ranks, std::size_t least) {
  std::size_t const part = ranks == 1 ? 1 : std::size_t{4} * static_cast<std::size_t>(ranks);
  std::vector<std::size_t> cuts{0};
  while (cuts.back() < n) {
    std::size_t const left = n - cuts.back();
    cuts.push_back(cuts.back() + std::min(left, std::max(least, left / part)));
  }
  return cuts;
}

/// The pieces of one call, and who got them. Made on every rank before any of them asks.
///
/// Rank 0 answers the others while it computes: on a thread of its own, which looks for messages every now and then. (A counter
/// in a window of rank 0, read by MPI_Fetch_and_op, needs no thread where ranks share memory; with Open MPI 4.1 through UCX or
/// TCP it stood still for as long as rank 0 computed.) Where MPI may be called by one thread only, rank 0 answers between its own pieces.
class deal {
public:
  static constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max(); ///< instead of a piece: there are no more

  deal(mpi_link const& link, std::size_t pieces, call_limit const& limit)
      : link_(&link), limit_(limit), owners_(pieces), here_(static_cast<std::size_t>(link.size()), 1) {}
  deal(deal const&) = delete; // its thread and its messages lead into it
  deal& operator=(deal const&) = delete;

  /// Collective. Calls work(), which computes one piece after the other. Where it throws, no rank gets another piece.
  template <class Work>
  void run(Work const& work) {
    if (link_->rank() == 0)
      run_as_dealer(work);
    else
      run_as_player(work);
  }
  /// In work: the number of the next piece of this rank, and after the last one `none`.
  std::uint64_t take() { return link_->rank() == 0 ? take_own() : take_answer(); }
  /// In work: asks for that piece before it is needed, to wait less then.
  void ask_ahead() {
    if (link_->rank() != 0 && !asked_ && !over_) ask();
  }

  /// Collective, after run: tells all ranks whose each piece was.
  void share_owners() {
    if (link_->size() != 1 && !owners_.empty())
      check_mpi(MPI_Bcast(owners_.data(), static_cast<int>(owners_.size()), MPI_INT, 0, link_->comm()), "MPI_Bcast");
  }
  [[nodiscard]] std::vector<int> const& owners() const noexcept { return owners_; }

private:
  using clock = call_limit::clock;
  static constexpr int ask_tag = 3, piece_tag = 4;

  // ---- rank 0 ----

  template <class Work>
  void run_as_dealer(Work const& work) {
    std::thread clerk; // what MPI throws there ends the job: nobody could be told
    std::exception_ptr failure;
    try {
      if (link_->size() != 1 && link_->any_thread()) clerk = std::thread([this] { serve(); });
      work();
    } catch (...) {
      failure = std::current_exception();
      close();
    }
    worked_ = true;
    if (clerk.joinable())
      clerk.join();
    else
      serve();
    if (failure) std::rethrow_exception(failure);
  }

  std::uint64_t take_own() {
    if (!link_->any_thread())
      while (answer()) {
      }
    return draw(0);
  }
  std::uint64_t draw(int rank) noexcept {
    std::size_t const piece = next_.fetch_add(1, std::memory_order_relaxed);
    if (piece >= owners_.size()) return none;
    owners_[piece] = rank;
    return piece;
  }
  void close() noexcept { next_.store(owners_.size(), std::memory_order_relaxed); }

  /// Answers until all others know that there are no more pieces.
  void serve() {
    auto end = clock::time_point::max();
    for (auto last = clock::now(); leaving_ != link_->size() - 1;) {
      auto const now = clock::now();
      if (end == clock::time_point::max() && worked_) end = limit_.end(0); // others may take as long as this rank
      if (answer()) {
        last = now;
      } else if (now >= end) {
        give_up();
      } else {
        std::this_thread::sleep_for(
            std::clamp<clock::duration>((now - last) / 16, std::chrono::microseconds(20), std::chrono::microseconds(500)));
      }
    }
  }
  /// Answers one question, where there is one.
  bool answer() {
    int asked = 0;
    MPI_Status status{};
    check_mpi(MPI_Iprobe(MPI_ANY_SOURCE, ask_tag, link_->comm(), &asked, &status), "MPI_Iprobe");
    if (asked == 0) return false;
    int const rank = status.MPI_SOURCE;
    int failed = 0;
    check_mpi(MPI_Recv(&failed, 1, MPI_INT, rank, ask_tag, link_->comm(), MPI_STATUS_IGNORE), "MPI_Recv");
    if (failed != 0) close();
    std::uint64_t const piece = draw(rank);
    if (piece == none) {
      here_[static_cast<std::size_t>(rank)] = 0;
      ++leaving_;
    }
    check_mpi(MPI_Send(&piece, 1, MPI_UINT64_T, rank, piece_tag, link_->comm()), "MPI_Send");
    return true;
  }
  [[noreturn]] void give_up() const {
    std::vector<int> missing;
    for (int r = 1; r < link_->size(); ++r)
      if (here_[static_cast<std::size_t>(r)] != 0) missing.push_back(r);
    limit_.end_job(link_->comm(), missing);
  }

  // ---- the others ----

  template <class Work>
  void run_as_player(Work const& work) {
    try {
      work();
    } catch (...) {
      failed_ = 1;
      while (take_answer() != none) {
      }
      throw;
    }
  }

  std::uint64_t take_answer() {
    if (over_) return none;
    if (!asked_) ask();
    if (!poll_until(limit_.end(link_->rank()), [this] {
          int done = 0;
          check_mpi(MPI_Testall(2, both_, &done, MPI_STATUSES_IGNORE), "MPI_Testall");
          return done != 0;
        }))
      limit_.end_job(link_->comm(), {0});
    asked_ = false;
    over_ = piece_ == none;
    return piece_;
  }
  void ask() {
    question_ = failed_;
    check_mpi(MPI_Irecv(&piece_, 1, MPI_UINT64_T, 0, piece_tag, link_->comm(), &both_[0]), "MPI_Irecv");
    check_mpi(MPI_Isend(&question_, 1, MPI_INT, 0, ask_tag, link_->comm(), &both_[1]), "MPI_Isend");
    asked_ = true;
  }

  mpi_link const* link_;
  call_limit limit_;
  std::vector<int> owners_;
  // of rank 0
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> worked_{false}; // its own pieces are done
  std::vector<char> here_;          // who may still ask
  int leaving_ = 0;
  // of the others
  MPI_Request both_[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
  std::uint64_t piece_ = none;
  int failed_ = 0, question_ = 0;
  bool asked_ = false, over_ = false;
};

/// Results that ranks have computed in pieces, brought to all ranks: through memory for as many again, in which each rank's lie
/// side by side.
class dealt_results {
public:
  dealt_results(mpi_link const& link, std::size_t bytes)
      : link_(&link), packed_(link.size() == 1 ? 0 : bytes), ends_(static_cast<std::size_t>(link.size())),
        bounds_(static_cast<std::size_t>(link.size()) + 1) {}

  /// Collective. Elements [cuts[k], cuts[k + 1]) of `element` bytes are the piece of rank owners[k].
  void gather(void* all, std::size_t element, std::vector<std::size_t> const& cuts, std::vector<int> const& owners) {
    if (link_->size() == 1) return;
    std::fill(bounds_.begin(), bounds_.end(), 0);
    for (std::size_t k = 0; k < owners.size(); ++k) bounds_[static_cast<std::size_t>(owners[k]) + 1] += cuts[k + 1] - cuts[k];
    for (std::size_t r = 1; r < bounds_.size(); ++r) bounds_[r] += bounds_[r - 1];
    auto* const bytes = static_cast<std::byte*>(all);
    auto const each_piece = [&](bool mine, auto const& copy) {
      std::copy(bounds_.begin(), bounds_.end() - 1, ends_.begin());
      for (std::size_t k = 0; k < owners.size(); ++k) {
        std::size_t& at = ends_[static_cast<std::size_t>(owners[k])];
        if ((owners[k] == link_->rank()) == mine)
          copy(bytes + cuts[k] * element, packed_.data() + at * element, (cuts[k + 1] - cuts[k]) * element);
        at += cuts[k + 1] - cuts[k];
      }
    };
    each_piece(true, [](std::byte const* piece, std::byte* packed, std::size_t n) { std::memcpy(packed, piece, n); });
    link_->gather(packed_.data(), element, bounds_);
    each_piece(false, [](std::byte* piece, std::byte const* packed, std::size_t n) { std::memcpy(piece, packed, n); });
  }

private:
  mpi_link const* link_;
  std::vector<std::byte> packed_;
  std::vector<std::size_t> ends_, bounds_;
};

}}} // namespace trireme::v1::detail
