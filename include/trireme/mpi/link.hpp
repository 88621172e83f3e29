/// @file mpi/link.hpp
/// The messages of a cluster: its own communicator, what all ranks agree on, and results that reach every rank.
#pragma once
#include <trireme/core/thrown.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/grid.hpp>
#include <trireme/mpi/session.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A duplicate of the user's communicator, so that no message of ours meets one of theirs. Its errors are exceptions.
class mpi_link {
public:
  /// Collective. @throws std::invalid_argument for no communicator, or one between two groups.
  explicit mpi_link(MPI_Comm comm) {
    mpi_session::begin();
    int between = 0;
    if (comm != MPI_COMM_NULL) check_mpi(MPI_Comm_test_inter(comm, &between), "MPI_Comm_test_inter");
    if (comm == MPI_COMM_NULL || between != 0)
      throw std::invalid_argument("trireme: mpi_cluster: comm must be a communicator of one group of ranks");
    member_ = std::make_shared<mpi_membership>(comm);
    comm_ = member_->comm;
    rank_ = member_->rank;
    size_ = member_->size;
    MPI_Query_thread(&threads_);
    counts_.resize(static_cast<std::size_t>(size_));
    starts_.resize(static_cast<std::size_t>(size_));
    requests_.resize(static_cast<std::size_t>(size_), MPI_REQUEST_NULL);
    arrivals_.resize(static_cast<std::size_t>(size_));
    mpi_session::remember(member_);
  }
  mpi_link(mpi_link const&) = delete;
  mpi_link& operator=(mpi_link const&) = delete;
  [[nodiscard]] int rank() const noexcept { return rank_; }
  [[nodiscard]] int size() const noexcept { return size_; }
  [[nodiscard]] MPI_Comm comm() const noexcept { return comm_; }
  /// Whether another thread than the one that has begun MPI may call it.
  [[nodiscard]] bool any_thread() const noexcept { return threads_ >= MPI_THREAD_SERIALIZED; }
  /// The ranks in rows and columns. Collective where it is asked for first.
  [[nodiscard]] mpi_grid const& grid() const {
    if (!grid_) grid_.emplace(comm_);
    return *grid_;
  }

  /// Calls work(), which returns the number of elements that the call is about. Collective, and a meeting of all ranks: where
  /// work() threw on one of them, all of them throw that; of several the lowest rank's.
  ///
  /// The rank that threw it also throws what the others do, an exception put together from its type's name and text: programs
  /// whose ranks catch different types would no longer make the same calls.
  ///
  /// Under a limit, where a rank does not come in time the job ends, with a line that names it. That costs a message to rank 0
  /// and one back, for each rank.
  /// @throws std::invalid_argument where the numbers differ, or the calls by the names and types in their limits; std::logic_error, alone,
  /// where MPI may not be called on this thread, or no more; error where a rank has left, in this call and all later ones.
  template <class Work>
  void together(Work const& work, call_limit const& limit = {}) const {
    check_thread();
    check_complete(limit.call());
    std::exception_ptr failure;
    std::uint64_t elements = 0;
    try {
      elements = work();
    } catch (...) {
      failure = std::current_exception();
    }
    auto const nobody = static_cast<std::uint64_t>(size_) + 1; // 0: a rank has left; r + 1: rank r has thrown
    std::uint64_t const call = hash_of(limit.call()) + limit.kind(), type = hash_of(limit.type()),
                        said = call + 3 * type + elements;
    words const mine{failure ? static_cast<std::uint64_t>(rank_) + 1 : nobody, said, ~said};
    words least{};
    if (!limit || size_ == 1)
      check_mpi(MPI_Allreduce(mine.data(), least.data(), 3, MPI_UINT64_T, MPI_MIN, comm_), "MPI_Allreduce");
    else if (rank_ == 0)
      least = collect(mine, limit);
    else
      least = told(mine, limit);
    if (least[0] == 0) {
      member_->miss(size_);
      check_complete(limit.call());
    }
    if (least[0] != nobody) std::rethrow_exception(told_by(static_cast<int>(least[0] - 1), failure));
    if (least[1] != ~least[2]) tell_difference(limit, call, type, elements);
  }

