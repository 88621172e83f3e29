/// @file reduce.hpp
/// Combine all elements into one, in a shape that does not depend on who computed what.
/// Definition for every executor; a backend that overloads on_reduce or on_transform_reduce keeps the shape of tiles.hpp.
#pragma once
#include <trireme/algorithm/fold.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/tiles.hpp>
#include <trireme/simd/kernel.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// Elements of a view, converted to A.
template <class A, class View>
struct element_source {
  using value_type = A;
  static constexpr bool keeps_first = false, in_rows = false;
  static constexpr std::size_t unit = 1;
  View view;
  struct cursor_type {
    View const& view;
    constexpr A operator()(std::size_t i) const { return static_cast<A>(view[i]); }
  };
  constexpr cursor_type cursor() const { return {view}; }
  static constexpr A lift(A&& value, slot<A> const*) { return std::move(value); }
};

/// f of the elements of a view, converted to A.
template <class A, class View, class F>
struct mapped_source {
  using parts = parts_of<F>;
  using value_type = A;
  static constexpr bool keeps_first = false;
  View view;
  F f;
  struct cursor_type {
    mapped_source const& source;
    constexpr A operator()(std::size_t i) const { return static_cast<A>(source.f(source.view[i])); }
  };
  constexpr cursor_type cursor() const { return {*this}; }
  static constexpr A lift(A&& value, slot<A> const*) { return std::move(value); }

  using result = std::remove_cvref_t<std::invoke_result_t<F const&, decltype(std::declval<View const&>()[0])>>;
  static constexpr bool in_rows = takes_packs<F, View> && plain_slot<A> && plain_slot<result>;
  static constexpr std::size_t unit = 1;
  /// visit(i, values, count) for runs of at most 32 consecutive elements, whole ones if first is a multiple of 32.
  template <class Visit>
  constexpr void rows(std::size_t first, std::size_t last, Visit const& visit) const {
    A values[tile_lanes];
    std::size_t i = first;
#if !defined(__CUDA_ARCH__)
    constexpr std::size_t lanes = simd_lanes<F>;
    result row[tile_lanes];
    for (; i + tile_lanes <= last; i += tile_lanes) {
      for (std::size_t j = 0; j < tile_lanes; j += lanes) store_lanes<result, lanes>(row + j, f(load_lanes<lanes>(view, i + j)));
      for (std::size_t j = 0; j < tile_lanes; ++j) values[j] = static_cast<A>(row[j]);
      visit(i, static_cast<A const*>(values), tile_lanes);
    }
#endif
    for (; i < last; ++i) {
      values[0] = static_cast<A>(f(view[i]));
      visit(i, static_cast<A const*>(values), std::size_t{1});
    }
  }
  /// As fold_tile.
  template <class Op>
  constexpr A fold_rows(std::size_t first, std::size_t length, slot<A> const*, Op const& op) const {
    A lanes[tile_lanes];
    rows(first, first + length, [&](std::size_t i, A const* values, std::size_t count) {
      std::size_t const at = (i - first) % tile_lanes;
      if (i - first < tile_lanes)
        for (std::size_t j = 0; j < count; ++j) lanes[at + j] = values[j];
      else
        for (std::size_t j = 0; j < count; ++j) lanes[at + j] = static_cast<A>(op(std::move(lanes[at + j]), values[j]));
    });
    meet_lanes<A>(lanes, length < tile_lanes ? length : tile_lanes, op);
    return lanes[0];
  }
};

} // namespace detail

/// The elements of `in` combined in the fixed shape; n ≥ 1. An overload heeds the options as well as it can.
template <executor E, class View, class A, class Op>
A on_reduce(E const& ex, View in, std::type_identity<A>, Op const& op, call_options const& options) {
  using source = detail::element_source<A, View>;
  if (options.progress || options.stop.stop_possible())
    return detail::fold<A>(ex, in.size(), source{in}, op, {options.stop, options.progress});
  std::size_t const tiles = tile_count(in.size());
  detail::scratch<A, E> values(ex, tiles);
  detail::part_of_whole{0, tile_size, in.size()}(
      [&] { on_bulk(ex, tiles, detail::fold_tiles_run<A, source, Op>{{in}, op, nullptr, values.data(), 0, in.size()}, {}); });
  on_bulk(ex, 1, detail::combine_tiles<A, Op>{values.data(), tiles, op}, {});
  return values.take_first();
}

/// f of the elements of `in` combined in the fixed shape; n ≥ 1.
template <executor E, class View, class A, class Op, class F>
A on_transform_reduce(E const& ex, View in, std::type_identity<A>, Op const& op, F const& f, call_options const& options) {
  return detail::fold<A>(ex, in.size(), detail::mapped_source<A, View, F>{in, f}, op, {options.stop, options.progress});
}

/// init combined with all elements by op; init alone for an empty range.
///
/// The elements are first converted to the type of init: reduce(ex, floats, 0.0) adds in double. The order is the fixed
/// shape of core/tiles.hpp, so that the result has the same bits on every executor, at any width.
/// @param op  associative and commutative, portable_kernel where ex does not see host memory.
/// @throws what op throws.
/// Cost: one read of the data; memory for one value a tile.
template <executor E, class R, class A, class Op = std::plus<>>
[[nodiscard]] A reduce(E const& ex, R&& in, A init, Op op = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_reduction<E, R, A, Op>()) {
    detail::input<E, R> data(ex, std::forward<R>(in));
    if (data.size() == 0) return init;
    return static_cast<A>(op(std::move(init), detail::within("reduce", options, [&](call_options const& o) {
                               return on_reduce(ex, data.view(), std::type_identity<A>{}, op, o);
                             })));
  } else {
    return detail::refused{};
  }
}

/// The sum of all elements, in their own type; 0 (a value-initialised element) for an empty range.
template <executor E, class R>
[[nodiscard]] auto reduce(E const& ex, R&& in) {
  if constexpr (detail::accepts_data<E, R>()) {
    using element = typename detail::data_element<R>::type;
    return reduce(ex, std::forward<R>(in), element{}, std::plus<>{});
  } else {
    return detail::refused{};
  }
}

/// init combined by op with f of every element: reduce(ex, transform(ex, in, f), init, op) without the array between.
/// f's results are converted to the type of init. Order, errors and cost as for reduce.
template <executor E, class R, class A, class Op, class F>
[[nodiscard]] A transform_reduce(E const& ex, R&& in, A init, Op op, F f, call_options const& options = {}) {
  if constexpr (detail::accepts_mapped_reduction<E, R, A, Op, F>()) {
    detail::input<E, R> data(ex, std::forward<R>(in));
    if (data.size() == 0) return init;
    return static_cast<A>(op(std::move(init), detail::within("transform_reduce", options, [&](call_options const& o) {
                               return on_transform_reduce(ex, data.view(), std::type_identity<A>{}, op, f, o);
                             })));
  } else {
    return detail::refused{};
  }
}

}} // namespace trireme::v1
