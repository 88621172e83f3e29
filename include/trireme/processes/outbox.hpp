/// @file processes/outbox.hpp
/// A worker's own part of the region, for messages to the parent whose size nobody knew before: results and texts.
///
/// Pages in use are bits in shared memory, which the worker alone sets and the parent clears when it has read the
/// message: so they stay right, whoever dies.
#pragma once
#include <trireme/processes/arena.hpp>
#include <trireme/processes/board.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>

namespace trireme { inline namespace v1 { namespace detail {

class outbox {
public:
  static constexpr std::size_t page = 4096;

  outbox(board& b, std::uint32_t worker)
      : first_(b.outboxes + worker * b.outbox_size), pages_(b.outbox_size / page),
        used_(reinterpret_cast<std::atomic<std::uint64_t>*>(b.base() + b.outbox_maps + worker * map_bytes(b.outbox_size))) {}

  /// What the bits for an outbox take.
  static constexpr std::size_t map_bytes(std::size_t outbox_size) { return (outbox_size / page / 8 + page - 1) / page * page; }

  /// The offset of room for a message. For the worker. @throws std::bad_alloc
  std::uint64_t allocate(shared_region const& region, worker_state& state, std::size_t bytes) {
    std::size_t const want = pages_of(bytes);
    std::size_t run = 0;
    for (std::size_t p = 0; p < pages_; ++p) {
      run = used(p) ? 0 : run + 1;
      if (run < want) continue;
      std::size_t const begin = p + 1 - want;
      std::uint64_t const at = first_ + begin * page;
      if (p >= committed_) {
        if (!region.commit(first_ + committed_ * page, (p + 1 - committed_) * page)) break;
        committed_ = p + 1;
      }
      state.unsent_size.store(bytes);
      state.unsent.store(at);
      for (std::size_t k = begin; k <= p; ++k) used_[k / 64].fetch_or(std::uint64_t{1} << k % 64);
      return at;
    }
    throw std::bad_alloc{};
  }

  /// For the parent, and the supervisor on behalf of a worker that died. Ignores what is no message.
  static void release(board& b, std::uint64_t at, std::size_t bytes) noexcept {
    if (at < b.outboxes || at - b.outboxes >= b.width * b.outbox_size) return;
    outbox box(b, static_cast<std::uint32_t>((at - b.outboxes) / b.outbox_size));
    std::size_t const begin = (at - box.first_) / page, end = std::min(box.pages_, begin + pages_of(bytes));
    for (std::size_t k = begin; k < end; ++k) box.used_[k / 64].fetch_and(~(std::uint64_t{1} << k % 64));
  }

private:
  static std::size_t pages_of(std::size_t bytes) { return std::max<std::size_t>(1, (bytes + page - 1) / page); }
  [[nodiscard]] bool used(std::size_t p) const { return (used_[p / 64].load(std::memory_order_relaxed) >> p % 64 & 1) != 0; }

  std::uint64_t first_;
  std::size_t pages_;
  std::atomic<std::uint64_t>* used_;
  std::size_t committed_ = 0;
};

/// How a region of that size is divided: the board, its workers' states, the maps of their outboxes, these, and the heap.
inline board_plan plan_board(std::size_t size, std::size_t width, std::size_t retries, std::int64_t timeout_ns) {
  constexpr std::size_t page = outbox::page, largest_outbox = std::size_t{1} << 36;
  board_plan p{size, static_cast<std::uint32_t>(width), static_cast<std::uint32_t>(retries), timeout_ns};
  p.outbox_maps = (sizeof(board) + width * sizeof(worker_state) + page - 1) / page * page;
  p.outbox_size = std::min(largest_outbox, size / 4 / width / page * page);
  p.outboxes = p.outbox_maps + width * outbox::map_bytes(p.outbox_size);
  return p;
}

}}} // namespace trireme::v1::detail
