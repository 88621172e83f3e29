/// @file generator.hpp
/// The rng that a Monte Carlo kernel is given, and draws<N>, a promise that lets samples share blocks of
/// words.
#pragma once

#include <trireme/core/fail.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/random/distributions.hpp>
#include <trireme/random/philox.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// The random numbers of one sample. Each call takes a fixed number of 32-bit words from Words: one for float
/// and two for double, twice that for normal_pair, and two for index in both. So what a sample draws depends on
/// nothing but the seed and its index.
///
/// Words has next(), which returns the next word, or bits(), which returns those of a call; what that throws
/// (std::logic_error, call N + 1 under draws<N>) every member here may throw. Real is float, double or, for a kernel under
/// tri::simd, a pack of them: then it is the numbers of as many samples side by side.
template <class Real, class Words>
  requires detail::real<detail::scalar_t<Real>>
class generator {
public:
  using value_type = Real;
  using words_type = Words;
  static constexpr std::size_t words_per_call = sizeof(detail::scalar_t<Real>) / sizeof(std::uint32_t);

  constexpr explicit generator(Words words) noexcept(std::is_nothrow_move_constructible_v<Words>) : words_(std::move(words)) {}
  template <class... A>
  constexpr explicit generator(std::in_place_t, A&&... words) : words_(std::forward<A>(words)...) {}

  /// Uniform in [0, 1), on multiples of 2⁻²⁴ for float, 2⁻⁵² for double. Never 1.
  [[nodiscard]] constexpr Real uniform() noexcept(nothrow) { return detail::to_uniform<Real>(bits()); }

  /// Normal with mean 0 and variance 1, by inversion; at most 6.34 in magnitude for float, 8.21 for double.
  [[nodiscard]] constexpr Real normal() noexcept(nothrow) { return detail::to_normal<Real>(bits()); }

  /// Two independent normal numbers, by Box and Muller: less work than two inversions. Counts as two calls.
  [[nodiscard]] constexpr std::array<Real, 2> normal_pair() noexcept(nothrow) {
    auto const first = bits();
    auto const second = bits();
    return detail::to_normal_pair<Real>(first, second);
  }

  /// One of 0, 1, …, n − 1, of 64 bits for float too, where it counts as two calls. A value's probability differs from 1/n by
  /// at most the factor 1 ± n/2⁶⁴: nothing that can be seen for n up to 2⁴⁰; of n near 2⁶⁴ some values come up twice as
  /// often as others. @throws std::invalid_argument where n < 1; on a device cuda_error.
  template <std::integral I>
    requires(!std::same_as<I, bool>)
  [[nodiscard]] constexpr auto index(I n) {
    if (n < 1) [[unlikely]]
      detail::fail_as<std::invalid_argument>("trireme: rng.index(n) needs n >= 1");
    auto const size = static_cast<std::uint64_t>(n);
    if constexpr (words_per_call == 2) {
      return convert<I>(detail::to_index(bits(), size));
    } else {
      auto const high = convert<std::uint64_t>(bits());
      auto const low = convert<std::uint64_t>(bits());
      return convert<I>(detail::to_index((high << 32) | low, size));
    }
  }

  /// Where the words come from, to be placed at another sample.
  [[nodiscard]] constexpr Words& words() noexcept { return words_; }

private:
  static constexpr bool by_call = requires(Words& words) { words.bits(); };
  static constexpr bool nothrow = [] {
    if constexpr (by_call)
      return noexcept(std::declval<Words&>().bits());
    else
      return noexcept(std::declval<Words&>().next());
  }();

  [[gnu::always_inline]] constexpr detail::random_bits<Real> bits() noexcept(nothrow) {
    if constexpr (by_call) {
      return words_.bits();
    } else if constexpr (words_per_call == 1) {
      return words_.next();
    } else {
      std::uint64_t const high = words_.next();
      std::uint64_t const low = words_.next();
      return (high << 32) | low;
    }
  }

  Words words_;
};

/// A kernel that promises at most N calls of rng for each sample; called like the one it holds.
template <std::size_t N, class F>
struct draws_kernel {
  using parts = detail::parts_of<F>;
  static constexpr std::size_t calls = N;
  F f;

  template <class... A>
    requires std::invocable<F const&, A...>
  constexpr decltype(auto) operator()(A&&... a) const noexcept(std::is_nothrow_invocable_v<F const&, A...>) {
    return f(std::forward<A>(a)...);
  }
};

/// f, with the promise that it calls rng at most N times in a sample (normal_pair being two calls, and so
/// is index in float).
///
/// Then samples share generator blocks, in a layout that packs and warps read without a shuffle; without it
/// each sample has a stream of its own. The numbers drawn differ between the two. Call N + 1 is
/// std::logic_error, on a device cuda_error.
template <std::size_t N, class F>
[[nodiscard]] constexpr auto draws(F f) {
  static_assert(N >= 1, "tri::draws<N>: N is the number of calls of rng in a sample, at least 1");
  if constexpr (N >= 1)
    return draws_kernel<N, F>{std::move(f)};
  else
    return detail::refused{};
}

}} // namespace trireme::v1
