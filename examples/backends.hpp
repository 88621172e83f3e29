/// @file backends.hpp
/// The backends that an example can be asked for by name: with a CUDA device where nvcc compiles it, with a cluster of threads
/// where it includes <trireme/mpi.hpp>, before this.
#pragma once
#include <trireme/trireme.hpp>
#if defined(__CUDACC__)
#include <trireme/cuda.hpp>
#endif

#include <cstddef>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

template <class Visitor>
decltype(auto) with_backend(std::string_view text, Visitor&& visitor) {
#if defined(__CUDACC__)
  return trireme::with_executor<trireme::inline_executor, trireme::thread_pool, trireme::process_pool, trireme::cuda_device>(
      text, std::forward<Visitor>(visitor));
#elif defined(MPI_VERSION)
  return trireme::with_executor<trireme::inline_executor, trireme::thread_pool, trireme::process_pool,
                                trireme::mpi_cluster<trireme::thread_pool>>(text, std::forward<Visitor>(visitor));
#else
  return trireme::with_executor(text, std::forward<Visitor>(visitor));
#endif
}

/// The names of those that there are on this machine, inline first.
inline std::vector<std::string> all_backends() {
  auto const names = trireme::executor_names();
  std::vector<std::string> all(names.begin(), names.end());
#if defined(__CUDACC__)
  if (trireme::cuda_available()) all.emplace_back("cuda");
#elif defined(MPI_VERSION)
  all.emplace_back("mpi:threads");
#endif
  return all;
}

/// Whose memory kernels on ex can read: of a cluster, on each rank that of its own executor.
auto const& memory_of(trireme::executor auto const& ex) { return ex; }
auto const& memory_of(trireme::executor_cluster auto const& ex) { return ex.inner(); }

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

/// The backends to run: `against` first, then the one that was asked for, or all. @throws std::invalid_argument where one
/// is unknown, before any work.
inline std::vector<std::string> chosen_backends(std::string const& backend, std::string const& against = "inline") {
  auto const check = [](std::string const& name) { with_backend(name, [](auto const&) {}); };
  check(against);
  std::vector<std::string> chosen{against};
  if (backend == "all") {
    for (auto const& name : all_backends())
      if (name != against) chosen.push_back(name);
  } else if (backend != against) {
    check(backend);
    chosen.push_back(backend);
  }
  return chosen;
}
