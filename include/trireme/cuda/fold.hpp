/// @file cuda/fold.hpp
/// The fixed shape of core/tiles.hpp on a device: one warp is the 32 lanes of a tile, and reads side by side.
#pragma once
#include <trireme/algorithm/fold.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/sample.hpp>
#include <trireme/core/tiles.hpp>
#include <trireme/cuda/executor.hpp>
#include <trireme/cuda/launch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stop_token>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// One lane's way through the elements of a source, in ascending order.
template <class Source>
constexpr auto lane_of(Source const& source) {
  return source.cursor();
}
template <class Real, class F>
constexpr auto lane_of(sampler<Real, F> const& s) {
  return s.cursor();
}
/// Of a draws<N> kernel's samples: the lane's own words, where the host's cursor keeps those of all lanes.
template <class Real, class F>
struct lane_samples {
  typename lane_cursor<Real, F>::rng numbers;
  F const& f;
  constexpr auto operator()(std::size_t i) {
    numbers.words().start(i);
    return f(numbers);
  }
};
template <class Real, class F>
  requires(promised_draws<F> != 0)
constexpr auto lane_of(sampler<Real, F> const& s) {
  using cursor = lane_cursor<Real, F>;
  return lane_samples<Real, F>{typename cursor::rng(typename cursor::words(s.seed)), s.f};
}
template <class Sampler>
constexpr auto lane_of(moments_source<Sampler> const& source) {
  return lane_of(source.sampler);
}

/// Elements lane, lane + 32, … of `length` combined in that order; lane < length.
template <class A, class Element, class Op>
constexpr A fold_lane(std::size_t lane, std::size_t length, Element&& element, Op const& op) {
  A a = element(lane);
  for (std::size_t i = lane + tile_lanes; i < length; i += tile_lanes) a = static_cast<A>(op(std::move(a), element(i)));
  return a;
}
/// Whether a lane takes in what lane + s holds, at the butterfly's step s in a tile of that length, …
constexpr bool meets_in_tile(std::size_t lane, std::size_t s, std::size_t length) { return lane < s && lane + s < length; }
/// … and at the step s = 1, 2, 4, … of the tree over `count` tiles, of which each lane begins with one.
constexpr bool meets_in_tree(std::size_t lane, std::size_t s, std::size_t count) {
  return lane % (2 * s) == 0 && lane + s < count;
}

template <class T>
__device__ T shuffle_down(T const& x, unsigned distance) {
  unsigned words[(sizeof(T) + 3) / 4] = {};
  std::memcpy(words, static_cast<void const*>(&x), sizeof(T));
  for (unsigned& w : words) w = __shfl_down_sync(~0u, w, distance);
  T y{};
  std::memcpy(static_cast<void*>(&y), words, sizeof(T));
  return y;
}

/// Evaluates elements base + i into values[i], each by its own thread.
template <class Source>
struct evaluate_each {
  using parts = parts_of<Source>;
  using value = typename Source::value_type;
  Source source;
  slot<value>* values;
  std::size_t base;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last; ++i) {
      auto element = lane_of(source);
      values[i] = element(base + i);
    }
  }
};

/// Elements that were evaluated before.
template <class Source>
struct evaluated_source {
  using value_type = typename Source::value_type;
  Source source;
  slot<value_type> const* values;
  struct cursor_type {
    slot<value_type> const* values;
    constexpr value_type operator()(std::size_t i) const { return in_slot<value_type>(const_cast<slot<value_type>&>(values[i])); }
  };
  constexpr cursor_type cursor() const { return {values}; }
  constexpr auto lift(value_type&& v, slot<value_type> const* first) const { return source.lift(std::move(v), first); }
};

/// Folds `count` tiles from `base` on, of n elements in all, each by a warp.
template <class A, class Source, class Op>
struct fold_tiles_by_warp {
  Source source;
  Op op;
  slot<typename Source::value_type> const* very_first;
  slot<A>* tiles;
  std::size_t base, count, n;

  __device__ unsigned long long operator()(std::size_t thread, std::size_t threads) const {
    std::size_t const lane = thread % tile_lanes;
    unsigned long long done = 0;
    for (std::size_t k = thread / tile_lanes; k < count; k += threads / tile_lanes) {
      std::size_t const t = base + k, length = tile_length(t, n);
      slot<A> a{};
      if (lane < length) {
        auto element = lane_of(source);
        auto const next = [&](std::size_t i) -> A { return source.lift(element(t * tile_size + i), very_first); };
        a = fold_lane<A>(lane, length, next, op);
        done += (length - lane + tile_lanes - 1) / tile_lanes;
      }
      for (unsigned s = tile_lanes / 2; s > 0; s /= 2) {
        if (!whole_warp()) return 0;
        slot<A> other = shuffle_down(a, s);
        if (meets_in_tile(lane, s, length))
          in_slot<A>(a) = static_cast<A>(op(std::move(in_slot<A>(a)), std::move(in_slot<A>(other))));
      }
      if (lane == 0) tiles[t] = std::move(a);
    }
    return done;
  }
};

/// Five levels of the tree over tiles: out[w] combines in[32w, 32w + 32), neighbours first, an odd one out passing up.
template <class A, class Op>
struct combine_by_warp {
  slot<A> const* in;
  slot<A>* out;
  std::size_t count;
  Op op;

