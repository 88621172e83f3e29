/// @file philox.hpp
/// The counter-based generator behind every random number, and the two orders in which its words are read.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace trireme {
inline namespace v1 {

/// Philox4x32-10: ten rounds over a 128-bit counter under a 64-bit key, a bijection of the counter for each key.
/// J. Salmon, M. Moraes, R. Dror, D. Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC'11), section 3.3.
[[nodiscard]] constexpr std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                                                std::array<std::uint32_t, 2> key) noexcept {
  std::uint32_t c0 = counter[0];
  std::uint32_t c1 = counter[1];
  std::uint32_t c2 = counter[2];
  std::uint32_t c3 = counter[3];
  std::uint32_t k0 = key[0];
  std::uint32_t k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    std::uint64_t const a = std::uint64_t{0xd2511f53} * c0;
    std::uint64_t const b = std::uint64_t{0xcd9e8d57} * c2;
    c0 = static_cast<std::uint32_t>(b >> 32) ^ c1 ^ k0;
    c2 = static_cast<std::uint32_t>(a >> 32) ^ c3 ^ k1;
    c1 = static_cast<std::uint32_t>(b);
    c3 = static_cast<std::uint32_t>(a);
    k0 += 0x9e3779b9;  // the golden ratio and √3 − 1, as Weyl sequences
    k1 += 0xbb67ae85;
  }
  return {c0, c1, c2, c3};
}

namespace detail {

using block = std::array<std::uint32_t, 4>;

/// Block number `index` of a subsequence: what cuRAND's curand_init(seed, subsequence, 4 · index) reads first.
[[nodiscard]] constexpr block philox_block(std::uint64_t seed, std::uint64_t subsequence, std::uint64_t index) noexcept {
  auto const low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v); };
  auto const high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  return philox4x32({low(index), high(index), low(subsequence), high(subsequence)}, {low(seed), high(seed)});
}

/// The words of one subsequence in order: those of a plain kernel's sample, whose index is the subsequence.
class stream_words {
 public:
  constexpr stream_words(std::uint64_t seed, std::uint64_t subsequence) noexcept
      : seed_(seed), subsequence_(subsequence) {}

  /// The next word. Every fourth call computes a block.
  [[nodiscard]] constexpr std::uint32_t next() noexcept {
    std::uint32_t const at = static_cast<std::uint32_t>(position_ & 3);
    if (at == 0) block_ = philox_block(seed_, subsequence_, position_ >> 2);
    ++position_;
    return block_[at];
  }

 private:
  std::uint64_t seed_;
  std::uint64_t subsequence_;
  std::uint64_t position_ = 0;
  block block_{};
};

/// How many samples lie side by side in the layout of draws<N>: the widest pack, and a warp.
inline constexpr std::uint64_t sample_lanes = 32;

/// The words of a draws<Calls> kernel with WordsPerCall words to each call of rng, n = Calls · WordsPerCall a sample.
///
/// Word w of sample i is word q mod 4 of block 32 ⌊q/4⌋ + i mod 32 of subsequence 0, with q = n ⌊i/32⌋ + w. So the
/// samples i, i + 32, i + 64, … read the blocks of their lane one after the other; the block at hand is kept, and going
/// through samples in that order computes each block once. Any other order gives the same words.
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
    if (position_ == end_) [[unlikely]] exhausted();
    std::uint64_t const number = position_ / 4;
    if (number != number_) {
      block_ = philox_block(seed_, 0, sample_lanes * number + lane_);
      number_ = number;
    }
    return block_[static_cast<std::uint32_t>(position_++ & 3)];
  }

 private:
  [[noreturn]] static constexpr void exhausted() {
    throw std::logic_error("trireme: a kernel in draws<N> called rng more than N times in one sample");
  }

  static constexpr std::uint64_t none = ~std::uint64_t{0};  // no position reaches it: they are a quarter of 2^64

  std::uint64_t seed_;
  std::uint64_t lane_ = 0;
  std::uint64_t number_ = none;
  std::uint64_t position_ = 0;
  std::uint64_t end_ = 0;
  block block_{};
};

}  // namespace detail
}  // namespace v1
}  // namespace trireme
