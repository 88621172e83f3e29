/// @file await.hpp
/// co_await of futures, and of being on another executor.
#pragma once
#include <trireme/core/coroutine.hpp>
#include <trireme/core/future.hpp>
#include <trireme/core/task_result.hpp>

#include <coroutine>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// Waits for a future's state; goes on on the coroutine's executor, or without one on the future's.
template <class R, bool Shared>
class future_awaiter {
public:
  explicit future_awaiter(state_ptr<task_result<R>> state) noexcept : state_(std::move(state)) {}
  [[nodiscard]] bool await_ready() const noexcept { return state_->ready(); }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    coroutine_place const place = place_of(h);
    resumption_ = state_ptr<resumption>(new resumption(place.host.host != nullptr ? place.host : state_->host(), h));
    auto const state = state_; // this awaiter may be gone when the resumption is attached
    auto const r = resumption_;
    wait_ = place.wait;
    if (wait_ != nullptr ? place.wait->begin(state, r, !Shared) : state->attach(*r)) return true;
    r->release(); // the reference of fire
    return false;
  }
  decltype(auto) await_resume() {
    if (wait_ != nullptr) wait_->end();
    if (resumption_) resumption_->check();
    if constexpr (Shared)
      return state_->look();
    else
      return state_->take();
  }

private:
  state_ptr<task_result<R>> state_;
  state_ptr<resumption> resumption_;
  cancellable_wait* wait_ = nullptr;
};

/// Moves the coroutine over.
class resume_on_awaiter {
public:
  explicit resume_on_awaiter(host_ref host) noexcept : host_(host) {}
  [[nodiscard]] bool await_ready() const noexcept { return false; }
  template <class Promise>
  bool await_suspend(std::coroutine_handle<Promise> h) {
    if constexpr (std::is_base_of_v<coroutine_place, Promise>) h.promise().host = host_;
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
