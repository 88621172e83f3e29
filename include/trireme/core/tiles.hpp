/// @file tiles.hpp
/// The fixed shape of a reduction: which element meets which, as a function of the index alone. Every backend that
/// follows it gives the same bits, at any width.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/fn.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

/// Consecutive elements or samples that make a tile, the unit of determinism.
inline constexpr std::size_t tile_size = 4096;
/// Partial results within a tile: two AVX-512 registers of floats, one warp.
inline constexpr std::size_t tile_lanes = 32;

/// How many tiles n elements make; the last may be shorter.
constexpr std::size_t tile_count(std::size_t n) noexcept { return n / tile_size + (n % tile_size != 0); }
/// How many elements tile t of n elements has.
constexpr std::size_t tile_length(std::size_t t, std::size_t n) noexcept {
  return n - t * tile_size < tile_size ? n - t * tile_size : tile_size;
}

namespace detail {

/// A place for a T that need not hold one yet. T needs neither a default nor an assignment.
template <class T>
inline constexpr bool plain_slot = std::is_default_constructible_v<T> && std::is_move_assignable_v<T> && transferable<T>;
template <class T>
using slot = std::conditional_t<plain_slot<T>, T, std::optional<T>>;

template <class T>
constexpr T& in_slot(slot<T>& s) {
  if constexpr (plain_slot<T>)
    return s;
  else
    return *s;
}

template <class T>
constexpr T const& in_slot(slot<T> const& s) {
  return in_slot<T>(const_cast<slot<T>&>(s));
}

/// Puts a value into a slot, whatever was there.
template <class T>
constexpr void put(slot<T>& s, T&& value) {
  if constexpr (plain_slot<T>)
    s = std::move(value);
  else if constexpr (transferable<T>)
    std::construct_at(&s, std::move(value)); // memory of an executor may hold anything
  else
    s.emplace(std::move(value));
}

/// Uninitialised slots for intermediate results, where the workers of an executor can reach them.
template <class T, executor E>
class scratch {
public:
  scratch(E const& ex, std::size_t n) : memory_(make(ex, n)) {}
  [[nodiscard]] slot<T>* data() {
    if constexpr (host_executor<E>)
      return memory_.get();
    else
      return memory_.data();
  }
  /// The first one, moved to the host.
  [[nodiscard]] T take_first() {
    if constexpr (host_executor<E>) {
      return std::move(in_slot<T>(memory_[0]));
    } else {
      slot<T> value;
      memory_.executor().download(memory_.data(), &value, sizeof value, {}).wait();
      return in_slot<T>(value);
    }
  }

private:
  static auto make(E const& ex, std::size_t n) {
    if constexpr (host_executor<E>)
      return std::unique_ptr<slot<T>[]>(new slot<T>[n]);
    else
      return buffer<slot<T>, E>(ex, n);
  }
  decltype(make(std::declval<E const&>(), std::size_t{})) memory_;
};

/// A slot for each lane; large ones are not put on the stack.
template <class T>
using lane_slots = std::conditional_t<(sizeof(slot<T>) <= 4096), std::array<slot<T>, tile_lanes>, std::vector<slot<T>>>;

/// The first `filled` of 32 lanes meet in a butterfly, a[j] = op(a[j], a[j + s]) for s = 16, 8, 4, 2, 1; the result is in a[0].
template <class A, class Lanes, class Op>
constexpr void meet_lanes(Lanes& lanes, std::size_t filled, Op const& op) {
  for (std::size_t s = tile_lanes / 2; s > 0; s /= 2)
    for (std::size_t j = 0; j < s && j + s < filled; ++j)
      put<A>(lanes[j], static_cast<A>(op(std::move(in_slot<A>(lanes[j])), std::move(in_slot<A>(lanes[j + s])))));
}

/// The value of a tile of n ≥ 1 elements, element(i) being the i-th as an A: lane j of 32 takes j, j + 32, … in that
/// order, then the lanes meet.
template <class A, class Element, class Op>
constexpr A fold_tile(std::size_t n, Element&& element, Op const& op) {
  lane_slots<A> lanes;
  if constexpr (requires { lanes.resize(tile_lanes); }) lanes.resize(tile_lanes);
  std::size_t const filled = n < tile_lanes ? n : tile_lanes;
  put<A>(lanes[0], element(0)); // alone, so that the compiler sees it set
  for (std::size_t j = 1; j < filled; ++j) put<A>(lanes[j], element(j));
  std::size_t i = tile_lanes;
  for (; i + tile_lanes <= n; i += tile_lanes)
    for (std::size_t j = 0; j < tile_lanes; ++j)
      put<A>(lanes[j], static_cast<A>(op(std::move(in_slot<A>(lanes[j])), element(i + j))));
  for (std::size_t j = 0; i + j < n; ++j) put<A>(lanes[j], static_cast<A>(op(std::move(in_slot<A>(lanes[j])), element(i + j))));
  meet_lanes<A>(lanes, filled, op);
  return std::move(in_slot<A>(lanes[0]));
}

/// Combines the values of tiles level by level, t[i] = op(t[2i], t[2i + 1]), an odd one out passing up unchanged,
/// until t[0] is the result. A kernel to be run once.
template <class A, class Op>
struct combine_tiles {
  using parts = parts_of<Op>;
  slot<A>* tiles;
  std::size_t count;
  Op op;
  constexpr void operator()(std::size_t, std::size_t) const {
    for (std::size_t n = count; n > 1; n = n / 2 + n % 2) {
      for (std::size_t i = 0; i < n / 2; ++i)
        put<A>(tiles[i], static_cast<A>(op(std::move(in_slot<A>(tiles[2 * i])), std::move(in_slot<A>(tiles[2 * i + 1])))));
      if (n % 2 != 0) put<A>(tiles[n / 2], A(std::move(in_slot<A>(tiles[n - 1]))));
    }
  }
};

} // namespace detail

}} // namespace trireme::v1
