/// @file task_state.hpp
/// What a task and its future share, whatever the type of the result: whether it has begun, who waits, what follows.
#pragma once
#include <trireme/core/error.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <new>
#include <thread>
#include <utility>
#include <vector>

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
  virtual void block() noexcept = 0;   ///< it is about to wait: the pool may put another thread in its place
  virtual void unblock() noexcept = 0;
  /// The calling thread's. A thread that has one helps when it waits; others leave tasks to those.
  static inline constinit thread_local task_worker* current = nullptr;

protected:
  ~task_worker() = default;
};

/// A thread that runs kernels, and no tasks but those that it waits for.
struct kernel_worker final : task_worker {
  bool push(task_state&, task_host*, std::uint64_t) noexcept override { return false; }
  void block() noexcept override {}
  void unblock() noexcept override {}
};
inline constinit kernel_worker any_kernel_worker;

/// Makes the calling thread one that helps, for a scope.
class in_kernel {
public:
  in_kernel() noexcept : before_(task_worker::current) {
    if (before_ == nullptr) task_worker::current = &any_kernel_worker;
  }
  in_kernel(in_kernel const&) = delete;
  in_kernel& operator=(in_kernel const&) = delete;
  ~in_kernel() { task_worker::current = before_; }

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
  blocking() noexcept : worker_(task_worker::current) {
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

/// Whether `done()` became true within some microseconds. It yields now and then, for a thread that shares the core.
template <class Done>
bool spun_until(Done const& done) noexcept {
  for (int round = 1; round <= 200; ++round) {
    if (done()) return true;
    if (round % 20 == 0)
      std::this_thread::yield();
    else
      pause_a_little();
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
    { std::lock_guard const lock(mutex_); }
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
  static void all(continuation* list) noexcept {
    if (list == nullptr) return;
    firing* const outer = current;
    if (outer != nullptr) return outer->append(list);
    firing here;
    here.append(list);
    current = &here;
    while (here.one()) {}
    current = nullptr;
  }
  /// For who is about to wait inside of one: what he waits for may be among the next.
  static void rest() noexcept {
    while (current != nullptr && current->one()) {}
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

/// A place in a queue.
struct task_link {
  std::atomic<task_link*> next_link{nullptr};
};

/// The shared state, counted by references. Whoever turns "waiting" into "begun" has the task alone: to run it, or to
/// let it fail.
class task_state : public task_link {
public:
  task_state(std::uint32_t references, host_ref host, bool queued) noexcept
      : references_(references), status_(queued ? bit_queued : 0), host_(host) {}
  task_state(task_state const&) = delete;
  task_state& operator=(task_state const&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1)
      delete this;
  }

  [[nodiscard]] bool done() const noexcept { return (status_.load(std::memory_order_acquire) & bit_done) != 0; }
  /// Where what follows is queued, unless it says otherwise.
  [[nodiscard]] virtual host_ref host() { return host_; }

  /// Takes the task, to run it or to let it fail; false where somebody has.
  [[nodiscard]] bool begin() noexcept { return (status_.fetch_or(bit_begun) & bit_begun) == 0; }
  /// Hands the task over to its host, with a reference: it has what it needs to run.
  void enqueue() noexcept {
    status_.fetch_or(bit_queued);
    host_.push(*this);
  }
  void run_if_waiting() noexcept {
    if (begin()) run();
  }
  /// Ends it by an exception. For who has begun it, or begins it now.
  void fail(std::exception_ptr const& e) noexcept {
    drop();
    set_exception(e);
    finish();
  }
  void fail_if_waiting(std::exception_ptr const& e) noexcept {
    if (begin()) fail(e);
  }

  [[nodiscard]] virtual bool ready() noexcept { return done(); }
  /// Returns when it is done. A worker runs what it waits for, if nobody else has begun it.
  virtual void settle() noexcept {
    if (done()) return;
    if (task_worker::current != nullptr)
      while (help())
        if (done()) return;
    firing::rest();
    if (spun_until([this] { return done(); })) return;
    blocking const here;
    for (;;) {
      int const seen = status_.fetch_or(bit_watched) | bit_watched;
      if ((seen & bit_done) != 0) return;
      status_.wait(seen);
    }
  }
  /// Runs it, or what it waits for, if nobody else has begun that: whether there was something to do.
  virtual bool help() noexcept { return try_run() || help_predecessors(); }
  /// Returns when it is done, or it is that late: whether it is done. Does not run the task, which may take longer.
  virtual bool settle_until(std::chrono::steady_clock::time_point deadline) noexcept {
    firing::rest();
    if (done()) return true;
    blocking const here;
    status_.fetch_or(bit_timed);
    return sleeping_place::of(this).wait_until(deadline, [this] { return done(); });
  }
  /// It never begins, and is done, where it has not begun: true. Else it is asked to stop, if it can be.
  virtual bool cancel() noexcept {
    if (begin()) {
      fail(std::make_exception_ptr(cancelled{}));
      return true;
    }
    ask_to_stop();
    return false;
  }

  /// Has c fired when it is done; false, and nothing happens, where it is.
  [[nodiscard]] bool attach(continuation& c) noexcept {
    continuation* head = continuations_.load(std::memory_order_acquire);
    do {
      if (head == closed()) return false;
      c.next_continuation = head;
    } while (!continuations_.compare_exchange_weak(head, &c, std::memory_order_acq_rel, std::memory_order_acquire));
    if (head == nullptr) watch();
    return true;
  }
  void attach_or_fire(continuation& c) noexcept {
    if (attach(c)) return;
    c.next_continuation = nullptr;
    firing::all(&c);
  }

protected:
  virtual ~task_state() = default;
  virtual void run() noexcept = 0;                                       ///< and finish()
  virtual void drop() noexcept = 0;                                      ///< what was kept to run it
  virtual void set_exception(std::exception_ptr const& e) noexcept = 0;
  virtual void ask_to_stop() noexcept {}
  virtual void watch() noexcept {}                                       ///< somebody wants to be told of its end
  virtual state_ptr<task_state> predecessor() noexcept;                  ///< what it waits for before it can go on, if anything

  /// The result is there: tells all who wait. The caller has a reference.
  void finish() noexcept {
    int const seen = status_.exchange(bit_begun | bit_done, std::memory_order_acq_rel);
    if ((seen & bit_watched) != 0) status_.notify_all();
    if ((seen & bit_timed) != 0) sleeping_place::of(this).wake();
    continuation* list = continuations_.exchange(closed(), std::memory_order_acq_rel);
    continuation* in_order = nullptr;
    while (list != nullptr) {
      continuation* const next = std::exchange(list->next_continuation, in_order);
      in_order = std::exchange(list, next);
    }
    firing::all(in_order);
  }

private:
  bool try_run() noexcept {
    if ((status_.load(std::memory_order_relaxed) & bit_queued) == 0 || !begin()) return false;
    run();
    return true;
  }
  inline bool help_predecessors() noexcept;

  static constexpr int bit_begun = 1, bit_done = 2, bit_queued = 4, bit_watched = 8, bit_timed = 16;

  static continuation* closed() noexcept { return &closed_continuations; }

  std::atomic<std::uint32_t> references_;
  std::atomic<int> status_;
  std::atomic<continuation*> continuations_{nullptr};
  host_ref host_;
};

inline void host_ref::push(task_state& task) const noexcept {
  if (host == nullptr) {
    task.run_if_waiting();
    task.release();
  } else if (auto* const worker = task_worker::current; worker == nullptr || !worker->push(task, host, generation)) {
    host->push(task, generation);
  }
}

inline state_ptr<task_state> task_state::predecessor() noexcept { return {}; }

/// Whether there was something to run.
inline bool task_state::help_predecessors() noexcept try {
  std::vector<state_ptr<task_state>> earlier; // by no recursion: there may be any number
  for (auto p = predecessor(); p && !p->done(); p = p->predecessor()) earlier.push_back(p);
  bool helped = false;
  for (; !earlier.empty(); earlier.pop_back()) helped = earlier.back()->try_run() || helped;
  return helped;
} catch (std::bad_alloc const&) { // it then waits for others to run them
  return false;
}

}}} // namespace trireme::v1::detail
