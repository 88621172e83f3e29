/// @file threads/crew.hpp
/// The threads of a pool, and the arena of oneTBB where they work.
#pragma once
#include <trireme/threads/loop.hpp>

#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <cstddef>
#include <thread>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Deals the shares [first, last) out by halves. TBB runs the last function on the calling thread, which so begins at the
/// front: alone, it meets the indices in nearly their order.
template <class F>
void run_shares(loop<F>& work, std::size_t first, std::size_t last, tbb::task_group_context& context) {
  if (last - first == 1) return work.work(first);
  std::size_t const middle = first + (last - first) / 2;
  tbb::parallel_invoke([&, middle, last] { run_shares(work, middle, last, context); },
                       [&, first, middle] { run_shares(work, first, middle, context); }, context);
}

/// The threads and their arena. A caller who waits for his work is one of the `width` workers, so width - 1 threads
/// live here. All slots are reserved for threads that come from outside of oneTBB: the arena asks its scheduler for
/// no worker, which would be none beyond the number of cores, and takes none from other users.
class thread_crew {
public:
  explicit thread_crew(int width) : arena_(width, static_cast<unsigned>(width)) {
    // A task that is kept back holds the threads in the group's wait, where they sleep until there is work.
    arena_.execute([&] { keep_open_ = idle_.defer([] {}); });
    try {
      for (int k = 1; k < width; ++k)
        threads_.emplace_back([this] {
          inside = this;
          arena_.execute([this] { idle_.wait(); });
        });
    } catch (...) {
      dismiss();
      throw;
    }
  }
  thread_crew(thread_crew const&) = delete;
  thread_crew& operator=(thread_crew const&) = delete;
  ~thread_crew() { dismiss(); }

  /// Deletes the crew; by a thread made for that, where one of its own workers would have to wait for itself.
  static void release(thread_crew* crew) {
    if (inside == crew)
      std::thread([crew] { delete crew; }).detach();
    else
      delete crew;
  }

  [[nodiscard]] std::size_t threads() const noexcept { return threads_.size(); }

  /// Runs a loop with the calling thread as one of the workers; false if there is no room for it. The threads leave one
  /// slot of the arena free. A caller who finds it taken must not wait for it, since who holds it may wait for him.
  template <class F>
  [[nodiscard]] bool try_run(loop<F>& work) {
    if (inside == this) {
      run(work);
      return true;
    }
    if (guest_.exchange(true, std::memory_order_acquire)) return false;
    auto* const before = std::exchange(inside, this);
    run(work);
    inside = before;
    guest_.store(false, std::memory_order_release);
    return true;
  }

  /// Calls f on one of the threads, soon.
  template <class F>
  void enqueue(F f) {
    queued_.fetch_add(1);
    arena_.enqueue([this, f = std::move(f)] {
      auto* const before = std::exchange(inside, this);
      f();
      inside = before;
      queued_.fetch_sub(1);
    });
  }

private:
  /// Isolated: while it waits for the others' last runs, the caller must not begin unrelated work on top of a kernel
  /// that may hold a lock. With a context of its own: a cancelled task group of the user's must not skip our work.
  template <class F>
  void run(loop<F>& work) {
    arena_.execute([&] {
      if (work.shares() == 1) return work.work(0);
      tbb::this_task_arena::isolate([&] {
        tbb::task_group_context context(tbb::task_group_context::isolated);
        run_shares(work, 0, work.shares(), context);
      });
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

  tbb::task_arena arena_;
  tbb::task_group idle_;
  tbb::task_handle keep_open_;
  std::atomic<bool> guest_{false};
  std::atomic<std::size_t> queued_{0};
  std::vector<std::thread> threads_;
};

}}} // namespace trireme::v1::detail
