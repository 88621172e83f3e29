/// @file lanes.hpp
/// What scalars and packs share by one name: select, min, max, abs, sqrt, any, all and conversions, and the operations
/// of arithmetic.hpp that the mathematical functions are written in.
#pragma once

#include <trireme/simd/pack.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace trireme { inline namespace v1 {

/// x as a To: static_cast for a number, lane by lane for a pack.
template <class To, class From>
  requires std::is_arithmetic_v<From>
[[nodiscard, gnu::always_inline]] constexpr To convert(From x) noexcept {
  return static_cast<To>(x);
}
template <class To, class From, std::size_t N>
[[nodiscard, gnu::always_inline]] inline pack<To, N> convert(pack<From, N> const& x) noexcept {
  using unit = detail::unit<4 * N>;
  using out = pack<To, N>;
  if constexpr (std::same_as<To, From>) {
    return x;
  } else if constexpr (sizeof(To) == sizeof(From)) {
    return detail::each<out>([](auto const& v) { return __builtin_convertvector(v, typename out::vector); }, x);
  } else if constexpr (sizeof(To) == 8) {
    // A vector unit widens within the integers of one sign, float to double, and int to double.
    constexpr bool direct = std::same_as<From, float> || std::same_as<From, int>;
    out y;
    if constexpr (std::same_as<To, double> && direct) {
      unit::widen(x.part[0], y.part[0], y.part[1]);
    } else if constexpr (std::integral<From> && std::integral<To>) {
      using half = std::conditional_t<std::signed_integral<From>, std::int32_t, std::uint32_t>;
      using whole = std::conditional_t<std::signed_integral<From>, std::int64_t, std::uint64_t>;
      pack<whole, N> wide;
      unit::widen((detail::vec<half, 4 * N>)x.part[0], wide.part[0], wide.part[1]);
      return detail::each<out>([](auto const& v) { return (typename out::vector)v; }, wide);
    } else {
      detail::portable_unit<4 * N>::widen(x.part[0], y.part[0], y.part[1]);
    }
    return y;
  } else {
    out y;
    if constexpr (std::integral<From> && std::integral<To>) {
      using whole = detail::vec<std::int64_t, 4 * N>;
      detail::vec<std::int32_t, 4 * N> half;
      unit::narrow((whole)x.part[0], (whole)x.part[1], half);
      y.part[0] = (typename out::vector)half;
    } else {
      unit::narrow(x.part[0], x.part[1], y.part[0]);
    }
    return y;
  }
}

/// Whether any lane is true, and whether all are.
template <std::size_t B, std::size_t N>
[[nodiscard, gnu::always_inline]] inline bool any(mask<B, N> const& m) noexcept {
  if constexpr (mask<B, N>::parts == 2)
    return detail::unit<4 * N>::any(m.part[0] | m.part[1]);
  else
    return detail::unit<4 * N>::any(m.part[0]);
}
template <std::size_t B, std::size_t N>
[[nodiscard, gnu::always_inline]] inline bool all(mask<B, N> const& m) noexcept {
  return !any(!m);
}
[[nodiscard]] constexpr bool any(bool m) noexcept { return m; }
[[nodiscard]] constexpr bool all(bool m) noexcept { return m; }

/// In each lane a where the mask is true, else b. Either may be a plain number.
/// @return a pack of the type that a scalar kernel has there: the common type of a and b.
template <std::size_t B, std::size_t N, class X, class Y>
[[nodiscard, gnu::always_inline]] inline auto select(mask<B, N> const& condition, X const& a, Y const& b) noexcept {
  using T = std::common_type_t<detail::scalar_t<X>, detail::scalar_t<Y>>;
  constexpr bool same = (!detail::any_pack<X> || std::same_as<detail::scalar_t<X>, T>) &&
                        (!detail::any_pack<Y> || std::same_as<detail::scalar_t<Y>, T>);
  static_assert(same,
                "trireme: select between a pack and a wider type, in which a scalar kernel would go on: write 0.5f instead of "
                "0.5, or convert one of them by tri::convert<type>(x)");
  using P = pack<T, N>;
  if constexpr (same) {
    return detail::each<P>([](auto const& m, auto const& x, auto const& y) { return detail::unit<4 * N>::blend(m, x, y); },
                           condition.template as<sizeof(T)>(), P(a), P(b));
  } else {
    return P{};
  }
}

