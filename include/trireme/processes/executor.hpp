/// @file processes/executor.hpp
/// A pool of worker processes: a kernel that crashes, hangs or is killed ends as an exception, and the pool goes on.
#pragma once
#if !defined(__linux__)
#error "trireme: process_pool needs Linux; the other executors do not: leave this header out"
#endif
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/deadline.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/processes/bulk.hpp>
#include <trireme/processes/crew.hpp>
#include <trireme/threads/cores.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace trireme { inline namespace v1 {

class process_pool;

/// Options of process_pool.
struct process_options {
  /// How often a run of indices that was lost with its worker is tried again. A kernel with side effects may then have
  /// them twice. What a kernel throws is not tried again.
  count<"retries"> retries = 0;
  /// How long the kernel may take at once; 0: for ever. The worker that exceeds it is killed, and the call throws
  /// `timed_out`. With a timeout, a kernel over indices or elements is called for one at a time unless a chunk size is given.
  time_span timeout = {};
  /// The most that buffers and arguments may take together, in bytes; 0, and more than can be addressed: what the system has.
  count<"memory"> memory = 0;
};

namespace detail {

std::shared_ptr<process_crew> const& crew_of(process_pool const& pool);

} // namespace detail

/// Work that a process_pool was given.
class [[nodiscard]] process_completion {
public:
  process_completion() = default;
  explicit process_completion(std::shared_ptr<detail::process_work> work) noexcept : work_(std::move(work)) {}
  process_completion(process_completion&&) noexcept = default;
  process_completion& operator=(process_completion&& other) noexcept {
    settle();
    work_ = std::move(other.work_);
    return *this;
  }
  ~process_completion() { settle(); }

  [[nodiscard]] bool ready() const noexcept { return !work_ || work_->ready(); }
  void wait() {
    if (work_) work_->wait();
  }
  void settle() const noexcept { ///< wait() without the exception
    if (work_) work_->settle();
  }

private:
  friend class process_pool;
  std::shared_ptr<detail::process_work> work_;
};

/// A pool of worker processes. Copies are handles of the same pool; the last one stops the workers.
///
/// Kernels are portable ones, and run in processes that share with the program only the pool's own memory: buffers, and
/// what is copied there for a call. They see globals as the program's static initialisation left them, and what they
/// change in them stays with the worker; the program's open files, threads and locks are not there. A pool can be made at
/// any time, on any thread. While a worker starts, the program's static initialisation runs there too; main does not.
///
/// What a kernel throws arrives as the same type where it is one of the standard library's or of Trireme's, else as
/// `remote_error`. A worker that ends in a kernel gives `worker_lost`, one that exceeds the timeout `timed_out`.
class process_pool {
public:
  using completion_type = process_completion;

  /// As many workers as this process may use cores.
  process_pool() : process_pool(detail::available_cores()) {}
  explicit process_pool(process_options const& options) : process_pool(detail::available_cores(), options) {}

  /// `width` workers, which may be more than there are cores: right for work that waits.
  /// @throws std::invalid_argument for a width of 0 or over 65,535, too many retries, a negative timeout; std::bad_alloc;
  /// error where there is no room in the address space for one more: there is for some hundreds of pools at a time;
  /// std::system_error where the system has no more processes or files; where it has none for any worker, the first call
  /// says so, and where it has some, the pool works with those, and tries to start the others for some seconds.
  explicit process_pool(count<"width"> width, process_options const& options = {}) : width_(checked(width)) {
    if (options.retries > detail::claim::most_lost)
      throw std::invalid_argument("trireme: process_pool: retries must be at most 16383");
    if (options.timeout.count() < 0) throw std::invalid_argument("trireme: process_pool: timeout must not be negative");
    // In a worker that is about to start, the program's own pools are made once more; they have no work there.
    if (detail::process_role::current == detail::process_role::initialising) return;
    std::size_t const least = least_memory * width_;
    bool const limited = options.memory != 0u && options.memory < (default_memory - std::min(least, default_memory)) / 2;
    std::size_t const memory = limited ? options.memory * 2 + least : default_memory;
    auto const timeout = std::min<std::chrono::nanoseconds>(options.timeout, detail::longest_time);
    auto const crew = std::make_shared<detail::process_crew>(width_, options.retries, timeout.count(), memory);
    // What outlives the handles, as a future may, keeps the memory, but gives the workers nothing more to do.
    crew_ = {crew.get(), [crew](detail::process_crew*) { detail::process_crew::end_tasks(crew); }};
  }

  process_pool(process_pool const&) = default; // and no move: a handle always has a pool
  process_pool& operator=(process_pool const&) = default;
  ~process_pool() = default;

  [[nodiscard]] std::size_t concurrency() const noexcept { return width_; }

