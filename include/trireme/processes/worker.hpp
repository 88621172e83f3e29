/// @file processes/worker.hpp
/// A worker process: takes chunks of the job at the head of the queue until the pool ends.
#pragma once
#include <trireme/processes/arena.hpp>
#include <trireme/processes/board.hpp>
#include <trireme/processes/code.hpp>
#include <trireme/processes/failure.hpp>
#include <trireme/processes/forked_copy.hpp>
#include <trireme/processes/outbox.hpp>
#include <trireme/processes/wait.hpp>
#include <trireme/threads/loop.hpp>

#include <stdio_ext.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

namespace trireme { inline namespace v1 { namespace detail {

class worker_side {
public:
  worker_side(board& b, shared_region const& region, std::uint32_t number)
      : board_(b), plan_(b), region_(region), number_(number), state_(b.workers()[number]), box_(b, number), find_(b.modules) {}

  /// Works until the pool ends. What is left to do of the job that this worker's predecessor died in, comes first.
  void serve() {
    state_.started.store(worker_state::serving);
    if (auto const left = state_.was_at(); left != 0) work_on(job_at(left));
    while (job* const next = take()) work_on(*next);
  }

  [[nodiscard]] bool in_region(void const* p, std::size_t bytes) const noexcept { return region_.contains(p, bytes); }

  /// Whether the job that this process is at was asked to stop: for kernels of the library's own that go on for long.
  static bool stop_requested() noexcept { return stop_here != nullptr && stop_here->load(std::memory_order_relaxed) != 0; }

  /// Room for a message to the parent, which names it in the job before its chunk is done. @throws std::bad_alloc
  char* message(std::size_t bytes) { return board_.base() + box_.allocate(region_, state_, bytes); }
  [[nodiscard]] std::uint64_t offset(void const* p) const noexcept { return board_.offset(p); }

private:
  /// The job at the head of the queue, which stays ours to look at until we say otherwise. None: the pool ends.
  job* take() {
    for (;;) {
      std::uint64_t const at = board_.head.load(), end = board_.tail.load();
      if (at > end) ::_exit(overwritten);
      if (at == end) {
        if (!wait_for_work(at)) return nullptr;
        continue;
      }
      std::uint64_t const offset = board_.queue[at % board::queue_size].load();
      state_.looking.store(offset | worker_state::not_sure);
      if (board_.head.load() == at) {
        state_.looking.store(offset);
        return &job_at(offset);
      }
      state_.looking.store(0);
    }
  }

  /// Where none can be there, the queue was overwritten: this worker can't go on, and its end tells the supervisor.
  job& job_at(std::uint64_t offset) {
    if (!board_.may_be_job(plan_, offset)) ::_exit(overwritten);
    return board_.job_at(offset);
  }

  bool wait_for_work(std::uint64_t at) {
    auto const something = [&] { return board_.tail.load() != at || board_.shutdown.load() != 0; };
    if (!spin_until(something)) {
      std::uint32_t const bell = board_.bell.load();
      state_.asleep.store(1);
      if (!something()) sleep_on(board_.bell, bell, forever);
      state_.asleep.store(0);
    }
    return board_.shutdown.load() == 0;
  }

  void work_on(job& j) {
    if (j.after != 0) wait_until_complete(job_at(j.after));
    shared_word* const claims = j.claims();
    std::uint32_t const chunks = j.chunks;
    std::uint32_t count = j.counts()[number_].load(); // a predecessor may have done some
    std::uint32_t const begin = static_cast<std::uint32_t>(std::uint64_t{chunks} * number_ / j.width);
    std::uint64_t most = 1; // indices in a run, where that is ours to choose
    for (std::uint32_t k = 0; k < chunks; ++k) {
      std::uint32_t const c = begin + k < chunks ? begin + k : begin + k - chunks;
      std::uint32_t word = claims[c].load(std::memory_order_relaxed);
      if (claim::of(word) != claim::free) continue;
      if (!claims[c].compare_exchange_strong(word, claim::pack(claim::claimed, number_, claim::lost(word)))) continue;
      state_.started.store(worker_state::worked, std::memory_order_relaxed);
      run_chunk(j, c, most);
      claims[c].store(claim::pack(claim::done, number_, claim::lost(word)));
      state_.unsent.store(0);
      ++count;
    }
    j.counts()[number_].store(count);
    if (j.all_done()) board_.complete(j);
    std::uint64_t ticket = j.ticket;
    board_.head.compare_exchange_strong(ticket, ticket + 1);
    state_.looking.store(0);
    if (__fpending(stdout) != 0) std::fflush(stdout);
  }

