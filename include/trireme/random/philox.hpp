/// @file philox.hpp
/// The counter-based generator behind every random number, and the two orders in which its words are read.
#pragma once

#include <trireme/core/fail.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// The multipliers, and the steps of the keys: Weyl sequences of the golden ratio and of √3 − 1.
inline constexpr std::uint32_t philox_m0 = 0xd2511f53, philox_m1 = 0xcd9e8d57;
inline constexpr std::uint32_t philox_w0 = 0x9e3779b9, philox_w1 = 0xbb67ae85;

/// One round, under round key (k0, k1). In a function of its own, always inlined, so that the ten rounds are
/// unrolled at any level of optimisation: as a loop they take half as long again.
[[gnu::always_inline]] constexpr void philox_round(std::array<std::uint32_t, 4>& c, std::uint32_t k0, std::uint32_t k1) noexcept {
  std::uint64_t const a = std::uint64_t{philox_m0} * c[0];
  std::uint64_t const b = std::uint64_t{philox_m1} * c[2];
  c = {static_cast<std::uint32_t>(b >> 32) ^ (c[1] ^ k0), static_cast<std::uint32_t>(b),
       static_cast<std::uint32_t>(a >> 32) ^ (c[3] ^ k1), static_cast<std::uint32_t>(a)};
}

template <std::uint32_t... Round>
[[gnu::always_inline]] constexpr void philox_rounds(std::array<std::uint32_t, 4>& c, std::uint32_t k0, std::uint32_t k1,
                                                    std::integer_sequence<std::uint32_t, Round...>) noexcept {
  (philox_round(c, k0 + Round * philox_w0, k1 + Round * philox_w1), ...);
}

} // namespace detail

/// Philox4x32-10: ten rounds over a 128-bit counter under a 64-bit key, for each key a bijection.
/// J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC'11), section 3.3.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                                std::array<std::uint32_t, 2> key) noexcept {
  detail::philox_rounds(counter, key[0], key[1], std::make_integer_sequence<std::uint32_t, 10>{});
  return counter;
}

namespace detail {

using block = std::array<std::uint32_t, 4>;

/// Block number `index` of a subsequence: what cuRAND's curand_init(seed, subsequence, 4 · index) has.
[[nodiscard]] constexpr block philox_block(std::uint64_t seed, std::uint64_t subsequence, std::uint64_t index) noexcept {
  auto const low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  auto const high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  return philox4x32({low(index), high(index), low(subsequence), high(subsequence)}, {low(seed), high(seed)});
}

/// b[at % 4]. By selection: an index would put the block in memory, on a GPU too, and g++ then waits for its
/// stores.
[[nodiscard]] constexpr std::uint32_t pick(block const& b, std::uint64_t at) noexcept {
  std::uint32_t const low = (at & 1) != 0 ? b[1] : b[0];
  std::uint32_t const high = (at & 1) != 0 ? b[3] : b[2];
  return (at & 2) != 0 ? high : low;
}

/// The words of one subsequence in order: those of a plain kernel's sample, whose index is the subsequence.
class stream_words {
public:
  constexpr stream_words(std::uint64_t seed, std::uint64_t subsequence) noexcept : seed_(seed), subsequence_(subsequence) {}

  /// The next word. Every fourth call computes a block.
  [[nodiscard]] constexpr std::uint32_t next() noexcept {
    if (position_ % 4 == 0) block_ = philox_block(seed_, subsequence_, position_ / 4);
    return pick(block_, position_++);
  }

private:
  std::uint64_t seed_;
  std::uint64_t subsequence_;
  std::uint64_t position_ = 0;
  block block_{};
};

/// How many samples lie side by side in the layout of draws<N>: the widest pack, and a warp.
inline constexpr std::uint64_t sample_lanes = 32;

template <class = void>
[[noreturn]] constexpr void too_many_draws() {
  fail_as<std::logic_error>("trireme: a kernel in draws<N> called rng more than N times in one sample");
}

/// The words of a draws<Calls> kernel with WordsPerCall words to each call of rng, n = Calls · WordsPerCall a
/// sample.
///
/// Word w of sample i is word q mod 4 of block 32 ⌊q/4⌋ + i mod 32 of subsequence 0, with q = n ⌊i/32⌋ + w.
/// So the samples i, i + 32, i + 64, … read the blocks of their lane one after the other; the block at hand
/// is kept, and going through samples in that order computes each block once. Any other order gives the same
/// words.
template <std::size_t Calls, std::size_t WordsPerCall>
class lane_words {
public:
  static constexpr std::uint64_t words_per_sample = std::uint64_t{Calls} * WordsPerCall;

  /// Stands at no sample yet: start() first.
  constexpr explicit lane_words(std::uint64_t seed) noexcept : seed_(seed) {}

  /// Go to the first word of a sample.
  constexpr void start(std::uint64_t sample) noexcept {
    std::uint64_t const lane = sample % sample_lanes;
    if (lane != lane_) number_ = none;
    lane_ = lane;
    position_ = words_per_sample * (sample / sample_lanes);
    end_ = position_ + words_per_sample;
  }

  /// The next word of the sample.
  /// @throws std::logic_error after words_per_sample of them.
  [[nodiscard]] constexpr std::uint32_t next() {
    if (position_ == end_) [[unlikely]]
      too_many_draws();
    std::uint64_t const number = position_ / 4;
    if (number != number_) {
      block_ = philox_block(seed_, 0, sample_lanes * number + lane_);
      number_ = number;
    }
    return pick(block_, position_++);
  }

private:
  static constexpr std::uint64_t none = ~std::uint64_t{0}; // no block number is as large: position / 4

  std::uint64_t seed_;
  std::uint64_t lane_ = 0;
  std::uint64_t number_ = none;
  std::uint64_t position_ = 0;
  std::uint64_t end_ = 0;
  block block_{};
};

} // namespace detail
}} // namespace trireme::v1
