/// @file threads/executor.hpp
/// A pool of threads in an arena of oneTBB of its own.
#pragma once
#include <trireme/core/count.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/host_memory.hpp>
#include <trireme/threads/cores.hpp>
#include <trireme/threads/loop.hpp>

#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <atomic>
#include <charconv>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

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

  /// Runs a loop with the calling thread as one of the workers. The threads leave one slot of the arena free. A caller
  /// who finds it taken does not wait for it, since who holds it may wait for him: he works outside of the arena.
  template <class F>
  void run(loop<F>& work) {
    if (inside == this) return run_inside(work);
    if (guest_.exchange(true, std::memory_order_acquire)) return run_outside(work);
    auto* const before = std::exchange(inside, this);
    run_inside(work);
    inside = before;
    guest_.store(false, std::memory_order_release);
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
  void run_inside(loop<F>& work) {
    arena_.execute([&] {
      if (work.shares() == 1) return work.work(0);
      tbb::this_task_arena::isolate([&] {
        tbb::task_group_context context(tbb::task_group_context::isolated);
        run_shares(work, 0, work.shares(), context);
      });
    });
  }

  /// Where helpers come by whenever a thread has time; late ones find it closed.
  template <class F>
  struct meeting {
    explicit meeting(loop<F>& w) : work(&w) {}
    void help() {
      active.fetch_add(1);
      if (!closed)
        for (std::size_t k = next++; k < work->shares(); k = next++) work->work(k);
      active.fetch_sub(1);
    }
    loop<F>* work;
    std::atomic<std::size_t> next{0}, active{0};
    std::atomic<bool> closed{false};
  };
  template <class F>
  void run_outside(loop<F>& work) {
    auto const place = std::make_shared<meeting<F>>(work);
    for (std::size_t k = 1; k < work.shares(); ++k) enqueue([place] { place->help(); });
    place->help();
    place->closed = true;
    while (place->active != 0) std::this_thread::yield(); // only for runs that have begun
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

/// Asynchronous work of a pool. Begun once, by whoever comes first: a worker, or the one who waits for it. A thread
/// that waits runs the work itself if nobody has begun it, and so never waits for a thread that waits for it.
class thread_work : public std::enable_shared_from_this<thread_work> {
public:
  explicit thread_work(std::shared_ptr<thread_crew> crew) noexcept : crew_(std::move(crew)) {}
  thread_work(thread_work const&) = delete;
  thread_work& operator=(thread_work const&) = delete;
  virtual ~thread_work() = default;

  /// Queues the work, or leaves that to `before`, if it is not complete.
  void launch(std::shared_ptr<thread_work> const& before) {
    before_ = before;
    if (!before || !before->call_when_done(shared_from_this())) enqueue();
  }
  [[nodiscard]] bool ready() const noexcept { return state_.load(std::memory_order_acquire) == state::done; }

  void settle() {
    if (ready()) return;
    if (auto const before = predecessor()) before->settle();
    if (begin()) finish();
    for (auto s = state_.load(); s != state::done; s = state_.load()) state_.wait(s);
  }
  void wait() {
    settle();
    if (failure_) std::rethrow_exception(failure_);
  }

protected:
  virtual std::exception_ptr run() noexcept = 0; ///< called once
  std::shared_ptr<thread_crew> crew_;

private:
  enum class state { waiting, running, done };

  void enqueue() {
    // A weak one: who comes first does the work, and nothing of it is to outlive its completion.
    crew_->enqueue([work = weak_from_this()] {
      if (auto const self = work.lock(); self && self->begin()) self->finish();
    });
  }
  bool begin() noexcept {
    auto expected = state::waiting;
    return state_.compare_exchange_strong(expected, state::running);
  }
  void finish() noexcept {
    failure_ = run();
    std::vector<std::shared_ptr<thread_work>> next;
    std::shared_ptr<thread_work> before; // let go of outside the lock
    {
      std::lock_guard const lock(mutex_);
      before.swap(before_);
      state_.store(state::done);
      next.swap(next_);
    }
    state_.notify_all();
    for (auto const& work : next) work->enqueue();
  }
  std::shared_ptr<thread_work> predecessor() {
    std::lock_guard const lock(mutex_);
    return before_;
  }
  bool call_when_done(std::shared_ptr<thread_work> next) {
    std::lock_guard const lock(mutex_);
    if (ready()) return false;
    next_.push_back(std::move(next));
    return true;
  }

  std::atomic<state> state_{state::waiting};
  std::exception_ptr failure_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<thread_work>> next_;
  std::shared_ptr<thread_work> before_;
};

template <class F>
class thread_bulk final : public thread_work {
public:
  thread_bulk(std::shared_ptr<thread_crew> crew, F const& f, std::size_t n, std::size_t grain, std::stop_token stop,
              std::size_t workers)
      : thread_work(std::move(crew)), f_(f), stop_(std::move(stop)), loop_(f_, n, grain, stop_, workers) {}

private:
  std::exception_ptr run() noexcept override {
    crew_->run(loop_);
    return loop_.failure();
  }
  F f_;
  std::stop_token stop_;
  loop<F> loop_;
};

} // namespace detail

/// Work that a thread_pool was given. `wait()` does it, where no worker has begun it yet.
class [[nodiscard]] thread_completion {
public:
  thread_completion() = default;
  explicit thread_completion(std::shared_ptr<detail::thread_work> work) noexcept : work_(std::move(work)) {}
  thread_completion(thread_completion&&) noexcept = default;
  thread_completion& operator=(thread_completion&& other) noexcept {
    settle();
    work_ = std::move(other.work_);
    return *this;
  }
  ~thread_completion() { settle(); }

  [[nodiscard]] bool ready() const noexcept { return !work_ || work_->ready(); }
  void wait() {
    if (work_) work_->wait();
  }
  void settle() const noexcept { ///< wait() without the exception
    if (work_) work_->settle();
  }

private:
  friend class thread_pool;
  std::shared_ptr<detail::thread_work> work_;
};

/// A pool of threads. Copies are handles of the same pool; the last one stops and joins the threads.
///
/// A thread that calls an algorithm, or waits for a completion, takes the place of one of the workers: at most
/// `concurrency()` kernels of one call run at once. A kernel may itself use the pool. TBB algorithms that a kernel
/// calls stay inside the pool. Nothing is taken from other users of oneTBB in the program, and its limits
/// (tbb::global_control) do not apply here.
class thread_pool : public detail::host_memory<thread_completion> {
public:
  /// As many workers as this process may use cores: hardware, affinity mask and cgroup quota counted in.
  thread_pool() : thread_pool(detail::available_cores()) {}

  /// `width` workers, which may be more than there are cores: right for work that waits.
  /// @throws std::invalid_argument for a width that is negative, 0 or over 65,535; std::system_error where the
  /// system has no more threads.
  explicit thread_pool(count<"width"> width) : width_(checked(width)) {
    crew_ = std::shared_ptr<detail::thread_crew>(new detail::thread_crew(static_cast<int>(width_)),
                                                 detail::thread_crew::release);
  }

  [[nodiscard]] std::size_t concurrency() const noexcept { return width_; }

  /// Asynchronous; runs on the pool's threads, and on the caller's from when it waits.
  /// Cost: two allocations and a wake-up; the algorithms, which wait at once, save these.
  template <class F>
  thread_completion bulk(count<"n"> n, F const& f, bulk_options<thread_completion> o = {}) const {
    detail::check_run_kernel<F>();
    if (n == 0u && !o.after) return {};
    auto work = std::make_shared<detail::thread_bulk<F>>(crew_, f, n, o.grain, o.stop, width_);
    work->launch(o.after ? o.after->work_ : nullptr);
    return thread_completion{std::move(work)};
  }

  /// bulk and wait, with the calling thread as one of the workers: no copy of f, no allocation, no hand-over.
  template <class F>
  friend void on_bulk(thread_pool const& pool, std::size_t n, F const& f, bulk_options<thread_completion> const& o) {
    if (o.after) o.after->settle();
    if (n == 0) return;
    detail::loop<F> work(f, n, o.grain, o.stop, pool.width_);
    pool.crew_->run(work);
    if (work.failure()) std::rethrow_exception(work.failure());
  }

  /// The pool that `text` names, for with_executor: "threads" or "threads:8".
  /// @throws std::invalid_argument for a width that no pool can have.
  static bool matches(std::string_view text) noexcept { return text == "threads" || width_in(text).has_value(); }
  static thread_pool named(std::string_view text) {
    return text == "threads" ? thread_pool{} : thread_pool{width_in(text).value()};
  }
  static constexpr std::string_view names = "threads[:N]";

  friend bool operator==(thread_pool const& a, thread_pool const& b) noexcept { return a.crew_ == b.crew_; }

private:
  static constexpr std::size_t widest = 65'535;

  static std::size_t checked(std::size_t width) {
    if (width == 0 || width > widest)
      throw std::invalid_argument("trireme: thread_pool: width must be 1 to 65535, but is " + std::to_string(width));
    return width;
  }
  /// N in "threads:N".
  static std::optional<std::size_t> width_in(std::string_view text) noexcept {
    constexpr std::string_view prefix = "threads:";
    if (!text.starts_with(prefix)) return {};
    text.remove_prefix(prefix.size());
    std::size_t width = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (failure != std::errc{} || end != text.data() + text.size()) return {};
    return width;
  }

  std::size_t width_;
  std::shared_ptr<detail::thread_crew> crew_;
};

static_assert(host_executor<thread_pool>);

}} // namespace trireme::v1
