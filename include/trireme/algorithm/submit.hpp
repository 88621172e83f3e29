/// @file submit.hpp
/// Call a function once, elsewhere.      Definition for host executors; override: processes/submit.hpp.
#pragma once
#include <trireme/core/accepts.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/future.hpp>

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// An argument as the task keeps it: by value. Text that lies elsewhere is kept as a string.
template <class A>
using kept_t = std::conditional_t<std::is_convertible_v<std::decay_t<A>, std::string_view> && !std::is_class_v<std::decay_t<A>>,
                                  std::string, std::decay_t<A>>;

template <class F, class... A>
using task_result_t = called_t<std::decay_t<F>, kept_t<A>...>;

/// Whether f can be called as a task of E; says why not, in one line.
template <class E, class F, class... A>
consteval bool accepts_task() {
  if constexpr (host_executor<E>) {
    constexpr bool ok = std::invocable<F, A...> || takes_stop_token<F, A...>;
    static_assert(ok, "trireme: submit: f can't be called with these arguments, as values, nor with a std::stop_token in front");
    return ok;
  } else {
    return accepts_kernel<E, F, A...>();
  }
}

} // namespace detail

/// f(args...) as a task of ex: queued, where ex has a queue for tasks, else done during the call.
template <host_executor E, class F, class... A>
auto on_submit(E const& ex, F&& f, A&&... args) {
  using result = detail::task_result_t<F, A...>;
  using task = detail::call_task<result, std::decay_t<F>, detail::kept_t<A>...>;
  using state_ptr = detail::state_ptr<detail::task_result<result>>;
  if constexpr (detail::runs_tasks<E> && detail::unwrapped<result>::is_coroutine &&
                std::invocable<std::decay_t<F>, detail::kept_t<A>...>) {
    using kept = detail::unwrapped<result>;
    return submit(ex, kept::template call<std::decay_t<F>, detail::kept_t<A>...>(std::forward<F>(f), std::forward<A>(args)...));
  } else if constexpr (detail::runs_tasks<E>) {
    auto&& tasks = tasks_of(ex);
    auto* const made = new task(2, tasks.name(), std::forward<F>(f), std::forward<A>(args)...); // for us, and for the queue
    state_ptr state(made);
    tasks.push(*made);
    return detail::future_access::make<detail::task_result<result>, future<result>>(std::move(state));
  } else {
    state_ptr state(new task(1, {}, std::forward<F>(f), std::forward<A>(args)...));
    on_bulk(ex, 1, [&](std::size_t, std::size_t) { state->run_if_waiting(); }, {});
    return detail::future_access::make<detail::task_result<result>, future<result>>(std::move(state));
  }
}

/// Calls f(args...) once, on a worker; returns at once, with a future of the result.
///
/// f and the arguments are moved or copied into the task, text as a std::string; f is called with them as rvalues. Where it
/// can't be called so, but with a std::stop_token in front, it gets one, which future::cancel() asks to stop.
/// @param f  any callable where ex sees host memory. Elsewhere a portable_kernel, called as const; its arguments and result
/// are then copied to the worker and back: byte by byte where they are trivially copyable, or vectors, strings or
/// Eigen's matrices of such; else by cereal, which the standard library's types can do, and your own that have a `serialize`.
/// @throws what copying f or an argument throws; std::invalid_argument where a pointer or a span among the arguments leads
/// to memory that a worker can't see; std::bad_alloc. What f throws comes from get().
/// Cost on threads: one allocation, and about a tenth of a microsecond; a stop token is a second allocation.
template <executor E, class F, class... A>
auto submit(E const& ex, F&& f, A&&... args) {
  if constexpr (detail::accepts_task<E, std::decay_t<F>, detail::kept_t<A>...>())
    return on_submit(ex, std::forward<F>(f), std::forward<A>(args)...);
}

}} // namespace trireme::v1
