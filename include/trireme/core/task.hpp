/// @file task.hpp
/// Coroutines: functions that wait for futures without holding a thread.
#pragma once
#include <trireme/core/await.hpp>
#include <trireme/core/door.hpp>
#include <trireme/core/future.hpp>
#include <trireme/core/task_result.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

template <class T>
class task;

namespace detail {

/// Takes the coroutine out of a task, for the library's own functions.
struct task_access {
  template <class T>
  static auto take(task<T>& t) noexcept {
    return std::exchange(t.coroutine_, nullptr);
  }
};

/// Who is told of a coroutine's end, where that is not another coroutine.
struct coroutine_owner {
  virtual void ended() noexcept = 0;

protected:
  ~coroutine_owner() = default;
};

/// What the promises of all task<T> have in common.
struct task_promise_base : on_executor {
  std::coroutine_handle<> awaiting = nullptr;
  coroutine_owner* owner = nullptr;
  std::exception_ptr exception;

  struct final_awaiter {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      if (h.promise().awaiting) return h.promise().awaiting;
      if (auto* const told = h.promise().owner) told->ended(); // takes the coroutine down
      return std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };
  [[nodiscard]] std::suspend_always initial_suspend() const noexcept { return {}; }
  [[nodiscard]] final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { exception = std::current_exception(); }
};

template <class T>
struct task_promise final : task_promise_base {
  task_promise() = default;
  task_promise(task_promise const&) = delete;
  task_promise& operator=(task_promise const&) = delete;
  ~task_promise() {
    if (has_value) value.destroy();
  }
  inline task<T> get_return_object() noexcept;
  template <class U = T>
    requires std::is_constructible_v<T, U>
  void return_value(U&& u) {
    value.make([&] { return T(std::forward<U>(u)); });
    has_value = true;
  }
  T result() {
    if (exception) std::rethrow_exception(exception);
    return std::move(value.value);
  }
  room_for<T> value;
  bool has_value = false;
};
template <>
struct task_promise<void> final : task_promise_base {
  inline task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void result() const {
    if (exception) std::rethrow_exception(exception);
  }
};

} // namespace detail

/// A coroutine that begins when somebody awaits it: `task<int> f() { co_return co_await tri::submit(pool, g) + 1; }`. It is
/// run by `co_await f()` in another one, by `submit(ex, f())` as a task of an executor, or by `sync_wait(f())`. After each
/// wait it goes on on the executor that it was given to, or that `resume_on` moved it to. Move-only; a task that never
/// began is dropped with its arguments. Await or submit it once.
template <class T = void>
class [[nodiscard]] task {
  static_assert(!std::is_reference_v<T>, "trireme: task: the result is a value");

public:
  using promise_type = detail::task_promise<T>;
  using value_type = T;

  task() = default;
  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  ~task() {
    if (coroutine_) coroutine_.destroy();
  }
  [[nodiscard]] bool valid() const noexcept { return static_cast<bool>(coroutine_); }

  class awaiter {
  public:
    explicit awaiter(std::coroutine_handle<promise_type> coroutine) : coroutine_(coroutine) {
      if (!coroutine) throw std::logic_error("trireme: task: it was moved from, or begun before");
    }
    [[nodiscard]] bool await_ready() const noexcept { return coroutine_.done(); }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> h) const noexcept {
      coroutine_.promise().awaiting = h;
      coroutine_.promise().host = detail::host_of(h);
      return coroutine_;
    }
    T await_resume() const { return coroutine_.promise().result(); }

  private:
    std::coroutine_handle<promise_type> coroutine_;
  };
  awaiter operator co_await() const { return awaiter(coroutine_); }

private:
  friend promise_type;
  friend struct detail::task_access;
  explicit task(std::coroutine_handle<promise_type> coroutine) noexcept : coroutine_(coroutine) {}
  std::coroutine_handle<promise_type> coroutine_ = nullptr;
};

namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

/// A coroutine as a task of an executor.
template <class T>
class coroutine_task final : public task_result<T>, coroutine_owner {
public:
  coroutine_task(std::uint32_t references, host_ref host, task<T> t)
      : task_result<T>(references, host, true), coroutine_(task_access::take(t)) {
    if (!coroutine_) throw std::logic_error("trireme: task: it was moved from, or begun before");
    coroutine_.promise().host = host;
    coroutine_.promise().owner = this;
  }

private:
  void run() noexcept override {
    this->retain(); // until it has ended
    coroutine_.resume();
  }
  void ended() noexcept override {
    this->set_from([this] { return coroutine_.promise().result(); });
    drop();
    this->finish();
    this->release();
  }
  void drop() noexcept override { std::exchange(coroutine_, nullptr).destroy(); }

  std::coroutine_handle<task_promise<T>> coroutine_;
};

/// The calling thread as an executor, as long as it waits for one task.
class thread_loop_until final : task_sink, continuation {
public:
  thread_loop_until() : door_(task_door::borrow()), generation_(door_.open(*this)) {}
  thread_loop_until(thread_loop_until const&) = delete;
  thread_loop_until& operator=(thread_loop_until const&) = delete;
  ~thread_loop_until() {
    door_.close();
    inbox_.break_all();
    door_.give_back();
  }
  [[nodiscard]] host_ref name() const noexcept { return {&door_, generation_}; }

  /// Runs what comes in until the task is done.
  void run(task_state& task) noexcept {
    if (!task.attach(*this)) return;
    while (!ended_.load(std::memory_order_acquire)) {
      int const seen = changes_.load();
      if (task_state* const next = inbox_.pop()) {
        next->run_if_waiting();
        next->release();
      } else if (!spun_until([&] { return changes_.load() != seen; })) {
        blocking const here;
        changes_.wait(seen);
      }
    }
    while (!left_.load(std::memory_order_acquire)) std::this_thread::yield(); // the one who ended it is still at `changes_`
  }

private:
  void accept(task_state& task) noexcept override {
    inbox_.push(task);
    changes_.fetch_add(1);
    changes_.notify_one();
  }
  void fire() noexcept override {
    ended_.store(true, std::memory_order_release);
    changes_.fetch_add(1);
    changes_.notify_one();
    left_.store(true, std::memory_order_release);
  }

  task_door& door_;
  std::uint64_t const generation_;
  task_inbox inbox_;
  std::atomic<int> changes_{0};
  std::atomic<bool> ended_{false}, left_{false};
};

} // namespace detail

/// Runs a coroutine as a task of ex: returns at once, with a future of its result.
template <detail::runs_tasks E, class T>
future<T> submit(E const& ex, task<T> t) {
  auto&& tasks = tasks_of(ex);
  auto* const made = new detail::coroutine_task<T>(2, tasks.name(), std::move(t));
  detail::state_ptr<detail::task_result<T>> state(made);
  tasks.push(*made);
  return detail::future_access::make<detail::task_result<T>, future<T>>(std::move(state));
}

/// Runs a coroutine on the calling thread, and returns its result or throws what it threw. While it waits, the thread is the
/// executor of all that awaits there, and nothing else.
template <class T>
T sync_wait(task<T> t) {
  detail::thread_loop_until loop;
  detail::state_ptr<detail::task_result<T>> state(new detail::coroutine_task<T>(1, loop.name(), std::move(t)));
  state->run_if_waiting();
  loop.run(*state);
  return state->take();
}

}} // namespace trireme::v1
