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

/// The fixed shape: a segment is a lane's share of a tile, 128 consecutive elements. Its total is its elements combined
/// from the left. The totals are scanned in this same shape, which gives each segment but the first its carry, and the
/// results of a segment are a chain from the left that starts with the carry.
inline constexpr std::size_t segment_size = tile_size / tile_lanes;
constexpr std::size_t segment_count(std::size_t n) { return n / segment_size + (n % segment_size != 0); }
constexpr std::size_t segment_end(std::size_t s, std::size_t n) {
  return n - s * segment_size < segment_size ? n : (s + 1) * segment_size;
}

/// View over slots, for the scans of totals.
template <class A>
struct slot_view {
  slot<A>* first;
  std::size_t count;
  constexpr A& operator[](std::size_t i) const { return in_slot<A>(first[i]); }
  [[nodiscard]] constexpr std::size_t size() const { return count; }
};

template <class A, class View, class Op>
struct segment_totals {
  using parts = parts_of<Op>;
  View in;
  slot<A>* totals;
  Op op;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t s = first; s < last; ++s) {
      A total = static_cast<A>(in[s * segment_size]);
      for (std::size_t i = s * segment_size + 1; i < segment_end(s, in.size()); ++i)
        total = static_cast<A>(op(std::move(total), static_cast<A>(in[i])));
      totals[s] = std::move(total);
    }
  }
};

/// Results of an inclusive scan; `scanned` are the scanned totals, unused where there is one segment. `out` may be `in`.
template <class A, class View, class Out, class Op>
struct inclusive_segments {
  using parts = parts_of<Op>;
  View in;
  Out out;
  slot<A>* scanned;
  Op op;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t s = first; s < last; ++s) {
      std::size_t i = s * segment_size;
      A total = s == 0 ? static_cast<A>(in[i]) : static_cast<A>(op(in_slot<A>(scanned[s - 1]), static_cast<A>(in[i])));
      out[i] = total;
      for (++i; i < segment_end(s, in.size()); ++i) {
        total = static_cast<A>(op(std::move(total), static_cast<A>(in[i])));
        out[i] = total;
      }
    }
  }
};

/// Results of an exclusive scan: the carry of a segment is init combined with the scanned total before it.
template <class A, class View, class Out, class Op>
struct exclusive_segments {
  using parts = parts_of<A, Op>;
  View in;
  Out out;
  slot<A>* scanned;
  A init;
  Op op;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t s = first; s < last; ++s) {
      A total = s == 0 ? init : static_cast<A>(op(init, in_slot<A>(scanned[s - 1])));
      for (std::size_t i = s * segment_size; i < segment_end(s, in.size()); ++i) {
        A next = static_cast<A>(op(total, static_cast<A>(in[i])));
        out[i] = std::move(total);
        total = std::move(next);
      }
    }
  }
};

/// A scan is two passes over its elements.
inline void tell_of_pass(call_options const& options, std::size_t pass, std::size_t n) {
  if (options.progress) options.progress({pass == 2 ? n : n / 2, n});
}

/// The totals of all segments of `in`, scanned.
template <class A, executor E, class View, class Op>
scratch<A, E> scanned_totals(E const& ex, View in, Op const& op, std::stop_token const& stop);

template <class A, executor E, class View, class Out, class Op>
void scan_inclusive(E const& ex, View in, Out out, Op const& op, call_options const& options = {}) {
  std::size_t const segments = segment_count(in.size());
  scratch<A, E> scanned(ex, 0);
  if (segments > 1) scanned = scanned_totals<A>(ex, in, op, options.stop);
  tell_of_pass(options, 1, in.size());
  on_bulk(ex, segments, inclusive_segments<A, View, Out, Op>{in, out, scanned.data(), op},
          {.grain = 0, .stop = options.stop, .after = {}});
  tell_of_pass(options, 2, in.size());
}

template <class A, executor E, class View, class Op>
scratch<A, E> scanned_totals(E const& ex, View in, Op const& op, std::stop_token const& stop) {
  std::size_t const segments = segment_count(in.size());
  scratch<A, E> totals(ex, segments);
  on_bulk(ex, segments, segment_totals<A, View, Op>{in, totals.data(), op}, {.grain = 0, .stop = stop, .after = {}});
  slot_view<A> const view{totals.data(), segments};
  scan_inclusive<A>(ex, view, view, op, {.stop = stop});
  return totals;
}

} // namespace detail

/// out[i] = in[0] op … op in[i], computed in A; n ≥ 1.
template <executor E, class View, class Out, class A, class Op>
void on_inclusive_scan(E const& ex, View in, Out out, std::type_identity<A>, Op const& op, call_options const& options) {
  detail::scan_inclusive<A>(ex, in, out, op, options);
}

/// out[i] = init op in[0] op … op in[i - 1]; n ≥ 1.
template <executor E, class View, class Out, class A, class Op>
void on_exclusive_scan(E const& ex, View in, Out out, A const& init, Op const& op, call_options const& options) {
  std::size_t const segments = detail::segment_count(in.size());
  detail::scratch<A, E> scanned(ex, 0);
  if (segments > 1) scanned = detail::scanned_totals<A>(ex, in, op, options.stop);
  detail::tell_of_pass(options, 1, in.size());
  on_bulk(ex, segments, detail::exclusive_segments<A, View, Out, Op>{in, out, scanned.data(), init, op},
          {.grain = 0, .stop = options.stop, .after = {}});
  detail::tell_of_pass(options, 2, in.size());
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
/// The order is fixed by the index: the same bits on every executor, at any width.
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
