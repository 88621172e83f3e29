/// @file processes/crew.hpp
/// The parent's side of a pool: its region, its supervisor, and its end of the queue.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/forks.hpp>
#include <trireme/processes/arena.hpp>
#include <trireme/processes/board.hpp>
#include <trireme/processes/claims.hpp>
#include <trireme/processes/heap.hpp>
#include <trireme/processes/image.hpp>
#include <trireme/processes/open_tasks.hpp>
#include <trireme/processes/outbox.hpp>
#include <trireme/processes/wait.hpp>

#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

class process_crew : public std::enable_shared_from_this<process_crew> {
public:
  process_crew(std::size_t width, std::size_t retries, std::int64_t timeout_ns, std::size_t memory)
      : region_(memory), plan_(plan_board(region_.size(), width, retries, timeout_ns)), board_(*new(region_.base()) board(plan_)),
        owner_(::getpid()) {
    std::size_t const heap = (plan_.outboxes + width * plan_.outbox_size + unit - 1) / unit * unit;
    if (heap + unit > region_.size() || !region_.commit(0, plan_.outbox_maps)) throw std::bad_alloc{};
    for (std::size_t w = 0; w < width; ++w) new (board_.workers() + w) worker_state;
    heap_.emplace(region_, heap, region_.size());
    tasks_ = std::make_unique<open_tasks>(board_, [this] { look_after(); });
    std::lock_guard const lock(mutex_);
    start();
  }
  process_crew(process_crew const&) = delete;
  process_crew& operator=(process_crew const&) = delete;

  ~process_crew() {
    if (owner_ != ::getpid()) { // in a child that the program forked, the pool is not ours, and has no threads
      static_cast<void>(tasks_.release());
      reaper_.forget();
      return;
    }
    tasks_.reset();
    if (supervisor_ < 0) return;
    board_.shutdown.store(1);
    board_.bell.fetch_add(1);
    wake(board_.bell);
    if (!supervisor_ended(patience_ms)) end_supervisor();
    bury_supervisor();
  }

  [[nodiscard]] shared_region const& region() const noexcept { return region_; }
  [[nodiscard]] board& shared() noexcept { return board_; }
  /// A function of this program, by its place.
  [[nodiscard]] code_place place_of_code(void const* function) { return name_code_(function); }
  [[nodiscard]] shared_heap& heap() noexcept { return *heap_; }
  [[nodiscard]] open_tasks& tasks() noexcept { return *tasks_; }
  [[nodiscard]] bool owned_by_caller() const noexcept { return owner_ == ::getpid(); }
  [[nodiscard]] bool is_copy() const noexcept { return process_ != this_process::number(); } ///< as that says, at less cost
  [[nodiscard]] std::uint32_t width() const noexcept { return plan_.width; }

  /// The board was overwritten. What lies in the region is not to be read any more, and no worker is left.
  [[nodiscard]] bool overwritten() const noexcept { return overwritten_.load(); }
  static error overwritten_error() {
    return error("trireme: process_pool: a kernel has overwritten what the pool keeps in shared memory: the pool has ended");
  }

  /// Puts a job into the queue. Waits where that is full.
  void publish(job& j) {
    std::unique_lock lock(mutex_);
    while (board_.tail.load(std::memory_order_relaxed) - board_.head.load() >= board::queue_size) {
      lock.unlock(); // others take their results meanwhile
      std::uint64_t const head = board_.head.load();
      if (!spin_until([&] { return board_.head.load() != head; })) ::usleep(100);
      lock.lock();
      if (std::int64_t const now = now_ns(); now - looked_at_ > look_every_ns) look_after_supervisor(now);
      if (overwritten()) throw overwritten_error();
    }
    if (std::int64_t const now = now_ns(); now - looked_at_ > look_every_ns || board_ != plan_) look_after_supervisor(now);
    if (overwritten()) throw overwritten_error();
    if (supervisor_ < 0) start();
    std::uint64_t const ticket = board_.tail.load(std::memory_order_relaxed);
    j.ticket = ticket;
    board_.queue[ticket % board::queue_size].store(board_.offset(&j), std::memory_order_relaxed);
    board_.tail.store(ticket + 1);
    ring(j.chunks);
  }

