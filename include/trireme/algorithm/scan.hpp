/// @file scan.hpp
/// Running totals, in a shape that does not depend on who computed what.     Definition for every executor; a backend
/// that overloads on_inclusive_scan or on_exclusive_scan keeps that shape.
#pragma once
#include <trireme/core/accepts.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/result.hpp>
#include <trireme/core/tiles.hpp>

#include <cstddef>
#include <functional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// The fixed shape: three chains from the left, one within the other. A segment is a lane's share of a tile, 128 consecutive
/// elements, so that a tile has 32 of them.
///
/// - Within a segment, from its first element: p[i] = op(p[i - 1], x[i]).
/// - Within a tile, over its segments, from the first one's: c[s] = op(c[s - 1], p), p of the last element of segment s.
/// - Over the tiles, from the first one's, or from init: C[t] = op(C[t - 1], c), c of the last segment of tile t.
///
/// The total of element i in segment s of tile t is op(C[t - 1], op(c[s - 1], p[i])), without c in the first segment of a tile,
/// and without C in the first tile if there is no init. An exclusive total is the total of the element before, and init is that
/// of the first one.
///
/// So the last total of a segment or a tile is, by the same expression, the carry into the next: where op is monotone under rounding,
/// as the sum of values ≥ 0 is, no total is below the one before. (Carries that are added up beside the totals, or an
/// op(op(C, c), p), round otherwise.) And where init is op's identity, exclusive totals are the inclusive ones, one place on.
inline constexpr std::size_t segment_size = tile_size / tile_lanes;
constexpr std::size_t segment_count(std::size_t n) { return n / segment_size + (n % segment_size != 0); }
constexpr std::size_t segment_end(std::size_t s, std::size_t n) {
  return n - s * segment_size < segment_size ? n : (s + 1) * segment_size;
}

/// op of two values that are needed again.
template <class A, class Op>
constexpr A combined(Op const& op, A const& a, A const& b) {
  return static_cast<A>(op(A(a), A(b)));
}
template <class A, class Op>
constexpr void take_in(slot<A>& total, Op const& op, A&& next) {
  put<A>(total, static_cast<A>(op(std::move(in_slot<A>(total)), std::move(next))));
}

/// Calls one(s) for each segment of [first, last); or two(s), for the segments s and s + 32, where values are small, and those are whole.
/// So two chains are under way at once, of which none waits for the other; as they are a tile apart, they are read as two streams,
/// which the hardware sees coming. (Side by side, they are slower than one from memory; four streams are faster in a cache only.)
using two_tiles = std::make_index_sequence<2>;
template <class A, class One, class Two>
constexpr void for_segments(std::size_t first, std::size_t last, std::size_t whole, std::size_t from, One const& one,
                            Two const& two) {
  constexpr std::size_t group = two_tiles::size() * tile_lanes;
  std::size_t s = first;
  if constexpr (plain_slot<A> && sizeof(A) <= 16) {
    for (; s < last && s < from; ++s) one(s);
    for (; s + group <= last && s + group <= whole; s += group)
      for (std::size_t k = 0; k < tile_lanes; ++k) two(s + k);
  }
  for (; s < last; ++s) one(s);
}

/// segments[s] = p of the last element of s.
template <class A, class View, class Op>
struct segment_totals {
  using parts = parts_of<Op>;
  View in;
  slot<A>* segments;
  Op op;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for_segments<A>(
        first, last, in.size() / segment_size, 0, [this](std::size_t s) { some(s, std::index_sequence<0>{}); },
        [this](std::size_t s) { some(s, two_tiles{}); });
  }

private:
  template <std::size_t... K>
  constexpr void some(std::size_t s, std::index_sequence<K...>) const {
    std::size_t const begin = s * segment_size, length = segment_end(s, in.size()) - begin;
    slot<A> p[] = {static_cast<A>(in[begin + K * tile_size])...};
    for (std::size_t i = begin + 1; i < begin + length; ++i) (take_in<A>(p[K], op, static_cast<A>(in[i + K * tile_size])), ...);
    (put<A>(segments[s + K * tile_lanes], std::move(in_slot<A>(p[K]))), ...);
  }
};