  /// Brings every rank's part of an array to all ranks. Elements [bounds[r], bounds[r + 1]) are rank r's, of `element` bytes
  /// each. Collective. A message has at most `most` bytes.
  void gather(void* all, std::size_t element, std::vector<std::size_t> const& bounds,
              std::size_t most = std::numeric_limits<int>::max()) const {
    auto* const bytes = static_cast<std::byte*>(all);
    std::size_t const ranks = counts_.size();
    if (ranks == 1 || bounds.back() == 0) return;
    if (bounds.back() <= most / element) {
      for (std::size_t r = 0; r < ranks; ++r) {
        starts_[r] = static_cast<int>(bounds[r] * element);
        counts_[r] = static_cast<int>((bounds[r + 1] - bounds[r]) * element);
      }
      check_mpi(MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, bytes, counts_.data(), starts_.data(), MPI_BYTE, comm_),
                "MPI_Allgatherv");
      return;
    }
    for (std::size_t r = 0; r < ranks; ++r) // MPI counts in int
      for (std::size_t at = bounds[r] * element, end = bounds[r + 1] * element; at < end; at += std::min(most, end - at))
        check_mpi(MPI_Bcast(bytes + at, static_cast<int>(std::min(most, end - at)), MPI_BYTE, static_cast<int>(r), comm_),
                  "MPI_Bcast");
  }

