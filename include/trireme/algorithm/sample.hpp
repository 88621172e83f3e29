/// @file sample.hpp
/// The samples of a random function, each recomputable from its index alone.
#pragma once
#include <trireme/core/accepts.hpp>
#include <trireme/random/generator.hpp>
#include <trireme/random/philox.hpp>
#include <trireme/random/words.hpp>
#include <trireme/simd/kernel.hpp>

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
template <class F, std::size_t Lanes>
inline constexpr std::size_t promised_draws<simd_kernel<F, Lanes>> = promised_draws<F>;
template <std::size_t N, class F>
inline constexpr std::size_t simd_lanes<draws_kernel<N, F>> = simd_lanes<F>;

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

/// Evaluates rows of 32 samples, some rows at once: visit(32 r, values, 32 k) for rows r, …, r + k - 1, together the rows
/// [first, last). Words are laid ready by vector code; a kernel under simd is given packs of them.
template <class Real, class F, class V>
struct sample_rows {
  static constexpr std::size_t lanes = simd_lanes<F>, calls = promised_draws<F>;
  static constexpr std::size_t words = calls * sizeof(Real) / sizeof(std::uint32_t); ///< of a sample
  static constexpr bool laid = calls != 0 && words <= 512;                           ///< 64 kB for a row
  static constexpr bool exist = sizeof(V) <= 128 && std::is_trivially_copyable_v<V> && std::is_default_constructible_v<V>;
  static constexpr std::size_t together = sizeof(V) <= 16 ? 8 : 1; ///< rows: sums then stay in registers for as long
  using bits = random_bits<Real>;
  using numbers = std::conditional_t<(lanes > 1), pack<Real, (lanes > 1 ? lanes : 2)>, Real>;

  template <class Visit>
  static void visit_all(std::uint64_t seed, F const& f, std::size_t first, std::size_t last, Visit const& visit) {
    if constexpr (laid)
      visit_laid(seed, f, first, last, visit);
    else
      visit_growing(seed, f, first, last, visit);
  }

private:
  /// Words are laid for some rows at once: 16 kB of them where samples are small.
  template <class Visit>
  static void visit_laid(std::uint64_t seed, F const& f, std::size_t first, std::size_t last, Visit const& visit) {
    constexpr std::size_t at_once = words >= 128 ? 1 : 128 / words;
    constexpr std::size_t most_blocks = (at_once * words + 3) / 4 + 1;
    using rng = generator<numbers, laid_words<random_bits<numbers>, calls>>;
    constexpr std::size_t words_each = sizeof(bits) / 4;
    alignas(64) bits store[most_blocks * 4 * sample_lanes / words_each];
    alignas(64) V values[together * sample_lanes];
    for (std::size_t r = first; r < last;) {
      std::size_t const end = last - r < at_once ? last : r + at_once;
      std::uint64_t const begin = words * r / 4;
      lay_words<sizeof(Real) == 8, false>(reinterpret_cast<std::uint32_t*>(store),
                                          static_cast<std::size_t>((words * end + 3) / 4 - begin), {seed, sample_lanes * begin});
      bits const* at = store + sample_lanes * (words * r - 4 * begin) / words_each;
      while (r < end) {
        std::size_t const rows = end - r < together ? end - r : together;
        for (std::size_t k = 0; k < rows; ++k, at += sample_lanes * calls) {
          for (std::size_t j = 0; j < sample_lanes; j += lanes) {
            rng rng_at(std::in_place, at + j);
            if constexpr (lanes > 1)
              store_lanes<V, lanes>(values + sample_lanes * k + j, f(rng_at));
            else
              values[sample_lanes * k + j] = f(rng_at);
          }
        }
        visit(sample_lanes * r, static_cast<V const*>(values), sample_lanes * rows);
        r += rows;
      }
    }
  }

  /// As many words as the kernel turns out to take, and row by row.
  template <class Visit>
  static void visit_growing(std::uint64_t seed, F const& f, std::size_t first, std::size_t last, Visit const& visit) {
    using source = growing_words<random_bits<numbers>, calls>;
    using rng = generator<numbers, source>;
    typename source::rows_type rows;
    alignas(64) V values[sample_lanes];
    for (std::size_t r = first; r < last; ++r) {
      std::uint64_t const word = words * r, sample = sample_lanes * r;
      rows.start(calls == 0 ? word_source{seed, 0, sample} : word_source{seed, sample_lanes * (word / 4)});
      for (std::size_t j = 0; j < sample_lanes; j += lanes) {
        rng rng_at(std::in_place, rows, j, word % 4 * 4 / sizeof(Real));
        if constexpr (lanes > 1)
          store_lanes<V, lanes>(values + j, f(rng_at));
        else
          values[j] = f(rng_at);
      }
      visit(sample_lanes * r, static_cast<V const*>(values), std::size_t{sample_lanes});
    }
  }
};

/// The samples of f under a seed.
template <class Real, class F>
struct sampler {
  using parts = parts_of<F>;
  using value_type = std::remove_cvref_t<std::invoke_result_t<F const&, rng_t<Real, F>&>>;
  std::uint64_t seed;
  F f;
  constexpr cursor_t<Real, F> cursor() const { return {seed, f}; }

  /// Whether samples come in rows where the host evaluates them.
  static constexpr bool in_rows = sample_rows<Real, F, value_type>::exist;
  /// How many of them are best evaluated together: a pack takes little longer than a sample.
  static constexpr std::size_t unit = in_rows && simd_lanes<F> > 1 ? sample_lanes : 1;

  /// visit(i, values, count) for runs of consecutive samples that begin with i and together are [first, last): rows of 32
  /// that begin with a multiple of it, and parts of rows at the ends. Of these packs are computed whole.
  template <class Visit>
    requires in_rows
  constexpr void rows(std::size_t first, std::size_t last, Visit const& visit) const {
#if defined(__CUDA_ARCH__)
    one_by_one(first, last, visit);
#else
    using evaluated = sample_rows<Real, F, value_type>;
    if constexpr (unit > 1) {
      if (first == last) return;
      evaluated::visit_all(seed, f, first / sample_lanes, (last - 1) / sample_lanes + 1,
                           [first, last, &visit](std::size_t i, value_type const* values, std::size_t count) {
                             std::size_t const from = i < first ? first : i, to = i + count < last ? i + count : last;
                             visit(from, values + (from - i), to - from);
                           });
    } else {
      std::size_t const up = first + (sample_lanes - first % sample_lanes) % sample_lanes;
      std::size_t const begin = up < last ? up : last;
      std::size_t const end = begin + (last - begin) / sample_lanes * sample_lanes;
      one_by_one(first, begin, visit);
      evaluated::visit_all(seed, f, begin / sample_lanes, end / sample_lanes, visit);
      one_by_one(end, last, visit);
    }
#endif
  }

private:
  template <class Visit>
  constexpr void one_by_one(std::size_t first, std::size_t last, Visit const& visit) const {
    if (first == last) return;
    auto evaluate = cursor();
    for (std::size_t i = first; i < last; ++i) {
      value_type const value = evaluate(i);
      visit(i, &value, std::size_t{1});
    }
  }
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
