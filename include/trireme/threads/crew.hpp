/// @file threads/crew.hpp
/// The threads of a pool, and the arena of oneTBB where they work.
#pragma once
#include <trireme/core/forks.hpp>
#include <trireme/core/task_state.hpp>
#include <trireme/threads/loop.hpp>
#include <trireme/threads/tasks.hpp>

#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <cstddef>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Deals the shares [first, last) out by halves. TBB runs the last function on the calling thread, which so begins at the
/// front: alone, it meets the indices in nearly their order.
inline void run_shares(loop& work, std::size_t first, std::size_t last, tbb::task_group_context& context) {
  if (last - first == 1) return work.work(first);
  std::size_t const middle = first + (last - first) / 2;
  tbb::parallel_invoke([&, middle, last] { run_shares(work, middle, last, context); },
                       [&, first, middle] { run_shares(work, first, middle, context); }, context);
}

/// The threads and their arena. A caller who waits for his work is one of the `width` workers, so width - 1 threads
/// live here; and `task_width` threads for tasks, as soon as there is one, with slots of their own, so that a loop in a task
/// meets the others here. All slots are reserved for threads that come from outside of oneTBB: the arena asks its
/// scheduler for no worker, which would be none beyond the number of cores, and takes none from other users.
class thread_crew {
public:
  thread_crew(int width, std::size_t task_width)
      : arena_(width + static_cast<int>(task_width), static_cast<unsigned>(width) + static_cast<unsigned>(task_width)),
        tasks_(task_width, [this](std::function<void()> const& work) {
          inside = this;
          arena_.execute([&] { work(); });
        }) {
    // A task that is kept back holds the threads in the group's wait, where they sleep until there is work.
    arena_.execute([&] { keep_open_ = idle_.defer([] {}); });
    try {
      for (int k = 1; k < width; ++k)
        threads_.emplace_back([this] {
          inside = this;
          in_kernel const helper;
          arena_.execute([this] { idle_.wait(); });
        });
    } catch (...) {
      dismiss();
      throw;
    }
  }
  thread_crew(thread_crew const&) = delete;
  thread_crew& operator=(thread_crew const&) = delete;
  ~thread_crew() {
    tasks_.close();
    dismiss();
  }

  /// Deletes the crew; by a thread made for that, where one of its own workers would have to wait for itself.
  static void release(thread_crew* crew) {
    if (crew->is_copy()) return; // its threads are another process's: nothing can be joined, nor any lock be trusted
    if (inside == crew || crew->tasks_.has_this_thread())
      std::thread([crew] { delete crew; }).detach();
    else
      delete crew;
  }

  /// Whether this is the copy of a pool in a child that the program forked.
  [[nodiscard]] bool is_copy() const noexcept { return process_ != this_process::number(); }
  void check_owner() const {
    if (is_copy())
      throw std::logic_error("trireme: thread_pool: this pool belongs to another process: a child that the program forked has "
                             "none of its threads");
  }

  [[nodiscard]] task_crew& tasks() noexcept { return tasks_; }
  [[nodiscard]] std::size_t threads() const noexcept { return threads_.size(); }

  /// Runs a loop with the calling thread as one of the workers; false if there is no room for it. The threads leave one
  /// slot of the arena free. A caller who finds it taken must not wait for it, since who holds it may wait for him.
  [[nodiscard]] bool try_run(loop& work) {
    if (inside == this) { // in whichever arena the kernel has entered: it may have no way back into ours
      run(work);
      return true;
    }
    if (guest_.exchange(true, std::memory_order_acquire)) return false;
    auto* const before = std::exchange(inside, this);
    in_kernel const helper;
    arena_.execute([&] { run(work); });
    inside = before;
    guest_.store(false, std::memory_order_release);
    return true;
  }

  /// Has f called that many times by the threads, soon.
  template <class F>
  void enqueue(std::size_t times, F const& f) {
    hold const here(queued_); // the last call may end before enqueue does
    for (; times != 0; --times) {
      hold one(queued_);
      arena_.enqueue([this, f] {
        hold const taken_over(queued_, std::adopt_lock);
        auto* const before = std::exchange(inside, this);
        f();
        inside = before;
      });
      one.release();
    }
  }

private:
  /// Keeps the crew from being dismissed.
  class hold {
  public:
    explicit hold(std::atomic<std::size_t>& count) noexcept : count_(&count) { ++count; }
    hold(std::atomic<std::size_t>& count, std::adopt_lock_t) noexcept : count_(&count) {}
    hold(hold const&) = delete;
    hold& operator=(hold const&) = delete;
    ~hold() {
      if (count_ != nullptr) --*count_;
    }
    void release() noexcept { count_ = nullptr; } ///< somebody else has taken it over

  private:
    std::atomic<std::size_t>* count_;
  };

  /// Isolated: while it waits for the others' last runs, the caller must not begin unrelated work on top of a kernel
  /// that may hold a lock. With a context of its own: a cancelled task group of the user's must not skip our work.
  static void run(loop& work) {
    if (work.shares() == 1) return work.work(0);
    tbb::this_task_arena::isolate([&] {
      tbb::task_group_context context(tbb::task_group_context::isolated);
      run_shares(work, 0, work.shares(), context);
    });
  }

  void dismiss() noexcept {
    while (queued_ != 0) std::this_thread::yield();
    arena_.execute([&] {
      idle_.run(std::move(keep_open_));
      idle_.wait();
    });
    for (auto& t : threads_) t.join();
  }

  /// The crew that the thread works for at the moment.
  static inline thread_local thread_crew* inside = nullptr;

  int const process_ = this_process::number();
  tbb::task_arena arena_;
  tbb::task_group idle_;
  tbb::task_handle keep_open_;
  std::atomic<bool> guest_{false};
  std::atomic<std::size_t> queued_{0};
  std::vector<std::thread> threads_;
  task_crew tasks_;
};

}}} // namespace trireme::v1::detail