/// As for numbers, lane by lane: b < a ? b : a.
template <class A, class B>
  requires detail::pack_and<A, B>
[[nodiscard, gnu::always_inline]] inline auto min(A const& a, B const& b) noexcept {
  using P = detail::joined_t<A, B>;
  return select(b < a, P(b), P(a));
}
/// As for numbers, lane by lane: a < b ? b : a.
template <class A, class B>
  requires detail::pack_and<A, B>
[[nodiscard, gnu::always_inline]] inline auto max(A const& a, B const& b) noexcept {
  using P = detail::joined_t<A, B>;
  return select(a < b, P(b), P(a));
}

namespace detail {

template <std::size_t N>
[[gnu::always_inline]] inline pack<std::uint32_t, N> as_bits(pack<float, N> const& x) noexcept {
  return each<pack<std::uint32_t, N>>([](auto const& v) { return (vec<std::uint32_t, 4 * N>)v; }, x);
}
template <std::size_t N>
[[gnu::always_inline]] inline pack<std::uint64_t, N> as_bits(pack<double, N> const& x) noexcept {
  return each<pack<std::uint64_t, N>>([](auto const& v) { return (vec<std::uint64_t, 4 * N>)v; }, x);
}
template <std::size_t N>
[[gnu::always_inline]] inline pack<float, N> as_real(pack<std::uint32_t, N> const& u) noexcept {
  return each<pack<float, N>>([](auto const& v) { return (vec<float, 4 * N>)v; }, u);
}
template <std::size_t N>
[[gnu::always_inline]] inline pack<double, N> as_real(pack<std::uint64_t, N> const& u) noexcept {
  return each<pack<double, N>>([](auto const& v) { return (vec<double, 4 * N>)v; }, u);
}
template <std::size_t N>
[[gnu::always_inline]] inline pack<float, N> to_real(pack<std::uint32_t, N> const& u) noexcept {
  return convert<float>(convert<std::int32_t>(u));
}

/// As for scalars: a product that is not fused.
template <real_pack P>
[[gnu::always_inline]] inline P mul(P const& a, P const& b) noexcept {
  return each<P>(
      [](auto const& x, auto const& y) {
        auto product = x * y;
        keep_product(product);
        return product;
      },
      a, b);
}

/// The products of the lower halves of the lanes.
template <std::size_t N>
[[gnu::always_inline]] inline pack<std::uint64_t, N> mul_low(pack<std::uint64_t, N> const& x,
                                                             pack<std::uint64_t, N> const& y) noexcept {
  return each<pack<std::uint64_t, N>>([](auto const& a, auto const& b) { return unit<4 * N>::mul_low(a, b); }, x, y);
}

template <std::size_t B, std::size_t C, std::size_t N>
[[gnu::always_inline]] inline auto both(mask<B, N> const& a, mask<C, N> const& b) noexcept {
  return a && b;
}

} // namespace detail

/// |x|: the sign bit cleared; of integers as for scalars.
template <detail::any_pack P>
[[nodiscard, gnu::always_inline]] inline P abs(P const& x) noexcept {
  using T = detail::scalar_t<P>;
  if constexpr (detail::real<T>)
    return detail::as_real((detail::as_bits(x) << 1) >> 1);
  else if constexpr (std::unsigned_integral<T>)
    return x;
  else
    return select(x < 0, -x, x);
}

/// √x, correctly rounded.
template <detail::real_pack P>
[[nodiscard, gnu::always_inline]] inline P sqrt(P const& x) noexcept {
  return detail::each<P>([](auto const& v) { return detail::unit<4 * P::size>::sqrt(v); }, x);
}

}} // namespace trireme::v1
