/// @file fold.cu
/// The steps of the warps that fold tiles and combine them, gone through on the host, a lane after the other: they give
/// the bits of the host's own way, without a device.
#include <trireme/cuda.hpp>

#include "../support.hpp"
#include "../testing.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <type_traits>
#include <vector>

namespace tri = trireme;
namespace d = trireme::detail;

namespace {

template <class A, class Op>
A by_lanes(std::vector<A> const& x, Op const& op) {
  std::vector<A> tiles;
  for (std::size_t t = 0; t < tri::tile_count(x.size()); ++t) {
    std::size_t const length = tri::tile_length(t, x.size());
    std::array<A, 32> a{};
    for (std::size_t lane = 0; lane < 32 && lane < length; ++lane)
      a[lane] = d::fold_lane<A>(lane, length, [&](std::size_t i) { return x[t * tri::tile_size + i]; }, op);
    for (std::size_t s = 16; s > 0; s /= 2) {
      auto const before = a; // all lanes at once
      for (std::size_t lane = 0; lane < 32; ++lane)
        if (d::meets_in_tile(lane, s, length)) a[lane] = op(before[lane], before[lane + s]);
    }
    tiles.push_back(a[0]);
  }
  while (tiles.size() > 1) {
    std::vector<A> above;
    for (std::size_t first = 0; first < tiles.size(); first += 32) {
      std::size_t const here = std::min<std::size_t>(32, tiles.size() - first);
      std::array<A, 32> a{};
      for (std::size_t lane = 0; lane < here; ++lane) a[lane] = tiles[first + lane];
      for (std::size_t s = 1; s < 32; s *= 2) {
        auto const before = a;
        for (std::size_t lane = 0; lane < 32; ++lane)
          if (d::meets_in_tree(lane, s, here)) a[lane] = op(before[lane], before[lane + s]);
      }
      above.push_back(a[0]);
    }
    tiles = above;
  }
  return tiles[0];
}

} // namespace

TEST_CASE("cuda fold: a warp's steps have the fixed shape's bits") {
  for (std::size_t const n : testing::sizes(1, 2, 31, 32, 33, 63, 100, 4095, 4096, 4097, 31 * 4096, 32 * 4096, 32 * 4096 + 1,
                                            33 * 4096 + 5, 1'100'000)) {
    CAPTURE(n);
    auto const x = testing::numbers(n);
    auto const expected = tri::reduce(tri::inline_executor{}, x, 0.0, std::plus<>{});
    CHECK(testing::same_bits(0.0 + by_lanes(x, std::plus<>{}), expected));
  }
}

TEST_CASE("cuda fold: one lane's samples are those of all lanes") {
  static constexpr auto kernel = [](auto& rng) { return rng.normal() + rng.uniform(); };
  auto const check = [](auto const& sampler) {
    auto all = sampler.cursor();
    for (std::size_t lane = 0; lane < 32; lane += 5) {
      auto one = d::lane_of(sampler);
      for (std::size_t i = lane; i < 1000; i += 32) CHECK(testing::same_bits(one(i), all(i)));
    }
  };
  check(d::sampler<double, tri::draws_kernel<2, tri::fn_type<kernel>>>{42, tri::draws<2>(tri::fn<kernel>)});
  check(d::sampler<float, tri::fn_type<kernel>>{42, tri::fn<kernel>});
  auto const simd = tri::simd(tri::draws<2>(tri::fn<kernel>));
  check(d::sampler<double, std::remove_const_t<decltype(simd)>>{42, simd});
}
