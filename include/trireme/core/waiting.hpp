/// @file waiting.hpp
/// What it takes to wait for tasks: who runs them, who is told of their end, and where threads sleep meanwhile.
#pragma once
#include <trireme/core/stack.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

class task_state;

/// Something to do when a task has ended. Lies in what waits, so that waiting allocates nothing.
struct continuation {
  continuation* next_continuation = nullptr;
  virtual void fire() noexcept = 0; ///< once; brief
protected:
  ~continuation() = default;
};

/// The end of the list of a task that has ended: nothing is added any more.
struct closed_list final : continuation {
  void fire() noexcept override {}
};
inline constinit closed_list closed_continuations;

/// Where tasks queue for a worker. It outlives its pool: it is never freed, but lent to one pool after the other, each of
/// which has a generation of its own. So a task can name its pool without keeping it alive, and without counting.
class task_host {
public:
  /// Queues the task, whose reference it takes over, or breaks it where that pool is gone.
  virtual void push(task_state& task, std::uint64_t generation) noexcept = 0;

protected:
  ~task_host() = default;
};

/// A thread that runs tasks of a pool.
struct task_worker {
  virtual bool push(task_state& task, task_host* host, std::uint64_t generation) noexcept = 0; ///< false: not its pool's
  virtual void take_back(task_state& task) noexcept = 0; ///< drops the newest of its queue, with the reference, if it is this
  virtual void block() noexcept = 0;                     ///< it is about to wait: the pool may put another thread in its place
  virtual void unblock() noexcept = 0;

  /// The calling thread's. A thread that has one helps when it waits; others leave tasks to those. Never inlined: a
  /// coroutine goes on on another thread, and clang would keep the address of the first one's variable.
  [[nodiscard, gnu::noinline]] static task_worker* current() noexcept { return here; }
  [[gnu::noinline]] static void set_current(task_worker* worker) noexcept { here = worker; }
  /// The same, for who wants to run a task on top of what it is at: null where much of the stack is used. To wait is better
  /// then: another thread takes the place of this one.
  [[nodiscard]] static task_worker* with_room() noexcept {
    task_worker* const worker = current();
    return worker != nullptr && stack_has_room() ? worker : nullptr;
  }

protected:
  ~task_worker() = default;

private:
  static inline constinit thread_local task_worker* here = nullptr;
};

/// A thread that runs kernels, and no tasks but those that it waits for.
struct kernel_worker final : task_worker {
  bool push(task_state&, task_host*, std::uint64_t) noexcept override { return false; }
  void take_back(task_state&) noexcept override {}
  void block() noexcept override {}
  void unblock() noexcept override {}
};
inline constinit kernel_worker any_kernel_worker;

/// Makes the calling thread one that helps, for a scope.
class in_kernel {
public:
  in_kernel() noexcept : before_(task_worker::current()) {
    if (before_ == nullptr) task_worker::set_current(&any_kernel_worker);
  }
  in_kernel(in_kernel const&) = delete;
  in_kernel& operator=(in_kernel const&) = delete;
  ~in_kernel() { task_worker::set_current(before_); }

private:
  task_worker* before_;
};

/// A pool of which nobody knows whether it is still there. The default is none: tasks run where they become ready.
struct host_ref {
  task_host* host = nullptr;
  std::uint64_t generation = 0;
  [[nodiscard]] host_ref name() const noexcept { return *this; }
  inline void push(task_state& task) const noexcept; ///< takes over a reference
};

/// Tells the thread's pool, if it is one's worker, that the thread waits.
class blocking {
public:
  blocking() noexcept : worker_(task_worker::current()) {
    if (worker_ != nullptr) worker_->block();
  }
  blocking(blocking const&) = delete;
  blocking& operator=(blocking const&) = delete;
  ~blocking() {
    if (worker_ != nullptr) worker_->unblock();
  }

private:
  task_worker* worker_;
};

inline void pause_a_little() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#endif
}

