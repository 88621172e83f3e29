/// @file timer.hpp
/// A future of a moment to come.
#pragma once
#include <trireme/core/forks.hpp>
#include <trireme/core/future.hpp>
#include <trireme/core/task_result.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

class sleeping_task;

/// One thread for all who wait for a moment, made for the first one.
class alarm_clock {
public:
  using time = std::chrono::steady_clock::time_point;
  using queue = std::multimap<time, sleeping_task*>;

  /// Never destroyed: its thread has nobody to end it. A child that the program forks has none of it, and makes its own.
  static alarm_clock& get() {
    static constinit std::atomic<alarm_clock*> present{nullptr};
    alarm_clock* clock = present.load();
    if (clock != nullptr && clock->process_ == this_process::number()) return *clock;
    auto* const made = new alarm_clock;
    if (!present.compare_exchange_strong(clock, made)) { // another thread was faster
      delete made;
      return *clock;
    }
    try {
      std::thread([made] { made->ring(); }).detach();
    } catch (...) {
      present.store(clock); // the next may have more luck; who uses it already is not to lose it
      throw;
    }
    return *made;
  }
  [[nodiscard]] bool is_copy() const noexcept { return process_ != this_process::number(); }
  inline void add(sleeping_task& task, time when);
  inline bool remove(sleeping_task& task) noexcept;

private:
  alarm_clock() = default;
  [[noreturn]] inline void ring() noexcept;

  int const process_ = this_process::number();
  std::mutex mutex_;
  std::condition_variable changed_;
  queue sleepers_;
};

/// Ends when its time has come.
class sleeping_task final : public task_result<void> {
public:
  sleeping_task() noexcept : task_result<void>(2, {}, false) {} // a reference is the clock's
  bool cancel() noexcept override {
    bool const mine = clock_ != nullptr && !clock_->is_copy() && clock_->remove(*this);
    bool const first = task_result<void>::cancel();
    if (mine) release();
    return first;
  }

private:
  friend class alarm_clock;
  void run() noexcept override { finish(); }
  void drop() noexcept override {}
  alarm_clock* clock_ = nullptr;
  alarm_clock::queue::iterator place_;
  bool queued_ = false;
};

inline void alarm_clock::add(sleeping_task& task, time when) {
  std::lock_guard const lock(mutex_);
  task.place_ = sleepers_.emplace(when, &task);
  task.clock_ = this;
  task.queued_ = true;
  if (task.place_ == sleepers_.begin()) changed_.notify_one();
}
inline bool alarm_clock::remove(sleeping_task& task) noexcept {
  std::lock_guard const lock(mutex_);
  if (!std::exchange(task.queued_, false)) return false;
  sleepers_.erase(task.place_);
  return true;
}
inline void alarm_clock::ring() noexcept {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (sleepers_.empty()) {
      changed_.wait(lock);
    } else if (auto const first = sleepers_.begin(); first->first > std::chrono::steady_clock::now()) {
      auto const when = first->first; // a copy: the entry may go meanwhile
      changed_.wait_until(lock, when);
    } else {
      sleeping_task& task = *first->second;
      sleepers_.erase(first);
      task.queued_ = false;
      lock.unlock();
      task.run_if_waiting();
      task.release();
      lock.lock();
    }
  }
}

} // namespace detail

/// A future that is ready that long from now. No thread of a pool waits for it: `co_await tri::sleep_for(1s)` leaves its
/// thread to others. What `then` adds without an executor runs on the library's clock, and must be short.
/// @throws std::system_error where the system has no more threads, std::bad_alloc.
/// Cost: two allocations; one thread for all of them.
template <class Rep, class Period>
[[nodiscard]] future<void> sleep_for(std::chrono::duration<Rep, Period> const& d) {
  auto& clock = detail::alarm_clock::get();
  auto* const task = new detail::sleeping_task;
  detail::state_ptr<detail::task_result<void>> state(task);
  try {
    clock.add(*task, detail::after(d));
  } catch (...) {
    task->release();
    throw;
  }
  return detail::future_access::make<detail::task_result<void>, future<void>>(std::move(state));
}

}} // namespace trireme::v1