  /// Asynchronous; the workers take runs of indices as they come to it. Bound pointers and spans lie in the pool's memory.
  /// @throws std::invalid_argument that names the bound argument, where one does not; then no worker runs.
  template <class F>
  process_completion bulk(count<"n"> n, F const& f, bulk_options<process_completion> o = {}) const {
    if constexpr (accepts<F>())
      return launch(n, detail::kernel_parcel::of(f), o);
    else
      return {};
  }

  /// The pool's inside, for what the library builds on it.
  friend std::shared_ptr<detail::process_crew> const& detail::crew_of(process_pool const& pool);

  /// bulk and wait, without what only asynchronous work needs.
  template <class F>
  friend void on_bulk(process_pool const& pool, std::size_t n, F const& f, bulk_options<process_completion> const& o) {
    if constexpr (accepts<F>()) pool.run(n, detail::kernel_parcel::of(f), o);
  }

  /// What follows a task runs on a thread of this process.
  friend detail::task_crew& tasks_of(process_pool const& pool) { return pool.crew()->tasks().callbacks(); }

  /// Memory that this process and all workers see at the same address. Cost: that of touching it for the first time.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t align) const { return crew()->heap().allocate(bytes, align); }
  void deallocate(void* p, std::size_t) const noexcept { crew_->heap().deallocate(p); }

  /// A copy; done before the call returns, unless it has to wait for other work: then when somebody waits for it.
  process_completion upload(void const* from, void* to, std::size_t bytes, copy_options<process_completion> o = {}) const {
    auto before = o.after ? o.after->work_ : nullptr;
    if (before && !before->ready())
      return process_completion{std::make_shared<detail::process_copy>(std::move(before), from, to, bytes)};
    if (bytes != 0) std::memcpy(to, from, bytes);
    return {};
  }
  process_completion download(void const* from, void* to, std::size_t bytes, copy_options<process_completion> o = {}) const {
    return upload(from, to, bytes, o);
  }

  /// The pool that `text` names, for with_executor: "processes" or "processes:4".
  /// @throws std::invalid_argument for a width that no pool can have.
  static bool matches(std::string_view text) noexcept { return text == "processes" || width_in(text).has_value(); }
  static process_pool named(std::string_view text) {
    return text == "processes" ? process_pool{} : process_pool{width_in(text).value()};
  }
  static constexpr std::string_view names = "processes[:N]";

  friend bool operator==(process_pool const& a, process_pool const& b) noexcept { return a.crew_ == b.crew_; }

private:
  static constexpr std::size_t widest = 65'535;
  static constexpr std::size_t default_memory = detail::shared_region::largest;
  static constexpr std::size_t least_memory = std::size_t{1} << 24; ///< for each worker, beside the user's

  template <class F>
  static consteval bool accepts() {
    return detail::accepts_kernel<process_pool, F, std::size_t, std::size_t>();
  }

  process_completion launch(std::size_t n, detail::kernel_parcel const& f, bulk_options<process_completion> const& o) const {
    auto before = o.after ? o.after->work_ : nullptr;
    if (n == 0 && !before) return {};
    detail::job const* const after = pending(before);
    return process_completion{
        std::make_shared<detail::process_bulk_work>(std::move(before), crew(), n, f, o.grain, o.stop, after)};
  }
  void run(std::size_t n, detail::kernel_parcel const& f, bulk_options<process_completion> const& o) const {
    if (o.after) o.after->settle();
    if (n == 0) return;
    detail::process_bulk work(crew(), n, f, o.grain, o.stop, nullptr);
    work.wait();
    if (auto const failure = work.failure()) std::rethrow_exception(failure);
  }

  static std::size_t checked(std::size_t width) {
    if (width == 0 || width > widest)
      throw std::invalid_argument("trireme: process_pool: width must be 1 to 65535, but is " + std::to_string(width));
    return width;
  }

  std::shared_ptr<detail::process_crew> const& crew() const {
    if (!crew_ || !crew_->owned_by_caller())
      throw std::logic_error("trireme: process_pool: this pool belongs to another process: a kernel can't use the pool that it "
                             "runs on, nor can a child that the program forked, nor a global that is initialised in a worker");
    return crew_;
  }

  static detail::job const* pending(std::shared_ptr<detail::process_work> const& before) {
    if (!before || before->ready()) return nullptr;
    if (auto const* const j = before->pending_job()) return j;
    before->settle();
    return nullptr;
  }

  /// N in "processes:N".
  static std::optional<std::size_t> width_in(std::string_view text) noexcept {
    constexpr std::string_view prefix = "processes:";
    if (!text.starts_with(prefix)) return {};
    text.remove_prefix(prefix.size());
    std::size_t width = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), width);
    if (failure != std::errc{} || end != text.data() + text.size()) return {};
    return width;
  }

  std::size_t width_;
  std::shared_ptr<detail::process_crew> crew_;
};

inline std::shared_ptr<detail::process_crew> const& detail::crew_of(process_pool const& pool) { return pool.crew(); }

static_assert(executor<process_pool> && !host_executor<process_pool>);

}} // namespace trireme::v1
