/// @file task_state.hpp
/// What a task and its future share, whatever the type of the result: whether it has begun, who waits, what follows.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/task_memory.hpp>
#include <trireme/core/waiting.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <thread>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

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
  static void* operator new(std::size_t bytes) { return task_memory::take(bytes); }
  static void operator delete(void* p, std::size_t bytes) noexcept { task_memory::give_back(p, bytes); }
  static void* operator new(std::size_t bytes, std::align_val_t align) { return ::operator new(bytes, align); }
  static void operator delete(void* p, std::size_t, std::align_val_t align) noexcept { ::operator delete(p, align); }

  task_state(task_state const&) = delete;
  task_state& operator=(task_state const&) = delete;

  void retain() noexcept { references_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (references_.load(std::memory_order_acquire) == 1 || references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
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

  /// Its worker had to be woken: who waits does better to leave his core to it than to spin. By who made it, before others
  /// see it.
  void expect_to_wait() noexcept { cold_ = true; }
  [[nodiscard]] virtual bool ready() noexcept { return done(); }
  /// Returns when it is done. A worker runs what it waits for, if nobody else has begun it.
  virtual void settle() noexcept {
    if (done()) return;
    if (auto* const worker = task_worker::with_room(); worker != nullptr) {
      worker->take_back(*this); // what was run need not queue any more
      while (help())
        if (done()) return;
    }
    firing::rest();
    if (!cold_ && spun_until([this] { return done(); })) return;
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
  /// Takes back what was attached: true where c never fires now, false where it has, or is about to.
  /// Cost: the number of those that are attached.
  [[nodiscard]] bool detach(continuation& c) noexcept {
    while (detaching_.exchange(true, std::memory_order_acquire)) std::this_thread::yield();
    continuation* list = continuations_.load(std::memory_order_acquire);
    while (list != closed() &&
           !continuations_.compare_exchange_weak(list, nullptr, std::memory_order_acq_rel, std::memory_order_acquire)) {
    }
    if (list == closed()) list = nullptr;
    bool found = false;
    continuation* last = nullptr;
    for (continuation** link = &list; *link != nullptr;) {
      if (*link == &c) {
        *link = c.next_continuation;
        found = true;
      } else {
        last = *link;
        link = &last->next_continuation;
      }
    }
    continuation* const others = last == nullptr ? nullptr : put_back(list, *last);
    detaching_.store(false, std::memory_order_release);
    firing::all(others);
    return found;
  }

protected:
  virtual ~task_state() = default;
  virtual void run() noexcept = 0;  ///< and finish()
  virtual void drop() noexcept = 0; ///< what was kept to run it
  virtual void set_exception(std::exception_ptr const& e) noexcept = 0;
  virtual void ask_to_stop() noexcept {}
  virtual void watch() noexcept {}                      ///< somebody wants to be told of its end
  virtual state_ptr<task_state> predecessor() noexcept; ///< what it waits for before it can go on, if anything

  /// The result is there: tells all who wait. The caller has a reference.
  void finish() noexcept {
    int const seen = status_.exchange(bit_begun | bit_done, std::memory_order_acq_rel);
    if ((seen & bit_watched) != 0) status_.notify_all();
    if ((seen & bit_timed) != 0) sleeping_place::of(this).wake();
    firing::all(in_order(continuations_.exchange(closed(), std::memory_order_acq_rel)));
  }

private:
  /// The list holds the newest first.
  static continuation* in_order(continuation* list) noexcept {
    continuation* reversed = nullptr;
    while (list != nullptr) {
      continuation* const next = std::exchange(list->next_continuation, reversed);
      reversed = std::exchange(list, next);
    }
    return reversed;
  }
  /// Attaches a list again, `last` being its end; returns what is to be fired instead, where the task has ended meanwhile.
  continuation* put_back(continuation* list, continuation& last) noexcept {
    continuation* head = continuations_.load(std::memory_order_acquire);
    do {
      last.next_continuation = head == closed() ? nullptr : head;
      if (head == closed()) return in_order(list);
    } while (!continuations_.compare_exchange_weak(head, list, std::memory_order_acq_rel, std::memory_order_acquire));
    return nullptr;
  }
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
  bool cold_ = false;
  std::atomic<bool> detaching_{false}; ///< a lock: what one takes off to look through, another would not find
  std::atomic<continuation*> continuations_{nullptr};
  host_ref host_;
};

inline void host_ref::push(task_state& task) const noexcept {
  if (host == nullptr) {
    task.run_if_waiting();
    task.release();
  } else if (auto* const worker = task_worker::current(); worker == nullptr || !worker->push(task, host, generation)) {
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
