/// @file mpi/tasks.hpp
/// Why a cluster takes no tasks: their futures would be one rank's.
#pragma once
#include <trireme/core/executor.hpp>
#include <trireme/core/refused.hpp>
#include <trireme/mpi/cluster.hpp>

namespace trireme { inline namespace v1 {

/// Refused in one line of compiler output: a call on a cluster ends on all ranks with the same result, but a task goes on after
/// its call, and its future tells one rank only. Give tasks to each rank's own executor, `submit(cluster.inner(), …)`.
template <executor E, class... Args>
detail::refused submit(mpi_cluster<E> const&, Args&&...) {
  static_assert(sizeof(E) == 0,
                "trireme: submit: a cluster takes no tasks; give them to this rank's own executor, cluster.inner()");
  return {};
}

/// Refused likewise: the results would come to one rank. `transform` and `batch_map` bring them to all.
template <executor E, class... Args>
detail::refused map(mpi_cluster<E> const&, Args&&...) {
  static_assert(sizeof(E) == 0, "trireme: map: a cluster takes no tasks; call transform or batch_map, or map on cluster.inner()");
  return {};
}

}} // namespace trireme::v1
