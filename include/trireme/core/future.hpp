/// @file future.hpp
/// The result of a task that may still be under way.
#pragma once
#include <trireme/core/deadline.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/task_result.hpp>
#include <trireme/core/then.hpp>

#include <chrono>
#include <concepts>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// What future and shared_future have in common.
template <class R>
class future_base {
public:
  /// Whether there is a result to wait for: false when default-constructed, moved from, or given away.
  [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(state_); }
  /// Whether get() would return at once.
  [[nodiscard]] bool ready() const { return state().ready(); }
  /// Returns when the task has ended, however it did.
  void wait() const { state().settle(); }
  /// Waits for that long at most: whether the task has ended.
  template <class Rep, class Period>
  bool wait_for(std::chrono::duration<Rep, Period> const& d) const {
    return settle_until(after(d));
  }
  /// Waits until then at most: whether the task has ended.
  template <class Clock, class Duration>
  bool wait_until(std::chrono::time_point<Clock, Duration> const& deadline) const {
    if constexpr (std::same_as<std::chrono::time_point<Clock, Duration>, std::chrono::steady_clock::time_point>) {
      return settle_until(deadline);
    } else {
      for (auto at = detail::steady_time(deadline); at > std::chrono::steady_clock::now(); at = detail::steady_time(deadline))
        if (settle_until(at)) return true; // else again: a clock that is set may be early
      return ready();
    }
  }
  /// Asks the task to end. One that has not begun never begins, and its result is `cancelled`: true. One that has is asked
  /// through its std::stop_token, if its function takes one as first parameter; it decides what that means.
  bool cancel() const { return state().cancel(); }

protected:
  friend struct future_access;
  future_base() = default;
  explicit future_base(state_ptr<task_result<R>> state) noexcept : state_(std::move(state)) {}

  task_result<R>& state() const {
    if (!state_) throw std::logic_error("trireme: future: it has no result, or the result was taken");
    return *state_;
  }
  bool settle_until(std::chrono::steady_clock::time_point deadline) const {
    if (deadline != std::chrono::steady_clock::time_point::max()) return state().settle_until(deadline);
    wait();
    return true;
  }
  [[noreturn]] static void too_late() { throw timed_out("trireme: future: the task took longer than get_for was given"); }

  state_ptr<task_result<R>> state_;
};

} // namespace detail

template <class R>
class shared_future;

/// The result of a task, as `submit` returns it. Move-only. Dropping it neither waits for the task nor loses it: the task
/// runs, and its result or exception is dropped.
///
/// A wait inside a task of a pool helps: the thread runs the task that it waits for, if nobody else has begun it.
/// Different threads may call the const members of one future at once.
template <class R>
class [[nodiscard]] future : public detail::future_base<R> {
public:
  using value_type = R;
  future() = default;
  future(future&&) noexcept = default;
  future& operator=(future&&) noexcept = default;
  ~future() = default;

  /// Waits; returns the result or throws what the task threw. Once: the future is then no longer valid.
  R get() {
    this->wait();
    auto const taken = std::move(this->state_);
    return taken->take();
  }
  /// The same, for that long at most. @throws timed_out; the task goes on, and the future stays valid.
  template <class Rep, class Period>
  R get_for(std::chrono::duration<Rep, Period> const& d) {
    if (!this->wait_for(d)) this->too_late();
    return get();
  }

  /// A future of f(result), which runs on the task's executor (for processes on a thread of this one) when the task has
  /// ended. An exception of the task's passes f by. Where f returns a future or a coroutine, its result is waited for.
  /// This future is then no longer valid. @throws std::bad_alloc; the future is then still valid.
  template <class F>
  auto then(F&& f) {
    return then_on(this->state().host(), std::forward<F>(f));
  }
  /// The same, with f running on ex.
  template <class E, class F>
    requires detail::runs_tasks<E>
  auto then(E const& ex, F&& f) {
    return then_on(tasks_of(ex).name(), std::forward<F>(f));
  }

  /// The result for several readers. This future is then no longer valid.
  shared_future<R> share() {
    this->state();
    return shared_future<R>(std::move(*this));
  }

private:
  friend struct detail::future_access;
  explicit future(detail::state_ptr<detail::task_result<R>> state) noexcept : detail::future_base<R>(std::move(state)) {}

  template <class F>
  auto then_on(detail::host_ref host, F&& f) {
    auto next = detail::follow<false>(this->state(), host, std::forward<F>(f));
    using result = typename decltype(next)::result_type;
    this->state_ = {};
    return detail::future_access::make<detail::task_result<result>, future<result>>(std::move(next.state));
  }
};

/// A future whose result may be read any number of times, by any number of copies.
template <class R>
class [[nodiscard]] shared_future : public detail::future_base<R> {
public:
  using value_type = R;
  shared_future() = default;
  shared_future(future<R>&& f) noexcept : detail::future_base<R>(static_cast<detail::future_base<R>&&>(f)) {}

  /// Waits; returns the result, which lives as long as any copy, or throws what the task threw.
  std::add_lvalue_reference_t<R const> get() const {
    this->wait();
    return this->state().look();
  }
  /// The same, for that long at most. @throws timed_out.
  template <class Rep, class Period>
  std::add_lvalue_reference_t<R const> get_for(std::chrono::duration<Rep, Period> const& d) const {
    if (!this->wait_for(d)) this->too_late();
    return get();
  }
  /// As future's, but f is given the result as const, and any number of times.
  template <class F>
  auto then(F&& f) const {
    return then_on(this->state().host(), std::forward<F>(f));
  }
  template <class E, class F>
    requires detail::runs_tasks<E>
  auto then(E const& ex, F&& f) const {
    return then_on(tasks_of(ex).name(), std::forward<F>(f));
  }

private:
  template <class F>
  auto then_on(detail::host_ref host, F&& f) const {
    auto next = detail::follow<true>(this->state(), host, std::forward<F>(f));
    using result = typename decltype(next)::result_type;
    return detail::future_access::make<detail::task_result<result>, future<result>>(std::move(next.state));
  }
};

}} // namespace trireme::v1