/// segments[s] = c[s], and tiles[t] = c of the last segment of t.
template <class A, class Op>
struct chain_segments {
  using parts = parts_of<Op>;
  slot<A>* segments;
  slot<A>* tiles;
  std::size_t count;
  Op op;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t t = first; t < last; ++t) {
      std::size_t s = t * tile_lanes;
      slot<A> c = in_slot<A>(segments[s]);
      for (++s; s < count && s % tile_lanes != 0; ++s) {
        take_in<A>(c, op, std::move(in_slot<A>(segments[s])));
        put<A>(segments[s], A(in_slot<A>(c)));
      }
      put<A>(tiles[t], std::move(in_slot<A>(c)));
    }
  }
};

/// Stands for init where there is none.
struct no_init {};

/// tiles[t] = C[t], for `count` tiles. A kernel to be run once.
template <class A, class Init, class Op>
struct chain_tiles {
  using parts = parts_of<Init, Op>;
  slot<A>* tiles;
  std::size_t count;
  Init init;
  Op op;
  constexpr void operator()(std::size_t, std::size_t) const {
    if constexpr (!std::is_same_v<Init, no_init>) put<A>(tiles[0], combined<A>(op, init, in_slot<A>(tiles[0])));
    slot<A> carry = in_slot<A>(tiles[0]);
    for (std::size_t t = 1; t < count; ++t) {
      take_in<A>(carry, op, std::move(in_slot<A>(tiles[t])));
      put<A>(tiles[t], A(in_slot<A>(carry)));
    }
  }
};

/// The results; `out` may be `in`.
template <class A, bool Exclusive, class View, class Out, class Init, class Op>
struct segment_results {
  using parts = parts_of<Init, Op>;
  View in;
  Out out;
  slot<A> const* segments;
  slot<A> const* tiles;
  Init init;
  Op op;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    auto const one = [this](std::size_t s) {
      if constexpr (!has_init)
        if (s < tile_lanes) return in_tile<false>(s, std::index_sequence<0>{});
      in_tile<true>(s, std::index_sequence<0>{});
    };
    for_segments<A>(first, last, in.size() / segment_size, has_init ? 0 : tile_lanes, one,
                    [this](std::size_t s) { in_tile<true>(s, two_tiles{}); });
  }

private:
  static constexpr bool has_init = !std::is_same_v<Init, no_init>;

  template <bool Tile, class Some>
  constexpr void in_tile(std::size_t s, Some some) const {
    if (s % tile_lanes == 0)
      in_segments<Tile, false>(s, some);
    else
      in_segments<Tile, true>(s, some);
  }
  /// Tile, Segment: whether C and c stand before the elements.
  template <bool Tile, bool Segment, std::size_t... K>
  constexpr void in_segments(std::size_t s, std::index_sequence<K...>) const {
    std::size_t const begin = s * segment_size, length = segment_end(s, in.size()) - begin;
    // Copies, which no result that is written can change.
    carried<Tile> const C[] = {carry_of_tile<Tile>(s / tile_lanes + K)...};
    carried<Segment> const c[] = {carry_of_segment<Segment>(s + K * tile_lanes)...};
    slot<A> p[] = {static_cast<A>(in[begin + K * tile_size])...};
    (put_first(begin + K * tile_size, C[K], c[K], p[K]), ...);
    for (std::size_t i = begin + 1; i < begin + length; ++i) (put_next(i + K * tile_size, C[K], c[K], p[K]), ...);
  }

  template <bool Is>
  using carried = std::conditional_t<Is, slot<A>, no_init>;
  template <bool Is>
  constexpr carried<Is> carry_of_tile(std::size_t t) const {
    if constexpr (!Is) {
      return {};
    } else {
      if constexpr (has_init)
        if (t == 0) return init;
      return tiles[t - 1];
    }
  }
  template <bool Is>
  constexpr carried<Is> carry_of_segment(std::size_t s) const {
    if constexpr (Is)
      return segments[s - 1];
    else
      return {};
  }

  constexpr A before(no_init, A const& p) const { return p; }
  constexpr A before(slot<A> const& carry, A const& p) const { return combined<A>(op, in_slot<A>(carry), p); }

  template <class Tile, class Segment>
  constexpr void put_first(std::size_t i, Tile const& C, Segment const& c, slot<A> const& p) const {
    if constexpr (!Exclusive)
      out[i] = before(C, before(c, in_slot<A>(p)));
    else if constexpr (std::is_same_v<Segment, no_init>) // the total of the element before
      out[i] = A(in_slot<A>(C));
    else
      out[i] = before(C, in_slot<A>(c));
  }
  template <class Tile, class Segment>
  constexpr void put_next(std::size_t i, Tile const& C, Segment const& c, slot<A>& p) const {
    A x = static_cast<A>(in[i]);
    if constexpr (Exclusive) out[i] = before(C, before(c, in_slot<A>(p)));
    take_in<A>(p, op, std::move(x));
    if constexpr (!Exclusive) out[i] = before(C, before(c, in_slot<A>(p)));
  }
};

