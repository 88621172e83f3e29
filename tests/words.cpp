/// @file words.cpp
/// The words that samples read from rows laid ready: within their room, beyond it, and one too many.
#include <trireme/random/words.hpp>

#include "testing.hpp"

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace d = trireme::detail;

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