/// Whether to spin pays. Where a spinning thread finds that it did not run for a while, others want the core: for the next
/// hundredth of a second threads sleep at once instead, since each spin would cost a time slice.
class spinning {
public:
  using clock = std::chrono::steady_clock;
  [[nodiscard]] static bool pays() noexcept {
    auto const until = rest_until.load(std::memory_order_relaxed);
    return until == 0 || clock::now().time_since_epoch().count() >= until;
  }
  /// To be called now and then while spinning; false: no more.
  [[nodiscard]] bool goes_on() noexcept {
    auto const now = clock::now();
    if (now - seen_ < std::chrono::microseconds(50)) {
      seen_ = now;
      return true;
    }
    rest_until.store((now + std::chrono::milliseconds(10)).time_since_epoch().count(), std::memory_order_relaxed);
    return false;
  }

private:
  static inline constinit std::atomic<clock::rep> rest_until{0};
  clock::time_point seen_ = clock::now();
};

/// Whether `done()` became true within some microseconds. It yields now and then, for a thread that shares the core.
template <class Done>
bool spun_until(Done const& done) noexcept {
  if (done()) return true;
  if (!spinning::pays()) return false;
  spinning spin;
  for (int round = 1; round <= 200; ++round) {
    if (done()) return true;
    if (round % 64 == 0)
      std::this_thread::yield();
    else
      pause_a_little();
    if (round % 16 == 0 && !spin.goes_on()) break;
  }
  return done();
}

/// Where those sleep who wait with a time limit, which std::atomic can't. Threads meet there by address.
class sleeping_place {
public:
  static sleeping_place& of(void const* address) noexcept {
    static std::array<sleeping_place, 16>& places = *new std::array<sleeping_place, 16>; // also for those who wait at exit
    return places[std::hash<void const*>{}(address) / 64 % places.size()];
  }
  template <class Clock, class Duration, class Done>
  bool wait_until(std::chrono::time_point<Clock, Duration> deadline, Done const& done) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, done);
  }
  void wake() {
    {
      std::lock_guard const lock(mutex_);
    }
    changed_.notify_all();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

/// Fires continuations one after the other. What fires meanwhile on this thread comes behind them, and not on top: a chain
/// of any length needs no stack.
class firing {
public:
  [[gnu::noinline]] static void all(continuation* list) noexcept { // as task_worker::current
    if (list == nullptr) return;
    firing* const outer = current;
    if (outer != nullptr) return outer->append(list);
    firing here;
    here.append(list);
    current = &here;
    while (here.one()) {
    }
    current = nullptr;
  }
  /// For who is about to wait inside of one: what he waits for may be among the next.
  [[gnu::noinline]] static void rest() noexcept {
    while (current != nullptr && current->one()) {
    }
  }

private:
  void append(continuation* list) noexcept {
    *last_ = list;
    while (*last_ != nullptr) last_ = &(*last_)->next_continuation;
  }
  bool one() noexcept {
    continuation* const c = first_;
    if (c == nullptr) return false;
    first_ = c->next_continuation;
    if (first_ == nullptr) last_ = &first_;
    c->fire();
    return true;
  }
  continuation* first_ = nullptr;
  continuation** last_ = &first_;
  static inline constinit thread_local firing* current = nullptr;
};

/// A counted reference.
template <class S>
class state_ptr {
public:
  state_ptr() = default;
  explicit state_ptr(S* adopted) noexcept : state_(adopted) {}
  state_ptr(state_ptr&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
  state_ptr(state_ptr const& other) noexcept : state_(other.state_) {
    if (state_ != nullptr) state_->retain();
  }
  template <class Derived>
    requires std::convertible_to<Derived*, S*>
  state_ptr(state_ptr<Derived> other) noexcept : state_(other.leave()) {} // NOLINT(google-explicit-constructor)
  state_ptr& operator=(state_ptr other) noexcept {
    std::swap(state_, other.state_);
    return *this;
  }
  ~state_ptr() {
    if (state_ != nullptr) state_->release();
  }
  [[nodiscard]] S* get() const noexcept { return state_; }
  [[nodiscard]] S* leave() noexcept { return std::exchange(state_, nullptr); } ///< the reference becomes the caller's
  S* operator->() const noexcept { return state_; }
  S& operator*() const noexcept { return *state_; }
  explicit operator bool() const noexcept { return state_ != nullptr; }

private:
  S* state_ = nullptr;
};

}}} // namespace trireme::v1::detail