/// The passes of a scan, one after the other, over n ≥ 1 elements which begin with a tile. A cluster has something to do in between.
///
/// One thread makes the chain over the tiles, on a device too. Its n / 4096 values lie side by side, and are loaded without waiting for
/// the sums. A fourth chain, over groups of tiles, would make it shorter there, for one more op for each element everywhere.
template <class A, executor E>
class scan_passes {
public:
  /// @param base  the elements' place in what is scanned, for errors.  @param carried  whether anything uses their totals.
  scan_passes(E const& ex, std::size_t n, std::size_t base, bool carried)
      : ex_(ex), n_(n), base_(base), carried_(carried), segments_(ex, carried ? segment_count(n) : 0),
        tiles_(ex, carried ? tile_count(n) : 0) {}

  /// The tiles' totals, until they are chained.
  [[nodiscard]] slot<A>* tiles() { return tiles_.data(); }

  template <class View, class Op>
  void total(View in, Op const& op, std::stop_token const& stop) {
    if (!carried_) return;
    run(segment_size, segment_count(n_), segment_totals<A, View, Op>{in, segments_.data(), op}, stop);
    run(tile_size, tile_count(n_), chain_segments<A, Op>{segments_.data(), tiles_.data(), segment_count(n_), op}, stop);
  }
  /// Init: what stands before the first tile, or no_init.
  template <bool Exclusive, class View, class Out, class Init, class Op>
  void finish(View in, Out out, Init const& init, Op const& op, std::stop_token const& stop) {
    if (n_ > tile_size) run(n_, 1, chain_tiles<A, Init, Op>{tiles_.data(), tile_count(n_) - 1, init, op}, stop);
    run(segment_size, segment_count(n_),
        segment_results<A, Exclusive, View, Out, Init, Op>{in, out, segments_.data(), tiles_.data(), init, op}, stop);
  }

private:
  /// An index of the kernel stands for `unit` elements.
  template <class Kernel>
  void run(std::size_t unit, std::size_t count, Kernel const& kernel, std::stop_token const& stop) const {
    part_of_whole{base_, unit, base_ + n_}([&] { on_bulk(ex_, count, kernel, {.grain = 0, .stop = stop, .after = {}}); });
  }

  E ex_;
  std::size_t n_, base_;
  bool carried_;
  scratch<A, E> segments_, tiles_;
};

/// A scan is two passes over its elements.
inline void tell_of_pass(call_options const& options, std::size_t pass, std::size_t n) {
  if (options.progress) options.progress({pass == 2 ? n : n / 2, n});
}

template <class A, bool Exclusive, executor E, class View, class Out, class Init, class Op>
void scan_all(E const& ex, View in, Out out, Init const& init, Op const& op, call_options const& options) {
  scan_passes<A, E> passes(ex, in.size(), 0, in.size() > segment_size);
  passes.total(in, op, options.stop);
  tell_of_pass(options, 1, in.size());
  passes.template finish<Exclusive>(in, out, init, op, options.stop);
  tell_of_pass(options, 2, in.size());
}

} // namespace detail

/// out[i] = in[0] op … op in[i], computed in A; n ≥ 1.
template <executor E, class View, class Out, class A, class Op>
void on_inclusive_scan(E const& ex, View in, Out out, std::type_identity<A>, Op const& op, call_options const& options) {
  detail::scan_all<A, false>(ex, in, out, detail::no_init{}, op, options);
}

/// out[i] = init op in[0] op … op in[i - 1]; n ≥ 1.
template <executor E, class View, class Out, class A, class Op>
void on_exclusive_scan(E const& ex, View in, Out out, A const& init, Op const& op, call_options const& options) {
  detail::scan_all<A, true>(ex, in, out, init, op, options);
}

