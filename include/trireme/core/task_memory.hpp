/// @file task_memory.hpp
/// Memory for the states of tasks, which come and go by the million, and mostly go on another thread than they came.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

struct free_block {
  free_block* next;
  free_block* next_batch;
};

/// Whether the address or the thread sanitizer looks on.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
inline constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
inline constexpr bool sanitized = false;
#endif

/// Full batches, which pass from threads that end tasks to threads that make them (after J. Bonwick's magazines, USENIX '01).
class batch_depot {
public:
  /// False: it is full.
  [[nodiscard]] bool put(free_block* batch) noexcept {
    std::lock_guard const lock(mutex_);
    if (count_ == most) return false;
    batch->next_batch = std::exchange(first_, batch);
    ++count_;
    return true;
  }
  /// Null: it is empty.
  [[nodiscard]] free_block* take() noexcept {
    std::lock_guard const lock(mutex_);
    if (first_ == nullptr) return nullptr;
    --count_;
    return std::exchange(first_, first_->next_batch);
  }

private:
  static constexpr std::uint32_t most = 64;
  std::mutex mutex_;
  free_block* first_ = nullptr;
  std::uint32_t count_ = 0;
};

/// What a thread keeps of one size: a batch that it takes from and adds to, and a full one or none.
struct free_blocks {
  free_block* first = nullptr;
  free_block* full = nullptr;
  std::uint32_t count = 0;
};

/// Blocks of up to 256 bytes, in four sizes. What threads keep is bounded, and goes with them; the depots stay. A sanitizer
/// sees each block come and go.
class task_memory {
public:
  // Never inlined, for the same reason as task_worker::current.
  [[nodiscard, gnu::noinline]] static void* take(std::size_t bytes) {
    std::size_t const k = (bytes - 1) / step;
    if (k >= sizes) return ::operator new(bytes);
    free_blocks& mine = kept[k];
    if (mine.first == nullptr && batch != 0) {
      mine.first = mine.full != nullptr ? std::exchange(mine.full, nullptr) : depots[k].take();
      mine.count = mine.first != nullptr ? batch : 0;
    }
    if (mine.first == nullptr) return ::operator new((k + 1) * step);
    --mine.count;
    return std::exchange(mine.first, mine.first->next);
  }
  [[gnu::noinline]] static void give_back(void* p, std::size_t bytes) noexcept {
    std::size_t const k = (bytes - 1) / step;
    if (k >= sizes || batch == 0 || !keeping()) return ::operator delete(p);
    free_blocks& mine = kept[k];
    if (mine.count == batch) {
      if (mine.full != nullptr && !depots[k].put(mine.full)) drop(mine.full);
      mine.full = std::exchange(mine.first, nullptr);
      mine.count = 0;
    }
    mine.first = ::new (p) free_block{mine.first, nullptr};
    ++mine.count;
  }

private:
  static constexpr std::uint32_t batch = sanitized ? 0 : 128;
  static constexpr std::size_t step = 64, sizes = 4;

  static void drop(free_block* b) noexcept {
    while (b != nullptr) ::operator delete(std::exchange(b, b->next));
  }
  /// Lets go of what the thread kept, when it ends.
  struct end_of_thread {
    ~end_of_thread() {
      let_go = true;
      for (free_blocks& blocks : kept) {
        drop(blocks.first);
        drop(blocks.full);
        blocks = {};
      }
    }
    void watch() const noexcept { watched = true; }
  };
  static bool keeping() noexcept {
    if (let_go) return false;
    if (!watched) {
      static thread_local end_of_thread const end;
      end.watch();
    }
    return true;
  }

  static inline constinit std::array<batch_depot, sizes> depots{};
  static inline constinit thread_local std::array<free_blocks, sizes> kept{};
  static inline constinit thread_local bool let_go = false, watched = false;
};

}}} // namespace trireme::v1::detail
