/// @file process_counts.cpp
/// Counts and times from users at their limits: each is right, or a clear refusal.
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/timer.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/processes/map.hpp>
#include <trireme/threads/executor.hpp>

#include "testing.hpp"

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;

namespace {

inline constexpr auto twice = [](int x) { return 2 * x; };
inline constexpr auto nothing = [](std::size_t) {};

/// Adds up the lengths of runs, and the sums of their indices, modulo 2^64: cheap for any n.
struct count_runs {
  std::uint64_t* sums;
  void operator()(std::size_t first, std::size_t last) const {
    std::uint64_t const n = last - first, even = n % 2 == 0 ? n / 2 : n, other = n % 2 == 0 ? n - 1 : (n - 1) / 2;
    std::atomic_ref(sums[0]).fetch_add(n);
    std::atomic_ref(sums[1]).fetch_add(first * n + even * other);
  }
};

template <class E>
void any_count(E const& ex) {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  tri::buffer<std::uint64_t, E> sums(ex, 2);
  for (std::size_t const n :
       {std::size_t{1} << 31, most / 4 + 3, most / 2, most / 2 + 1, most / 2 + 2, most / 3 * 2, most - 1, most})
    for (std::size_t const grain : {std::size_t{0}, most / 300, most / 2 + 1, most}) {
      if (grain == 0 && n > 1u << 31 && !std::same_as<E, tri::process_pool>) continue; // threads deal out 2^31 units one by one
      CAPTURE(n, grain);
      sums.assign(std::vector<std::uint64_t>{0, 0});
      ex.bulk(n, count_runs{sums.data()}, {.grain = grain}).wait();
      auto const got = sums.to_host();
      CHECK(got[0] == n);
      CHECK(got[1] == (n % 2 == 0 ? n / 2 * (n - 1) : (n - 1) / 2 * n));
    }
  // Chunks and batches of more than there is.
  std::vector<int> in(1000);
  std::iota(in.begin(), in.end(), 0);
  std::vector<int> expected(in);
  for (int& x : expected) x *= 2;
  for (std::size_t const size : {most / 2, most / 2 + 1, most}) {
    CHECK(tri::transform(ex, in, tri::fn<twice>, {.chunk_size = size}) == expected);
    CHECK(tri::batch_map(ex, in, tri::fn<twice>, {.batch_size = size}) == expected);
    std::vector<int> mapped;
    for (int const x : tri::map(ex, in, tri::fn<twice>, {.chunk_size = size})) mapped.push_back(x);
    CHECK(mapped == expected);
  }
  CHECK_THROWS_AS((tri::buffer<double, E>(ex, most)), std::bad_alloc);
  CHECK_THROWS_AS((tri::buffer<double, E>(ex, most / 8 + 1)), std::bad_alloc);
}

template <class E>
void any_time(E const& ex) {
  auto const works = [&](tri::time_span timeout) {
    tri::for_each_index(ex, 10, tri::fn<nothing>, {.timeout = timeout});
    auto const out = tri::transform(ex, std::vector{1, 2}, tri::fn<twice>, {.timeout = timeout});
    CHECK(out == std::vector{2, 4});
    std::size_t n = 0;
    for (int const x : tri::map(ex, std::vector{1, 2}, tri::fn<twice>, {.timeout = timeout})) n += static_cast<std::size_t>(x);
    CHECK(n == 6);
  };
  works(std::chrono::nanoseconds::max());
  works(std::chrono::milliseconds::max());
  works(std::chrono::hours::max());
  works(std::chrono::duration<double>(std::numeric_limits<double>::infinity()));
  works(10'000min);
  for (tri::time_span const negative : {tri::time_span(-1ns), tri::time_span(std::chrono::hours::min()),
                                        tri::time_span(std::chrono::nanoseconds::min())})
    CHECK_THROWS_AS(tri::for_each_index(ex, 10, tri::fn<nothing>, {.timeout = negative}), std::invalid_argument);

  using std::chrono::time_point;
  using clock = std::chrono::steady_clock;
  using wall = std::chrono::system_clock;
  auto const long_ago = [&](auto const& task) {
    CHECK(!task.wait_for(std::chrono::nanoseconds::min()));
    CHECK(!task.wait_for(std::chrono::hours::min()));
    CHECK(!task.wait_for(-1s));
    CHECK(!task.wait_for(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())));
    CHECK(!task.wait_until(clock::time_point::min()));
    CHECK(!task.wait_until(wall::time_point::min()));
    CHECK(!task.wait_until(time_point<clock, std::chrono::hours>::min()));
    CHECK(!task.wait_until(wall::now() - 1h));
  };
  auto const for_ever = [&](auto const& wait) {
    auto task = tri::submit(ex, tri::fn<twice>, 21);
    CHECK(wait(task));
    CHECK(task.get_for(std::chrono::hours::max()) == 42);
  };
  for_ever([](auto const& task) { return task.wait_for(std::chrono::nanoseconds::max()); });
  for_ever([](auto const& task) { return task.wait_for(std::chrono::hours::max()); });
  for_ever([](auto const& task) { return task.wait_until(clock::time_point::max()); });
  for_ever([](auto const& task) { return task.wait_until(wall::time_point::max()); });
  for_ever([](auto const& task) { return task.wait_until(time_point<wall, std::chrono::hours>::max()); });
  auto const later = tri::sleep_for(std::chrono::hours::max());
  long_ago(later);
  CHECK(later.cancel());
}

} // namespace

TEST_CASE("counts: up to 2^64 - 1 indices, chunks and batches, on each executor") {
  any_count(tri::inline_executor{});
  any_count(tri::thread_pool(2));
  any_count(tri::process_pool(2));
}

TEST_CASE("times: as long and as short as they can be written, on each executor") {
  any_time(tri::inline_executor{});
  any_time(tri::thread_pool(2));
  any_time(tri::process_pool(2));
  for (tri::time_span const timeout : {tri::time_span(std::chrono::hours::max()), tri::time_span(1000h)})
    CHECK(tri::submit(tri::process_pool(1, {.timeout = timeout}), tri::fn<twice>, 21).get() == 42);
  CHECK_THROWS_AS(tri::process_pool(1, {.timeout = std::chrono::hours::min()}), std::invalid_argument);
  for (tri::time_span const d : {tri::time_span(std::chrono::hours::min()), tri::time_span(-1min)})
    tri::sleep_for(static_cast<std::chrono::nanoseconds>(d)).get();
  static_assert(tri::time_span(2min).count() == 120'000'000'000);
  static_assert(tri::time_span(std::chrono::hours::max()).count() == std::chrono::nanoseconds::max().count());
}

TEST_CASE("process_pool: any .memory") {
  constexpr auto most = std::numeric_limits<std::size_t>::max();
  for (std::size_t const memory : {std::size_t{1}, most / 4 + 1, most / 2, most / 2 + 1, most}) {
    CAPTURE(memory);
    CHECK(tri::submit(tri::process_pool(1, {.memory = memory}), tri::fn<twice>, 21).get() == 42);
  }
}

TEST_CASE("process_pool: a hundred pools at once") {
  std::vector<std::unique_ptr<tri::process_pool>> pools;
  for (int k = 0; k < 100; ++k) pools.push_back(std::make_unique<tri::process_pool>(1));
  for (int k = 0; k < 100; ++k) CHECK(tri::submit(*pools[static_cast<std::size_t>(k)], tri::fn<twice>, k).get() == 2 * k);
}