private:
  using words = std::array<std::uint64_t, 3>;
  static constexpr int arrival_tag = 1, answer_tag = 2;

  /// The least of each word, of those that every rank sends to this one, rank 0. All hear it, and no message is left over.
  [[nodiscard]] words collect(words least, call_limit const& limit) const {
    for (int r = 1; r < size_; ++r) {
      auto const i = static_cast<std::size_t>(r);
      check_mpi(MPI_Irecv(arrivals_[i].data(), 3, MPI_UINT64_T, r, arrival_tag, comm_, &requests_[i]), "MPI_Irecv");
    }
    int come = 1;
    bool const all = poll_until(limit.end(0), [&] {
      int some = 0;
      check_mpi(MPI_Testsome(size_, requests_.data(), &some, counts_.data(), MPI_STATUSES_IGNORE), "MPI_Testsome");
      if (some != MPI_UNDEFINED) come += some;
      return come == size_;
    });
    if (!all) {
      std::vector<int> missing;
      for (int r = 1; r < size_; ++r)
        if (requests_[static_cast<std::size_t>(r)] != MPI_REQUEST_NULL) missing.push_back(r);
      limit.end_job(comm_, missing);
    }
    for (int r = 1; r < size_; ++r)
      for (std::size_t i = 0; i < least.size(); ++i) least[i] = std::min(least[i], arrivals_[static_cast<std::size_t>(r)][i]);
    for (int r = 1; r < size_; ++r) check_mpi(MPI_Send(least.data(), 3, MPI_UINT64_T, r, answer_tag, comm_), "MPI_Send");
    return least;
  }
  /// The same on another rank, which sends its own.
  [[nodiscard]] words told(words const& mine, call_limit const& limit) const {
    words least{};
    MPI_Request both[2] = {MPI_REQUEST_NULL, MPI_REQUEST_NULL};
    check_mpi(MPI_Irecv(least.data(), 3, MPI_UINT64_T, 0, answer_tag, comm_, &both[0]), "MPI_Irecv");
    check_mpi(MPI_Isend(mine.data(), 3, MPI_UINT64_T, 0, arrival_tag, comm_, &both[1]), "MPI_Isend");
    bool const come = poll_until(limit.end(rank_), [&] {
      int done = 0;
      check_mpi(MPI_Testall(2, both, &done, MPI_STATUSES_IGNORE), "MPI_Testall");
      return done != 0;
    });
    if (!come) limit.end_job(comm_, {0});
    return least;
  }

  /// The same text makes the same number everywhere (FNV-1a).
  static std::uint64_t hash_of(char const* text) noexcept {
    std::uint64_t hash = 0xcbf29ce484222325u;
    for (; *text != '\0'; ++text) hash = (hash ^ static_cast<unsigned char>(*text)) * 0x100000001b3u;
    return hash;
  }
  /// Where all ranks know that they differ. Collective.
  [[noreturn]] void tell_difference(call_limit const& limit, std::uint64_t call, std::uint64_t type,
                                    std::uint64_t elements) const {
    std::array const mine{call, ~call, type, ~type, elements, ~elements};
    auto least = mine;
    check_mpi(MPI_Allreduce(mine.data(), least.data(), 6, MPI_UINT64_T, MPI_MIN, comm_), "MPI_Allreduce");
    std::string const name = limit.call();
    std::string const rule = "trireme: " + name + (name.empty() ? "" : ": ") + "the ranks of a cluster make the same calls, but ";
    if (least[0] != ~least[1]) throw std::invalid_argument(rule + "this one meets another call on another rank");
    if (least[2] != ~least[3]) throw std::invalid_argument(rule + types_that_differ(limit.type()));
    throw std::invalid_argument(rule + "one has " + std::to_string(least[4]) + " elements here, and another " +
                                std::to_string(~least[5]));
  }
  /// This rank's type, or rank 0's, beside the first other one. Collective.
  [[nodiscard]] std::string types_that_differ(char const* type) const {
    std::string const first = text_of(0, type);
    int const mine = first == type ? size_ : rank_;
    int other = 0;
    check_mpi(MPI_Allreduce(&mine, &other, 1, MPI_INT, MPI_MIN, comm_), "MPI_Allreduce");
    std::string const second = text_of(other, type);
    return "the values of one are " + readable_name(first.c_str()) + " on rank 0, and " + readable_name(second.c_str()) +
           " on rank " + std::to_string(other);
  }
  [[nodiscard]] std::string text_of(int teller, std::string text) const {
    auto length = static_cast<int>(text.size());
    check_mpi(MPI_Bcast(&length, 1, MPI_INT, teller, comm_), "MPI_Bcast");
    [&]() noexcept { text.resize(static_cast<std::size_t>(length)); }(); // as in told_by
    check_mpi(MPI_Bcast(text.data(), length, MPI_CHAR, teller, comm_), "MPI_Bcast");
    return text;
  }

  void check_complete(char const* call) const {
    if (member_->missing)
      throw error(std::string("trireme: ") + call + (*call == '\0' ? "" : ": ") + "rank " + std::to_string(*member_->missing) +
                  " has left the cluster: its program has ended, and there are no calls without it");
  }

  void check_thread() const {
    mpi_session::begin();
    int main = 0;
    if (!any_thread() && (MPI_Is_thread_main(&main), main == 0))
      throw std::logic_error("trireme: mpi_cluster: this program has begun MPI so that only the thread which did may call it: "
                             "ask MPI_Init_thread for MPI_THREAD_SERIALIZED or more");
  }

  /// The failure of one rank, on all ranks.
  [[nodiscard]] std::exception_ptr told_by(int teller, std::exception_ptr const& failure) const {
    std::string texts;
    int head[3] = {};
    exception_parts parts;
    if (rank_ == teller) {
      // Without memory even for this nobody could be told: noexcept, so that the job ends rather than waits.
      [&]() noexcept {
        try {
          std::rethrow_exception(failure);
        } catch (...) {
          parts = take_apart_current();
        }
        texts = parts.joined();
      }();
      head[0] = parts.code;
      head[1] = parts.value;
      head[2] = static_cast<int>(std::min<std::size_t>(texts.size(), std::numeric_limits<int>::max()));
    }
    check_mpi(MPI_Bcast(head, 3, MPI_INT, teller, comm_), "MPI_Bcast");
    [&]() noexcept { texts.resize(static_cast<std::size_t>(head[2])); }(); // as above
    check_mpi(MPI_Bcast(texts.data(), head[2], MPI_CHAR, teller, comm_), "MPI_Bcast");
    parts.code = head[0];
    parts.value = head[1];
    parts.split(texts);
    return put_together(parts);
  }

  std::shared_ptr<mpi_membership> member_;
  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1, threads_ = MPI_THREAD_SINGLE;
  mutable std::optional<mpi_grid> grid_;
  // Nothing runs out of memory between two messages.
  mutable std::vector<int> counts_, starts_;
  mutable std::vector<MPI_Request> requests_;
  mutable std::vector<words> arrivals_;
};

}}} // namespace trireme::v1::detail