  __device__ unsigned long long operator()(std::size_t thread, std::size_t threads) const {
    std::size_t const lane = thread % tile_lanes;
    unsigned long long done = 0;
    for (std::size_t first = thread - lane; first < count; first += threads) {
      std::size_t const here = count - first < tile_lanes ? count - first : tile_lanes;
      slot<A> a{};
      if (lane < here) {
        a = in[first + lane];
        ++done;
      }
      for (unsigned s = 1; s < tile_lanes; s *= 2) {
        if (!whole_warp()) return 0;
        slot<A> other = shuffle_down(a, s);
        if (meets_in_tree(lane, s, here))
          in_slot<A>(a) = static_cast<A>(op(std::move(in_slot<A>(a)), std::move(in_slot<A>(other))));
      }
      if (lane == 0) out[first / tile_lanes] = std::move(a);
    }
    return done;
  }
};

/// Launches one behind the other, of which each works on what those before it have left.
class launch_sequence {
public:
  explicit launch_sequence(cuda_device const& ex) : ex_(ex) {}
  launch_sequence(launch_sequence const&) = delete;
  launch_sequence& operator=(launch_sequence const&) = delete;
  ~launch_sequence() { settle(); }
  template <class Body>
  void add(std::size_t threads, std::size_t expected, Body const& body) {
    on_device const here(ex_.ordinal());
    auto work = launch(ex_.context(), threads, expected, body, last_.get());
    begun_.emplace_back(work);
    last_ = std::move(work);
  }
  /// Waits for all, in their order: the first failure is the cause of others.
  void wait() {
    settle();
    for (auto& work : begun_) work.wait();
  }
  [[nodiscard]] cuda_completion download(void const* from, void* to, std::size_t bytes) const {
    return begun_.empty() ? ex_.download(from, to, bytes) : ex_.download(from, to, bytes, {.after = begun_.back()});
  }

private:
  /// Who waits for a launch that failed clears its record, which those behind it ask: the last one first.
  void settle() noexcept {
    if (last_) last_->settle();
  }

  cuda_device const& ex_;
  std::vector<cuda_completion> begun_; ///< waited for by their destructors
  std::shared_ptr<cuda_launch> last_;
};

/// detail::fold of algorithm/fold.hpp, on a device. Returns when the result is on the host; on the way there nothing waits,
/// unless somebody watches.
template <class A, class Source, class Op>
A device_fold(cuda_device const& ex, std::size_t n, Source const& source, Op const& op, fold_control const& control = {},
              typename Source::value_type* first_value = nullptr) {
  using value = typename Source::value_type;
  check_on_device(ex.ordinal(), source);
  check_on_device(ex.ordinal(), op);
  if (control.stop.stop_requested()) throw cancelled{};
  std::size_t const count = tile_count(n);
  // Too few tiles to fill the device with warps: each element by a thread of its own first.
  bool const spread = n <= 8 * ex.concurrency();
  bool const watched = control.progress || control.stop.stop_possible();

  scratch<A, cuda_device> tiles(ex, count + (count + tile_lanes - 1) / tile_lanes);
  scratch<value, cuda_device> values(ex, spread ? n : 1);
  slot<value>* const first = values.data();
  slot<A> result{};
  slot<value> x0{};
  launch_sequence begun(ex); // destroyed, and so waited for, before all that it uses

  if (spread || Source::keeps_first) {
    std::size_t const now = spread ? n : 1;
    evaluate_each<Source> const body{source, first, 0};
    if (watched)
      on_bulk(ex, now, body, {.grain = 0, .stop = control.stop, .after = {}});
    else
      begun.add(now, now, index_body<evaluate_each<Source>>{body, 0, now});
  }
  progress_teller tell(control.progress);
  std::size_t const window = watched ? std::max<std::size_t>(1, ex.concurrency() / tile_lanes * 16) : count;
  for (std::size_t done = 0; done < count; done += window) {
    if (control.stop.stop_requested()) throw cancelled{};
    std::size_t const now = std::min(window, count - done), last = std::min(n, (done + now) * tile_size);
    auto const fold_by = [&](auto const& from) {
      fold_tiles_by_warp<A, std::remove_cvref_t<decltype(from)>, Op> const body{from, op, first, tiles.data(), done, now, n};
      begun.add(now * tile_lanes, last - done * tile_size, body);
    };
    if (spread)
      fold_by(evaluated_source<Source>{source, values.data()});
    else
      fold_by(source);
    if (watched) begun.wait();
    tell({last, n});
  }

  slot<A>*from = tiles.data(), *to = from + count;
  for (std::size_t left = count; left > 1; left = (left + tile_lanes - 1) / tile_lanes, std::swap(from, to))
    begun.add(left, left, combine_by_warp<A, Op>{from, to, left, op});
  cuda_completion got = begun.download(from, &result, sizeof result), got_first;
  if (Source::keeps_first && first_value != nullptr) got_first = begun.download(first, &x0, sizeof x0);
  begun.wait();
  got.wait();
  got_first.wait();
  if constexpr (Source::keeps_first)
    if (first_value != nullptr) *first_value = in_slot<value>(x0);
  return in_slot<A>(result);
}

}}} // namespace trireme::v1::detail
