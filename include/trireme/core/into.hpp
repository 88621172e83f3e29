/// @file into.hpp
/// `into(out)`: existing storage as the place for a result.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/range.hpp>

#include <ranges>
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
  static_assert(std::is_lvalue_reference_v<R> || std::ranges::borrowed_range<R> || any_buffer<R> ||
                    detail::eigen_vector<std::remove_cvref_t<R>>,
                "trireme: into: the storage is a temporary that would be gone with the result in it");
  return into_type<R>{std::forward<R>(out)};
}

}} // namespace trireme::v1
