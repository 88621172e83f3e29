/// @file threads/loop.hpp
/// One parallel loop: [0, n) dealt out to workers, who take runs from their own share and steal from the others'.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <stop_token>

namespace trireme { inline namespace v1 { namespace detail {

/// A clock that is cheap to read. Only its order of magnitude matters: it tells short runs from long ones.
inline std::uint64_t ticks() noexcept {
#if defined(__x86_64__)
  return __builtin_ia32_rdtsc();
#else
  return static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count());
#endif
}

/// How many units a worker takes at once next, after so many took so many ticks: runs grow until they take some ten
/// microseconds, so that cheap units cost what a plain loop costs, and a stop is noticed soon.
template <std::unsigned_integral N>
N next_run_size(N size, std::uint64_t took) noexcept {
  constexpr std::uint64_t long_enough = 1 << 15; // ticks: 8 to 33 µs
  constexpr N most = std::numeric_limits<N>::max() / 8;
  if (took < long_enough / 16) return size < most ? size * 8 : size;
  if (took < long_enough) return size < most ? size * 2 : size;
  return took > 2 * long_enough ? std::max(N{1}, size / 2) : size;
}

/// A worker's share of the loop, [begin, end) in one word, so that its owner takes from the front and a thief
/// half of it from the back without a lock. A cache line of its own.
class alignas(64) loop_share {
public:
  void assign(std::uint32_t begin, std::uint32_t end) noexcept { word_.store(pack(begin, end), std::memory_order_relaxed); }

  struct run {
    std::uint32_t begin, end;
    [[nodiscard]] bool empty() const noexcept { return begin == end; }
  };

  [[nodiscard]] bool holds_more_than(std::uint32_t units) const noexcept {
    auto const [begin, end] = unpack(word_.load(std::memory_order_relaxed));
    return end - begin > units;
  }

  /// Up to `most` units from the front.
  run take(std::uint32_t most) noexcept {
    std::uint64_t w = word_.load(std::memory_order_relaxed);
    for (;;) {
      auto const [begin, end] = unpack(w);
      if (begin == end) return {0, 0};
      std::uint32_t const cut = end - begin > most ? begin + most : end;
      if (word_.compare_exchange_weak(w, pack(cut, end), std::memory_order_relaxed)) return {begin, cut};
    }
  }

  /// The back half, or everything where that is at most `most` units.
  run steal(std::uint32_t most) noexcept {
    std::uint64_t w = word_.load(std::memory_order_relaxed);
    for (;;) {
      auto const [begin, end] = unpack(w);
      if (begin == end) return {0, 0};
      std::uint32_t const cut = end - begin > most ? begin + (end - begin) / 2 : begin;
      if (word_.compare_exchange_weak(w, pack(begin, cut), std::memory_order_relaxed)) return {cut, end};
    }
  }

private:
  static std::uint64_t pack(std::uint32_t begin, std::uint32_t end) noexcept { return std::uint64_t{begin} << 32 | end; }
  static run unpack(std::uint64_t w) noexcept { return {static_cast<std::uint32_t>(w >> 32), static_cast<std::uint32_t>(w)}; }
  std::atomic<std::uint64_t> word_{0};
};

/// The state of one loop. Its owner calls `work(k)` once for every share k, each from any thread.
///
/// With a grain a unit is that many indices, and a run is one unit. Without, a worker starts with one index and lets
/// its runs grow until they take some ten microseconds: ten slow elements spread over ten workers, ten million cheap
/// ones cost what a plain loop costs, and a stop or an exception is noticed after at most one such run.
class loop {
public:
  loop(run_ref f, std::size_t n, std::size_t grain, std::stop_token const& stop, std::size_t workers)
      : f_(f), n_(n), fixed_(grain != 0),
        // Units are counted in 32 bits.
        unit_(std::max({std::size_t{1}, grain, static_cast<std::size_t>(n / 0x7fff'ffffu + (n > 0x7fff'ffffu))})), stop_(stop) {
    units_ = n / unit_ + (n % unit_ != 0);
    shares_ = std::max<std::size_t>(1, std::min(workers, units_));
    one_each_ = shares_ == units_;
    if (one_each_) return; // nothing to steal: the shares are their numbers
    if (shares_ > few)
      many_ = std::make_unique<loop_share[]>(shares_);
    else
      std::uninitialized_default_construct_n(few_, shares_);
    for (std::size_t k = 0; k < shares_; ++k)
      share(k).assign(static_cast<std::uint32_t>(units_ * k / shares_), static_cast<std::uint32_t>(units_ * (k + 1) / shares_));
  }

  loop(loop const&) = delete;
  loop& operator=(loop const&) = delete;
  ~loop() = default;

  [[nodiscard]] std::size_t shares() const noexcept { return shares_; }

  /// Works until nothing is left to take: first the share k, then what it steals.
  void work(std::size_t k) noexcept {
    if (one_each_) {
      call(k, k + 1);
      return;
    }
    loop_share& own = share(k);
    std::uint32_t most = 1;
    for (;;) {
      auto run = own.take(most);
      if (run.empty()) run = steal(own, k, most);
      if (run.empty()) return;
      // The clock is read only where there is a choice to be made from it.
      bool const timed = !fixed_ && own.holds_more_than(most == 1 ? 0 : most);
      std::uint64_t const begun = timed ? ticks() : 0;
      if (!call(run.begin, run.end)) return;
      if (timed) most = next_run_size(run.end - run.begin, ticks() - begun);
    }
  }

  /// What ended the loop early, if anything; to be read when all work(k) have returned.
  [[nodiscard]] std::exception_ptr const& failure() const noexcept { return failure_; }

private:
  loop_share& share(std::size_t k) noexcept { return many_ ? many_[k] : few_[k]; }

  /// The first run of what another share has left; the rest becomes the own share.
  loop_share::run steal(loop_share& own, std::size_t k, std::uint32_t most) noexcept {
    for (std::size_t other = k + 1; other != k + shares_; ++other) {
      auto const loot = share(other < shares_ ? other : other - shares_).steal(most);
      if (loot.empty()) continue;
      if (loot.end - loot.begin <= most) return loot;
      own.assign(loot.begin + most, loot.end);
      return {loot.begin, loot.begin + most};
    }
    return {0, 0};
  }

  /// f on a run of units; false where the loop has ended early.
  bool call(std::size_t begin, std::size_t end) noexcept {
    if (failed_.load(std::memory_order_relaxed)) return false;
    try {
      if (stop_.stop_requested()) throw cancelled{};
      f_(begin * unit_, end < units_ ? end * unit_ : n_);
      return true;
    } catch (...) {
      if (!failed_.exchange(true)) failure_ = std::current_exception();
      return false;
    }
  }

  run_ref f_;
  std::size_t n_;
  bool fixed_;
  std::size_t unit_;
  std::size_t units_ = 0;
  std::size_t shares_ = 1;
  bool one_each_ = true;
  std::stop_token const& stop_;
  std::atomic<bool> failed_{false};
  std::exception_ptr failure_;
  static constexpr std::size_t few = 8;
  // Not initialised before it is needed: a tiny loop would spend its time there.
  union {
    loop_share few_[few];
  };
  std::unique_ptr<loop_share[]> many_;
};

}}} // namespace trireme::v1::detail
