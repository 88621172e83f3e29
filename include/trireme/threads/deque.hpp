/// @file threads/deque.hpp
/// Where tasks queue at the worker that made them.
#pragma once
#include <trireme/core/task_state.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A worker's own tasks (Chase and Lev, SPAA '05; orders after Lê et al., PPoPP '13): its owner puts and takes at the
/// bottom, the newest first, and others steal the oldest at the top.
class task_deque {
public:
  task_deque() : ring_(rings_.emplace_back(std::make_unique<ring>(std::size_t{256})).get()) {}

  /// By the owner. False where there is no memory for it.
  [[nodiscard]] bool push(task_state* task) noexcept {
    std::int64_t const bottom = bottom_.load(std::memory_order_relaxed), top = top_.load(std::memory_order_acquire);
    ring* r = ring_.load(std::memory_order_relaxed);
    if (bottom - top >= static_cast<std::int64_t>(r->size) && (r = grown(*r, top, bottom)) == nullptr) return false;
    r->at(bottom).store(task, std::memory_order_relaxed);
    bottom_.store(bottom + 1); // sequentially consistent: before the look at who sleeps
    return true;
  }
  /// By the owner; null: empty.
  [[nodiscard]] task_state* pop() noexcept {
    std::int64_t const bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (top_.load(std::memory_order_relaxed) > bottom) return nullptr;
    ring const* const r = ring_.load(std::memory_order_relaxed);
    bottom_.store(bottom);
    std::int64_t top = top_.load();
    task_state* task = nullptr;
    if (top <= bottom) {
      task = r->at(bottom).load(std::memory_order_relaxed);
      if (top < bottom) return task;
      if (!top_.compare_exchange_strong(top, top + 1)) task = nullptr; // the last one, and a thief was faster
    }
    bottom_.store(bottom + 1, std::memory_order_relaxed);
    return task;
  }
  /// By the owner: pop(), if that is this task.
  [[nodiscard]] bool pop_if(task_state const* task) noexcept {
    std::int64_t const bottom = bottom_.load(std::memory_order_relaxed) - 1;
    if (top_.load(std::memory_order_relaxed) > bottom) return false;
    if (ring_.load(std::memory_order_relaxed)->at(bottom).load(std::memory_order_relaxed) != task) return false;
    return pop() != nullptr;
  }
  /// By anyone; null: empty, or somebody else was faster.
  [[nodiscard]] task_state* steal() noexcept {
    std::int64_t top = top_.load();
    if (top >= bottom_.load()) return nullptr;
    task_state* const task = ring_.load(std::memory_order_acquire)->at(top).load(std::memory_order_relaxed);
    return top_.compare_exchange_strong(top, top + 1) ? task : nullptr;
  }
  [[nodiscard]] bool empty() const noexcept { return top_.load() >= bottom_.load(); }

private:
  struct ring {
    explicit ring(std::size_t n) : size(n), places(std::make_unique<std::atomic<task_state*>[]>(n)) {}
    [[nodiscard]] std::atomic<task_state*>& at(std::int64_t k) const noexcept {
      return places[static_cast<std::size_t>(k) & (size - 1)];
    }
    std::size_t size;
    std::unique_ptr<std::atomic<task_state*>[]> places;
  };

  ring* grown(ring const& old, std::int64_t top, std::int64_t bottom) noexcept try {
    auto next = std::make_unique<ring>(2 * old.size);
    for (std::int64_t k = top; k < bottom; ++k)
      next->at(k).store(old.at(k).load(std::memory_order_relaxed), std::memory_order_relaxed);
    rings_.push_back(std::move(next)); // the old ones stay, for thieves that look at them
    ring_.store(rings_.back().get(), std::memory_order_release);
    return rings_.back().get();
  } catch (std::bad_alloc const&) {
    return nullptr;
  }

  std::vector<std::unique_ptr<ring>> rings_;
  std::atomic<ring*> ring_;
  alignas(64) std::atomic<std::int64_t> top_{0};
  alignas(64) std::atomic<std::int64_t> bottom_{0};
};

}}} // namespace trireme::v1::detail
