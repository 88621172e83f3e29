/// @file process_heap.cpp
/// The region that a pool's processes share, and the parent's allocator in it.
#include <trireme/processes/heap.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <new>
#include <vector>

namespace d = trireme::detail;

TEST_CASE("shared_region: where it is, and what lies in it") {
  d::shared_region const region(std::size_t{1} << 30);
  CHECK(region.size() == std::size_t{1} << 30);
  CHECK(region.contains(region.base(), region.size()));
  CHECK(region.contains(region.base() + region.size(), 0));
  CHECK(!region.contains(region.base(), region.size() + 1));
  CHECK(!region.contains(region.base() - 1, 1));
  CHECK(!region.contains(region.base() + 10, ~std::size_t{0}));
  int here = 0;
  CHECK(!region.contains(&here, sizeof here));
  d::shared_region const other(std::size_t{1} << 30);
  CHECK(other.base() != region.base());
}

TEST_CASE("shared_heap: blocks do not overlap, are aligned, and come back") {
  d::shared_region const region(std::size_t{1} << 28);
  std::size_t const first = 1 << 20;
  d::shared_heap heap(region, first, region.size());
  struct block {
    unsigned char* at;
    std::size_t bytes;
    unsigned char mark;
  };
  std::vector<block> blocks;
  for (std::uint64_t k = 0; k < 20'000; ++k) {
    std::uint64_t const r = testing::scramble(k);
    if (blocks.size() > 300 || (r % 3 == 0 && !blocks.empty())) {
      std::size_t const which = (r >> 8) % blocks.size();
      block const b = blocks[which];
      REQUIRE(std::all_of(b.at, b.at + b.bytes, [&](unsigned char c) { return c == b.mark; }));
      heap.deallocate(b.at);
      blocks[which] = blocks.back();
      blocks.pop_back();
    } else {
      std::size_t const bytes = 1 + (r >> 8) % (r % 50 == 0 ? 500'000 : 3000);
      std::size_t const align = std::size_t{1} << (r >> 40) % 15;
      auto* const p = static_cast<unsigned char*>(heap.allocate(bytes, align));
      REQUIRE(reinterpret_cast<std::uintptr_t>(p) % align == 0);
      REQUIRE(region.contains(p, bytes));
      REQUIRE(region.offset(p) >= first);
      auto const mark = static_cast<unsigned char>(k);
      std::memset(p, mark, bytes);
      blocks.push_back({p, bytes, mark});
    }
  }
  for (auto const& b : blocks) heap.deallocate(b.at);
}

TEST_CASE("shared_heap: full, and usable again") {
  d::shared_region const region(std::size_t{1} << 26);
  d::shared_heap heap(region, 0, region.size());
  for (int round = 0; round < 3; ++round) {
    std::vector<void*> all;
    CHECK_THROWS_AS(
        [&] {
          for (;;) all.push_back(heap.allocate(1 << 20, 64));
        }(),
        std::bad_alloc);
    CHECK(all.size() >= 63);
    for (void* p : all) heap.deallocate(p);
    heap.deallocate(heap.allocate((std::size_t{1} << 26) - (1 << 20), 64)); // in one piece again
  }
  CHECK_THROWS_AS(heap.allocate(std::size_t{1} << 27, 64), std::bad_alloc);
  CHECK_THROWS_AS(heap.allocate(~std::size_t{0} / 2, 64), std::bad_alloc);
}

TEST_CASE("shared_heap: a block that was freed is the next of its size") {
  d::shared_region const region(std::size_t{1} << 28);
  d::shared_heap heap(region, 0, region.size());
  for (std::size_t const bytes : {std::size_t{100}, std::size_t{10'000}, std::size_t{50'000'000}}) {
    void* const p = heap.allocate(bytes, 64);
    heap.deallocate(p);
    CHECK(heap.allocate(bytes, 64) == p);
  }
}
