/// @file far_executor.hpp
/// A model of `executor` with memory of its own, for testing what a device or another process will need.
///
/// Its memory can't be touched but by a running kernel and by upload and download: anything else ends in SIGSEGV. Kernels
/// are copied byte by byte. Wrong sizes, foreign pointers and leaks end the program with a line that says so. It does its work at the last
/// moment, when somebody waits (`far_executor::lazy`), or at once.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/fn.hpp>

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <stop_token>
#include <string_view>
#include <utility>

namespace testing {

/// The memory of one far_executor. Each block ends at a page that nobody may touch.
class far_memory {
public:
  far_memory() = default;
  far_memory(far_memory const&) = delete;
  far_memory& operator=(far_memory const&) = delete;
  ~far_memory() {
    if (!blocks_.empty()) fail("a block was never freed");
  }

  void* allocate(std::size_t bytes, std::size_t align) {
    if (align == 0 || (align & (align - 1)) != 0 || align > page()) fail("a strange alignment");
    if (bytes > (std::size_t{1} << 40)) throw std::bad_alloc{};
    std::size_t const room = (bytes + page() - 1) / page() * page() + page();
    void* const map = mmap(nullptr, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED) throw std::bad_alloc{};
    char* const first = static_cast<char*>(map);
    char* const p = first + (room - page() - bytes) / align * align;
    std::lock_guard const lock(mutex_);
    blocks_[p] = {bytes, first, room};
    if (opened_ != 0) protect(blocks_[p], PROT_READ | PROT_WRITE);
    return p;
  }

  void deallocate(void* p, std::size_t bytes) noexcept {
    std::lock_guard const lock(mutex_);
    auto const at = blocks_.find(static_cast<char*>(p));
    if (at == blocks_.end()) fail("a pointer was freed that is not one of ours, or twice");
    if (at->second.bytes != bytes) fail("a block was freed with another size than it was allocated with");
    munmap(at->second.map, at->second.room);
    blocks_.erase(at);
  }

  /// Ends the program unless [p, p + bytes) lies inside one live block.
  void check(void const* p, std::size_t bytes) const {
    if (bytes == 0) return;
    std::lock_guard const lock(mutex_);
    char const* const first = static_cast<char const*>(p);
    auto at = blocks_.upper_bound(const_cast<char*>(first));
    if (at == blocks_.begin()) fail("a copy from or to host memory where ours was promised");
    --at;
    if (first + bytes > at->first + at->second.bytes) fail("a copy that leaves its block");
  }

  [[nodiscard]] std::size_t live() const {
    std::lock_guard const lock(mutex_);
    return blocks_.size();
  }

  /// While one of these exists, the memory can be touched.
  class access {
  public:
    explicit access(far_memory& m) : memory_(m) { memory_.open(1); }
    access(access const&) = delete;
    access& operator=(access const&) = delete;
    ~access() { memory_.open(-1); }

  private:
    far_memory& memory_;
  };

private:
  struct block {
    std::size_t bytes;
    void* map;
    std::size_t room;
  };

  void open(int change) {
    std::lock_guard const lock(mutex_);
    bool const was = opened_ != 0;
    opened_ += change;
    if (was == (opened_ != 0)) return;
    for (auto const& [p, b] : blocks_) protect(b, opened_ != 0 ? PROT_READ | PROT_WRITE : PROT_NONE);
  }
  static void protect(block const& b, int how) {
    if (b.room > page()) mprotect(b.map, b.room - page(), how);
  }
  static std::size_t page() {
    static std::size_t const size = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    return size;
  }
  [[noreturn]] static void fail(char const* what) {
    std::fprintf(stderr, "far_executor: %s\n", what);
    std::abort();
  }

