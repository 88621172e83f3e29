/// @file mpi/session.hpp
/// MPI begun and ended, and its errors as exceptions.
#pragma once
#include <trireme/core/descriptor.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/forks.hpp>

#include <mpi.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

/// What an MPI call reported: its code, and the call that told; the text is MPI's own.
class mpi_error : public error {
public:
  mpi_error(int code, std::string call, std::string const& text)
      : error("trireme: " + call + ": " + text), code_(code), call_(std::move(call)) {}
  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] std::string const& call() const noexcept { return call_; }

private:
  int code_;
  std::string call_;
};

namespace detail {

/// @throws mpi_error for any other code than success.
inline void check_mpi(int code, char const* call) {
  if (code == MPI_SUCCESS) return;
  char text[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  MPI_Error_string(code, text, &length);
  throw mpi_error(code, call, std::string(text, static_cast<std::size_t>(length)));
}

/// A communicator of ours, freed with the last owner.
class mpi_membership {
public:
  static constexpr std::uint64_t leaving = 0x6c656176696e6721u; // what no call says

  explicit mpi_membership(MPI_Comm parent) {
    check_mpi(MPI_Comm_dup(parent, &comm), "MPI_Comm_dup");
    MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    MPI_Comm_rank(comm, &rank);
    MPI_Comm_size(comm, &size);
  }
  mpi_membership(mpi_membership const&) = delete;
  mpi_membership& operator=(mpi_membership const&) = delete;
  ~mpi_membership() {
    int ended = 0;
    MPI_Finalized(&ended);
    if (ended == 0) MPI_Comm_free(&comm);
  }

  [[nodiscard]] bool of_all_ranks() const {
    int like = MPI_UNEQUAL;
    MPI_Comm_compare(comm, MPI_COMM_WORLD, &like);
    return like == MPI_CONGRUENT;
  }
  /// Meets the others for the last time. Where they are in a call instead, which meets in the same way, they are told so, and wait no
  /// longer.
  void leave() noexcept {
    if (missing || size == 1) return;
    std::uint64_t const mine[] = {0, leaving, ~leaving};
    std::uint64_t least[3] = {};
    if (MPI_Allreduce(mine, least, 3, MPI_UINT64_T, MPI_MIN, comm) != MPI_SUCCESS) return;
    bool const all = least[1] == leaving && ~least[2] == leaving;
    if (!all) miss(rank);
  }
  /// Collective, where some rank leaves: the first that does. `me`: this rank's number if it does too, else size.
  void miss(int me) noexcept {
    int first = size;
    MPI_Allreduce(&me, &first, 1, MPI_INT, MPI_MIN, comm);
    missing = first;
  }

  MPI_Comm comm = MPI_COMM_NULL;
  int rank = 0, size = 1;
  std::optional<int> missing; // a rank which has left, while others were in a call
};

/// MPI as the program has begun it, or else as the first cluster does; then the end of the program finalises it.
class mpi_session {
public:
  /// @throws std::logic_error where MPI was finalised already, which it is for good.
  static void begin() {
    static mpi_session const only;
    if (is(MPI_Finalized)) throw std::logic_error("trireme: mpi_cluster: MPI was finalised already");
  }
  [[nodiscard]] static bool is(int (*asked)(int*)) {
    int answer = 0;
    asked(&answer);
    return answer != 0;
  }

  /// Keeps a communicator of all ranks till the end of the program, which takes leave in it; only of the latest 16 ones, which are
  /// the same on every rank. Only where that end is also MPI's.
  static void remember(std::shared_ptr<mpi_membership> const& member) {
    constexpr std::size_t most = 16;
    if (!begun_here() || !member->of_all_ranks()) return;
    if (kept().size() == most) kept().erase(kept().begin());
    kept().push_back(member);
  }

  mpi_session(mpi_session const&) = delete;
  mpi_session& operator=(mpi_session const&) = delete;

private:
  mpi_session() {
    kept(); // lives longer
    if (is(MPI_Initialized)) return;
    streams_held().keep(); // MPI opens descriptors whenever it likes: closed standard streams lead to /dev/null from now on
    int granted = 0;
    check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &granted), "MPI_Init_thread");
    begun_here() = true;
  }
  ~mpi_session() {
    if (process_ != this_process::number()) { // MPI is the parent's, and so is what a forked child has copies of
      new std::vector(std::move(kept())); // never destroyed
      return;
    }
    if (!begun_here() || is(MPI_Finalized)) return;
    for (auto const& member : kept()) member->leave(); // in the order in which they were made, which all ranks share
    kept().clear();
    MPI_Finalize();
  }

  int const process_ = this_process::number();

  static bool& begun_here() {
    static bool here = false;
    return here;
  }
  static std::vector<std::shared_ptr<mpi_membership>>& kept() {
    static std::vector<std::shared_ptr<mpi_membership>> members;
    return members;
  }
};

} // namespace detail

}} // namespace trireme::v1
