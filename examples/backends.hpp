/// @file backends.hpp
/// The backends that an example can be asked for by name: with a CUDA device where nvcc compiles it, with a cluster of threads
/// where it includes <trireme/mpi.hpp>, before this.
#pragma once
#include <trireme/trireme.hpp>
#if defined(__CUDACC__)
#include <trireme/cuda.hpp>
#endif

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
