/// @file processes/open_tasks.hpp
/// The tasks of a process_pool that are under way, and the threads of the parent that see to what follows them.
#pragma once
#include <trireme/processes/board.hpp>
#include <trireme/processes/wait.hpp>
#include <trireme/threads/tasks.hpp>

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A task whose job may be under way.
class open_task {
public:
  virtual bool collect_if_complete() noexcept = 0; ///< whether its result was taken from its job, now or before
  virtual void collect() noexcept = 0;             ///< waits for it
  virtual void break_if_waiting() noexcept = 0;    ///< where no worker has begun it
  virtual void keep() noexcept = 0;                ///< counts a reference
  virtual void let_go() noexcept = 0;

protected:
  ~open_task() = default;

private:
  friend class open_tasks;
  open_task *before_ = nullptr, *after_ = nullptr;
};

/// Keeps a reference to each task until its result is there, so that nobody else need do it. Results are collected by who
/// waits for them; those of dropped futures by later calls of submit; and where something follows a task, by a thread
/// that the workers tell of every job's end.
class open_tasks {
public:
  /// `look` notices where the workers' supervisor has ended, so that nobody would tell of a job's end.
  open_tasks(board& b, std::function<void()> look) noexcept : board_(b), look_(std::move(look)) {}
  open_tasks(open_tasks const&) = delete;
  open_tasks& operator=(open_tasks const&) = delete;
  ~open_tasks() { close(); }

  void add(open_task& task) noexcept {
    task.keep();
    std::lock_guard const lock(mutex_);
    task.before_ = last_;
    (last_ != nullptr ? last_->after_ : first_) = &task;
    last_ = &task;
  }
  /// By who has collected it; drops the reference.
  void remove(open_task& task) noexcept {
    {
      std::lock_guard const lock(mutex_);
      if (at_ == &task) at_ = task.after_;
      (task.before_ != nullptr ? task.before_->after_ : first_) = task.after_;
      (task.after_ != nullptr ? task.after_->before_ : last_) = task.before_;
    }
    task.let_go();
  }
  /// Looks at the next two tasks in turn, so that what nobody asks for does not pile up.
  void sweep() noexcept {
    for (int k = 0; k < 2; ++k)
      if (open_task* const task = next_kept(); task != nullptr) {
        task->collect_if_complete();
        task->let_go();
      }
  }

  /// From now on all tasks are collected when they end, whether anybody waits or not.
  void watch() noexcept {
    std::lock_guard const lock(mutex_);
    if (watching_ || closing_) return;
    try {
      watcher_ = std::thread([this] { watch_all(); });
      watching_ = true;
    } catch (std::exception const&) { // no more threads: whoever waits or submits does it
    }
  }
  /// Where callbacks run.
  [[nodiscard]] task_crew& callbacks() noexcept { return callbacks_; }
  [[nodiscard]] bool has_this_thread() const noexcept {
    return callbacks_.has_this_thread() || watcher_.get_id() == std::this_thread::get_id();
  }

  /// Tasks that no worker has begun are broken, those that one has begun are waited for, and so are callbacks.
  void close() noexcept {
    for (bool breaking : {true, false}) {
      std::vector<open_task*> tasks = all_kept();
      for (open_task* const task : tasks) {
        if (breaking)
          task->break_if_waiting();
        else
          task->collect();
        task->let_go();
      }
    }
    {
      std::lock_guard const lock(mutex_);
      closing_ = true;
    }
    board_.completed.fetch_add(1);
    wake(board_.completed);
    if (watcher_.joinable()) watcher_.join();
    callbacks_.close();
  }

private:
  open_task* next_kept() noexcept {
    std::lock_guard const lock(mutex_);
    open_task* const task = at_ != nullptr ? at_ : first_;
    if (task == nullptr) return nullptr;
    at_ = task->after_;
    task->keep();
    return task;
  }
  std::vector<open_task*> all_kept() {
    std::vector<open_task*> tasks;
    std::lock_guard const lock(mutex_);
    for (open_task* t = first_; t != nullptr; t = t->after_) {
      tasks.push_back(t);
      t->keep();
    }
    return tasks;
  }

  void watch_all() {
    for (std::uint32_t seen = board_.completed.load();; seen = board_.completed.load()) {
      for (open_task* const task : all_kept()) {
        task->collect_if_complete();
        task->let_go();
      }
      {
        std::lock_guard const lock(mutex_);
        if (closing_) return;
      }
      if (spin_until([&] { return board_.completed.load() != seen; })) continue;
      board_.watching.store(1);
      if (board_.completed.load() == seen) sleep_on(board_.completed, seen, look_every_ns); // or the supervisor may have gone
      board_.watching.store(0);
      look_();
    }
  }

  static constexpr std::int64_t look_every_ns = 20'000'000;

  board& board_;
  std::function<void()> look_;
  std::mutex mutex_;
  open_task *first_ = nullptr, *last_ = nullptr, *at_ = nullptr;
  bool watching_ = false, closing_ = false;
  std::thread watcher_;
  task_crew callbacks_{1, [](std::function<void()> const& work) { work(); }};
};

}}} // namespace trireme::v1::detail
