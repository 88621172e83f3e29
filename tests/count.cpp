/// @file count.cpp
/// Counts of every integral type, and the refusal of negative ones.
#include <trireme/core/count.hpp>

#include "testing.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace tri = trireme;

namespace {
template <class... I>
struct types {};

template <class Check, class... I>
void for_types(types<I...>, Check check) {
  (check(I{}), ...);
}
std::size_t taken(tri::count<"apples"> n) { return n; }
} // namespace

TEST_CASE("count: every integral type, and its largest value") {
  for_types(types<char, signed char, unsigned char, wchar_t, char8_t, char16_t, char32_t, short, unsigned short, int, unsigned,
                  long, unsigned long, long long, unsigned long long>{},
            [](auto zero) {
              using I = decltype(zero);
              CHECK(taken(zero) == 0);
              CHECK(taken(I{100}) == 100);
              CHECK(taken(std::numeric_limits<I>::max()) == static_cast<std::size_t>(std::numeric_limits<I>::max()));
            });
  CHECK(taken(true) == 1);
  STATIC_REQUIRE(!std::is_convertible_v<double, tri::count<"n">>);
  STATIC_REQUIRE(!std::is_convertible_v<void*, tri::count<"n">>);
  STATIC_REQUIRE(tri::count<"n">(5) == std::size_t{5});
}

TEST_CASE("count: a negative value is refused by name and value") {
  for_types(types<signed char, short, int, long, long long>{}, [](auto zero) {
    using I = decltype(zero);
    CHECK_THROWS_MATCHES(taken(I{-1}), std::invalid_argument,
                         testing::message_contains("trireme: apples must not be negative, but is -1"));
    CHECK_THROWS_MATCHES(taken(std::numeric_limits<I>::min()), std::invalid_argument,
                         testing::message_contains("but is " + std::to_string(std::numeric_limits<I>::min())));
  });
}

#ifdef __SIZEOF_INT128__
__extension__ typedef __int128 wide;
TEST_CASE("count: 128 bits, where they are an integral type") {
  // That depends on -std=gnu++20 or c++20.
  auto const check = []<class I>(I) {
    if constexpr (std::integral<I>) {
      CHECK(taken(I{7}) == 7);
      CHECK_THROWS_MATCHES(taken(I{-7}), std::invalid_argument, testing::message_contains("apples must not be negative"));
      CHECK_THROWS_MATCHES(taken(I{1} << 64), std::invalid_argument, testing::message_contains("apples is too large"));
    } else {
      STATIC_REQUIRE(!std::is_convertible_v<I, tri::count<"n">>);
    }
  };
  check(wide{});
}
#endif

TEST_CASE("seed_value: every bit counts, and a negative one wraps") {
  STATIC_REQUIRE(tri::seed_value(-1) == ~std::uint64_t{0});
  STATIC_REQUIRE(tri::seed_value(std::int8_t{-1}) == ~std::uint64_t{0});
  STATIC_REQUIRE(tri::seed_value(0xffff'ffffu) == std::uint64_t{0xffff'ffff});
  STATIC_REQUIRE(tri::seed_value(~std::uint64_t{0}) == ~std::uint64_t{0});
}
