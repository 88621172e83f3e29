/// @file philox.cpp
/// Philox against its published known answers, cuRAND's streams, and the layout of draws against its formula.
#include <trireme/random/philox.hpp>

#include "testing.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace tri = trireme;
using testing::message_contains;
using words4 = std::array<std::uint32_t, 4>;

namespace {

// kat_vectors of Random123 (D. E. Shaw Research), philox4x32 with 10 rounds.
static_assert(tri::philox4x32({0, 0, 0, 0}, {0, 0}) == words4{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
static_assert(tri::philox4x32({~0U, ~0U, ~0U, ~0U}, {~0U, ~0U}) == words4{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
static_assert(tri::philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
              words4{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});

constexpr std::uint32_t fifth_word() {
  tri::detail::stream_words words(1234, 0);
  for (int i = 0; i < 4; ++i) static_cast<void>(words.next());
  return words.next();
}
static_assert(fifth_word() == tri::philox4x32({1, 0, 0, 0}, {1234, 0})[0]);

/// Word w of sample i under draws with n words a sample, as the specification has it.
std::uint32_t by_formula(std::uint64_t seed, std::uint64_t n, std::uint64_t i, std::uint64_t w) {
  std::uint64_t const q = n * (i / 32) + w;
  std::uint64_t const block = 32 * (q / 4) + i % 32;
  auto const low = [](std::uint64_t v) { return static_cast<std::uint32_t>(v & 0xffffffffU); };
  auto const high = [](std::uint64_t v) { return static_cast<std::uint32_t>(v >> 32); };
  return tri::philox4x32({low(block), high(block), 0, 0}, {low(seed), high(seed)})[q % 4];
}

template <std::size_t Calls, std::size_t WordsPerCall>
void check_layout(std::vector<std::uint64_t> const& samples) {
  std::uint64_t const seed = 0x0123456789abcdefU;
  tri::detail::lane_words<Calls, WordsPerCall> words(seed);
  for (std::uint64_t const i : samples) {
    words.start(i);
    for (std::uint64_t w = 0; w < Calls * WordsPerCall; ++w)
      if (words.next() != by_formula(seed, Calls * WordsPerCall, i, w)) FAIL("sample " << i << " word " << w);
  }
}

} // namespace

TEST_CASE("a stream is cuRAND's", "[philox]") {
  // From curandGenerate of CUDA 13.0's host generator CURAND_RNG_PSEUDO_PHILOX4_32_10, ordering default: word
  // 4 s + w is word w of subsequence s for s < 65536, and after these come the second blocks.
  auto const take = [](std::uint64_t seed, std::uint64_t subsequence, int skip) {
    tri::detail::stream_words words(seed, subsequence);
    for (int i = 0; i < skip; ++i) static_cast<void>(words.next());
    return words4{words.next(), words.next(), words.next(), words.next()};
  };
  CHECK(take(1234, 0, 0) == words4{0x2090b348, 0xda7cf0ab, 0x4401906f, 0xcbca470e});
  CHECK(take(1234, 1, 0) == words4{0xd115a128, 0x52fc7c75, 0xc7f33f17, 0x0f1539db});
  CHECK(take(1234, 2, 0) == words4{0x8b438957, 0xec6a41f7, 0x71067dfe, 0x421d9aa5});
  CHECK(take(1234, 3, 0) == words4{0xa8faf0a4, 0xbf4a632d, 0xabd21f9f, 0x677b289a});
  CHECK(take(1234, 250, 0)[0] == 0x529a69d1);
  CHECK(take(1234, 0, 4)[2] == 0xfa277093);
  CHECK(take(0xdeadbeefcafef00dU, 0, 0) == words4{0x1166cd2e, 0xa515d74e, 0x4ddb17c2, 0x2ca62098});
  CHECK(take(0xdeadbeefcafef00dU, 1, 0) == words4{0x7d81de07, 0x6b5305ac, 0xb88bdb2d, 0x984e125a});
}

TEST_CASE("a subsequence has 64 bits", "[philox]") {
  tri::detail::stream_words words((std::uint64_t{7} << 32) | 5, (std::uint64_t{9} << 32) | 3);
  for (std::uint32_t block = 0; block < 5; ++block)
    for (std::uint32_t const expected : tri::philox4x32({block, 0, 3, 9}, {5, 7})) CHECK(words.next() == expected);
}

TEST_CASE("draws reads the words that the layout says, in any order of samples", "[philox]") {
  std::vector<std::uint64_t> in_order;
  for (std::uint64_t i = 0; i < 1000; ++i) in_order.push_back(i);
  std::vector<std::uint64_t> by_lane;
  for (std::uint64_t lane = 0; lane < 32; ++lane)
    for (std::uint64_t i = lane; i < 2000; i += 32) by_lane.push_back(i);
  std::vector<std::uint64_t> const far = {std::uint64_t{1} << 63,      31, std::uint64_t{1} << 40, 0, 31, 63,
                                          (std::uint64_t{1} << 63) - 1};
  for (auto const& samples : {in_order, by_lane, far}) {
    check_layout<1, 1>(samples);
    check_layout<2, 1>(samples);
    check_layout<3, 1>(samples);
    check_layout<4, 1>(samples);
    check_layout<7, 1>(samples);
    check_layout<1, 2>(samples);
    check_layout<3, 2>(samples);
    check_layout<5, 2>(samples);
  }
}

TEST_CASE("a sample that leaves words does not move the next", "[philox]") {
  tri::detail::lane_words<3, 1> words(8);
  for (std::uint64_t i : {0U, 32U, 64U, 96U}) {
    words.start(i);
    CHECK(words.next() == by_formula(8, 3, i, 0));
  }
}

TEST_CASE("no word is used twice within a lane or between lanes", "[philox]") {
  // All (block, word) pairs of 10 x 32 samples of 3 words are different, so are, but for odds of 2^-13, their
  // values.
  std::vector<std::uint32_t> values;
  tri::detail::lane_words<3, 1> words(99);
  for (std::uint64_t i = 0; i < 320; ++i) {
    words.start(i);
    for (int w = 0; w < 3; ++w) values.push_back(words.next());
  }
  std::sort(values.begin(), values.end());
  CHECK(std::adjacent_find(values.begin(), values.end()) == values.end());
}

TEST_CASE("a draw too many is a logic_error that names draws", "[philox]") {
  tri::detail::lane_words<2, 2> words(1);
  for (std::uint64_t i = 0; i < 100; i += 33) {
    words.start(i);
    for (int w = 0; w < 4; ++w) static_cast<void>(words.next());
    CHECK_THROWS_MATCHES(words.next(), std::logic_error, message_contains("draws<N>"));
  }
}
