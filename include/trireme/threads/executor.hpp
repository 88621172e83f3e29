/// @file threads/executor.hpp
/// A pool of threads in an arena of oneTBB of its own.
#pragma once
#include <trireme/core/count.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/host_memory.hpp>
#include <trireme/threads/cores.hpp>
#include <trireme/threads/crew.hpp>
#include <trireme/threads/loop.hpp>
#include <trireme/threads/work.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace trireme { inline namespace v1 {

/// A pool of threads. Copies are handles of the same pool; the last one stops and joins the threads.
///
/// A thread that calls an algorithm, or waits for a completion, takes the place of one of the workers: at most
/// `concurrency()` kernels of one call run at once. A kernel may itself use the pool. TBB algorithms that a kernel
/// calls stay inside the pool. Nothing is taken from other users of oneTBB in the program, and its limits
/// (tbb::global_control) do not apply here.
///
/// In a child that the program forks, copies of its pools are let go without a word; using one there throws std::logic_error.
class thread_pool : public detail::host_memory<thread_completion> {
public:
  /// As many workers as this process may use cores: hardware, affinity mask and cgroup quota counted in.
  thread_pool() : thread_pool(detail::available_cores()) {}

  /// `width` workers, which may be more than there are cores: right for work that waits.
  /// @throws std::invalid_argument for a width that is negative, 0 or over 65,535; std::system_error where the
  /// system has no more threads.
  explicit thread_pool(count<"width"> width) : width_(checked(width)) {
    // Also for a width of 1 a thread beside the caller's: what is handed over is done while he does something else.
    crew_ = std::shared_ptr<detail::thread_crew>(new detail::thread_crew(std::max(2, static_cast<int>(width_)), width_),
                                                 detail::thread_crew::release);
  }

  thread_pool(thread_pool const&) = default; // and no move: a handle always has a pool
  thread_pool& operator=(thread_pool const&) = default;
  ~thread_pool() = default;

  [[nodiscard]] std::size_t concurrency() const noexcept { return width_; }

  /// Asynchronous; runs on the pool's threads, and on the caller's from when it waits.
  /// Cost: three allocations and a wake-up; the algorithms, which wait at once, save these.
  template <class F>
  thread_completion bulk(count<"n"> n, F const& f, bulk_options<thread_completion> o = {}) const {
    detail::check_run_kernel<F>();
    if (n == 0u && !o.after) return {};
    auto const kept = std::make_shared<F const>(f);
    return launch(n, detail::run_ref(*kept), kept, o);
  }

  /// bulk and wait, with the calling thread as one of the workers: no copy of f, no allocation, no hand-over.
  template <class F>
  friend void on_bulk(thread_pool const& pool, std::size_t n, F const& f, bulk_options<thread_completion> const& o) {
    pool.run(n, detail::run_ref(f), o);
  }

  /// The pool that `text` names, for with_executor: "threads" or "threads:8".
  /// @throws std::invalid_argument for a width that no pool can have.
  static bool matches(std::string_view text) noexcept { return text == "threads" || width_in(text).has_value(); }
  static thread_pool named(std::string_view text) {
    return text == "threads" ? thread_pool{} : thread_pool{width_in(text).value()};
  }
  static constexpr std::string_view names = "threads[:N]";

  /// A scheduler of P2300, for programs that have stdexec and include trireme/interop/stdexec.hpp.
  template <class = void>
  [[nodiscard]] auto get_scheduler() const;

  /// The queue of single tasks. Its threads are other ones than those of loops: `concurrency()` of them, made with the
  /// first task. @throws std::system_error where the system has no more threads.
  friend detail::task_crew& tasks_of(thread_pool const& pool) {
    pool.crew_->check_owner();
    return pool.crew_->tasks();
  }

  friend bool operator==(thread_pool const& a, thread_pool const& b) noexcept { return a.crew_ == b.crew_; }

private:
  void run(std::size_t n, detail::run_ref f, bulk_options<thread_completion> const& o) const {
    crew_->check_owner();
    if (o.after) o.after->settle();
    if (n == 0) return;
    detail::loop work(f, n, o.grain, o.stop, width_);
    // Without room for another caller, this one works beside the crew and not as one of it.
    if (!crew_->try_run(work)) return launch(n, f, {}, o).wait();
    if (work.failure()) std::rethrow_exception(work.failure());
  }
  thread_completion launch(std::size_t n, detail::run_ref f, std::shared_ptr<void const> kept,
                           bulk_options<thread_completion> const& o) const {
    crew_->check_owner();
    auto work = std::make_shared<detail::thread_loop>(*crew_, f, std::move(kept), n, o.grain, o.stop, width_);
    work->launch(work->shares(), o.after ? o.after->work_ : nullptr);
    return {crew_, std::move(work)};
  }

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
