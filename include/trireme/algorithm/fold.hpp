/// @file fold.hpp
/// Evaluate n elements on an executor and combine them in the fixed shape: what transform_reduce and monte_carlo share.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/tiles.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// Stores elements base + [first, last) of a source in slots, a run being of units, and the last of n elements the end. The
/// first element of all is kept beside.
template <class Source>
struct evaluate_run {
  using parts = parts_of<Source>;
  using value = typename Source::value_type;
  Source source;
  slot<value>* values;
  slot<value>* very_first;
  std::size_t base, n;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    if constexpr (Source::in_rows) {
      slot<value>* const to = values;
      std::size_t const from = base, end = base + last * Source::unit;
      source.rows(base + first * Source::unit, end < n ? end : n, [to, from](std::size_t i, value const* row, std::size_t count) {
        for (std::size_t k = 0; k < count; ++k) to[i - from + k] = row[k];
      });
    } else {
      auto cursor = source.cursor();
      for (std::size_t i = first; i < last; ++i) put<value>(values[i], cursor(base + i));
    }
    if constexpr (Source::keeps_first)
      if (base == 0 && first == 0) put<value>(*very_first, value(in_slot<value>(values[0])));
  }
};

/// Folds tiles of evaluated elements: element i of tile base + k lies in values[k · tile_size + i].
template <class A, class Source, class Op>
struct fold_values_run {
  using parts = parts_of<Source, Op>;
  using value = typename Source::value_type;
  Source source;
  Op op;
  slot<value>* values;
  slot<value> const* very_first;
  slot<A>* tiles;
  std::size_t base, n;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t k = first; k < last; ++k) {
      slot<value>* const tile = values + k * tile_size;
      put<A>(tiles[base + k],
             fold_tile<A>(
                 tile_length(base + k, n),
                 [&](std::size_t i) { return source.lift(std::move(in_slot<value>(tile[i])), very_first); }, op));
    }
  }
};

/// Evaluates and folds whole tiles, with nothing stored between.
template <class A, class Source, class Op>
struct fold_tiles_run {
  using parts = parts_of<Source, Op>;
  using value = typename Source::value_type;
  Source source;
  Op op;
  slot<value> const* very_first;
  slot<A>* tiles;
  std::size_t base, n;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t t = base + first; t < base + last; ++t) {
      std::size_t const from = t * tile_size, length = tile_length(t, n);
      if constexpr (Source::in_rows) {
        put<A>(tiles[t], source.fold_rows(from, length, very_first, op));
      } else {
        auto cursor = source.cursor();
        put<A>(tiles[t], fold_tile<A>(length, [&](std::size_t i) { return source.lift(cursor(from + i), very_first); }, op));
      }
    }
  }
};

struct fold_control {
  std::stop_token stop = {};
  progress_callback progress = {};
};

/// The combination of n ≥ 1 elements.
///
/// A source has `value_type`, `keeps_first`, `cursor()`, which returns a callable that evaluates the element of an index (best in
/// ascending order), and `lift(value, very_first)`, which makes an A of a value and, if it
/// `keeps_first`, the very first of all values. If it says `in_rows`, it also has `rows(first, last, visit)`, as samples do,
/// and `fold_rows(first, length, very_first, op)`, the value of a tile. `unit` elements, a divisor of tile_size, are dealt out
/// together.
///
/// A tile is the unit of the shape, not of the work: the first tiles are evaluated element by element, spread over all
/// workers, and their time decides for the next ones: whole tiles at a time where these are cheap, spread again where
/// not. So sixty slow elements use all workers, and cheap ones are never stored. Memory: the tiles, and some
/// 4 · concurrency · tile_size values. Values too large for that are not stored, and their tiles not spread. What a source
/// keeps as the first value is also given to the caller.
template <class A, class E, class Source, class Op>
A fold(E const& ex, std::size_t n, Source const& source, Op const& op, fold_control const& control = {},
       typename Source::value_type* first_value = nullptr) {
  using value = typename Source::value_type;
  using clock = std::chrono::steady_clock;
  constexpr double slow_tile = 250e-6, window_time = 50e-3; // seconds
  constexpr bool stored = sizeof(slot<value>) <= 4096;

  std::size_t const count = tile_count(n);
  std::size_t const workers = ex.concurrency();
  std::size_t const spread = std::min(count, 4 * workers);
  bulk_options<completion_t<E>> const options{.grain = 0, .stop = control.stop, .after = {}};

  scratch<A, E> tiles(ex, count);
  scratch<value, E> very_first(ex, 1);
  scratch<value, E> values(ex, stored ? std::min(n, spread * tile_size) : Source::keeps_first ? 1 : 0);
  if constexpr (!stored && Source::keeps_first)
    on_bulk(ex, 1, evaluate_run<Source>{source, values.data(), very_first.data(), 0, 1}, options); // there is room for no more

  progress_teller tell(control.progress);
  double per_tile = 1; // seconds of one worker; at first unknown, so slow
  for (std::size_t done = 0; done < count;) {
    auto const begun = clock::now();
    std::size_t window = 0;
    if (stored && per_tile > slow_tile) {
      window = std::min(count - done, done == 0 ? workers : spread);
      std::size_t const first = done * tile_size;
      part_of_whole{first, Source::unit, n}([&] {
        on_bulk(ex, (std::min(n - first, window * tile_size) + Source::unit - 1) / Source::unit,
                evaluate_run<Source>{source, values.data(), very_first.data(), first, n}, options);
      });
      part_of_whole{first, tile_size, n}([&] {
        on_bulk(ex, window, fold_values_run<A, Source, Op>{source, op, values.data(), very_first.data(), tiles.data(), done, n},
                options);
      });
    } else {
      double const fitting = window_time * static_cast<double>(workers) / std::max(per_tile, 1e-9);
      window = std::min(count - done, std::max(16 * workers, static_cast<std::size_t>(std::min(fitting, 1e15))));
      part_of_whole{done * tile_size, tile_size, n}([&] {
        on_bulk(ex, window, fold_tiles_run<A, Source, Op>{source, op, very_first.data(), tiles.data(), done, n}, options);
      });
    }
    per_tile = std::chrono::duration<double>(clock::now() - begun).count() * static_cast<double>(std::min(workers, window)) /
               static_cast<double>(window);
    done += window;
    tell({done == count ? n : done * tile_size, n});
  }
  on_bulk(ex, 1, combine_tiles<A, Op>{tiles.data(), count, op}, {});
  if constexpr (Source::keeps_first)
    if (first_value != nullptr) *first_value = very_first.take_first();
  return tiles.take_first();
}

}}} // namespace trireme::v1::detail
