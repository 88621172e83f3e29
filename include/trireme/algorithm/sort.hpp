/// @file sort.hpp
/// Sort in place, stably.        Definition for every executor: a merge sort whose merges are cut along their output.
#pragma once
#include <trireme/algorithm/merge_runs.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/order.hpp>
#include <trireme/core/tiles.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

inline constexpr std::size_t sort_block = 8 * tile_size; ///< elements that one worker sorts in its cache
inline constexpr std::size_t sort_short = 16;            ///< elements that insertion sorts fastest

/// Sorts each block of `a` with `b` as room for it. in_b[k] says at each moment where the elements of block k are whole,
/// so that none is lost if less throws.
template <std::size_t Block, class T, class Less>
struct sort_blocks {
  using parts = parts_of<Less>;
  T* a;
  T* b;
  std::uint8_t* in_b;
  std::size_t n;
  Less less;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t k = first; k < last; ++k) {
      std::size_t const begin = k * Block;
      std::size_t const size = n - begin < Block ? n - begin : Block;
      for (std::size_t s = 0; s < size; s += sort_short)
        insertion_sort(a + begin + s, size - s < sort_short ? size - s : sort_short);
      T* from = a + begin;
      T* to = b + begin;
      for (std::size_t width = sort_short; width < size; width *= 2) {
        for (std::size_t s = 0; s < size; s += 2 * width) {
          std::size_t const na = size - s < width ? size - s : width;
          std::size_t const nb = size - s - na < width ? size - s - na : width;
          merge_two(from + s, na, from + s + na, nb, to + s, less);
        }
        T* const swap = from;
        from = to;
        to = swap;
        in_b[k] = from != a + begin;
      }
    }
  }
  constexpr void insertion_sort(T* x, std::size_t size) const {
    for (std::size_t i = 1; i < size; ++i) {
      std::size_t at = i;
      while (at > 0 && less(x[i], x[at - 1])) --at; // the place first: nothing has moved if less throws
      T const value = x[i];
      for (std::size_t m = i; m > at; --m) x[m] = x[m - 1];
      x[at] = value;
    }
  }
};

/// Copies whole blocks: those that in_b marks, or all.
template <std::size_t Block, class T>
struct gather_blocks {
  T* a;
  T const* b;
  std::uint8_t* in_b;
  std::size_t n;
  bool all;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t k = first; k < last; ++k) {
      if (!all && in_b[k] == 0) continue;
      std::size_t const begin = k * Block;
      std::size_t const end = n - begin < Block ? n : begin + Block;
      for (std::size_t i = begin; i < end; ++i) a[i] = b[i];
    }
  }
};

struct clear_flags {
  std::uint8_t* flags;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last; ++i) flags[i] = 0;
  }
};

/// Orders positions by the elements there.
template <class View, class Less>
struct less_at {
  using parts = parts_of<Less>;
  View view;
  Less less;
  constexpr bool operator()(std::size_t i, std::size_t j) const { return less(view[i], view[j]); }
};

/// Brings view[order[i]] to place i for every i, by one move for each element and one more for each cycle.
template <class T, class View>
void permute(View view, std::vector<std::size_t>& order) {
  for (std::size_t start = 0; start < order.size(); ++start) {
    if (order[start] == start) continue;
    T held = std::move(view[start]); // not auto: the reference of a vector<bool> would still be the place
    std::size_t at = start;
    for (std::size_t next = order[at]; next != start; next = order[at]) {
      view[at] = std::move(view[next]);
      order[at] = at;
      at = next;
    }
    view[at] = std::move(held);
    order[at] = at;
  }
}

/// Whether elements may be assigned where none was constructed, and so merged from one memory to another.
template <class T>
inline constexpr bool merges = std::is_trivially_copyable_v<T> || plain_slot<T>;

template <class E, class R, class Less>
consteval bool accepts_sort() {
  if constexpr (accepts_data<E, R>()) {
    using element = typename data_element<R>::type;
    constexpr bool changes = writable<R>();
    static_assert(changes, "trireme: sort: the range is const, or an expression: nothing can be moved there");
    constexpr bool places = any_buffer<R> || eigen_vector<std::remove_reference_t<R>> || std::ranges::forward_range<R>;
    static_assert(places, "trireme: sort: a range that is read once has no places to sort to");
    if constexpr (changes && places && accepts_function<E, Less>()) {
      constexpr bool compares =
          callable<Less const, element const&, element const&> || callable<Less, element const&, element const&>;
      static_assert(compares, "trireme: sort: less can't be called with two elements; without a less they need a <");
      if constexpr (compares) return accepts_kernel<E, Less, element const&, element const&>();
    }
  }
  return false;
}

