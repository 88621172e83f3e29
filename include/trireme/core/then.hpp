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
  template <class Future>
  static auto& state(Future const& f) {
    return f.state();
  }
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

/// What a task f(result) results in; the result is moved out of a future, and looked at in a shared one.
template <class F, class From, bool Shared>
struct next_call {
  using argument = std::conditional_t<Shared, From const&, From>;
  static constexpr bool stoppable = takes_stop_token<F, argument>;
  static constexpr bool valid = stoppable || std::invocable<F, argument>;
  using type = called_t<F, argument>;
};
template <class F, bool Shared>
struct next_call<F, void, Shared> {
  static constexpr bool stoppable = takes_stop_token<F>;
  static constexpr bool valid = stoppable || std::invocable<F>;
  using type = called_t<F>;
};

/// A task that results in a future results in what that one does.
template <class T>
struct unwrapped {
  using type = T;
  static constexpr bool is_future = false;
};
template <class R>
struct unwrapped<future<R>> {
  using type = R;
  static constexpr bool is_future = true;
};

/// f(result of another task).
template <class R, class F, class From, bool Shared>
class next_task final : public task_result<R>, continuation {
  using call = next_call<F, From, Shared>;
  static constexpr bool unwraps = unwrapped<typename call::type>::is_future;

public:
  template <class G>
  next_task(host_ref host, state_ptr<task_result<From>> from, G&& f)
      : task_result<R>(2, host, false), from_(std::move(from)) { // of the references one is fire()'s
    f_.make([&]() -> F { return F(std::forward<G>(f)); });
  }
  void start() noexcept { from_->attach_or_fire(*this); }

private:
  void fire() noexcept override {
    if (std::exception_ptr const e = from_->exception()) {
      forget_from();
      this->fail_if_waiting(e);
      this->release();
    } else {
      this->enqueue();
    }
  }
  void run() noexcept override {
    if constexpr (unwraps) {
      std::exception_ptr failure;
      try {
        auto inner = call_f();
        inner_.state = future_access::take(inner);
      } catch (...) {
        failure = std::current_exception();
      }
      clean_up();
      if (failure) {
        this->set_exception(failure);
        return this->finish();
      }
      inner_.next = this;
      this->retain();
      inner_.state->attach_or_fire(inner_);
    } else {
      this->set_from([this]() -> decltype(auto) { return call_f(); });
      clean_up();
      this->finish();
    }
  }
  decltype(auto) call_f() {
    if constexpr (std::is_void_v<From>)
      return call_with();
    else if constexpr (Shared)
      return call_with(from_->look());
    else
      return call_with(from_->take());
  }
  template <class... Value>
  decltype(auto) call_with(Value&&... value) {
    if constexpr (call::stoppable)
      return std::invoke(std::move(f_.value), stop_.source.get_token(), std::forward<Value>(value)...);
    else
      return std::invoke(std::move(f_.value), std::forward<Value>(value)...);
  }
  void clean_up() noexcept {
    drop();
    forget_from();
  }
  /// As soon as it has no use: else the end of a long chain would take it down link by link, on one stack.
  void forget_from() noexcept {
    state_ptr<task_result<From>> gone;
    std::lock_guard const lock(from_mutex_);
    gone = std::move(from_);
  }
  state_ptr<task_state> predecessor() noexcept override {
    std::lock_guard const lock(from_mutex_);
    if (!from_) return {};
    from_->retain();
    return state_ptr<task_state>(from_.get());
  }
  void drop() noexcept override { f_.destroy(); } // not from_: where this is cancelled, the other one may be about to fire
  void ask_to_stop() noexcept override { stop_.request(); }

  /// The end of the future that f returned.
  struct inner_end final : continuation {
    next_task* next = nullptr;
    state_ptr<task_result<R>> state;
    void fire() noexcept override { next->take_over(); }
  };
  void take_over() noexcept {
    this->set_from([this] { return inner_.state->take(); });
    inner_.state = {};
    this->finish();
    this->release();
  }

  std::mutex from_mutex_;
  state_ptr<task_result<From>> from_;
  room_for<F> f_;
  [[no_unique_address]] task_stop<call::stoppable> stop_;
  [[no_unique_address]] std::conditional_t<unwraps, inner_end, no_value> inner_;
};

template <class R>
struct next_state {
  using result_type = R;
  state_ptr<task_result<R>> state;
};

/// The task f(result of `from`), to run on `host`. Takes the reference only if it succeeds.
template <bool Shared, class From, class F>
auto follow(state_ptr<task_result<From>> const& from, host_ref host, F&& f) {
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

}}} // namespace trireme::v1::detail
