/// @file for_each.cpp
/// for_each_index and for_each: every index and element once, by value, by reference, in any range.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/core/error.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <mutex>
#include <set>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;

namespace {
constexpr auto add_one_to_all = [](auto& x) { x += 1; };
inline constexpr auto triple = [](auto& x) { x *= 3; };
inline constexpr auto watch = [](std::span<int> seen, int const& x) { seen[static_cast<std::size_t>(x)] += 1; };
} // namespace

TEST_CASE("for_each_index: every index once, of every integral type") {
  tri::thread_pool const pool(3);
  for (std::size_t const n : testing::sizes(0, 1, 2, 3, 100, 4097, 1'000'000))
    for (std::size_t const chunk : testing::sizes(0, 1, 7, 5000, 2'000'000)) {
      if (chunk == 1 && n > 5000) continue;
      CAPTURE(n, chunk);
      std::vector<std::uint8_t> visits(n);
      tri::for_each_index(pool, n, [&](std::size_t i) { ++visits[i]; }, {.chunk_size = chunk});
      CHECK((visits == std::vector<std::uint8_t>(n, 1)));
    }
  std::atomic<int> calls = 0;
  auto const count = [&](std::size_t) { ++calls; };
  tri::for_each_index(pool, std::uint8_t{200}, count);
  tri::for_each_index(pool, 3LL, count);
  tri::for_each_index(pool, short{2}, count);
  CHECK(calls == 205);
  CHECK_THROWS_MATCHES(tri::for_each_index(pool, -1, count), std::invalid_argument,
                       testing::message_contains("n must not be negative, but is -1"));
  CHECK_THROWS_MATCHES(tri::for_each_index(pool, 5, count, {.chunk_size = -3}), std::invalid_argument,
                       testing::message_contains("chunk_size must not be negative, but is -3"));
  CHECK(calls == 205);
}

TEST_CASE("for_each_index: a chunk_size is kept to") {
  tri::thread_pool const pool(2);
  std::mutex mutex;
  std::set<std::pair<std::size_t, std::size_t>> runs;
  pool.bulk(1000,
            [&](std::size_t first, std::size_t last) {
              std::lock_guard const lock(mutex);
              runs.emplace(first, last);
            },
            {.grain = 300})
      .wait();
  CHECK(runs == std::set<std::pair<std::size_t, std::size_t>>{{0, 300}, {300, 600}, {600, 900}, {900, 1000}});
}

TEST_CASE("for_each: changes elements of any range where they are") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  testing::far_executor const far;
  auto const check = [&](auto make, auto get) {
    auto const run = [&](auto const& executor, auto const& f) {
      auto range = make();
      tri::for_each(executor, range, f);
      return get(range);
    };
    CHECK(run(ex, add_one_to_all) == std::vector{2, 3, 4});
    CHECK(run(pool, add_one_to_all) == std::vector{2, 3, 4});
    CHECK(run(far, add_one_to_all) == std::vector{2, 3, 4});
    CHECK(run(pool, [](int& x) { x = -x; }) == std::vector{-1, -2, -3});
    CHECK(run(far, [](int& x) { x = -x; }) == std::vector{-1, -2, -3});
    CHECK(run(ex, tri::fn<triple>) == std::vector{3, 6, 9});
    CHECK(run(far, tri::fn<triple>) == std::vector{3, 6, 9});
  };
  auto const copy = [](auto const& range) { return std::vector<int>(range.begin(), range.end()); };
  check([] { return std::vector{1, 2, 3}; }, copy);
  check([] { return std::list{1, 2, 3}; }, copy);
  check([] { return std::deque{1, 2, 3}; }, copy);
  check([] { return std::array{1, 2, 3}; }, copy);
  check([] { return Eigen::Vector3i(1, 2, 3); }, [](auto const& v) { return std::vector<int>(v.data(), v.data() + 3); });
}