  /// Returns when the job is complete, or at that time of now_ns(): whether it is complete.
  bool wait_for(job& j, std::int64_t until = std::numeric_limits<std::int64_t>::max()) {
    auto const complete = [&] { return j.complete.load(std::memory_order_acquire) != 0 || overwritten(); };
    if (is_copy()) return complete(); // whoever it belongs to looks after it
    if (spin_until(complete)) return true;
    while (!complete()) {
      std::int64_t const now = now_ns();
      if (until <= now) return false;
      std::int64_t const left = until - now;
      sleep_on(j.complete, 0, std::min(left, look_every_ns));
      if (complete()) return true;
      look_after();
    }
    return true;
  }
  /// If the supervisor has ended, so have all jobs.
  void look_after() {
    std::lock_guard const lock(mutex_);
    look_after_supervisor(now_ns());
  }

  /// For the last handle of the pool: nothing that it was given is under way any more.
  static void end_tasks(std::shared_ptr<process_crew> crew) {
    if (!crew->owned_by_caller()) return;
    if (crew->tasks().has_this_thread()) // which can't wait for itself
      std::thread([kept = std::move(crew)] { kept->tasks().close(); }).detach();
    else
      crew->tasks().close();
  }

  /// Frees a complete job, now or when no worker looks at it any more.
  void take_back(job& j) noexcept {
    std::lock_guard const lock(mutex_);
    if (overwritten()) return heap_->deallocate(&j);
    std::uint64_t ticket = j.ticket; // whoever did the last chunk need not have come to move the head
    board_.head.compare_exchange_strong(ticket, ticket + 1);
    if (free_if_unseen(j)) {
      if (!seen_.empty()) std::erase_if(seen_, [this](job* s) { return free_if_unseen(*s); });
    } else {
      seen_.push_back(&j);
    }
  }

private:
  static constexpr std::size_t unit = std::size_t{1} << 16;
  static constexpr int patience_ms = 2000;
  static constexpr std::int64_t look_every_ns = 20'000'000, second = 1'000'000'000;
  static constexpr int most_fruitless = 5;

  bool free_if_unseen(job& j) noexcept {
    std::uint64_t const offset = board_.offset(&j);
    for (std::uint32_t w = 0; w < plan_.width; ++w)
      if ((board_.workers()[w].looking.load() & ~worker_state::not_sure) == offset) return false;
    heap_->deallocate(&j);
    return true;
  }

  void ring(std::uint32_t chunks) noexcept {
    std::uint32_t asleep = 0;
    for (std::uint32_t w = 0; w < plan_.width && asleep < chunks; ++w) asleep += board_.workers()[w].asleep.load();
    if (asleep == 0) return;
    board_.bell.fetch_add(1);
    wake(board_.bell, static_cast<int>(asleep));
  }

  void start() {
    board_.ready.store(0);
    board_.broken.store(0);
    board_.start_error.store(0);
    for (std::uint32_t w = 0; w < plan_.width; ++w) board_.workers()[w].started.store(worker_state::starting);
    auto started = start_supervisor(region_);
    supervisor_ = started.pidfd;
    reaper_ = std::move(started.its_reaper);
    looked_at_ = now_ns();
    if (started.forked) { // the workers have the program where we have it
      board_.program_base = loaded_module(reinterpret_cast<void const*>(&enter_image)).base;
      return;
    }
    auto const ready = [&] { return board_.ready.load() != 0; };
    if (spin_until(ready)) return;
    while (!ready()) {
      sleep_on(board_.ready, 0, look_every_ns);
      if (!ready() && supervisor_ended(0)) {
        bury_supervisor();
        throw error("trireme: process_pool: the supervisor of the workers ended before it was ready");
      }
    }
  }

  bool supervisor_ended(int milliseconds) const noexcept {
    pollfd watch{supervisor_, POLLIN, 0};
    int changed = 0;
    do changed = ::poll(&watch, 1, milliseconds);
    while (changed < 0 && errno == EINTR);
    return changed > 0;
  }

