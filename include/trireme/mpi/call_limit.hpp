/// @file mpi/call_limit.hpp
/// How long the ranks of one call wait for each other, and the end of the job where one of them does not come.
#pragma once
#include <trireme/core/future.hpp>

#include <mpi.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Made where a call begins, on each rank. A rank that is only slow to notice that its own time is over, because its kernel ends
/// at the end of a run, has the grace to come: as long again as the timeout, and a second at least.
class call_limit {
public:
  using clock = std::chrono::steady_clock;

  /// None: ranks wait for each other as long as it takes.
  call_limit() = default;
  /// @param kind  in which all ranks have to agree, as in the call.  @param type  the same, of the values that travel: typeid's name.
  call_limit(char const* call, std::chrono::nanoseconds timeout, std::uint64_t kind = 0, char const* type = "")
      : call_(call), type_(type), kind_(kind) {
    if (timeout.count() == 0) return;
    if (timeout.count() < 0) timeout = std::chrono::seconds(1); // which is told to all ranks, who have given a timeout too
    timeout_ = std::min<std::chrono::nanoseconds>(timeout, std::chrono::hours(24 * 365)); // so that sums are times too
    grace_ = std::max<std::chrono::nanoseconds>(timeout_, std::chrono::seconds(1));
    begun_ = clock::now();
  }

  [[nodiscard]] explicit operator bool() const noexcept { return timeout_.count() != 0; }
  [[nodiscard]] char const* call() const noexcept { return call_; }
  [[nodiscard]] char const* type() const noexcept { return type_; }
  [[nodiscard]] std::uint64_t kind() const noexcept { return kind_; }
  /// What the work may still take; 0: any time.
  [[nodiscard]] std::chrono::nanoseconds left() const {
    return *this ? std::max<std::chrono::nanoseconds>(std::chrono::nanoseconds(1), timeout_ - (clock::now() - begun_)) : timeout_;
  }

  /// When a rank gives up the others that it waits for from now on: later, where it has come late itself. Rank 0 is the first, as it
  /// alone knows who has come; of the others, which know of rank 0 only, one before the next, so that not all of them speak.
  [[nodiscard]] clock::time_point end(int rank) const {
    if (!*this) return clock::time_point::max();
    if (rank == 0) return std::max(begun_ + timeout_ + grace_, clock::now() + grace_ / 2);
    return std::max(begun_ + timeout_ + 2 * grace_, clock::now() + 2 * grace_) +
           std::chrono::milliseconds(50) * (std::min(rank, 100) - 1);
  }

  /// Ends all processes of the job. There is no other way: MPI has no calls without a rank that is part of them.
  [[noreturn]] void end_job(MPI_Comm comm, std::vector<int> const& missing) const {
    int size = 0;
    MPI_Comm_size(comm, &size);
    std::string ranks = missing.size() == 1 ? "rank " : "ranks ";
    for (std::size_t i = 0; i < missing.size(); ++i) ranks += (i == 0 ? "" : ", ") + std::to_string(missing[i]);
    auto const grace = std::chrono::duration<double>(missing.front() == 0 ? 2 * grace_ : grace_).count();
    std::fprintf(stderr, "trireme: %s: %s of %d did not arrive within %g s of the timeout; the job ends\n", call_, ranks.c_str(),
                 size, grace);
    MPI_Abort(comm, EXIT_FAILURE);
    std::abort();
  }

private:
  char const* call_ = "";
  char const* type_ = "";
  std::uint64_t kind_ = 0;
  std::chrono::nanoseconds timeout_{0}, grace_{0};
  clock::time_point begun_{};
};

/// Asks ready() until it says yes; whether it did before that time. In between the processor is free for others, as MPI's own
/// waiting leaves it only where it is told to.
template <class Ready>
bool poll_until(call_limit::clock::time_point end, Ready const& ready) {
  using clock = call_limit::clock;
  auto const begun = clock::now();
  for (;;) {
    if (ready()) return true;
    auto const now = clock::now();
    if (now >= end) return false;
    if (now - begun < std::chrono::milliseconds(1))
      std::this_thread::yield();
    else
      std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

}}} // namespace trireme::v1::detail