TEST_CASE("for_each: a row of a matrix, and Eigen's expressions") {
  tri::thread_pool const pool(3);
  Eigen::MatrixXd m = Eigen::MatrixXd::Zero(3, 4);
  tri::for_each(pool, m.row(1), [](double& x) { x = 5; });
  CHECK(m.row(1) == Eigen::RowVector4d(5, 5, 5, 5));
  CHECK(m.sum() == 20);
  std::atomic<int> sum = 0;
  tri::for_each(pool, Eigen::Vector3d(1, 2, 3) * 2, [&](double x) { sum += static_cast<int>(x); });
  CHECK(sum == 12);
}

TEST_CASE("for_each: elements are only copied in where f reads them") {
  testing::far_executor const far;
  tri::buffer<int, testing::far_executor> seen(far, std::vector<int>(10));
  std::vector<int> const in{3, 1, 4, 1, 5, 9, 2, 6};
  tri::for_each(far, in, tri::bind_front<watch>(seen.view()));
  CHECK(seen.to_host() == std::vector{0, 2, 1, 1, 1, 1, 1, 0, 0, 1});
  tri::for_each(far, testing::read_once(10), tri::bind_front<watch>(seen.view()));
  CHECK(seen.to_host() == std::vector{1, 3, 2, 2, 2, 2, 2, 1, 1, 2});
}

TEST_CASE("for_each: temporaries, single-pass ranges and spans") {
  tri::thread_pool const pool(3);
  std::atomic<int> sum = 0;
  auto const add = [&](int x) { sum += x; };
  tri::for_each(pool, std::vector{1, 2, 3}, add);
  tri::for_each(pool, testing::read_once(101), add);
  CHECK(sum == 5056);
  std::vector<int> v{1, 2, 3};
  tri::for_each(pool, std::span(v), [](int& x) { x = 0; });
  CHECK(v == std::vector{0, 0, 0});
}

TEST_CASE("for_each: what f throws, at any place, and the rest is left out") {
  tri::inline_executor const ex;
  tri::thread_pool const pool(3);
  std::vector<int> v(10'000);
  for (int i = 0; i < 10'000; ++i) v[static_cast<std::size_t>(i)] = i;
  for (int const bad : {0, 1, 5000, 9998, 9999}) {
    auto const f = [bad](int x) {
      if (x == bad) throw std::domain_error(std::to_string(x));
    };
    CHECK_THROWS_MATCHES(tri::for_each(ex, v, f), std::domain_error, testing::message_contains(std::to_string(bad)));
    CHECK_THROWS_MATCHES(tri::for_each(pool, v, f), std::domain_error, testing::message_contains(std::to_string(bad)));
    CHECK_THROWS_AS(tri::for_each(pool, v, [](int) { throw 7; }), int);
  }
}

TEST_CASE("for_each: a stop is noticed within the loop") {
  tri::thread_pool const pool(2);
  std::stop_source stop;
  std::atomic<int> calls = 0;
  auto const f = [&](std::size_t) {
    if (++calls == 10) stop.request_stop();
  };
  CHECK_THROWS_AS(tri::for_each_index(pool, 1'000'000, f, {.chunk_size = 1, .stop = stop.get_token()}), tri::cancelled);
  CHECK(calls < 1'000'000);
  // Asked for after the last index, it changes nothing.
  std::stop_source late;
  tri::for_each_index(tri::inline_executor{}, 10,
                      [&](std::size_t i) {
                        if (i == 9) late.request_stop();
                      },
                      {.stop = late.get_token()});
}

TEST_CASE("for_each: bits can be read, and parts of a matrix changed, everywhere") {
  auto const check = [](auto const& ex) {
    std::vector<bool> flags{true, false};
    tri::for_each(ex, flags, [](auto b) { static_assert(std::is_same_v<decltype(b), bool>); });
    tri::for_each(ex, flags, [](bool b) { static_cast<void>(b); });
    Eigen::Matrix2i m = Eigen::Matrix2i::Ones();
    tri::for_each(ex, m.row(1), [](int& x) { x *= 3; });
    tri::for_each(ex, m.col(1), [](int& x) { x *= 5; });
    CHECK(m == (Eigen::Matrix2i() << 1, 5, 3, 15).finished());
  };
  check(tri::inline_executor{});
  check(tri::thread_pool(3));
  check(testing::far_executor{});
}