  mutable std::mutex mutex_;
  std::map<char*, block> blocks_;
  int opened_ = 0;
};

/// Work that is done once, when somebody asks for it.
class far_work {
public:
  far_work(std::function<void()> action, std::shared_ptr<far_work> before)
      : action_(std::move(action)), before_(std::move(before)) {}
  [[nodiscard]] bool done() const noexcept { return done_; }
  void settle() noexcept {
    if (done_) return;
    if (before_) before_->settle();
    try {
      action_();
    } catch (...) {
      failure_ = std::current_exception();
    }
    done_ = true;
    action_ = nullptr;
    before_ = nullptr;
  }
  void wait() {
    settle();
    if (failure_) std::rethrow_exception(failure_);
  }

private:
  std::function<void()> action_;
  std::shared_ptr<far_work> before_;
  std::exception_ptr failure_;
  bool done_ = false;
};

class [[nodiscard]] far_completion {
public:
  far_completion() = default;
  explicit far_completion(std::shared_ptr<far_work> work) noexcept : work_(std::move(work)) {}
  far_completion(far_completion&&) noexcept = default;
  far_completion& operator=(far_completion&& other) noexcept {
    if (work_) work_->settle();
    work_ = std::move(other.work_);
    return *this;
  }
  ~far_completion() {
    if (work_) work_->settle();
  }
  [[nodiscard]] bool ready() const noexcept { return !work_ || work_->done(); }
  void wait() {
    if (work_) work_->wait();
  }
  [[nodiscard]] std::shared_ptr<far_work> const& work() const noexcept { return work_; }

private:
  std::shared_ptr<far_work> work_;
};

/// One thread, memory of its own. To be used from one thread.
class far_executor {
public:
  using completion_type = far_completion;
  enum timing { eager, lazy };

  explicit far_executor(timing when = eager, std::size_t width = 3)
      : memory_(std::make_shared<far_memory>()), when_(when), width_(width) {}

  [[nodiscard]] std::size_t concurrency() const noexcept { return width_; }

  /// From the back to the front, in runs of odd sizes.
  template <class F>
  far_completion bulk(trireme::count<"n"> n, F const& f, trireme::bulk_options<far_completion> o = {}) const {
    static_assert(trireme::transferable<F>, "far_executor: a kernel reached it that can't be copied byte by byte");
    struct alignas(F) bytes {
      std::byte raw[sizeof(F)];
    };
    bytes kernel;
    std::memcpy(kernel.raw, static_cast<void const*>(&f), sizeof(F));
    std::size_t const count = n, grain = o.grain;
    return start(
        [kernel, count, grain, stop = o.stop, memory = memory_] {
          constexpr std::array<std::size_t, 7> sizes{1, 3, 31, 4097, 7, 12'345, 97};
          F const& g = *std::launder(reinterpret_cast<F const*>(kernel.raw));
          std::size_t round = 0;
          for (std::size_t last = count; last > 0; ++round) {
            if (stop.stop_requested()) throw trireme::cancelled{};
            std::size_t const run = std::min(last, grain != 0 ? grain : sizes[round % sizes.size()]);
            far_memory::access const access(*memory);
            g(last - run, last);
            last -= run;
          }
        },
        o.after);
  }

  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t align) const { return memory_->allocate(bytes, align); }
  void deallocate(void* p, std::size_t bytes) const noexcept { memory_->deallocate(p, bytes); }

  far_completion upload(void const* from, void* to, std::size_t bytes, trireme::copy_options<far_completion> o = {}) const {
    memory_->check(to, bytes);
    return copy(from, to, bytes, o);
  }
  far_completion download(void const* from, void* to, std::size_t bytes, trireme::copy_options<far_completion> o = {}) const {
    memory_->check(from, bytes);
    return copy(from, to, bytes, o);
  }

  /// Blocks that were allocated and not freed.
  [[nodiscard]] std::size_t live() const { return memory_->live(); }

  static bool matches(std::string_view text) noexcept { return text == "far"; }
  static far_executor named(std::string_view) { return far_executor{}; }
  static constexpr std::string_view names = "far";

  friend bool operator==(far_executor const& a, far_executor const& b) noexcept { return a.memory_ == b.memory_; }

private:
  far_completion start(std::function<void()> action, trireme::after_ref<far_completion> after) const {
    auto work = std::make_shared<far_work>(std::move(action), after ? after->work() : nullptr);
    if (when_ == eager) work->settle();
    return far_completion(std::move(work));
  }
  far_completion copy(void const* from, void* to, std::size_t bytes, trireme::copy_options<far_completion> o) const {
    return start(
        [from, to, bytes, memory = memory_] {
          far_memory::access const access(*memory);
          if (bytes != 0) std::memcpy(to, from, bytes);
        },
        o.after);
  }

  std::shared_ptr<far_memory> memory_;
  timing when_;
  std::size_t width_;
};

static_assert(trireme::executor<far_executor> && !trireme::host_executor<far_executor>);

} // namespace testing
