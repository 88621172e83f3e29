/// @file mpi/segments.hpp
/// The totals of a scan whose segments are spread over ranks: what each rank tells the others, and its carries.
#pragma once
#include <trireme/algorithm/scan.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/tiles.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>

#include <cstddef>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A view whose elements begin at `base`: the part of a longer one that a rank has.
template <class View>
struct later_view {
  View view;
  std::size_t base;
  constexpr decltype(auto) operator[](std::size_t i) const { return view[i - base]; }
  [[nodiscard]] constexpr std::size_t size() const { return base + view.size(); }
};

/// The totals of n ≥ 1 elements' segments, as algorithm/scan.hpp has them, on a rank that has whole segments.
///
/// Segments of 128 elements make blocks of 128 segments, whose totals are the next level of the fixed shape. Of a block within
/// a rank's share the block's total travels. Of a block that ranks share, and of the last one of a rank, those of its segments
/// do: the carry of the next rank is a chain through them.
template <class A, executor E>
class spread_totals {
public:
  spread_totals(mpi_link const& link, E const& inner, std::vector<std::size_t> const& cuts)
      : inner_(inner), elements_(cuts.back()), segments_(segment_count(elements_)) {
    owners_.push_back(0);
    for (int r = 0; r < link.size(); ++r) {
      share const elements = share_of(cuts, r), own{segment_count(elements.first), segment_count(elements.last)};
      for (std::size_t at = own.first; at < own.last;) {
        std::size_t const end = segment_end(at / segment_size, segments_);
        bool const within = at % segment_size == 0 && (end < own.last || end == segments_) && end <= own.last;
        ends_.push_back(at = within ? end : at + 1);
      }
      owners_.push_back(ends_.size());
      if (r == link.rank()) mine_ = own;
    }
    told_ = share_of(owners_, link.rank());
    low_ = mine_.first == 0 ? 0 : (mine_.first - 1) / segment_size * segment_size;
    values_.emplace(inline_executor{}, ends_.size());
    carries_.emplace(inner, mine_.last - low_);
  }

  /// Of this rank's elements.
  template <class View, class Op>
  void fill(View in, Op const& op, std::stop_token const& stop) {
    if (mine_.size() == 0) return;
    run_kernel(mine_.first, segment_size, mine_.size(), segment_totals<A, View, Op>{in, own_totals(), op}, stop);
    std::size_t from = told_.first, to = told_.last; // its blocks, between segments of shared ones
    while (from < to && !is_block(from)) ++from;
    while (from < to && !is_block(to - 1)) --to;
    std::size_t const head = from - told_.first, blocks = to - from;
    download(own_totals(), told_.first, head);
    download(own_totals() + mine_.size() - (told_.last - to), to, told_.last - to);
    if (blocks == 0) return;
    scratch<A, E> totals(inner_, blocks);
    slot_view<A> const own{own_totals() + head, mine_.size() - head};
    run_kernel(mine_.first + head, block_size, blocks, segment_totals<A, slot_view<A>, Op>{own, totals.data(), op}, stop);
    download(totals.data(), from, blocks);
  }

  /// Brings all ranks' totals to all. Collective.
  void gather(mpi_link const& link) { link.gather(values_->data(), sizeof(slot<A>), owners_); }

  /// The carries of this rank's segments.
  template <class Op>
  void carry(Op const& op, std::stop_token const& stop) {
    if (mine_.size() == 0) return;
    auto scanned = scanned_blocks(op);
    std::size_t const lead = low_ == 0 ? 0 : 1; // there is a block before
    std::size_t const blocks = segment_count(mine_.last - low_);
    scratch<A, E> before(inner_, blocks);
    upload(scanned.data() + low_ / segment_size - lead, before.data(), blocks - 1 + lead);
    upload(values_->data() + told_.first - (mine_.first - low_), carries_->data(), mine_.first - low_);
    slot_view<A> const totals{carries_->data(), mine_.last - low_};
    using view = later_view<slot_view<A>>;
    view const later{totals, lead * segment_size};
    run_kernel(low_, block_size, blocks,
               shifted_run<inclusive_segments<A, view, view, Op>>{{later, later, before.data(), op}, lead}, stop);
  }

  /// Runs make(in, out, scanned), a kernel over segments, on those of this rank: segment s takes scanned[s - 1] as its carry.
  template <class View, class Out, class Make>
  void finish(View in, Out out, Make const& make, std::stop_token const& stop) {
    if (mine_.size() == 0) return;
    std::size_t const lead = mine_.first == 0 ? 0 : 1; // there is a segment before
    auto const run = make(later_view<View>{in, lead * segment_size}, later_view<Out>{out, lead * segment_size},
                          carries_->data() + (mine_.first - low_ - lead));
    run_kernel(mine_.first, segment_size, mine_.size(), shifted_run<std::remove_const_t<decltype(run)>>{run, lead}, stop);
  }

private:
  static constexpr std::size_t block_size = segment_size * segment_size; // elements

  [[nodiscard]] std::size_t begin(std::size_t k) const { return k == 0 ? 0 : ends_[k - 1]; }
  [[nodiscard]] bool is_block(std::size_t k) const {
    return begin(k) % segment_size == 0 && ends_[k] == segment_end(begin(k) / segment_size, segments_);
  }
  [[nodiscard]] slot<A>* own_totals() { return carries_->data() + (mine_.first - low_); }

  /// The totals of all blocks, scanned: the same on every rank.
  template <class Op>
  scratch<A, inline_executor> scanned_blocks(Op const& op) {
    std::size_t const blocks = segment_count(segments_);
    scratch<A, inline_executor> totals(inline_executor{}, blocks);
    for (std::size_t g = 0, k = 0; g < blocks; ++g) {
      A total = in_slot<A>(values_->data()[k++]);
      for (; k < ends_.size() && begin(k) < segment_end(g, segments_); ++k)
        total = static_cast<A>(op(std::move(total), static_cast<A>(in_slot<A>(values_->data()[k]))));
      totals.data()[g] = std::move(total);
    }
    slot_view<A> const view{totals.data(), blocks};
    scan_inclusive<A>(inline_executor{}, view, view, op);
    return totals;
  }

  /// Index i of run stands for `unit` elements after i times as many from the first of segment `first`.
  template <class Run>
  void run_kernel(std::size_t first, std::size_t unit, std::size_t count, Run const& run, std::stop_token const& stop) const {
    part_of_whole{first * segment_size, unit,
                  elements_}([&] { on_bulk(inner_, count, run, {.grain = 0, .stop = stop, .after = {}}); });
  }
  void download(slot<A> const* from, std::size_t to, std::size_t count) {
    if (count != 0) inner_.download(from, values_->data() + to, count * sizeof(slot<A>), {}).wait();
  }
  void upload(slot<A> const* from, slot<A>* to, std::size_t count) const {
    if (count != 0) inner_.upload(from, to, count * sizeof(slot<A>), {}).wait();
  }

  E inner_;
  std::size_t elements_, segments_;                   // of all ranks
  std::vector<std::size_t> ends_, owners_;            // of what travels, in segments; which of it is whose
  share mine_{0, 0}, told_{0, 0};                     // this rank's segments, and what it tells of them
  std::size_t low_ = 0;                               // where the block of the segment before these begins
  std::optional<scratch<A, inline_executor>> values_; // what travels
  std::optional<scratch<A, E>> carries_;              // of each segment from low_ its total, then that scanned
};

}}} // namespace trireme::v1::detail
