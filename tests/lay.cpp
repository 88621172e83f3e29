/// @file lay.cpp
/// Words laid ready by every vector unit that this machine has, against Philox one block at a time.
#include <trireme/random/lay.hpp>

#include "testing.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace d = trireme::detail;
using d::word_source;

namespace {

std::vector<word_source> const sources = {{0, 0, 0},
                                          {42, 96, 0},
                                          {0x0123456789abcdefU, (std::uint64_t{1} << 32) - 64, (std::uint64_t{1} << 32) - 16},
                                          {~std::uint64_t{0}, 5, ~std::uint64_t{0} - 100}};

/// Word w of row r and lane j, as the layout has it.
template <bool Streams>
std::uint32_t by_formula(word_source const& from, std::size_t r, std::size_t j, std::size_t w) {
  return Streams ? d::philox_block(from.seed, from.sample + j, from.index + r)[w]
                 : d::philox_block(from.seed, 0, from.index + 32 * r + j)[w];
}

template <bool Wide, bool Streams, class Lay>
void check(Lay lay) {
  constexpr std::size_t rows = 7;
  for (word_source const& from : sources) {
    std::vector<std::uint32_t> out(rows * 128 + 1, 77);
    lay(out.data(), rows, from);
    CHECK(out.back() == 77);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t j = 0; j < 32; ++j)
        for (std::size_t w = 0; w < 4; ++w) {
          std::uint32_t got = out[(4 * r + w) * 32 + j];
          if constexpr (Wide) {
            std::uint64_t both = 0;
            std::memcpy(&both, &out[r * 128 + w / 2 * 64 + 2 * j], sizeof both);
            got = static_cast<std::uint32_t>(w % 2 == 0 ? both >> 32 : both);
          }
          if (got != by_formula<Streams>(from, r, j, w)) FAIL("row " << r << " lane " << j << " word " << w);
        }
  }
}

template <class Unit>
void check_unit() {
  check<false, false>([](auto... a) { Unit::template lay<false, false>(a...); });
  check<true, false>([](auto... a) { Unit::template lay<true, false>(a...); });
  check<false, true>([](auto... a) { Unit::template lay<false, true>(a...); });
  check<true, true>([](auto... a) { Unit::template lay<true, true>(a...); });
}

struct portable {
  template <bool Wide, bool Streams>
  static void lay(std::uint32_t* out, std::size_t rows, word_source from) {
    d::lay_portable<Wide, Streams>(out, rows, from);
  }
};
struct chosen {
  template <bool Wide, bool Streams>
  static void lay(std::uint32_t* out, std::size_t rows, word_source from) {
    d::lay_words<Wide, Streams>(out, rows, from);
  }
};

} // namespace

TEST_CASE("lay: every way gives Philox's words", "[lay]") {
  check_unit<portable>();
  check_unit<chosen>();
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2")) check_unit<d::avx2_words>();
  if (__builtin_cpu_supports("avx512f")) check_unit<d::avx512_words>();
#endif
}
