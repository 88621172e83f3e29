/// @file trireme.hpp
/// All of the library that needs neither nvcc nor MPI.
#pragma once

#include <trireme/algorithm/as_completed.hpp>
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/map.hpp>
#include <trireme/algorithm/matmul.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/scan.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/algorithm/sort.hpp>
#include <trireme/algorithm/submit.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/algorithm/when.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/fail.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/future.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/task.hpp>
#include <trireme/core/timer.hpp>
#include <trireme/core/with_executor.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/simd/math.hpp>
#include <trireme/threads/executor.hpp>
#if defined(__linux__)
#include <trireme/processes/executor.hpp>
#if __has_include(<cereal/cereal.hpp>)
#include <trireme/processes/map.hpp>
#include <trireme/processes/submit.hpp>
#endif
#endif

#include <string_view>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {
/// use.operator()<E...>() for all executors of this header.
template <class Use>
constexpr decltype(auto) with_all_executors(Use use) {
#if defined(__linux__)
  return use.template operator()<inline_executor, thread_pool, process_pool>();
#else
  return use.template operator()<inline_executor, thread_pool>();
#endif
}
} // namespace detail

/// with_executor<…> for all executors of this header: "inline", "threads", "threads:8", and on Linux "processes:4".
template <class Visitor>
  requires(!executor<Visitor>)
decltype(auto) with_executor(std::string_view text, Visitor&& visitor) {
  return detail::with_all_executors(
      [&]<class... E>() -> decltype(auto) { return with_executor<E...>(text, std::forward<Visitor>(visitor)); });
}

/// executor_names<…>() for all executors of this header, inline_executor first.
[[nodiscard]] constexpr auto executor_names() {
  return detail::with_all_executors([]<class... E>() { return executor_names<E...>(); });
}

}} // namespace trireme::v1