  void end_supervisor() const noexcept {
    ::syscall(SYS_pidfd_send_signal, supervisor_, SIGKILL, nullptr, 0);
    supervisor_ended(-1);
  }

  void bury_supervisor() noexcept {
    // Our child where it was forked; or where we are process 1 or reap for others.
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(supervisor_), &info, WEXITED | WNOHANG | __WALL);
    ::close(supervisor_);
    supervisor_ = -1;
    reaper_.wait();
  }

  /// If the supervisor has ended, its workers end too; what they were at is lost, or tried again. What they had not come
  /// to is for the workers of another supervisor.
  void look_after_supervisor(std::int64_t now) noexcept {
    std::int64_t const before = std::exchange(looked_at_, now);
    bool intact = board_ == plan_;
    if (supervisor_ < 0) {
      if (!intact) overwritten_.store(true);
      return;
    }
    if (!intact) end_supervisor();
    if (intact && !supervisor_ended(0)) return;
    bool worked = now - before > second; // with nobody here, it may have been at it for long
    for (std::uint32_t w = 0; w < plan_.width; ++w) {
      worked = worked || board_.workers()[w].started.load() == worker_state::worked;
      if (intact) wait_for_end(board_.workers()[w].pid.load());
    }
    bury_supervisor();
    bool left = board_.head.load() != board_.tail.load();
    for (std::uint32_t w = 0; w < plan_.width && intact; ++w) {
      auto const more = settle_claims(board_, plan_, w, failure_record::unwatched, true, SIGKILL);
      intact = more.has_value();
      left = left || more.value_or(false);
    }
    if (!intact) {
      overwritten_.store(true);
      return;
    }
    if (!left) return;
    fruitless_ = worked ? 0 : fruitless_ + 1;
    try {
      if (board_.broken.load() != 0 || fruitless_ > most_fruitless) throw std::bad_alloc{};
      start();
    } catch (...) {
      lose_all();
    }
  }

  static void wait_for_end(pid_t pid) noexcept {
    int const process = pid > 0 ? open_process(pid) : -1;
    if (process < 0) return;
    pollfd watch{process, POLLIN, 0};
    ::poll(&watch, 1, patience_ms);
    ::close(process);
  }

  /// Nobody will ever work on what is in the queue.
  void lose_all() noexcept {
    std::uint64_t const head = board_.head.load(), tail = board_.tail.load();
    if (tail - head > board::queue_size) overwritten_.store(true);
    for (std::uint64_t t = head; t != tail && !overwritten(); ++t) lose(board_.queue[t % board::queue_size].load());
    if (overwritten()) return;
    board_.head.store(tail);
    fruitless_ = 0;
    for (std::uint32_t w = 0; w < plan_.width; ++w) {
      if (auto const at = board_.workers()[w].was_at(); at != 0) lose(at);
      board_.workers()[w].looking.store(0);
    }
  }
  void lose(std::uint64_t offset) noexcept {
    if (!board_.may_be_job(plan_, offset)) return overwritten_.store(true);
    job& j = board_.job_at(offset);
    if (j.complete.load() != 0) return;
    if (j.failed.exchange(~0u) == 0 || j.failure.what == failure_record::none) {
      j.failure = {};
      j.failure.what = failure_record::unstarted;
      j.failure.value = static_cast<std::int32_t>(board_.start_error.load());
      j.failure.last = j.n;
    }
    board_.complete(j);
  }

  shared_region region_;
  board_plan const plan_;
  board& board_;
  pid_t owner_;
  int const process_ = this_process::number();
  code_namer name_code_{board_.modules};
  std::optional<shared_heap> heap_;
  std::mutex mutex_; ///< the parent's end of the queue, and the supervisor
  int supervisor_ = -1;
  reaper reaper_;
  std::int64_t looked_at_ = 0;
  int fruitless_ = 0; ///< supervisors in a row whose workers did no work
  std::atomic<bool> overwritten_{false};
  std::vector<job*> seen_; ///< complete, but a worker still looks at them
  std::unique_ptr<open_tasks> tasks_;
};

}}} // namespace trireme::v1::detail