/// Sorts blocks, each by one worker, and merges them in tiles. Whatever less says or throws, the elements are all at `data`
/// afterwards.
template <std::size_t Block, std::size_t Tile, executor E, class T, class Less>
void merge_sort(E const& ex, T* data, std::size_t n, Less const& less, call_options const& options) {
  static_assert(Block % Tile == 0);
  bulk_options<completion_t<E>> const may_stop{.grain = options.stop.stop_possible() ? 1 : 0, .stop = options.stop, .after = {}};
  std::size_t passes = 2, done = 0; // the blocks, and the way back
  for (std::size_t width = Block; width < n; width *= 2) ++passes;
  auto const tell = [&] {
    if (++done, options.progress) options.progress({done == passes ? n : n / passes * done, n});
  };
  std::size_t const blocks = n / Block + (n % Block != 0);
  buffer<T, E> room(ex, n);
  merger<Tile, E> runs(ex, n);
  buffer<std::uint8_t, E> in_b(ex, blocks);
  on_bulk(ex, blocks, clear_flags{in_b.data()}, {});
  T* from = data;
  T* to = room.data();
  try {
    on_bulk(ex, blocks, sort_blocks<Block, T, Less>{data, room.data(), in_b.data(), n, less}, may_stop);
    tell();
  } catch (...) {
    on_bulk(ex, blocks, gather_blocks<Block, T>{data, room.data(), in_b.data(), n, false}, {});
    throw;
  }
  on_bulk(ex, blocks, gather_blocks<Block, T>{data, room.data(), in_b.data(), n, false}, {});
  try {
    for (std::size_t width = Block; width < n; width *= 2) {
      runs.pass(from, to, even_runs{width, n}, less, may_stop);
      std::swap(from, to);
      tell();
    }
  } catch (...) {
    if (from != data) on_bulk(ex, blocks, gather_blocks<Block, T>{data, from, nullptr, n, true}, {});
    throw;
  }
  if (from != data) on_bulk(ex, blocks, gather_blocks<Block, T>{data, from, nullptr, n, true}, {});
  tell();
}

/// `sort_data(data, n, less)` on the elements, or on their positions.
template <class E, class R, class Less, class Sort>
void sort_by(E const& ex, std::remove_reference_t<R>& range, Less const& less, Sort const& sort_data) {
  using element = typename data_element<R>::type;
  storage<E, R, true> data(ex, range);
  auto const view = data.view();
  if (data.size() < 2) return;
  if constexpr (std::same_as<decltype(view), std::span<element> const> && (merges<element> || !host_executor<E>)) {
    sort_data(view.data(), view.size(), less);
  } else {
    std::vector<std::size_t> order(data.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    sort_data(order.data(), order.size(), less_at<decltype(view), Less>{view, less});
    permute<element>(view, order);
  }
  data.finish();
}

} // namespace detail

/// Sorts n transferable elements at `data` in ex's memory.
template <executor E, class T, class Less>
void on_sort(E const& ex, T* data, std::size_t n, Less const& less, call_options const& options) {
  detail::merge_sort<detail::sort_block, tile_size>(ex, data, n, less, options);
}

/// Sorts in place; equal elements keep their order, so that the result is the same on every executor.
///
/// Elements that are not transferable, or not contiguous, are sorted by position and moved once (host executors).
/// @param less  a strict weak order, as < is none on NaNs. std::less and std::greater, by fn too, are the default order,
/// `ascending`, and its reverse: NaNs last and first. portable_kernel where ex does not see host memory.
/// @throws what less throws, `cancelled`, `timed_out`; std::invalid_argument where less is seen to be no strict weak order, which
/// need not be. In any case the elements are all there, and each once; in an unspecified order where it throws or less is none.
/// Cost: O(n log n); memory for another n elements, or n positions.
template <executor E, class R, class Less = ascending>
void sort(E const& ex, R&& range, Less less = {}, call_options const& options = {}) {
  if constexpr (detail::accepts_sort<E, R, Less>())
    detail::within("sort", options, [&](call_options const& o) {
      using element = typename detail::data_element<R>::type;
      detail::sort_by<E, R>(ex, range, detail::order_by<element>(less),
                            [&](auto* data, std::size_t n, auto const& order) { on_sort(ex, data, n, order, o); });
    });
}

}} // namespace trireme::v1
