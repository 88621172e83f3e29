/// @file threads/tasks.hpp
/// The threads that run a pool's tasks.
#pragma once
#include <trireme/core/door.hpp>
#include <trireme/core/task_state.hpp>
#include <trireme/threads/deque.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// `width` threads, made when there is a first task. A worker takes its own newest task, or else the oldest from outside, or
/// else steals. One that finds nothing searches for some microseconds, then sleeps; at most one searches at a time, and
/// calls the next one when it has found something. Where all of them wait inside of tasks, a spare one joins.
class task_crew final : public task_sink {
public:
  /// `enter(work)` calls work on a new thread, in whatever surroundings the pool has for tasks.
  using surroundings = std::function<void(std::function<void()> const& work)>;

  task_crew(std::size_t width, surroundings enter)
      : width_(width), enter_(std::move(enter)), door_(task_door::borrow()), generation_(door_.open(*this)) {}
  task_crew(task_crew const&) = delete;
  task_crew& operator=(task_crew const&) = delete;
  ~task_crew() {
    close();
    door_.give_back();
  }

  /// What a task names its pool by; the workers are there by now. @throws std::system_error where the system has no more threads.
  host_ref name() {
    if (!started_.load(std::memory_order_acquire)) start();
    return {&door_, generation_};
  }
  /// Queues a task, with a reference to it, for who keeps another, and the crew.
  void push(task_state& task) noexcept {
    auto* const here = task_worker::current();
    if (here != nullptr && here->push(task, &door_, generation_)) return;
    inbox_.push(task);
    if (call_one()) task.expect_to_wait();
  }
  void accept(task_state& task) noexcept override {
    inbox_.push(task);
    call_one();
  }
  [[nodiscard]] bool has_this_thread() const noexcept { return mine == this; }

  /// Tasks that have begun are finished, those that have not are broken, and the threads go.
  void close() noexcept {
    door_.close();
    {
      std::lock_guard const lock(mutex_);
      if (closing_.exchange(true)) return;
    }
    released_.notify_all();
    permits_.fetch_add(1 << 20);
    permits_.notify_all();
    // What has begun may wait for what has not.
    break_queued();
    for (auto const& w : workers_)
      if (w && w->thread.joinable()) w->thread.join();
    break_queued();
  }

private:
  struct worker final : task_worker {
    explicit worker(task_crew& c) noexcept : crew(c) {}
    bool push(task_state& task, task_host* host, std::uint64_t generation) noexcept override {
      if (host != &crew.door_ || generation != crew.generation_) return false;
      if (crew.closing_.load(std::memory_order_relaxed))
        break_task(task);
      else if (deque.push(&task))
        crew.call_one();
      else
        crew.accept(task);
      return true;
    }
    void take_back(task_state& task) noexcept override {
      if (deque.pop_if(&task)) task.release(); // who waits has another
    }
    void block() noexcept override { crew.one_waits(); }
    void unblock() noexcept override { crew.one_is_back(); }

    task_crew& crew;
    task_deque deque;
    std::uint32_t turn = 0;
    std::thread thread;
  };

  static constexpr std::size_t most_spares = 256;

  // ---- The threads ----

  void start() {
    std::lock_guard const lock(mutex_);
    if (workers_.empty()) workers_.resize(width_ + most_spares); // the vector then stays as it is, for thieves
    while (count_.load(std::memory_order_relaxed) < width_) add_worker(true);
    started_.store(true, std::memory_order_release);
  }
  void add_worker(bool in_surroundings) {
    std::size_t const k = count_.load(std::memory_order_relaxed);
    auto& w = workers_[k];
    if (!w) w = std::make_unique<worker>(*this);
    w->thread = std::thread([this, me = w.get(), in_surroundings] {
      if (in_surroundings)
        enter_([this, me] { work(*me); });
      else
        work(*me);
    });
    ++active_;
    count_.store(k + 1, std::memory_order_release);
  }

  void work(worker& me) noexcept {
    task_worker::set_current(&me);
    mine = this;
    while (task_state* const task = next(me)) {
      task->run_if_waiting();
      task->release();
    }
    while (task_state* const task = me.deque.pop()) break_task(*task);
    task_worker::set_current(nullptr);
    mine = nullptr;
  }

  /// Null: the crew closes.
  task_state* next(worker& me) noexcept {
    for (bool searching = false;;) {
      if (!searching && surplus_.load(std::memory_order_relaxed)) step_aside(me);
      if (closing_.load(std::memory_order_relaxed)) return nullptr;
      task_state* task = searching ? nullptr : find(me);
      if (task != nullptr) return task;
      int nobody = 0;
      if (searching || searching_.compare_exchange_strong(nobody, 1)) {
        task = search(me);
        searching_.store(0);
        if (task != nullptr) {
          if (has_work()) call_one();
          return task;
        }
      }
      searching = sleep();
    }
  }

