/// @file processes/supervisor.hpp
/// The supervisor: a small process with one thread, from which workers are forked, and which watches over them.
///
/// It is a fresh image of the program that never reached main, so that its forks inherit no lock, no thread and no open
/// file of the parent's, and cost the same however large the parent is.
#pragma once
#include <trireme/processes/arena.hpp>
#include <trireme/processes/board.hpp>
#include <trireme/processes/claims.hpp>
#include <trireme/processes/forked_copy.hpp>
#include <trireme/processes/outbox.hpp>
#include <trireme/processes/wait.hpp>
#include <trireme/processes/worker.hpp>

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

extern "C" [[gnu::weak]] void __gcov_dump();

namespace trireme { inline namespace v1 { namespace detail {

class supervisor {
public:
  /// `become_worker()` makes a fresh process ready for user code.
  using preparation = void (*)();

  supervisor(board& b, shared_region const& region, int parent, preparation become_worker)
      : board_(b), plan_(b), region_(region), become_worker_(become_worker), watched_(1 + plan_.width), begun_(plan_.width) {
    watched_[0] = {parent, POLLIN, 0};
    for (std::uint32_t w = 0; w < plan_.width; ++w) watched_[1 + w] = {-1, POLLIN, 0};
  }

  /// Returns when the pool or its parent has ended, or is beyond help, and no worker is left.
  void run() {
    board_.program_base = loaded_module(reinterpret_cast<void const*>(become_worker_)).base;
    board_.ready.store(1);
    wake(board_.ready);
    for (std::uint32_t w = 0; w < plan_.width; ++w) start(w);
    watch();
    end_workers();
  }

private:
  static constexpr int most_false_starts = 5, most_stillborn = 20, most_tries = 100, retry_ms = 50, patience_ms = 1000;
  static constexpr std::int64_t second = 1'000'000'000;

  void watch() {
    for (;;) {
      if (missing_ != 0 && now_ns() >= not_before_) start_missing();
      if (board_.broken.load() != 0 || board_ != plan_) return;
      int const changed = ::poll(watched_.data(), watched_.size(), poll_ms());
      if (changed < 0 && errno != EINTR) return;
      if (changed > 0 && watched_[0].revents != 0) return;
      for (std::uint32_t w = 0; w < plan_.width; ++w)
        if (watched_[1 + w].fd >= 0 && watched_[1 + w].revents != 0) bury(w);
      if (plan_.timeout_ns != 0) kill_late_ones();
      if (board_.shutdown.load() != 0 &&
          std::all_of(watched_.begin() + 1, watched_.end(), [](pollfd const& p) { return p.fd < 0; }))
        return;
    }
  }

  /// They would go with this process, but leave their remains to process 1, which need not see to them.
  void end_workers() {
    for (std::uint32_t w = 0; w < plan_.width; ++w)
      if (int const worker = watched_[1 + w].fd; worker >= 0) ::syscall(SYS_pidfd_send_signal, worker, SIGKILL, nullptr, 0);
    for (std::uint32_t w = 0; w < plan_.width; ++w) {
      if (watched_[1 + w].fd < 0) continue;
      ::poll(&watched_[1 + w], 1, patience_ms);
      siginfo_t info{};
      ::waitid(P_PIDFD, static_cast<id_t>(watched_[1 + w].fd), &info, WEXITED | WNOHANG);
    }
  }

  [[nodiscard]] int poll_ms() const {
    if (missing_ != 0) {
      std::int64_t const left = (not_before_ - now_ns()) / 1'000'000 + 1;
      return left > 0 && left < retry_ms ? static_cast<int>(left) : retry_ms;
    }
    if (plan_.timeout_ns == 0) return -1;
    return static_cast<int>(std::clamp<std::int64_t>(plan_.timeout_ns / 8'000'000, 1, 50));
  }

  void start(std::uint32_t w) {
    pid_t const self = ::getpid();
    worker_state& state = board_.workers()[w];
    state.started.store(worker_state::starting);
    state.asleep.store(0);
    state.deadline.store(0);
    pid_t const pid = ::fork();
    if (pid == 0) {
      state.pid.store(::getpid()); // here too: this process may be killed before it comes to that
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (::getppid() != self) ::_exit(0);
      for (auto const& p : watched_)
        if (p.fd >= 0) ::close(p.fd);
      work(w);
    }
    int const watch = pid < 0 ? -1 : open_process(pid);
    if (watch < 0) { // no more processes or files
      board_.start_error.store(static_cast<std::uint32_t>(errno));
      if (pid > 0) ::kill(pid, SIGKILL);
      if (pid > 0) ::waitpid(pid, nullptr, 0);
      state.pid.store(0);
      ++missing_;
      return;
    }
    state.pid.store(pid);
    begun_[w] = now_ns();
    watched_[1 + w].fd = watch;
  }

