/// @file mpi/share_out.hpp
/// The elements of a call shared out to all ranks, by either schedule.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/deal.hpp>
#include <trireme/mpi/link.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <typeinfo>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// What a rank's own executor is told: ranks have settled the schedule among them.
inline loop_options by_one_rank(loop_options options) {
  options.schedule = fixed;
  return options;
}

/// A call whose n elements all ranks know: their pieces, of which none has fewer elements than an executor has workers.
class dealt_call {
public:
  template <executor E>
  dealt_call(mpi_cluster<E> const& cluster, std::size_t n, call_limit const& limit)
      : link_(&link_of(cluster)), limit_(limit), n_(n),
        cuts_(guided_cuts(n, cluster.size(), 1 + (cluster.concurrency() - 1) / static_cast<std::size_t>(cluster.size()))),
        deal_(*link_, cuts_.size() - 1, limit), one_by_one_(cluster.inner().concurrency() == 1) {}

  /// Collective. compute(piece, options) for each piece that comes here.
  template <class Compute>
  void run(loop_options const& options, Compute const& compute) {
    link_->together(
        [&] {
          deal_.run([&] { take_all(options, compute); });
          return n_;
        },
        limit_);
  }
  /// Collective, after run: brings each piece of `all` to all ranks.
  template <class T>
  void gather(std::span<T> all) {
    deal_.share_owners();
    results_->gather(all.data(), sizeof(T), cuts_, deal_.owners());
  }
  /// Before run, where results are to be gathered, of so many bytes in all.
  void expect(std::size_t bytes) { results_.emplace(*link_, bytes); }

private:
  using clock = std::chrono::steady_clock;
  /// Who will be done sooner than that asks for the next piece first. The answer may take some milliseconds, where rank 0 keeps its
  /// processors busy.
  static constexpr std::chrono::milliseconds soon{20};

  /// All ranks are as far as the last piece that one of them has taken.
  template <class Compute>
  void take_all(loop_options const& options, Compute const& compute) {
    loop_options all = options;
    all.timeout = limit_.left();
    within(limit_.call(), all, [&](loop_options const& limited) {
      loop_options one = by_one_rank(limited);
      one.progress = {};
      progress_teller tell(options.progress);
      std::size_t done = 0;
      clock::duration before = 2 * soon;
      for (std::uint64_t k = deal_.take(); k != deal::none; k = deal_.take()) {
        before = compute_piece({cuts_[k], cuts_[k + 1]}, before,
                               [&](share part) { part_of_whole{part.first, 1, n_}([&] { compute(part, one); }); });
        done = cuts_[k + 1];
        tell({done, n_});
      }
      if (done != n_) tell({n_, n_});
    });
  }
  /// Returns how long it took, as the one before took `before`. One worker can stop shortly before the end without loss.
  template <class Compute>
  clock::duration compute_piece(share piece, clock::duration before, Compute const& compute) {
    auto const begun = clock::now();
    std::size_t const rest = one_by_one_ ? std::max<std::size_t>(1, piece.size() / 8) : piece.size(), most = piece.size() - rest;
    clock::duration left = before;
    if (most != 0) {
      compute({piece.first, piece.first + most});
      left = (clock::now() - begun) / most * rest;
    }
    if (left < soon) deal_.ask_ahead();
    compute({piece.first + most, piece.last});
    return clock::now() - begun;
  }

  mpi_link const* link_;
  call_limit limit_;
  std::size_t n_;
  std::vector<std::size_t> cuts_;
  deal deal_;
  bool one_by_one_;
  std::optional<dealt_results> results_;
};

/// Shares out read() elements: work(part, options) for each part that comes here, by the schedule that was asked for. Where all()
/// gives the place of results, every rank has all of them then.
template <class E, class Read, class Work, class... All>
void share_out(mpi_cluster<E> const& cluster, char const* name, loop_options const& options, Read const& read, Work const& work,
               All const&... all) {
  mpi_link const& link = link_of(cluster);
  char const* type = "";
  ((type = typeid(*all().data()).name()), ...);
  call_limit const limit(name, options.timeout, options.schedule == guided ? 1 : 0, type);
  std::optional<dealt_call> call;
  std::vector<std::size_t> cuts;
  link.together(
      [&] {
        check_timeout(name, options.timeout);
        if (options.stop.stop_requested()) throw cancelled{}; // also where nothing comes here
        std::size_t const n = read();
        if (options.schedule == guided) {
          call.emplace(cluster, n, limit);
          (call->expect(all().size_bytes()), ...);
          return n;
        }
        cuts = even_cuts(n, link.size());
        share const mine = share_of(cuts, link.rank());
        if (mine.size() != 0) part_of_whole{mine.first, 1, n}([&] { work(mine, options); });
        return n;
      },
      limit);
  if (call) {
    call->run(options, work);
    (call->gather(all()), ...);
  } else {
    (link.gather(all().data(), sizeof(all()[0]), cuts), ...);
  }
}

}}} // namespace trireme::v1::detail
