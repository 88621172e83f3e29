/// @file polynomial.hpp
/// Polynomials of numbers and of packs, evaluated in one fixed order.
#pragma once

#include <trireme/simd/lanes.hpp>

#include <bit>
#include <cstddef>

namespace trireme { inline namespace v1 { namespace detail {

template <std::size_t First, std::size_t Count, class T, class S>
[[gnu::always_inline]] constexpr T estrin(T const* powers, S const* c) noexcept {
  if constexpr (Count == 1) {
    return T(c[First]);
  } else {
    constexpr std::size_t half = std::bit_floor(Count - 1);
    constexpr auto level = static_cast<std::size_t>(std::countr_zero(half));
    return estrin<First, half>(powers, c) + mul(powers[level], estrin<First + half, Count - half>(powers, c));
  }
}

/// c₀ + c₁x + c₂x² + …, by G. Estrin's scheme: always in this one order, and with short chains.
template <class T, class... C>
[[gnu::always_inline]] constexpr T polynomial(T x, C... c) noexcept {
  scalar_t<T> const coefficients[] = {static_cast<scalar_t<T>>(c)...};
  T powers[5] = {x};
  powers[1] = mul(powers[0], powers[0]);
  if constexpr (sizeof...(C) > 4) powers[2] = mul(powers[1], powers[1]);
  if constexpr (sizeof...(C) > 8) powers[3] = mul(powers[2], powers[2]);
  if constexpr (sizeof...(C) > 16) powers[4] = mul(powers[3], powers[3]);
  static_assert(sizeof...(C) <= 32);
  return estrin<0, sizeof...(C)>(powers, coefficients);
}

}}} // namespace trireme::v1::detail
