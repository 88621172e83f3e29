/// @file ranks.hpp
/// What a program has to think of that runs as one process or on the ranks of a cluster: <trireme/mpi.hpp> comes before this.
#pragma once
#include <trireme/trireme.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <stdexcept>

/// Whose memory kernels on ex can read: of a cluster, on each rank that of its own executor.
auto const& memory_of(trireme::executor auto const& ex) { return ex; }
auto const& memory_of(trireme::executor_cluster auto const& ex) { return ex.inner(); }

/// A value that each rank has its own of, as a time that it has measured: of these one, the same on all ranks.
template <class T>
T agreed(trireme::executor auto const&, T value) {
  return value;
}
template <class T>
T agreed(trireme::executor_cluster auto const& ex, T value) {
  return trireme::transform(ex, std::array{0}, [value](int) { return value; }).front();
}

#if defined(MPI_VERSION)
/// Whether this process is the one of all ranks that prints: what the others write to stdout goes nowhere. All ranks have to ask.
inline bool prints() {
  bool const first = trireme::mpi_cluster(trireme::inline_executor{}).rank() == 0;
  if (!first && std::freopen("/dev/null", "w", stdout) == nullptr) throw std::runtime_error("/dev/null can't be opened");
  return first;
}

/// Calls work(), what may fail on some ranks alone, as reading a file does: all of them then throw.
template <class Work>
void on_every_rank(Work const& work) {
  trireme::mpi_cluster const all(trireme::inline_executor{});
  trireme::for_each_index(all, all.size(), [&](std::size_t) { work(); });
}
#else
inline bool prints() { return true; }

template <class Work>
void on_every_rank(Work const& work) {
  work();
}
#endif
