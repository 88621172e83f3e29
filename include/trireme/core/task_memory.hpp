/// @file task_memory.hpp
/// Memory for the states of tasks, which come and go by the million: each thread keeps some of what it gave back.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

struct free_block {
  free_block* next;
};
/// What a thread keeps, by sizes.
struct free_blocks {
  std::array<free_block*, 4> first{};
  std::array<std::uint32_t, 4> count{};
  bool let_go = false, watched = false;
};

/// Blocks of up to 256 bytes, in four sizes. What a thread keeps is bounded, and goes with it. A sanitizer sees each block
/// come and go.
class task_memory {
public:
  // Never inlined, for the same reason as task_worker::current.
  [[nodiscard, gnu::noinline]] static void* take(std::size_t bytes) {
    std::size_t const k = (bytes - 1) / step;
    if (k >= sizes) return ::operator new(bytes);
    if (block* const b = kept.first[k]; b != nullptr) {
      kept.first[k] = b->next;
      --kept.count[k];
      return b;
    }
    return ::operator new((k + 1) * step);
  }
  [[gnu::noinline]] static void give_back(void* p, std::size_t bytes) noexcept {
    std::size_t const k = (bytes - 1) / step;
    if (k >= sizes || kept.count[k] >= most || !keeping()) return ::operator delete(p);
    kept.first[k] = ::new (p) block{kept.first[k]};
    ++kept.count[k];
  }

private:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr std::uint32_t most = 0;
#else
  static constexpr std::uint32_t most = 256;
#endif
  static constexpr std::size_t step = 64, sizes = 4;

  using block = free_block;

  /// Lets go of what the thread kept, when it ends.
  struct end_of_thread {
    ~end_of_thread() {
      kept.let_go = true;
      for (block* b : kept.first)
        while (b != nullptr) ::operator delete(std::exchange(b, b->next));
      kept.first = {};
    }
    void watch() const noexcept { kept.watched = true; }
  };
  static bool keeping() noexcept {
    if (kept.let_go) return false;
    if (!kept.watched) {
      static thread_local end_of_thread const end;
      end.watch();
    }
    return true;
  }
  static inline constinit thread_local free_blocks kept{};
};

}}} // namespace trireme::v1::detail
