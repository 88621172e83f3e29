/// @file sample.hpp
/// The samples of a random function, each recomputable from its index alone.
#pragma once
#include <trireme/core/accepts.hpp>
#include <trireme/random/generator.hpp>
#include <trireme/random/philox.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// How many calls of rng a kernel promises at most; 0: it does not.
template <class F>
inline constexpr std::size_t promised_draws = 0;
template <std::size_t N, class F>
inline constexpr std::size_t promised_draws<draws_kernel<N, F>> = N;

/// Evaluates samples of a plain kernel: sample i reads subsequence i.
template <class Real, class F>
struct stream_cursor {
  using rng = generator<Real, stream_words>;
  std::uint64_t seed;
  F const& f;
  constexpr auto operator()(std::size_t i) const {
    rng numbers(stream_words(seed, i));
    return f(numbers);
  }
};

/// Evaluates samples of a draws<N> kernel. Each lane keeps the block that it is at, so that going through samples in
/// order computes each block once.
template <class Real, class F>
struct lane_cursor {
  using words = lane_words<promised_draws<F>, sizeof(Real) / sizeof(std::uint32_t)>;
  using rng = generator<Real, words>;
  F const& f;
  std::array<rng, sample_lanes> lanes;

  constexpr lane_cursor(std::uint64_t seed, F const& kernel)
      : lane_cursor(seed, kernel, std::make_index_sequence<sample_lanes>{}) {}
  constexpr auto operator()(std::size_t i) {
    rng& numbers = lanes[i % sample_lanes];
    numbers.words().start(i);
    return f(numbers);
  }

private:
  template <std::size_t... I>
  constexpr lane_cursor(std::uint64_t seed, F const& kernel, std::index_sequence<I...>)
      : f(kernel), lanes{((void)I, rng(words(seed)))...} {}
};

template <class Real, class F>
using cursor_t = std::conditional_t<promised_draws<F> == 0, stream_cursor<Real, F>, lane_cursor<Real, F>>;

template <class Real, class F>
using rng_t = typename cursor_t<Real, F>::rng;

/// The samples of f under a seed.
template <class Real, class F>
struct sampler {
  using parts = parts_of<F>;
  using value_type = std::remove_cvref_t<std::invoke_result_t<F const&, rng_t<Real, F>&>>;
  std::uint64_t seed;
  F f;
  constexpr cursor_t<Real, F> cursor() const { return {seed, f}; }
};

template <class V>
inline constexpr bool is_estimable = std::is_arithmetic_v<V>;
template <class V, std::size_t N>
inline constexpr bool is_estimable<std::array<V, N>> = std::is_arithmetic_v<V>;

/// Whether f has samples there; says why not, in one line.
template <class E, class Real, class F>
consteval bool accepts_sampler() {
  constexpr bool real = std::same_as<Real, double> || std::same_as<Real, float>;
  static_assert(real, "trireme: random numbers are drawn in float or double");
  if constexpr (real && accepts_function<E, F>()) {
    using rng = rng_t<Real, F>;
    constexpr bool ok = std::is_invocable_v<F const&, rng&>;
    static_assert(ok, "trireme: the kernel of monte_carlo and simulate is called as f(rng), with rng taken by auto&; it is "
                      "called as const, by many workers at once: remove `mutable` if it is there");
    if constexpr (ok) {
      using value = typename sampler<Real, F>::value_type;
      static_assert(!std::is_void_v<value>, "trireme: the kernel returns nothing, where a sample is needed");
      if constexpr (!std::is_void_v<value>) return accepts_value<E, value>();
    }
  }
  return false;
}

template <class E, class Real, class F, class Out>
consteval bool accepts_sampler_into() {
  if constexpr (accepts_sampler<E, Real, F>())
    return accepts_place<E, Out, stored_t<typename sampler<Real, F>::value_type>>();
  else
    return false;
}

template <class E, class Real, class F>
consteval bool accepts_estimate() {
  if constexpr (accepts_sampler<E, Real, F>()) {
    constexpr bool ok = is_estimable<typename sampler<Real, F>::value_type>;
    static_assert(ok, "trireme: monte_carlo: the kernel must return a number or a std::array of numbers");
    return ok;
  } else {
    return false;
  }
}

}}} // namespace trireme::v1::detail
