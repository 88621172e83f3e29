/// @file await.hpp
/// co_await of futures, and of being on another executor.
#pragma once
#include <trireme/core/future.hpp>
#include <trireme/core/task_result.hpp>
#include <trireme/core/task_state.hpp>

#include <coroutine>
#include <exception>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// A coroutine that goes on as a task of its executor.
class resumption final : public task_state, public continuation {
public:
  resumption(host_ref host, std::coroutine_handle<> coroutine) noexcept : task_state(2, host, false), coroutine_(coroutine) {}
  /// Throws where the executor has gone; the coroutine then goes on where that was noticed.
  void check() const {
    if (broken_) std::rethrow_exception(broken_);
  }

private:
  void fire() noexcept override { enqueue(); }
  void run() noexcept override { coroutine_.resume(); }
  void drop() noexcept override {}
  void set_exception(std::exception_ptr const& e) noexcept override {
    broken_ = e;
    coroutine_.resume();
  }
  std::coroutine_handle<> coroutine_;
  std::exception_ptr broken_;
};

/// A promise that knows on which executor its coroutine runs, if on any.
struct on_executor {
  host_ref host;
};

template <class Promise>
host_ref host_of([[maybe_unused]] std::coroutine_handle<Promise> h) noexcept {
  if constexpr (std::is_base_of_v<on_executor, Promise>)
    return h.promise().host;
  else
    return {};
}

/// Waits for a future's state; goes on on the coroutine's executor, or without one on the future's.
template <class R, bool Shared>
class future_awaiter {
public:
  explicit future_awaiter(state_ptr<task_result<R>> state) noexcept : state_(std::move(state)) {}
  [[nodiscard]] bool await_ready() const noexcept { return state_->ready(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    auto const state = state_; // this awaiter may be gone when attach returns
    host_ref const own = host_of(h);
    resumption_ = state_ptr<resumption>(new resumption(own.host != nullptr ? own : state->host(), h));
    resumption* const r = resumption_.get();
    if (state->attach(*r)) return true;
    r->release(); // the reference of fire
    return false;
  }
  decltype(auto) await_resume() {
    if (resumption_) resumption_->check();
    if constexpr (Shared)
      return state_->look();
    else
      return state_->take();
  }

private:
  state_ptr<task_result<R>> state_;
  state_ptr<resumption> resumption_;
};

/// Moves the coroutine over.
class resume_on_awaiter {
public:
  explicit resume_on_awaiter(host_ref host) noexcept : host_(host) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    if constexpr (std::is_base_of_v<on_executor, Promise>) h.promise().host = host_;
    if (host_.host == nullptr) return false;
    resumption_ = state_ptr<resumption>(new resumption(host_, h));
    resumption_.get()->enqueue();
    return true;
  }
  void await_resume() const {
    if (resumption_) resumption_->check();
  }

private:
  host_ref host_;
  state_ptr<resumption> resumption_;
};

} // namespace detail

/// co_await of a future: its result, or what its task threw. The future is then no longer valid.
template <class R>
auto operator co_await(future<R>&& f) {
  return detail::future_awaiter<R, false>(detail::future_access::take(f));
}
template <class R>
auto operator co_await(future<R>& f) {
  return detail::future_awaiter<R, false>(detail::future_access::take(f));
}
template <class R>
auto operator co_await(shared_future<R> const& f) {
  return detail::future_awaiter<R, true>(detail::future_access::keep(f));
}

/// `co_await tri::resume_on(ex)`: the coroutine goes on as a task of ex, and comes back there after each wait.
/// @throws broken_promise where ex goes before it is its turn.
template <detail::runs_tasks E>
[[nodiscard]] auto resume_on(E const& ex) {
  return detail::resume_on_awaiter(tasks_of(ex).name());
}

}} // namespace trireme::v1