  void start_later(int milliseconds) {
    ++missing_;
    not_before_ = now_ns() + std::int64_t{milliseconds} * 1'000'000;
  }

  /// The others go on meanwhile. Without any, or for too long, there is no hope.
  void start_missing() {
    missing_ = 0;
    for (std::uint32_t w = 0; w < plan_.width && missing_ == 0; ++w)
      if (watched_[1 + w].fd < 0) start(w);
    bool const nobody = std::all_of(watched_.begin() + 1, watched_.end(), [](pollfd const& p) { return p.fd < 0; });
    tries_ = missing_ == 0 ? 0 : tries_ + 1;
    if (nobody || tries_ > most_tries) board_.broken.store(1);
  }

  [[noreturn]] void work(std::uint32_t w) {
    ::prctl(PR_SET_NAME, "trireme-worker");
    // Memory that was touched once is kept: an argument of 100 MB would be paged in anew for every call.
    ::mallopt(M_MMAP_THRESHOLD, 1 << 30);
    ::mallopt(M_TRIM_THRESHOLD, INT_MAX);
    prefer_for_oom_killer();
    become_worker_();
    // A kernel may call exit(): the destructors of the program's globals are not for it to run.
    ::on_exit([](int status, void*) { leave(status); }, nullptr);
    forked_copy::watch(region_);
    worker_side(board_, region_, w).serve();
    leave(0);
  }

  [[noreturn]] static void leave(int status) {
    std::fflush(nullptr);
    if (__gcov_dump != nullptr) __gcov_dump();
    ::_exit(status);
  }

  /// Where memory runs out, a worker goes rather than the program.
  static void prefer_for_oom_killer() {
    int const file = beyond_streams(::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    if (file < 0) return; // no /proc: the system chooses
    [[maybe_unused]] auto const written = ::write(file, "500", 3);
    ::close(file);
  }

  /// A worker has ended: says what was lost with it, and starts another in its place.
  void bury(std::uint32_t w) {
    siginfo_t info{};
    if (::waitid(P_PIDFD, static_cast<id_t>(watched_[1 + w].fd), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0) return;
    ::close(watched_[1 + w].fd);
    watched_[1 + w].fd = -1;
    bool const by_signal = info.si_code != CLD_EXITED;
    if (!settle_claims(board_, plan_, w, failure_record::ended, by_signal, info.si_status)) board_.broken.store(1);
    if (board_.shutdown.load() != 0 || board_.broken.load() != 0) return;
    if (is_hopeless(board_.workers()[w].started.load(), by_signal && info.si_status == SIGKILL, now_ns() - begun_[w]))
      board_.broken.store(1);
    else if (killed_idle_ > most_false_starts)
      start_later(std::min(killed_idle_ - most_false_starts, retry_ms)); // it may be the system, for want of memory
    else
      start(w);
  }

  /// Whether the workers end again and again before they have done any work. Those that die at work may do so for ever, and
  /// who kills one from outside says nothing about the next, once that has begun to serve.
  bool is_hopeless(std::uint32_t progress, bool killed, std::int64_t lived) {
    if (progress == worker_state::worked || lived > second) {
      false_starts_ = stillborn_ = killed_idle_ = 0;
      return false;
    }
    if (killed)
      ++killed_idle_;
    else
      ++false_starts_;
    stillborn_ = progress == worker_state::starting ? stillborn_ + 1 : 0;
    return false_starts_ > most_false_starts || stillborn_ > most_stillborn;
  }

  void kill_late_ones() {
    std::int64_t const now = now_ns();
    for (std::uint32_t w = 0; w < plan_.width; ++w) {
      auto& deadline = board_.workers()[w].deadline;
      std::int64_t until = deadline.load();
      if (until <= 0 || now < until) continue;
      // By exchange: a worker that has just finished its run is spared.
      if (watched_[1 + w].fd >= 0 && deadline.compare_exchange_strong(until, worker_state::condemned))
        ::syscall(SYS_pidfd_send_signal, watched_[1 + w].fd, SIGKILL, nullptr, 0);
    }
  }

  board& board_;
  board_plan const plan_;
  shared_region const& region_;
  preparation become_worker_;
  std::vector<pollfd> watched_;
  std::vector<std::int64_t> begun_; ///< when each worker started
  // Of workers that ended in their first second without any work, since the last one that did better:
  int false_starts_ = 0; ///< by themselves
  int killed_idle_ = 0;  ///< by SIGKILL
  int stillborn_ = 0;    ///< before they came to serve, however they ended
  int missing_ = 0; ///< at least so many could not be started
  int tries_ = 0;   ///< to start them, without success
  std::int64_t not_before_ = 0;
};

}}} // namespace trireme::v1::detail
