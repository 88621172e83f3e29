/// @file processes/board.hpp
/// What the parent, the supervisor and the workers of a pool share: a queue of jobs, and who is at which.
///
/// A job is n indices in chunks. A worker claims a chunk by putting its number into the chunk's word, so that its death
/// names what was lost. The parent alone puts jobs into the queue; workers take chunks of the one at the head until none
/// is free, and then move the head on. A job's memory is the parent's: it is taken back when the job is complete, has
/// left the head, and no worker says that it looks at it (a hazard pointer).
#pragma once
#include <trireme/processes/arena.hpp>
#include <trireme/processes/code.hpp>
#include <trireme/processes/wait.hpp>

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace trireme { inline namespace v1 { namespace detail {

/// How a job failed, if it did. Texts lie in the outbox of the worker that threw.
struct failure_record {
  enum kind : std::uint32_t { none, thrown, ended, late, stopped, unwatched, unstarted };
  std::uint32_t what = none;
  std::int32_t code = 0;  ///< `ended`: 1 by a signal, 0 by exiting; `thrown`: which type
  std::int32_t value = 0; ///< `ended`: signal or status; `thrown`: an error code
  std::uint32_t text_size = 0;
  std::uint64_t text = 0;            ///< its offset in the region; 0: none
  std::uint64_t first = 0, last = 0; ///< the indices
};

/// The state of a chunk, in one word: free, claimed by a worker, or done, and how often it was lost before.
struct claim {
  enum state : std::uint32_t { free, claimed, done };
  static constexpr std::uint32_t pack(state s, std::uint32_t worker, std::uint32_t lost) { return s | worker << 2 | lost << 18; }
  static constexpr state of(std::uint32_t word) { return static_cast<state>(word & 3); }
  static constexpr std::uint32_t worker(std::uint32_t word) { return word >> 2 & 0xffff; }
  static constexpr std::uint32_t lost(std::uint32_t word) { return word >> 18; }
  static constexpr std::uint32_t most_lost = (1u << 14) - 1;
};

/// How n indices are cut, and when the job may begin.
struct job_plan {
  std::uint32_t chunks = 0;
  std::uint64_t n = 0;
  std::uint64_t chunk_size = 0; ///< indices that are claimed at once
  std::uint64_t run_size = 0;   ///< indices that the kernel is called with at once, at most; 0: from the time that they take
  std::uint64_t after = 0;      ///< the offset of a job that must be complete before; 0: none
};

/// A job, as the parent writes it. Behind it lie the words of its chunks, a counter for each worker, and the payload.
struct job : job_plan {
  explicit job(job_plan const& plan) : job_plan(plan) {}
  shared_word complete{0};
  shared_word failed{0};     ///< 1 + the worker (or the supervisor) whose failure counts
  shared_word stop{0};       ///< the parent's stop token was asked to
  std::uint64_t ticket = 0;  ///< its place in the queue
  code_place code;           ///< of its entry, a job_entry
  std::uint64_t payload = 0; ///< the offset of the kernel, or of a task's arguments
  std::uint32_t width = 0;
  failure_record failure;

  [[nodiscard]] std::uint64_t chunk_begin(std::uint32_t c) const noexcept { return c * chunk_size; }
  [[nodiscard]] std::uint64_t chunk_end(std::uint32_t c) const noexcept {
    return n - chunk_begin(c) > chunk_size ? chunk_begin(c) + chunk_size : n;
  }
  [[nodiscard]] shared_word* claims() noexcept { return reinterpret_cast<shared_word*>(this + 1); }
  [[nodiscard]] shared_word* counts() noexcept { return claims() + chunks; }
  [[nodiscard]] static std::size_t bytes(std::size_t chunks, std::size_t width) {
    return sizeof(job) + (chunks + width) * sizeof(shared_word);
  }

  /// Whether all chunks are done, by what the workers count. The last one to count sees it.
  [[nodiscard]] bool all_done() noexcept {
    std::uint64_t sum = 0;
    for (std::uint32_t w = 0; w < width; ++w) sum += counts()[w].load();
    return sum == chunks;
  }
  void set_complete() noexcept {
    complete.store(1);
    wake(complete);
  }
};

/// What a job calls for each run of indices. `shared` is the worker's side of the pool.
class worker_side;
using job_entry = void (*)(worker_side& worker, job& j, void* payload, std::size_t first, std::size_t last);

/// What a worker says about itself; a pair of cache lines of its own.
struct alignas(128) worker_state {
  /// The offset of the job that it may touch; 0: none. With `not_sure`, which no offset has in it, until it has seen that
  /// the parent did not take the job back before it spoke; it has touched nothing by then.
  std::atomic<std::uint64_t> looking{0};
  static constexpr std::uint64_t not_sure = 1;
  shared_word asleep{0};
  std::atomic<std::int32_t> pid{0};
  enum progress : std::uint32_t { starting, serving, worked };
  shared_word started{starting};         ///< how far this process has got: `worked` once it has begun a chunk
  std::atomic<std::int64_t> deadline{0}; ///< of the run that it is at; 0: at none; `condemned`: it took too long
  std::atomic<std::uint64_t> run_first{0}, run_last{0};
  std::atomic<std::uint64_t> unsent{0}, unsent_size{0}; ///< a message in its outbox that no job tells of yet
  static constexpr std::int64_t condemned = -1;

  /// The job that it is at, for those who speak for it when it is dead; 0: none.
  [[nodiscard]] std::uint64_t was_at() const noexcept {
    std::uint64_t const at = looking.load();
    return (at & not_sure) != 0 ? 0 : at;
  }
};

/// What is settled about a pool before its first worker starts. The parent and the supervisor keep copies, which tell them
/// where a kernel has written over the board.
struct board_plan {
  std::uint64_t region_size = 0;
  std::uint32_t width = 0;
  std::uint32_t retries = 0;
  std::int64_t timeout_ns = 0;                                  ///< 0: none
  std::uint64_t outboxes = 0, outbox_size = 0, outbox_maps = 0; ///< offset, size of each, offset of what is used of them
  bool operator==(board_plan const&) const = default;
};

/// The beginning of a pool's region.
struct board : board_plan {
  static constexpr std::size_t queue_size = 4096;

  explicit board(board_plan const& plan) : board_plan(plan) {}

  std::uint64_t program_base = 0;                               ///< where the workers have the program itself
  shared_word ready{0};                                         ///< the supervisor runs
  shared_word broken{0};                                        ///< workers end without work, or can't be started
  shared_word start_error{0};                                   ///< why one could not be started, an errno; 0: it could
  shared_word shutdown{0};
  alignas(128) shared_word completed{0}; ///< counts jobs, for a thread of the parent that watches several at once
  shared_word watching{0};               ///< that thread sleeps

  alignas(128) std::atomic<std::uint64_t> head{0};
  alignas(128) std::atomic<std::uint64_t> tail{0};
  alignas(128) shared_word bell{0};                                      ///< rung where workers sleep
  alignas(128) std::array<std::atomic<std::uint64_t>, queue_size> queue; ///< offsets of jobs
  module_table modules;

  /// The job may be gone when this returns.
  void complete(job& j) noexcept {
    j.set_complete();
    completed.fetch_add(1);
    if (watching.load() != 0) wake(completed);
  }
  [[nodiscard]] worker_state* workers() noexcept { return reinterpret_cast<worker_state*>(this + 1); }
  [[nodiscard]] char* base() noexcept { return reinterpret_cast<char*>(this); }
  [[nodiscard]] job& job_at(std::uint64_t offset) noexcept { return *reinterpret_cast<job*>(base() + offset); }
  /// Whether a job can be there at all, in a region as the plan says.
  [[nodiscard]] bool may_be_job(board_plan const& plan, std::uint64_t offset) noexcept {
    if (offset < plan.outboxes || offset % alignof(job) != 0 || offset > plan.region_size - sizeof(job)) return false;
    job const& j = job_at(offset);
    return j.width == plan.width && j.chunks <= (plan.region_size - offset) / sizeof(shared_word) &&
           job::bytes(j.chunks, j.width) <= plan.region_size - offset;
  }
  [[nodiscard]] std::uint64_t offset(void const* p) noexcept {
    return static_cast<std::uint64_t>(static_cast<char const*>(p) - base());
  }
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

}}} // namespace trireme::v1::detail
