/// @file pack.cpp
/// Packs against the numbers in their lanes: operators, masks, conversions, loads and stores, the vector unit against its
/// portable twin, and the bits of every mathematical function.
#include <trireme/random/distributions.hpp>
#include <trireme/simd/math.hpp>
#include <trireme/simd/pack.hpp>

#include "testing.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

namespace tri = trireme;

namespace {

template <class T>
bool same(T a, T b) {
  return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); // the sign and payload of a NaN are not promised
}

std::mt19937_64& words() {
  static std::mt19937_64 generator(7);
  return generator;
}

template <class T>
using bits_for = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

/// Special values, any bits at all, and numbers of a size that functions meet in life.
template <class T>
T argument(int kind) {
  using limits = std::numeric_limits<T>;
  auto const w = words()();
  if constexpr (std::is_integral_v<T>) {
    return static_cast<T>(kind == 0 ? w % 7 : w);
  } else {
    static T const special[] = {0,
                                -T(0),
                                1,
                                -1,
                                limits::infinity(),
                                -limits::infinity(),
                                limits::quiet_NaN(),
                                limits::max(),
                                limits::lowest(),
                                limits::min(),
                                limits::denorm_min(),
                                -limits::denorm_min(),
                                T(0.5),
                                T(709.9),
                                T(-745.2),
                                T(1e5),
                                T(100001),
                                T(1e22)};
    if (kind == 0) return special[w % std::size(special)];
    if (kind == 1) return std::bit_cast<T>(static_cast<bits_for<T>>(w));
    auto const unit = static_cast<double>(w >> 11) * 0x1p-53;
    return static_cast<T>(kind == 2 ? unit : (2 * unit - 1) * (kind == 3 ? 100 : 2e5));
  }
}

/// f of packs of so many arguments has in each lane the bits that f of numbers has.
template <class T, std::size_t Arguments, class F>
void check_lanes(char const* name, F f, int rounds = 2000) {
  using P = tri::pack<T>;
  constexpr std::size_t n = P::size;
  for (int k = 0; k < rounds; ++k) {
    std::array<std::array<T, n>, Arguments> x;
    for (auto& a : x)
      for (auto& v : a) v = argument<T>(k % 5 == 0 ? static_cast<int>(words()() % 5) : k % 5);
    auto const pack_of = [&](std::size_t a) { return P::load(x[a].data()); };
    for (std::size_t i = 0; i < n; ++i) {
      if constexpr (Arguments == 1) {
        auto const want = f(x[0][i]);
        auto const got = f(pack_of(0))[i];
        if (!same(got, want))
          FAIL(name << " of " << +x[0][i] << " is " << got << " in lane " << i << " and " << want << " alone");
      } else {
        auto const want = f(x[0][i], x[1][i]);
        auto const got = f(pack_of(0), pack_of(1))[i];
        if (!same(got, want))
          FAIL(name << " of " << +x[0][i] << " and " << +x[1][i] << " is " << got << " in lane " << i << " and " << want);
      }
    }
  }
  SUCCEED(name);
}

} // namespace

TEMPLATE_TEST_CASE("pack: operators, lane by lane", "[pack]", float, double, std::int32_t, std::uint32_t, std::int64_t,
                   std::uint64_t) {
  using T = TestType;
  auto const safe = [](auto f) { // signed overflow is undefined
    return [f](auto a, auto b) {
      if constexpr (std::is_integral_v<T> && std::is_signed_v<T>)
        return f((a << 2) >> 2, (b << 2) >> 2);
      else
        return f(a, b);
    };
  };
  check_lanes<T, 2>("+", safe([](auto a, auto b) { return a + b; }));
  check_lanes<T, 2>("-", safe([](auto a, auto b) { return a - b; }));
  check_lanes<T, 2>("<", [](auto a, auto b) { return tri::select(a < b, 1, 0); });
  check_lanes<T, 2>("<=", [](auto a, auto b) { return tri::select(a <= b, 1, 0); });
  check_lanes<T, 2>(">", [](auto a, auto b) { return tri::select(a > b, 1, 0); });
  check_lanes<T, 2>(">=", [](auto a, auto b) { return tri::select(a >= b, 1, 0); });
  check_lanes<T, 2>("==", [](auto a, auto b) { return tri::select(a == b, a, b); });
  check_lanes<T, 2>("!=", [](auto a, auto b) { return tri::select(a != b, a, b); });
  check_lanes<T, 2>("masks", [](auto a, auto b) { return tri::select((a < b && !(a < 1)) || b == 0, a, b); });
  check_lanes<T, 2>("min", [](auto a, auto b) { return tri::min(a, b); });
  check_lanes<T, 2>("max", [](auto a, auto b) { return tri::max(a, b); });
  check_lanes<T, 1>("min with a number", [](auto a) { return tri::min(a, T(1)); });
  check_lanes<T, 1>("max with a number", [](auto a) { return tri::max(T(1), a); });
  if constexpr (std::is_integral_v<T>) {
    check_lanes<T, 2>("bits", [](auto a, auto b) { return (a & b) ^ (~a | (b >> 3)); });
    check_lanes<T, 1>("shift", [](auto a) { return (a >> 1) & T(12345); });
  } else {
    check_lanes<T, 2>("*", [](auto a, auto b) { return a * b; });
    check_lanes<T, 2>("/", [](auto a, auto b) { return a / b; });
    check_lanes<T, 1>("with a number", [](auto a) { return (2 - a) * T(0.1) / 3; });
    check_lanes<T, 1>("minus", [](auto a) { return -a; });
    check_lanes<T, 2>("assignment", [](auto a, auto b) {
      a += b;
      a *= 2;
      a -= 1;
      a /= b;
      return a;
    });
  }
}

