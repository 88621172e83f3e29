/// @file processes/claims.hpp
/// What becomes of the chunks that a dead worker had claimed.
#pragma once
#include <trireme/processes/board.hpp>
#include <trireme/processes/outbox.hpp>

#include <cstdint>
#include <optional>

namespace trireme { inline namespace v1 { namespace detail {

/// Says what was lost with worker w, which is dead: a chunk that it had claimed is free once more where it may be tried
/// again, else the job has failed, `how` and with that signal or status. By who buried it: the supervisor, or the parent
/// where that went too.
/// @returns whether there is something left of the job that it was at, with which the next in its place begins; nothing
/// where the board was overwritten.
inline std::optional<bool> settle_claims(board& b, board_plan const& plan, std::uint32_t w, failure_record::kind how,
                                         bool by_signal, int status) {
  if (b != plan) return {};
  worker_state& state = b.workers()[w];
  std::uint64_t const at = state.was_at();
  if (at == 0) {
    state.looking.store(0);
    return false;
  }
  if (!b.may_be_job(plan, at)) return {};
  job& j = b.job_at(at);
  bool const late = state.deadline.load() == worker_state::condemned;
  std::uint32_t count = 0;
  bool left = false;
  for (std::uint32_t c = 0; c < j.chunks; ++c) {
    shared_word& claimed = j.claims()[c];
    std::uint32_t const word = claimed.load();
    left = left || claim::of(word) == claim::free;
    if (claim::of(word) == claim::free || claim::worker(word) != w) continue;
    if (claim::of(word) == claim::claimed) {
      if (auto const unsent = state.unsent.load(); unsent != 0) outbox::release(b, unsent, state.unsent_size.load());
      if (!late && claim::lost(word) < plan.retries && j.failed.load() == 0) {
        claimed.store(claim::pack(claim::free, w, claim::lost(word) + 1));
        left = true;
        continue;
      }
      std::uint32_t nobody = 0;
      if (j.failed.compare_exchange_strong(nobody, w + 1) || nobody == w + 1) { // or it died while it said why
        std::uint64_t const first = late ? state.run_first.load() : j.chunk_begin(c);
        std::uint64_t const last = late ? state.run_last.load() : j.chunk_end(c);
        j.failure = {late ? failure_record::late : how, by_signal ? 1 : 0, status, 0, 0, first, last};
      }
      claimed.store(claim::pack(claim::done, w, claim::lost(word)));
    }
    ++count;
  }
  state.unsent.store(0);
  j.counts()[w].store(count);
  if (j.all_done()) b.complete(j);
  if (!left) state.looking.store(0); // else the next in its place begins with it: all others may have gone on
  return left;
}

}}} // namespace trireme::v1::detail