  static void wait_until_complete(job& before) {
    auto const complete = [&] { return before.complete.load() != 0; };
    if (spin_until(complete)) return;
    while (!complete()) sleep_on(before.complete, 0, forever);
  }

  /// In runs, between which it is seen whether the job has failed or was stopped: what is left of it is then passed over.
  void run_chunk(job& j, std::uint32_t c, std::uint64_t& most) {
    std::uint64_t const end = j.chunk_end(c);
    for (std::uint64_t first = j.chunk_begin(c), last = 0; first < end; first = last) {
      std::uint64_t const size = j.run_size != 0 ? j.run_size : most;
      last = end - first > size ? first + size : end;
      if (j.failed.load(std::memory_order_relaxed) != 0) return;
      if (j.stop.load() != 0) { // after the claim, for who asks for both
        if (first_to_fail(j)) j.failure = {.what = failure_record::stopped, .first = first, .last = last};
        return;
      }
      state_.run_first.store(first, std::memory_order_relaxed);
      state_.run_last.store(last, std::memory_order_relaxed);
      if (board_.timeout_ns != 0) {
        std::int64_t deadline = now_ns() + board_.timeout_ns;
        state_.deadline.store(deadline);
        call(j, first, last);
        if (!state_.deadline.compare_exchange_strong(deadline, 0))
          for (;;) ::pause(); // condemned: the supervisor's kill is on its way
      } else if (j.run_size == 0) {
        std::uint64_t const begun = ticks();
        call(j, first, last);
        auto const next = next_run_size(last - first, ticks() - begun);
        if (last - first == most || next < last - first) most = next; // else a short rest of a chunk
      } else {
        call(j, first, last);
      }
    }
  }

  void call(job& j, std::uint64_t first, std::uint64_t last) {
    try {
      stop_here = &j.stop;
      auto const entry = reinterpret_cast<job_entry>(find_(j.code));
      entry(*this, j, board_.base() + j.payload, first, last);
      forked_copy::leave_if_one();
    } catch (...) {
      forked_copy::leave_if_one();
      if (first_to_fail(j)) write_failure(j, take_apart_current(), first, last);
    }
  }

  bool first_to_fail(job& j) const {
    std::uint32_t nobody = 0;
    return j.failed.compare_exchange_strong(nobody, number_ + 1);
  }

  void write_failure(job& j, exception_parts const& parts, std::uint64_t first, std::uint64_t last) {
    failure_record record{failure_record::thrown, parts.code, parts.value, 0, 0, first, last};
    std::string const texts = parts.joined();
    try {
      char* const to = message(texts.size());
      std::memcpy(to, texts.data(), texts.size());
      record.text = offset(to);
      record.text_size = static_cast<std::uint32_t>(texts.size());
    } catch (std::bad_alloc const&) {
      record.code = thrown_code::plain + 1; // there is no memory to say more
    }
    j.failure = record;
  }

  static constexpr int overwritten = 126;
  static inline shared_word const* stop_here = nullptr;

  board& board_;
  board_plan const plan_;
  shared_region const& region_;
  std::uint32_t number_;
  worker_state& state_;
  outbox box_;
  code_finder find_;
};

}}} // namespace trireme::v1::detail
