/// @file into.hpp
/// `into(out)`: existing storage as the place for a result.
#pragma once
#include <trireme/core/operand.hpp>
#include <trireme/core/range.hpp>
#include <trireme/core/refused.hpp>

#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// What `into` returns. `R` is a reference, or a view kept by value.
template <class R>
struct into_type {
  R out;
};

/// Names existing storage for a result: a buffer, a random-access range, or a vector of Eigen, of the right size.
/// Nothing is allocated, zeroed or touched that is not a result. It must not overlap the input in part; where it is
/// the input itself, each element is read before it is written.
template <class R>
[[nodiscard]] constexpr auto into(R&& out) {
  constexpr bool whole = !detail::packed_bits<R>;
  static_assert(whole, "trireme: into: a std::vector<bool> can't be written by several workers at once, "
                       "which would lose bits");
  constexpr bool written = detail::writable<R>();
  static_assert(written, "trireme: into: the storage is const, or an expression: nothing can be written there");
  constexpr bool lasting = detail::outlives_call<R>;
  static_assert(lasting, "trireme: into: the storage is a temporary that would be gone with the result in it");
  if constexpr (whole && written && lasting)
    return into_type<R>{std::forward<R>(out)};
  else
    return into_type<detail::refused>{};
}

}} // namespace trireme::v1