  task_state* find(worker& me) noexcept {
    bool const look_outside = ++me.turn % 64 == 0; // or a task that always leaves another one would shut them out
    if (look_outside)
      if (task_state* const task = inbox_.pop()) return task;
    if (task_state* const task = me.deque.pop()) return task;
    if (task_state* const task = inbox_.pop()) return task;
    std::size_t const n = count_.load(std::memory_order_acquire);
    for (std::size_t k = 0; k < n; ++k)
      if (task_state* const task = workers_[k]->deque.steal()) return task;
    return nullptr;
  }
  task_state* search(worker& me) noexcept {
    if (task_state* const task = find(me)) return task;
    if (!spinning::pays()) return nullptr;
    spinning spin;
    for (int round = 0; round < 200; ++round) {
      if (task_state* const task = find(me)) return task;
      if (closing_.load(std::memory_order_relaxed) || (round % 8 == 7 && !spin.goes_on())) return nullptr;
      if (round % 64 == 63)
        std::this_thread::yield();
      else
        for (int k = 0; k < 8; ++k) pause_a_little();
    }
    return nullptr;
  }
  [[nodiscard]] bool has_work() const noexcept {
    if (!inbox_.looks_empty()) return true;
    std::size_t const n = count_.load(std::memory_order_acquire);
    for (std::size_t k = 0; k < n; ++k)
      if (!workers_[k]->deque.empty()) return true;
    return false;
  }

  // ---- Sleep ----

  /// Calls a sleeper to search, if nobody searches: whether there was one. Behind the store that put a task where it can
  /// be found.
  bool call_one() noexcept {
    while (searching_.load() == 0 && sleeping_.load() > 0) {
      int nobody = 0;
      if (!searching_.compare_exchange_strong(nobody, 1)) break;
      if (take_one(sleeping_)) {
        permits_.fetch_add(1);
        permits_.notify_one();
        return true;
      }
      searching_.store(0); // again: somebody who found us searching has left the call to us
    }
    return false;
  }
  /// True: called, to search.
  bool sleep() noexcept {
    sleeping_.fetch_add(1);
    // Who put a task there before now, or found us searching, has called nobody.
    if ((has_work() || closing_.load()) && take_one(sleeping_)) return false;
    while (!take_one(permits_)) permits_.wait(0);
    return true;
  }
  static bool take_one(std::atomic<int>& count) noexcept {
    int n = count.load();
    while (n > 0)
      if (count.compare_exchange_weak(n, n - 1)) return true;
    return false;
  }

  // ---- Waiting inside of tasks ----

  void one_waits() noexcept {
    std::lock_guard const lock(mutex_);
    if (--active_ != 0 || closing_) return;
    if (aside_ != 0) {
      --aside_;
      ++active_;
      ++releases_;
      released_.notify_one();
    } else if (count_.load(std::memory_order_relaxed) < width_ + most_spares) {
      try {
        add_worker(false);
      } catch (std::exception const&) { // no more threads or memory: the others may yet come back
      }
    }
  }
  void one_is_back() noexcept {
    std::lock_guard const lock(mutex_);
    ++active_;
    surplus_.store(active_ > width_, std::memory_order_relaxed);
  }
  /// For one more than there should be, which has nothing to do of its own.
  void step_aside(worker& me) noexcept {
    if (!me.deque.empty()) return;
    std::unique_lock lock(mutex_);
    if (active_ <= width_ || closing_) return surplus_.store(false, std::memory_order_relaxed);
    --active_;
    ++aside_;
    surplus_.store(active_ > width_, std::memory_order_relaxed);
    released_.wait(lock, [this] { return releases_ != 0 || closing_; });
    if (releases_ != 0) --releases_;
  }

  // ---- The end ----

  void break_queued() noexcept {
    inbox_.break_all();
    std::size_t const n = count_.load(std::memory_order_acquire);
    for (std::size_t k = 0; k < n; ++k)
      while (!workers_[k]->deque.empty())
        if (task_state* const task = workers_[k]->deque.steal()) break_task(*task);
  }

  static inline constinit thread_local task_crew const* mine = nullptr;

  std::size_t const width_;
  surroundings enter_;
  task_door& door_;
  std::uint64_t const generation_;
  std::atomic<bool> started_{false}, closing_{false};

  task_inbox inbox_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::atomic<std::size_t> count_{0};

  alignas(64) std::atomic<int> searching_{0}; ///< 0 or 1
  std::atomic<int> sleeping_{0}, permits_{0};
  std::atomic<bool> surplus_{false};

  std::mutex mutex_; ///< for what follows
  std::condition_variable released_;
  std::size_t active_ = 0, aside_ = 0, releases_ = 0; ///< threads that don't wait; spare ones; calls to those
};

}}} // namespace trireme::v1::detail
