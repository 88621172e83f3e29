/// @file mpi/session.hpp
/// MPI begun and ended, and its errors as exceptions.
#pragma once
#include <trireme/core/descriptor.hpp>
#include <trireme/core/error.hpp>

#include <mpi.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

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

  mpi_session(mpi_session const&) = delete;
  mpi_session& operator=(mpi_session const&) = delete;

private:
  mpi_session() {
    if (is(MPI_Initialized)) return;
    streams_held().keep(); // MPI opens descriptors whenever it likes: closed standard streams lead to /dev/null from now on
    int granted = 0;
    check_mpi(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_MULTIPLE, &granted), "MPI_Init_thread");
    begun_here_ = true;
  }
  ~mpi_session() {
    if (begun_here_ && !is(MPI_Finalized)) MPI_Finalize();
  }

  bool begun_here_ = false;
};

} // namespace detail

}} // namespace trireme::v1
