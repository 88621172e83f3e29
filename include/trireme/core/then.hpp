/// @file then.hpp
/// A task that follows another: it is queued when the other one has ended, and has its result.
#pragma once
#include <trireme/core/task_result.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <mutex>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

template <class R>
class future;

namespace detail {

/// Knows how to reach the state of any future, for the library's own functions.
struct future_access {
  template <class S, class Future>
  static Future make(state_ptr<S> state) noexcept {
    return Future(std::move(state));
  }
  /// The state, of which the future keeps its share. @throws std::logic_error where there is none.
  template <class Future>
  static auto keep(Future const& f) {
    f.state();
    return f.state_;
  }
  /// The state, of which the future keeps nothing.
  template <class Future>
  static auto take(Future& f) {
    f.state();
    return std::move(f.state_);
  }
};

/// Executors that have a queue for tasks: tasks_of(ex), found by argument-dependent lookup.
template <class E>
concept runs_tasks = requires(E const& ex, task_state& task) {
  { tasks_of(ex).name() } -> std::same_as<host_ref>;
  tasks_of(ex).push(task);
};

/// A call of f with these, and what it results in; nothing where it can't be called.
template <class F, class... A>
struct call_of {
  static constexpr bool stoppable = takes_stop_token<F, A...>;
  static constexpr bool valid = stoppable || std::invocable<F, A...>;
  using type = typename std::conditional_t<valid, called_type<F, A...>, std::type_identity<void>>::type;
};

/// A task's call f(result): the result is moved out of a future, and looked at in a shared one.
template <class F, class From, bool Shared>
struct next_call : call_of<F, std::conditional_t<Shared, From const&, From>> {};
template <class F, bool Shared>
struct next_call<F, void, Shared> : call_of<F> {};

/// A task that results in a future, or in a coroutine, results in what that one does.
template <class T>
struct unwrapped {
  using type = T;
  static constexpr bool is_future = false, is_coroutine = false;
};
template <class R>
struct unwrapped<future<R>> {
  using type = R;
  static constexpr bool is_future = true, is_coroutine = false;
  static auto state_of(future<R> f, host_ref) { return future_access::take(f); }
};

/// Another reference to a task.
template <class S>
state_ptr<S> shared(S& state) noexcept {
  state.retain();
  return state_ptr<S>(&state);
}

/// f(result of another task).
template <class R, class F, class From, bool Shared>
class next_task final : public task_result<R>, continuation {
  using call = next_call<F, From, Shared>;
  using unwrapped_type = unwrapped<typename call::type>;
  static constexpr bool unwraps = unwrapped_type::is_future || unwrapped_type::is_coroutine;

public:
  template <class G>
  next_task(host_ref host, task_result<From>& from, G&& f)
      : task_result<R>(2, host, false), awaited_(shared(from)) { // of the references one is fire()'s
    f_.make([&]() -> F { return F(std::forward<G>(f)); });
  }
  void start() noexcept {
    state_ptr<task_result<From>> const other = shared(from()); // which this may have let go of before the call returns
    other->attach_or_fire(*this);
  }
  bool cancel() noexcept override {
    auto const other = predecessor();
    bool const first = task_result<R>::cancel();
    if (!other) return first;
    if (!first) {
      if constexpr (unwraps) other->cancel(); // the one behind what f returned
    } else if (other->detach(*this)) {        // it may go on for long
      wait_for({});
      this->release();
    }
    return first;
  }

private:
  /// The other task has ended.
  void fire() noexcept override {
    if (std::exception_ptr const e = from().exception()) {
      wait_for({});
      this->fail_if_waiting(e);
      this->release();
    } else {
      this->enqueue();
    }
  }
  void run() noexcept override {
    if constexpr (unwraps) {
      state_ptr<task_result<R>> inner;
      std::exception_ptr failure;
      try {
        inner = unwrapped_type::state_of(call_f(), this->host());
      } catch (...) {
        failure = std::current_exception();
      }
      drop();
      if (failure) {
        wait_for({});
        this->set_exception(failure);
        return this->finish();
      }
      wait_for(inner);
      inner_.next = this;
      this->retain();
      inner->attach_or_fire(inner_);
    } else {
      this->set_from([this]() -> decltype(auto) { return call_f(); });
      drop();
      wait_for({});
      this->finish();
    }
  }
  decltype(auto) call_f() {
    if constexpr (std::is_void_v<From>)
      return call_with();
    else if constexpr (Shared)
      return call_with(from().look());
    else
      return call_with(from().take());
  }
  template <class... Value>
  decltype(auto) call_with(Value&&... value) {
    if constexpr (call::stoppable)
      return std::invoke(std::move(f_.value), stop_.source.get_token(), std::forward<Value>(value)...);
    else
      return std::invoke(std::move(f_.value), std::forward<Value>(value)...);
  }
  void drop() noexcept override { f_.destroy(); } // not what it waits for: where this is cancelled, that may be about to fire
  void ask_to_stop() noexcept override { stop_.request(); }

  /// The end of what f returned.
  struct inner_end final : continuation {
    next_task* next = nullptr;
    void fire() noexcept override { next->take_over(); }
  };
  void take_over() noexcept {
    this->set_from([this] { return static_cast<task_result<R>&>(*awaited_).take(); });
    wait_for({});
    this->finish();
    this->release();
  }

  // ---- What it waits for: the other task, then the one behind what f returned ----

  task_result<From>& from() noexcept { return static_cast<task_result<From>&>(*awaited_); }
  /// Lets go of the one before as soon as it has no use: else the end of a long chain would take it down link by link, on
  /// one stack. Under a lock for those who look for something to help with.
  void wait_for(state_ptr<task_state> other) noexcept {
    std::lock_guard const lock(mutex_);
    std::swap(awaited_, other);
  }
  state_ptr<task_state> predecessor() noexcept override {
    std::lock_guard const lock(mutex_);
    return awaited_;
  }

  std::mutex mutex_;
  state_ptr<task_state> awaited_;
  room_for<F> f_;
  [[no_unique_address]] task_stop<call::stoppable> stop_;
  [[no_unique_address]] std::conditional_t<unwraps, inner_end, no_value> inner_;
};

template <class R>
struct next_state {
  using result_type = R;
  state_ptr<task_result<R>> state;
};

/// The task f(result of `from`), to run on `host`.
template <bool Shared, class From, class F>
auto follow(task_result<From>& from, host_ref host, F&& f) {
  using function = std::decay_t<F>;
  using call = next_call<function, From, Shared>;
  if constexpr (call::valid) {
    using result = typename unwrapped<typename call::type>::type;
    auto* const task = new next_task<result, function, From, Shared>(host, from, std::forward<F>(f));
    task->start();
    return next_state<result>{state_ptr<task_result<result>>(task)};
  } else {
    static_assert(call::valid, "trireme: then: f can't be called with the result of the task");
    return next_state<From>{};
  }
}

} // namespace detail
}} // namespace trireme::v1
