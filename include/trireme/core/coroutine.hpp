/// @file coroutine.hpp
/// How coroutines go on, and what they wait for meanwhile.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/task_state.hpp>

#include <coroutine>
#include <exception>
#include <mutex>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// Resumes coroutines one after the other. One that another waits for, or that goes on when another has ended, comes when
/// that one has left the stack, and not on top of it: a loop or a chain of any length needs no stack, whether or not the
/// compiler makes tail calls of what the standard calls symmetric transfer.
class resuming {
public:
  /// Resumes h, and what this leads on to. Never inlined: see task_worker::current.
  [[gnu::noinline]] static void all_from(std::coroutine_handle<> h) noexcept {
    resuming here;
    resuming* const outer = std::exchange(current, &here);
    for (; h; h = std::exchange(here.next_, nullptr)) h.resume();
    current = outer;
  }
  /// The same, for a coroutine that has suspended, of its successor.
  [[gnu::noinline]] static void go_on_with(std::coroutine_handle<> h) noexcept {
    if (current != nullptr && !current->next_)
      current->next_ = h;
    else
      all_from(h);
  }

private:
  std::coroutine_handle<> next_;
  static inline constinit thread_local resuming* current = nullptr;
};

/// A coroutine that goes on as a task of its executor.
class resumption final : public task_state, public continuation {
public:
  resumption(host_ref host, std::coroutine_handle<> coroutine) noexcept : task_state(2, host, false), coroutine_(coroutine) {}
  /// It goes on with this exception, when it does: for who has detached it, or has not attached it.
  void interrupt(std::exception_ptr e) noexcept { failure_ = std::move(e); }
  /// Throws where the wait was interrupted, or the executor has gone; the coroutine then goes on where that was noticed.
  void check() const {
    if (failure_) std::rethrow_exception(failure_);
  }

private:
  void fire() noexcept override { enqueue(); }
  void run() noexcept override { resuming::all_from(coroutine_); }
  void drop() noexcept override {}
  void set_exception(std::exception_ptr const& e) noexcept override {
    failure_ = e;
    resuming::all_from(coroutine_);
  }
  std::coroutine_handle<> coroutine_;
  std::exception_ptr failure_;
};

/// What a coroutine that is a task waits for, so that its future can cancel the wait. A request that finds it at work is kept
/// for the next wait.
class cancellable_wait {
public:
  /// Attaches r to what the coroutine waits for. False: that has ended, or there was a request. r may fire before this returns.
  [[nodiscard]] bool begin(state_ptr<task_state> state, state_ptr<resumption> r, bool owned) noexcept {
    {
      std::lock_guard const lock(mutex_); // also what comes back waits for it: else this might be gone
      if (!std::exchange(requested_, false)) {
        if (!state->attach(*r)) return false;
        state_ = std::move(state);
        resumption_ = std::move(r);
        owned_ = owned;
        return true;
      }
    }
    r->interrupt(std::make_exception_ptr(cancelled{}));
    if (owned) state->cancel();
    return false;
  }
  void end() noexcept {
    state_ptr<task_state> state;
    state_ptr<resumption> r;
    std::lock_guard const lock(mutex_);
    std::swap(state, state_);
    std::swap(r, resumption_);
  }
  void cancel() noexcept {
    state_ptr<task_state> state;
    state_ptr<resumption> r;
    bool owned = false;
    {
      std::lock_guard const lock(mutex_);
      state = state_;
      r = resumption_;
      owned = owned_;
      if (!r) requested_ = true;
    }
    if (!r) return;
    if (state->detach(*r)) { // first: what is asked to stop may end at once, and would give the coroutine its result
      if (owned) state->cancel();
      r->interrupt(std::make_exception_ptr(cancelled{}));
      r->enqueue();
    } else { // it ended at this moment
      request();
    }
  }

private:
  void request() noexcept {
    std::lock_guard const lock(mutex_);
    requested_ = true;
  }
  std::mutex mutex_;
  state_ptr<task_state> state_;
  state_ptr<resumption> resumption_;
  bool owned_ = false, requested_ = false;
};

/// Of a coroutine's promise: on which executor it runs, and as which task; if on any, and as any.
struct coroutine_place {
  host_ref host;
  cancellable_wait* wait = nullptr;
};

template <class Promise>
coroutine_place place_of([[maybe_unused]] std::coroutine_handle<Promise> h) noexcept {
  if constexpr (std::is_base_of_v<coroutine_place, Promise>)
    return h.promise();
  else
    return {};
}

}}} // namespace trireme::v1::detail
