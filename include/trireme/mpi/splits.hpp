/// @file mpi/splits.hpp
/// Where sorted runs, one a rank, are to be cut so that each rank's part of them all is of a given size.
#pragma once
#include <trireme/algorithm/sort.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Exact cuts of all ranks' runs, which are sorted, and whose elements are ordered by less, equal ones by rank and place. Rank
/// j finds how many elements of each run are among the first cuts[j] of all: it keeps two bounds for each run, and in each
/// round is sent some elements from between them, whose order brings the bounds nearer to each other.
template <class T>
class run_splits {
public:
  /// Run r has cuts[r + 1] - cuts[r] elements, and so has part r.
  run_splits(mpi_link const& link, std::vector<std::size_t> const& cuts)
      : ranks_(static_cast<std::size_t>(link.size())), target_(cuts[static_cast<std::size_t>(link.rank())]),
        most_(std::clamp<std::size_t>(std::numeric_limits<int>::max() / sizeof(T), 1, 32)), low_(ranks_), high_(ranks_),
        told_(3 * ranks_), heard_(3 * ranks_), offered_(ranks_ * most_), brought_(ranks_ * most_) {
    for (std::size_t r = 0; r < ranks_; ++r) { // so many lie in this run at least, and at most
      std::size_t const size = cuts[r + 1] - cuts[r], others = cuts.back() - size;
      low_[r] = target_ < others ? 0 : target_ - others;
      high_[r] = std::min(size, target_);
    }
  }

  /// Tells each rank the bounds in its run. Collective. @returns whether any differ on any rank: then a round is needed.
  bool tell(mpi_link const& link) {
    bool const open = low_ != high_;
    for (std::size_t r = 0; r < ranks_; ++r) {
      told_[3 * r] = low_[r];
      told_[3 * r + 1] = high_[r];
      told_[3 * r + 2] = open;
    }
    check_mpi(MPI_Alltoall(told_.data(), 3, MPI_UINT64_T, heard_.data(), 3, MPI_UINT64_T, link.comm()), "MPI_Alltoall");
    bool any = false;
    for (std::size_t j = 0; j < ranks_; ++j) any = any || heard_[3 * j + 2] != 0;
    return any;
  }

  /// Sends each rank elements of this rank's run from between its bounds. Collective.
  void offer(mpi_link const& link, T const* run) {
    for (std::size_t j = 0; j < ranks_; ++j) {
      std::size_t const low = heard_[3 * j], high = heard_[3 * j + 1];
      for (std::size_t i = 0; i < samples(low, high); ++i)
        std::memcpy(static_cast<void*>(offered_.data() + j * most_ + i), static_cast<void const*>(run + sample(low, high, i)),
                    sizeof(T));
    }
    int const bytes = static_cast<int>(most_ * sizeof(T));
    check_mpi(MPI_Alltoall(offered_.data(), bytes, MPI_BYTE, brought_.data(), bytes, MPI_BYTE, link.comm()), "MPI_Alltoall");
  }

  /// Brings the bounds nearer by the elements that were sent.
  ///
  /// Of a run, the elements up to its k-th sample are not after that; those from the next one on are not before it. So each
  /// sample in the order of all of them is among the target's elements for sure, or not for sure, or can't be told.
  template <class Less>
  void narrow(Less const& less) {
    std::vector<candidate> order;
    for (std::size_t r = 0; r < ranks_; ++r)
      for (std::size_t i = 0; i < samples(low_[r], high_[r]); ++i) order.push_back({brought_.data() + r * most_ + i, r});
    trireme::sort(inline_executor{}, order, by_value<Less>{less});

    auto low = low_, high = high_;
    std::vector<std::size_t> seen(ranks_, 0), at_least = low_, below(ranks_); // below[r]: the next sample of run r
    std::size_t before = 0, not_after = 0;                                    // sums of these two
    for (std::size_t r = 0; r < ranks_; ++r) {
      below[r] = next(r, 0);
      before += at_least[r];
      not_after += below[r];
    }
    for (auto const& c : order) { // by the order of runs alone, so that the bounds meet whatever less says
      std::size_t const r = c.run, at = below[r];
      before += at + 1 - at_least[r];
      if (before > target_) { // this sample is not among them
        high = below;
        break;
      }
      at_least[r] = at + 1;
      if (not_after + 1 <= target_) low = at_least; // no more than that many are up to it
      below[r] = next(r, ++seen[r]);
      not_after += below[r] - at;
    }
    low_ = low;
    high_ = high;
  }

  /// Which elements of this rank's run go to whom, where the bounds have met: [result[j], result[j + 1]) to rank j. Ascending, even
  /// where ranks found cuts that cross, since less is no order.
  [[nodiscard]] std::vector<std::size_t> sends(std::size_t size) const {
    std::vector<std::size_t> out(ranks_ + 1, size);
    for (std::size_t j = 0; j < ranks_; ++j) out[j] = std::clamp<std::size_t>(heard_[3 * j], j == 0 ? 0 : out[j - 1], size);
    return out;
  }

private:
  struct candidate {
    T const* value;
    std::size_t run;
  };
  template <class Less>
  struct by_value {
    Less const& less;
    bool operator()(candidate const& a, candidate const& b) const { return less(*a.value, *b.value); }
  };

  [[nodiscard]] std::size_t samples(std::size_t low, std::size_t high) const { return std::min(most_, high - low); }
  /// The place of the i-th sample between two bounds: even, and all of them where they are few.
  [[nodiscard]] std::size_t sample(std::size_t low, std::size_t high, std::size_t i) const {
    std::size_t const parts = samples(low, high) + 1, width = high - low + 1;
    return low + (width / parts) * (i + 1) + width % parts * (i + 1) / parts - 1;
  }
  [[nodiscard]] std::size_t next(std::size_t r, std::size_t i) const {
    return i < samples(low_[r], high_[r]) ? sample(low_[r], high_[r], i) : high_[r];
  }

  std::size_t ranks_, target_, most_;       // most_: samples of a run in a round
  std::vector<std::size_t> low_, high_;     // in each run, for this rank's target
  std::vector<std::uint64_t> told_, heard_; // the bounds, for the owner of each run; and in this rank's run, for each target
  arrivals<T> offered_, brought_;
};

}}} // namespace trireme::v1::detail
