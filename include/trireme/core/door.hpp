/// @file door.hpp
/// How tasks reach the threads that run them, from any thread, and also when those may be gone.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/task_state.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Lets a task fail that nobody will run, and drops the reference.
inline void break_task(task_state& task) noexcept {
  task.fail_if_waiting(std::make_exception_ptr(broken_promise{}));
  task.release();
}

/// Tasks from outside, first come first served, linked through themselves (D. Vyukov's queue). Those who put don't wait
/// for each other; those who take do.
class task_inbox {
public:
  void push(task_link& task) noexcept {
    task.next_link.store(nullptr, std::memory_order_relaxed);
    task_link* const before = last_.exchange(&task);
    before->next_link.store(&task, std::memory_order_release);
  }
  /// Null: empty, or somebody else is about to put or to take.
  [[nodiscard]] task_state* pop() noexcept {
    if (looks_empty() || taking_.exchange(true, std::memory_order_acquire)) return nullptr;
    task_link* const task = take();
    taking_.store(false, std::memory_order_release);
    return static_cast<task_state*>(task);
  }
  /// Breaks all tasks that are there.
  void break_all() noexcept {
    while (!looks_empty()) {
      if (task_state* const task = pop())
        break_task(*task);
      else
        std::this_thread::yield(); // somebody is about to put or to take
    }
  }
  [[nodiscard]] bool looks_empty() const noexcept { return last_.load() == &end_ && first_.load() == &end_; }

private:
  task_link* take() noexcept {
    task_link* first = first_.load(std::memory_order_relaxed);
    task_link* next = first->next_link.load(std::memory_order_acquire);
    if (first == &end_) {
      if (next == nullptr) return nullptr;
      first_.store(next, std::memory_order_relaxed);
      first = next;
      next = next->next_link.load(std::memory_order_acquire);
    }
    if (next == nullptr) {
      if (first != last_.load(std::memory_order_acquire)) return nullptr; // the next one is not linked yet
      push(end_);                                                         // so that the last one can leave
      next = first->next_link.load(std::memory_order_acquire);
      if (next == nullptr) return nullptr;
    }
    first_.store(next);
    return first;
  }

  alignas(64) std::atomic<task_link*> last_{&end_};
  alignas(64) std::atomic<task_link*> first_{&end_};
  std::atomic<bool> taking_{false};
  task_link end_;
};

/// Who takes tasks in.
class task_sink {
public:
  virtual void accept(task_state& task) noexcept = 0; ///< with a reference

protected:
  ~task_sink() = default;
};

/// The door of a sink, lent to it: tasks reach it through the door as long as it is there.
class task_door final : public task_host {
public:
  static task_door& borrow() {
    lobby& l = all();
    std::lock_guard const lock(l.mutex);
    if (l.free.empty()) {
      l.free.reserve(++l.made); // so that giving back can't fail
      return *new task_door;
    }
    task_door& door = *l.free.back();
    l.free.pop_back();
    return door;
  }
  void give_back() noexcept {
    lobby& l = all();
    std::lock_guard const lock(l.mutex);
    l.free.push_back(this);
  }

  /// The generation that tasks name.
  std::uint64_t open(task_sink& sink) noexcept {
    std::lock_guard const lock(mutex_);
    sink_ = &sink;
    return ++generation_;
  }
  void close() noexcept {
    std::lock_guard const lock(mutex_);
    sink_ = nullptr;
  }
  void push(task_state& task, std::uint64_t generation) noexcept override {
    {
      std::lock_guard const lock(mutex_);
      if (sink_ != nullptr && generation == generation_) return sink_->accept(task);
    }
    break_task(task);
  }

private:
  struct lobby {
    std::mutex mutex;
    std::vector<task_door*> free;
    std::size_t made = 0;
  };
  static lobby& all() {
    static lobby& l = *new lobby; // never destroyed: futures in static storage may come later
    return l;
  }

  std::mutex mutex_;
  task_sink* sink_ = nullptr;
  std::uint64_t generation_ = 0;
};

}}} // namespace trireme::v1::detail
