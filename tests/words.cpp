/// @file words.cpp
/// Words laid ready by every vector unit that this machine has, against Philox one block at a time.
#include <trireme/random/words.hpp>

#include "testing.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace d = trireme::detail;
using d::word_source;

namespace {

std::vector<word_source> const sources = {
    {0, 0, 0}, {42, 96, 0}, {0x0123456789abcdefU, (std::uint64_t{1} << 32) - 64, (std::uint64_t{1} << 32) - 16}, {~std::uint64_t{0}, 5, ~std::uint64_t{0} - 100}};

/// Word w of row r and lane j, as the layout has it.
template <bool Streams>
std::uint32_t by_formula(word_source const& from, std::size_t r, std::size_t j, std::size_t w) {
  return Streams ? d::philox_block(from.seed, from.sample + j, from.index + r)[w] : d::philox_block(from.seed, 0, from.index + 32 * r + j)[w];
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

TEST_CASE("words: every way of laying them gives Philox's", "[words]") {
  check_unit<portable>();
  check_unit<chosen>();
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx2")) check_unit<d::avx2_words>();
  if (__builtin_cpu_supports("avx512f")) check_unit<d::avx512_words>();
#endif
}

TEMPLATE_TEST_CASE("words: rows grow as far as a sample goes, and beyond their room", "[words]", std::uint32_t, std::uint64_t) {
  using U = TestType;
  using P = trireme::pack<U>;
  using rows_type = d::growing_rows<U, true>;
  auto const expected = [](std::uint64_t sample, std::size_t call) {
    d::stream_words words(9, sample);
    U out = 0;
    for (std::size_t k = 0; k <= call; ++k) {
      out = words.next();
      if constexpr (sizeof(U) == 8) out = out << 32 | words.next();
    }
    return out;
  };
  rows_type rows;
  std::size_t const calls = rows_type::room * rows_type::per_block + 9;
  for (std::uint64_t const first : {std::uint64_t{64}, std::uint64_t{96}}) { // the second time all is laid at once
    rows.start({9, 0, first});
    for (std::size_t const lane : {std::size_t{0}, std::size_t{32} - P::size}) {
      d::growing_words<P, 0> packs(rows, lane, 0);
      d::growing_words<U, 0> one(rows, lane, 0);
      for (std::size_t k = 0; k < calls; ++k) {
        P const p = packs.bits();
        U const u = one.bits();
        if (k % 50 > 1 && k + 10 < calls) continue;
        CHECK(u == expected(first + lane, k));
        CHECK(p[0] == u);
        CHECK(p[P::size - 1] == expected(first + lane + P::size - 1, k));
      }
    }
  }
}

TEST_CASE("words: a draw too many", "[words]") {
  alignas(64) std::uint32_t laid[8 * 32] = {};
  d::laid_words<trireme::pack<std::uint32_t>, 2> words(laid);
  static_cast<void>(words.bits());
  static_cast<void>(words.bits());
  CHECK_THROWS_AS(words.bits(), std::logic_error);
}