TEMPLATE_TEST_CASE("pack: mathematical functions have the bits of the scalar ones", "[pack]", float, double) {
  using T = TestType;
  check_lanes<T, 1>("abs", [](auto x) { return tri::abs(x); });
  check_lanes<T, 1>("sqrt", [](auto x) { return tri::sqrt(x); });
  check_lanes<T, 1>("exp", [](auto x) { return tri::exp(x); }, 20'000);
  check_lanes<T, 1>("log", [](auto x) { return tri::log(x); }, 20'000);
  check_lanes<T, 1>("sin", [](auto x) { return tri::sin(x); }, 20'000);
  check_lanes<T, 1>("cos", [](auto x) { return tri::cos(x); }, 20'000);
  check_lanes<T, 1>("sincos", [](auto x) {
    auto const both = tri::sincos(x);
    return both.sin - both.cos;
  });
  namespace d = tri::detail;
  check_lanes<T, 1>("uniform", [](auto x) { return d::to_uniform<decltype(x)>(d::as_bits(x)); });
  check_lanes<T, 1>("normal", [](auto x) { return d::to_normal<decltype(x)>(d::as_bits(x)); }, 20'000);
  check_lanes<T, 2>("normal_pair", [](auto x, auto y) {
    auto const z = d::to_normal_pair<decltype(x)>(d::as_bits(x), d::as_bits(y));
    return z[0] - 2 * z[1];
  });
  for (std::uint64_t const n :
       {std::uint64_t{1}, std::uint64_t{6}, std::uint64_t{0xffffffff}, std::uint64_t{1} << 32, ~std::uint64_t{0}})
    check_lanes<T, 2>("index", [n](auto x, auto y) { // 64 bits, of one number or two
      auto const high = tri::convert<std::uint64_t>(d::as_bits(x)), low = tri::convert<std::uint64_t>(d::as_bits(y));
      return d::to_index(sizeof(T) == 8 ? high : (high << 32) | low, n);
    });
}

TEMPLATE_TEST_CASE("pack: conversions are static_cast in each lane", "[pack]", float, double, std::int32_t, std::uint32_t,
                   std::int64_t, std::uint64_t) {
  using T = TestType;
  auto const small = [](auto x) { // what every type can hold
    if constexpr (std::is_integral_v<T>)
      return x & T(0x7fffff);
    else
      return tri::select(tri::abs(x) < 1e6F, tri::abs(x), 3);
  };
  check_lanes<T, 1>("float", [](auto x) { return tri::convert<float>(x); });
  check_lanes<T, 1>("double", [](auto x) { return tri::convert<double>(x); });
  check_lanes<T, 1>("int32", [&](auto x) { return tri::convert<std::int32_t>(small(x)); });
  check_lanes<T, 1>("uint32", [&](auto x) { return tri::convert<std::uint32_t>(small(x)); });
  check_lanes<T, 1>("int64", [&](auto x) { return tri::convert<std::int64_t>(small(x)); });
  check_lanes<T, 1>("uint64", [&](auto x) { return tri::convert<std::uint64_t>(small(x)); });
  if constexpr (std::is_integral_v<T>) {
    check_lanes<T, 1>("int32 of any", [](auto x) { return tri::convert<std::int32_t>(x); });
    check_lanes<T, 1>("uint64 of any", [](auto x) { return tri::convert<std::uint64_t>(x); });
    check_lanes<T, 1>("int64 of any", [](auto x) { return tri::convert<std::int64_t>(x); });
  }
}

TEST_CASE("pack: loads and stores, also of a few", "[pack]") {
  using P = tri::pack<float>;
  std::vector<float> v(P::size + 3);
  for (std::size_t i = 0; i < v.size(); ++i) v[i] = static_cast<float>(i + 1);
  P const p = P::load(v.data() + 1); // not aligned
  for (std::size_t i = 0; i < P::size; ++i) CHECK(p[i] == v[i + 1]);
  for (std::size_t n = 0; n <= P::size; ++n) {
    P const some = P::load(v.data(), n);
    std::vector<float> out(P::size, -1);
    some.store(out.data(), n);
    for (std::size_t i = 0; i < P::size; ++i) {
      CHECK(some[i] == (i < n ? v[i] : 0));
      CHECK(out[i] == (i < n ? v[i] : -1));
    }
  }
}

TEST_CASE("pack: any and all", "[pack]") {
  using P = tri::pack<double>;
  std::vector<double> v(P::size, 1.0);
  CHECK(tri::all(P::load(v.data()) == 1));
  CHECK_FALSE(tri::any(P::load(v.data()) != 1));
  for (std::size_t i = 0; i < P::size; ++i) {
    auto w = v;
    w[i] = 2;
    CHECK(tri::any(P::load(w.data()) != 1));
    CHECK_FALSE(tri::all(P::load(w.data()) == 1));
    CHECK(tri::any((P::load(w.data()) != 1).as<4>()));
    CHECK((P::load(w.data()) != 1)[i]);
  }
}

TEST_CASE("pack: what the vector unit has better is what its portable twin says", "[pack]") {
  constexpr std::size_t bytes = 4 * tri::native_lanes;
  using best = tri::detail::unit<bytes>;
  using twin = tri::detail::portable_unit<bytes>;
  auto const random = []<class V>(V) {
    V v;
    using T = std::remove_cvref_t<decltype(v[0] + 0)>;
    for (std::size_t i = 0; i < sizeof v / sizeof v[0]; ++i) v[i] = argument<T>(static_cast<int>(words()() % 5));
    return v;
  };
  auto const equal = []<class V>(V const& a, V const& b) {
    for (std::size_t i = 0; i < sizeof a / sizeof a[0]; ++i)
      if (!same<std::remove_cvref_t<decltype(a[0] + 0)>>(a[i], b[i])) return false;
    return true;
  };
  auto const check_widen = [&]<class V, class W>(V, W) {
    V const v = random(V{});
    W a, b, c, d;
    best::widen(v, a, b);
    twin::widen(v, c, d);
    CHECK(equal(a, c));
    CHECK(equal(b, d));
  };
  for (int k = 0; k < 500; ++k) {
    auto const a = random(typename best::u64{}), b = random(typename best::u64{});
    CHECK(equal(best::mul_low(a, b), twin::mul_low(a, b)));
    auto const x = random(typename best::f32{});
    CHECK(equal(best::sqrt(x), twin::sqrt(x)));
    auto const y = random(typename best::f64{}), z = random(typename best::f64{});
    CHECK(equal(best::sqrt(y), twin::sqrt(y)));
    check_widen(typename best::f32{}, typename best::f64{});
    check_widen(typename best::i32{}, typename best::f64{});
    check_widen(typename best::i32{}, typename best::i64{});
    check_widen(typename best::u32{}, typename best::u64{});
    typename best::f32 f, g;
    best::narrow(y, z, f);
    twin::narrow(y, z, g);
    CHECK(equal(f, g));
    auto const s = random(typename best::i64{}), t = random(typename best::i64{});
    typename best::i32 i, j;
    best::narrow(s, t, i);
    twin::narrow(s, t, j);
    CHECK(equal(i, j));
    typename best::i64 const mask = s > t, none = mask ^ mask;
    CHECK(best::any(mask) == twin::any(mask));
    CHECK_FALSE(best::any(none));
    CHECK(equal(best::blend(mask, y, z), twin::blend(mask, y, z)));
  }
}