namespace detail {

template <class E, class R, class Op>
consteval bool accepts_scan() {
  if constexpr (accepts_data<E, R>())
    return accepts_reduction<E, R, typename data_element<R>::type, Op>();
  else
    return false;
}

template <class E, class R, class Op, class Out>
consteval bool accepts_scan_into() {
  if constexpr (accepts_scan<E, R, Op>())
    return accepts_place<E, Out, typename data_element<R>::type>();
  else
    return false;
}

/// `out` is fresh or existing; `scan(in_view, out_view, options)` is called where there is an element.
template <class In, class Out, class Scan>
auto scan_into(char const* call, call_options const& options, In& in, Out&& out, Scan const& scan) {
  if (in.size() != 0) within(call, options, [&](call_options const& o) { scan(in.view(), out.view(), o); });
  return out.finish();
}

} // namespace detail

/// out[i] = in[0] op … op in[i]: running totals, the element itself included, in the type of the elements.
///
/// The order is fixed by the index: the same bits on every executor, at any width. Where op is monotone under rounding, so are the
/// totals: of values ≥ 0 none is below the one before.
/// @param op  associative; portable_kernel where ex does not see host memory.
/// @throws what op throws. Cost: two reads of the data and one write; memory for one value in 128 elements.
template <executor E, class R, class Op = std::plus<>>
[[nodiscard]] auto inclusive_scan(E const& ex, R&& in, Op op = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_scan<E, R, Op>()) {
    using element = typename detail::data_element<R>::type;
    detail::input<E, R> data(ex, std::forward<R>(in));
    return detail::scan_into("inclusive_scan", options, data, detail::fresh<E, detail::stored_t<element>, R>(ex, data.size()),
                             [&](auto from, auto to, call_options const& o) {
                               on_inclusive_scan(ex, from, to, std::type_identity<element>{}, op, o);
                             });
  } else {
    return detail::refused{};
  }
}

/// The same into existing storage, which may be the input.
/// @throws std::invalid_argument where the sizes differ, before any work.
template <executor E, class R, class Op, class Out>
void inclusive_scan(E const& ex, R&& in, Op op, into_type<Out> place, call_options const& options = {}) {
  if constexpr (detail::accepts_scan_into<E, R, Op, Out>()) {
    using element = typename detail::data_element<R>::type;
    detail::input<E, R> data(ex, std::forward<R>(in));
    detail::scan_into("inclusive_scan", options, data, detail::existing<E, Out>(ex, place, data.size()),
                      [&](auto from, auto to, call_options const& o) {
                        on_inclusive_scan(ex, from, to, std::type_identity<element>{}, op, o);
                      });
  }
}

template <executor E, class R, class Out>
void inclusive_scan(E const& ex, R&& in, into_type<Out> place, call_options const& options = {}) {
  inclusive_scan(ex, std::forward<R>(in), std::plus<>{}, place, options);
}

/// out[i] = init op in[0] op … op in[i - 1]: running totals, the element itself left out, in the type of init.
/// Order, errors and cost as for inclusive_scan.
template <executor E, class R, class A, class Op = std::plus<>>
[[nodiscard]] auto exclusive_scan(E const& ex, R&& in, A init, Op op = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_reduction<E, R, A, Op>()) {
    detail::input<E, R> data(ex, std::forward<R>(in));
    return detail::scan_into("exclusive_scan", options, data, detail::fresh<E, detail::stored_t<A>, R>(ex, data.size()),
                             [&](auto from, auto to, call_options const& o) { on_exclusive_scan(ex, from, to, init, op, o); });
  } else {
    return detail::refused{};
  }
}

template <executor E, class R, class A, class Op, class Out>
void exclusive_scan(E const& ex, R&& in, A init, Op op, into_type<Out> place, call_options const& options = {}) {
  if constexpr (detail::accepts_reduction<E, R, A, Op>() && detail::accepts_place<E, Out, A>()) {
    detail::input<E, R> data(ex, std::forward<R>(in));
    detail::scan_into("exclusive_scan", options, data, detail::existing<E, Out>(ex, place, data.size()),
                      [&](auto from, auto to, call_options const& o) { on_exclusive_scan(ex, from, to, init, op, o); });
  }
}

template <executor E, class R, class A, class Out>
void exclusive_scan(E const& ex, R&& in, A init, into_type<Out> place, call_options const& options = {}) {
  exclusive_scan(ex, std::forward<R>(in), init, std::plus<>{}, place, options);
}

}} // namespace trireme::v1
