/// @file kernel.hpp
/// tri::simd, the promise that a kernel is written for packs, and what becomes of the values that it returns for them.
#pragma once

#include <trireme/core/fn.hpp>
#include <trireme/simd/lanes.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// A kernel that promises to be written for packs; called like the one it holds, with numbers or packs of Lanes of them.
/// The width is part of the type, so that files compiled for different vector units can meet in one program.
template <class F, std::size_t Lanes = native_lanes>
struct simd_kernel {
  using parts = detail::parts_of<F>;
  F f;

  template <class... A>
    requires std::invocable<F const&, A...>
  constexpr decltype(auto) operator()(A&&... a) const noexcept(std::is_nothrow_invocable_v<F const&, A...>) {
    return f(std::forward<A>(a)...);
  }
};

/// f, with the promise that it is written for packs: generic, and without branches on values. tri::select takes the place
/// of `if` and `?:`; tri::min, max, abs, sqrt, exp, log, sin, cos, pow those of the standard library.
///
/// It is then called with packs (simd/pack.hpp) where elements lie side by side and are float, double or integers of 32
/// or 64 bits, and for random numbers; with plain numbers elsewhere, on a device, and for what is left over at the end.
/// The results have the same bits. Taken by transform, transform_reduce, batch_map, for_each, monte_carlo and simulate.
template <class F>
[[nodiscard]] constexpr simd_kernel<F> simd(F f) {
  return {std::move(f)};
}

namespace detail {

/// The lanes of the packs that a kernel is called with; 1: it is called with numbers.
template <class F>
inline constexpr std::size_t simd_lanes = 1;
template <class F, std::size_t Lanes>
inline constexpr std::size_t simd_lanes<simd_kernel<F, Lanes>> = Lanes;

/// What a kernel that returns V for numbers must return for packs of N, as stored: a truth value as an int.
template <class V, std::size_t N>
struct lanes_of {
  static_assert(lane<V>, "trireme: a kernel under tri::simd returns numbers (float, double, integers of 32 or 64 bits), truth "
                         "values, or std::arrays of such");
  using type = pack<V, N>;
  template <class R>
  [[gnu::always_inline]] static inline type from(R const& r) noexcept {
    constexpr bool same = std::same_as<R, type> || std::same_as<R, V>;
    constexpr bool refused_before = std::same_as<V, double> && std::same_as<scalar_t<R>, float>; // where it met a double
    static_assert(same || refused_before,
                  "trireme: a kernel under tri::simd returns another type for packs than for numbers: see to it with "
                  "tri::convert<type>(x)");
    if constexpr (same)
      return type(r);
    else
      return type{};
  }
  static V get(type const& p, std::size_t i) noexcept { return p[i]; }
};
template <std::size_t N>
struct lanes_of<bool, N> {
  using type = pack<std::int32_t, N>;
  template <class R>
  [[gnu::always_inline]] static inline type from(R const& r) noexcept {
    return select(r, type(1), type(0));
  }
  static bool get(type const& p, std::size_t i) noexcept { return p[i] != 0; }
};
template <class V, std::size_t K, std::size_t N>
struct lanes_of<std::array<V, K>, N> {
  using type = std::array<typename lanes_of<V, N>::type, K>;
  template <class R>
  [[gnu::always_inline]] static inline type from(R const& r) noexcept {
    static_assert(std::tuple_size_v<R> == K);
    type out;
    for (std::size_t k = 0; k < K; ++k) out[k] = lanes_of<V, N>::from(r[k]);
    return out;
  }
  static std::array<V, K> get(type const& p, std::size_t i) noexcept {
    std::array<V, K> out;
    for (std::size_t k = 0; k < K; ++k) out[k] = lanes_of<V, N>::get(p[k], i);
    return out;
  }
};

/// to[i] = value for N lanes of what a pack kernel returned, V being what it returns for a number.
template <class V, std::size_t N, class T, class R>
[[gnu::always_inline]] inline void store_lanes(T* to, R const& value) {
  using lanes = lanes_of<V, N>;
  auto const p = lanes::from(value);
  if constexpr (std::same_as<V, T> && lane<V>) {
    p.store(to);
  } else {
    for (std::size_t i = 0; i < N; ++i) to[i] = lanes::get(p, i);
  }
}

/// Elements side by side that packs can be made of.
template <class View>
inline constexpr bool is_pack_view = false;
template <class T>
inline constexpr bool is_pack_view<std::span<T>> = lane<std::remove_cv_t<T>>;

/// Whether a kernel is called with packs of elements of these.
template <class F, class... View>
inline constexpr bool takes_packs = simd_lanes<F> > 1 && (is_pack_view<View> && ...);

/// The pack at v[i].
template <std::size_t N, class T>
[[gnu::always_inline]] inline pack<std::remove_cv_t<T>, N> load_lanes(std::span<T> v, std::size_t i) noexcept {
  return pack<std::remove_cv_t<T>, N>::load(v.data() + i);
}

} // namespace detail
}} // namespace trireme::v1
