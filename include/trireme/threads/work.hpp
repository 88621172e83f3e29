/// @file threads/work.hpp
/// Work that a pool of threads was given, and what its giver holds of it.
#pragma once
#include <trireme/threads/crew.hpp>
#include <trireme/threads/loop.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>
#include <stop_token>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// Work in shares. Whoever has time takes the next one: a thread of the crew, or who waits for the work. He waits then only
/// for shares that others have begun, so never for a thread that waits for him, and is not given other work on top of
/// what he does.
class thread_work : public std::enable_shared_from_this<thread_work> {
public:
  explicit thread_work(thread_crew& crew) noexcept : crew_(crew) {}
  thread_work(thread_work const&) = delete;
  thread_work& operator=(thread_work const&) = delete;
  virtual ~thread_work() = default;

  /// Calls the crew for shares [0, n), or leaves that to `before`, if it is not complete.
  void launch(std::size_t n, std::shared_ptr<thread_work> const& before) {
    shares_ = n;
    open_ = n;
    before_ = before;
    if (!before || !before->call_when_done(shared_from_this())) call_crew();
  }
  [[nodiscard]] bool ready() const noexcept { return done_.load(std::memory_order_acquire); }

  void settle() {
    std::vector<std::shared_ptr<thread_work>> earlier; // by no recursion: there may be any number
    for (auto work = predecessor(); work && !work->ready(); work = work->predecessor()) earlier.push_back(work);
    for (; !earlier.empty(); earlier.pop_back()) earlier.back()->join();
    join();
  }
  void wait() {
    settle();
    if (auto const& e = failure()) std::rethrow_exception(e);
  }

protected:
  virtual void work(std::size_t share) noexcept = 0;                            ///< called once for each
  virtual void let_go() noexcept = 0;                                           ///< of the kernel: all is done
  [[nodiscard]] virtual std::exception_ptr const& failure() const noexcept = 0; ///< asked for when all is done

private:
  void join() {
    help();
    done_.wait(false);
  }
  void help() noexcept {
    in_kernel const helper;
    for (std::size_t k = next_++; k < shares_; k = next_++) {
      work(k);
      if (--open_ == 0) finish();
    }
  }
  void call_crew() {
    // Weakly: a thread that comes late finds nothing to keep.
    crew_.enqueue(std::min(shares_, crew_.threads()), [work = weak_from_this()] {
      if (auto const self = work.lock()) self->help();
    });
  }
  /// Nothing of the user's, nor of the pool, is touched after `done_`: who waits for it may then take it down. What follows
  /// is called before, while its giver still waits for this.
  void finish() noexcept {
    std::vector<std::shared_ptr<thread_work>> next;
    std::shared_ptr<thread_work> before; // let go of outside the lock
    {
      std::lock_guard const lock(mutex_);
      finished_ = true;
      before.swap(before_);
      next.swap(next_works_);
    }
    let_go();
    for (auto const& work : next) work->call_crew();
    done_.store(true);
    done_.notify_all();
  }
  std::shared_ptr<thread_work> predecessor() {
    std::lock_guard const lock(mutex_);
    return before_;
  }
  bool call_when_done(std::shared_ptr<thread_work> next) {
    std::lock_guard const lock(mutex_);
    if (finished_) return false;
    next_works_.push_back(std::move(next));
    return true;
  }

  thread_crew& crew_; // kept by the completion
  std::size_t shares_ = 0;
  std::atomic<std::size_t> next_{0}, open_{0};
  std::atomic<bool> done_{false};
  std::mutex mutex_;
  bool finished_ = false;
  std::vector<std::shared_ptr<thread_work>> next_works_;
  std::shared_ptr<thread_work> before_;
};

/// A loop as such work.
class thread_loop final : public thread_work {
public:
  /// `kept` is f, where it must last as long as the loop.
  thread_loop(thread_crew& crew, run_ref f, std::shared_ptr<void const> kept, std::size_t n, std::size_t grain,
              std::stop_token stop, std::size_t workers)
      : thread_work(crew), kept_(std::move(kept)), stop_(std::move(stop)), loop_(f, n, grain, stop_, workers) {}
  [[nodiscard]] std::size_t shares() const noexcept { return loop_.shares(); }

private:
  void work(std::size_t share) noexcept override { loop_.work(share); }
  void let_go() noexcept override { kept_.reset(); }
  [[nodiscard]] std::exception_ptr const& failure() const noexcept override { return loop_.failure(); }

  std::shared_ptr<void const> kept_;
  std::stop_token stop_;
  loop loop_;
};

} // namespace detail

/// Work that a thread_pool was given. `wait()` takes part in it.
class [[nodiscard]] thread_completion {
public:
  thread_completion() = default;
  thread_completion(std::shared_ptr<detail::thread_crew> crew, std::shared_ptr<detail::thread_work> work) noexcept
      : crew_(std::move(crew)), work_(std::move(work)) {}
  thread_completion(thread_completion&&) noexcept = default;
  thread_completion& operator=(thread_completion&& other) noexcept {
    settle();
    work_ = std::move(other.work_);
    crew_ = std::move(other.crew_);
    return *this;
  }
  ~thread_completion() { settle(); }

  [[nodiscard]] bool ready() const noexcept { return !work_ || work_->ready(); }
  void wait() {
    if (!work_) return;
    crew_->check_owner();
    work_->wait();
  }
  void settle() const noexcept { ///< wait() without the exception
    if (work_ && !crew_->is_copy()) work_->settle();
  }

private:
  friend class thread_pool;
  std::shared_ptr<detail::thread_crew> crew_;
  std::shared_ptr<detail::thread_work> work_;
};

}} // namespace trireme::v1
