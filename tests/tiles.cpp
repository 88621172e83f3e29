/// @file tiles.cpp
/// The fixed shape of a reduction against a second implementation, written from the words of the design. The orders
/// themselves are compared: as text, by an op that writes its operands down in parentheses, and as numbers, by an
/// op that is neither associative nor commutative.
#include <trireme/algorithm/reduce.hpp>
#include <trireme/core/tiles.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tri = trireme;
using testing::numbers;
using testing::order_of;
using testing::same_bits;
using testing::slow_shape;

namespace {

struct in_parentheses {
  std::string operator()(std::string const& a, std::string const& b) const { return '(' + a + ' ' + b + ')'; }
};

std::vector<std::string> names(std::size_t n) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(std::to_string(i));
  return out;
}

} // namespace

TEST_CASE("tiles: their number and lengths") {
  for (std::size_t const n : testing::sizes(0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 100'000)) {
    std::size_t total = 0;
    for (std::size_t t = 0; t < tri::tile_count(n); ++t) {
      CHECK(tri::tile_length(t, n) >= 1);
      CHECK((tri::tile_length(t, n) == 4096 || t + 1 == tri::tile_count(n)));
      total += tri::tile_length(t, n);
    }
    CHECK(total == n);
  }
  CHECK(tri::tile_count(static_cast<std::size_t>(-1)) == std::size_t{1} << 52);
}

TEST_CASE("tiles: small orders, written out by hand") {
  tri::inline_executor const ex;
  auto const order = [&](std::size_t n) { return tri::reduce(ex, names(n), std::string("init"), in_parentheses{}); };
  CHECK(order(0) == "init");
  CHECK(order(1) == "(init 0)");
  CHECK(order(2) == "(init (0 1))");
  CHECK(order(3) == "(init ((0 2) 1))");
  CHECK(order(4) == "(init ((0 2) (1 3)))");
  CHECK(order(5) == "(init (((0 4) 2) (1 3)))");
  CHECK(order(8) == "(init (((0 4) (2 6)) ((1 5) (3 7))))");
  // The second row of a tile meets the first in its lane, before lanes meet.
  CHECK(order(33).substr(0, 40) == "(init ((((((0 32) 16) (8 24)) ((4 20) (1");
}

TEST_CASE("tiles: the order as text, against the second implementation") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  for (std::size_t const n : testing::sizes(1, 2, 3, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 127, 128, 129, 1000, 4095, 4096,
                                            4097, 4128, 8191, 8192, 8193, 12'288, 12'289, 16'385, 20'481, 28'673)) {
    CAPTURE(n);
    auto const in = names(n);
    auto const expected = in_parentheses{}("init", slow_shape{in, in_parentheses{}}.all());
    // Not CHECK(a == b), which would print megabytes.
    CHECK((tri::reduce(ex, in, std::string("init"), in_parentheses{}) == expected));
    CHECK((tri::reduce(pool, in, std::string("init"), in_parentheses{}) == expected));
    auto const twice = [](std::string const& s) { return s + s; };
    std::vector<std::string> doubled;
    for (auto const& s : in) doubled.push_back(s + s);
    CHECK((tri::transform_reduce(pool, in, std::string("init"), in_parentheses{}, twice) ==
           in_parentheses{}("init", slow_shape{doubled, in_parentheses{}}.all())));
  }
}

TEST_CASE("tiles: the order as a number, for every size up to 300 and for large ones") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  std::vector<std::size_t> sizes;
  for (std::size_t n = 1; n <= 300; ++n) sizes.push_back(n);
  for (std::size_t tiles = 1; tiles <= 17; ++tiles)
    for (std::size_t const extra : testing::sizes(-1, 0, 1, 31, 33)) sizes.push_back(4096 * tiles + extra);
  sizes.push_back(300'000);
  for (std::size_t const n : sizes) {
    CAPTURE(n);
    std::vector<std::uint64_t> in(n);
    for (std::size_t i = 0; i < n; ++i) in[i] = testing::scramble(i);
    auto const expected = order_of{}(7, slow_shape{in, order_of{}}.all());
    CHECK(tri::reduce(ex, in, std::uint64_t{7}, order_of{}) == expected);
    CHECK(tri::reduce(pool, in, std::uint64_t{7}, order_of{}) == expected);
    CHECK(tri::reduce(far, in, std::uint64_t{7}, order_of{}) == expected);
    auto const same = [](std::uint64_t x) { return x; };
    CHECK(tri::transform_reduce(ex, in, std::uint64_t{7}, order_of{}, same) == expected);
    CHECK(tri::transform_reduce(pool, in, std::uint64_t{7}, order_of{}, same) == expected);
    CHECK(tri::transform_reduce(far, in, std::uint64_t{7}, order_of{}, same) == expected);
  }
}

TEST_CASE("tiles: sums of doubles, and of floats in double") {
  tri::inline_executor const ex;
  for (std::size_t const n : testing::sizes(1, 33, 4097, 100'000)) {
    auto const in = numbers(n);
    auto const add = [](double a, double b) { return a + b; };
    CHECK(same_bits(tri::reduce(ex, in, 0.1, add), 0.1 + slow_shape{in, add}.all()));
    auto const floats = testing::cast_all<float>(in);
    std::vector<double> const widened(floats.begin(), floats.end());
    CHECK(same_bits(tri::reduce(ex, floats, 0.1, add), 0.1 + slow_shape{widened, add}.all()));
    auto const add_floats = [](float a, float b) { return a + b; };
    CHECK(same_bits(tri::reduce(ex, floats), 0.0f + slow_shape{floats, add_floats}.all()));
    // The other way round: doubles are cut to float first, then added in float.
    CHECK(same_bits(tri::reduce(ex, in, 0.1f, add_floats), 0.1f + slow_shape{floats, add_floats}.all()));
  }
}
