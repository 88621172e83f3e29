/// @file batch_map.cpp
/// batch_map: batches in order, the range read as far as needed, and an end for whatever reason.
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <map>
#include <memory>
#include <ranges>
#include <span>
#include <sstream>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;

namespace {
inline constexpr auto plus_one = [](int x) { return x + 1; };
std::vector<int> counting(int first, int n) {
  std::vector<int> out;
  for (int i = 0; i < n; ++i) out.push_back(first + i);
  return out;
}
template <class Check>
void on_all(Check check) {
  check(tri::inline_executor{});
  check(tri::thread_pool(1));
  check(tri::thread_pool(3));
  check(testing::far_executor(testing::far_executor::eager));
  check(testing::far_executor(testing::far_executor::lazy));
}
} // namespace

TEST_CASE("batch_map: every range, batch sizes 1, n - 1, n, n + 1") {
  on_all([](auto const& ex) {
    for (int const n : {1, 2, 3, 100})
      for (int const size : {1, 2, n - 1, n, n + 1, 1000}) {
        if (size == 0) continue;
        CAPTURE(n, size);
        auto const in = counting(0, n);
        auto const expected = counting(1, n);
        CHECK(tri::batch_map(ex, in, tri::fn<plus_one>, {.batch_size = size}) == expected);
        CHECK(tri::batch_map(ex, std::list<int>(in.begin(), in.end()), tri::fn<plus_one>, {.batch_size = size}) == expected);
        CHECK(tri::batch_map(ex, std::deque<int>(in.begin(), in.end()), tri::fn<plus_one>, {.batch_size = size}) == expected);
        CHECK(tri::batch_map(ex, testing::read_once(n), tri::fn<plus_one>, {.batch_size = size}) == expected);
        Eigen::VectorXi const v = Eigen::Map<Eigen::VectorXi const>(in.data(), n);
        auto const w = tri::batch_map(ex, v, tri::fn<plus_one>, {.batch_size = size});
        STATIC_REQUIRE(std::is_same_v<decltype(w), Eigen::VectorXi const>);
        CHECK(std::equal(w.data(), w.data() + w.size(), expected.begin(), expected.end()));
        auto const doubled = tri::batch_map(ex, 2 * v, tri::fn<plus_one>, {.batch_size = size});
        CHECK((doubled.array() == 2 * v.array() + 1).all());
      }
    CHECK(tri::batch_map(ex, std::vector<int>{}, tri::fn<plus_one>).empty());
    CHECK(tri::batch_map(ex, testing::read_once(0), tri::fn<plus_one>).empty());
  });
}

TEST_CASE("batch_map: a stream, and results of other types") {
  tri::thread_pool const pool(3);
#ifndef __clang__ // clang 14 can't compile libstdc++ 12's views
  std::istringstream text("5 6 7");
  CHECK(tri::batch_map(pool, std::ranges::subrange(std::istream_iterator<int>(text), std::istream_iterator<int>()), plus_one,
                       {.batch_size = 2}) == std::vector{6, 7, 8});
#endif
  auto const flags = tri::batch_map(pool, counting(0, 10), [](int x) { return x > 4; }, {.batch_size = 3});
  STATIC_REQUIRE(std::is_same_v<decltype(flags), std::vector<std::uint8_t> const>);
  CHECK(std::count(flags.begin(), flags.end(), 1) == 5);
  auto const words = tri::batch_map(pool, counting(0, 1000), [](int x) { return "a rather long word " + std::to_string(x); },
                                    {.batch_size = 300});
  CHECK(words[999] == "a rather long word 999");
  auto const moved = tri::batch_map(pool, counting(0, 1000), [](int x) { return std::make_unique<int>(x); }, {.batch_size = 300});
  CHECK(*moved[999] == 999);
  std::vector<std::string> const in{"a", "bc"};
  CHECK(tri::batch_map(pool, in, [](std::string const& s) { return s.size(); }) == std::vector<std::size_t>{1, 2});
}

TEST_CASE("batch_map: the range is read no further than two batches ahead of the sink") {
  on_all([](auto const& ex) {
    testing::read_once range(1000);
    int seen = 0;
    tri::batch_map(ex, range, tri::fn<plus_one>,
                   [&](std::span<int const> batch) {
                     CHECK(batch.size() == 10);
                     CHECK(batch.front() == seen + 1);
                     seen += static_cast<int>(batch.size());
                     CHECK(range.reads() <= seen + 2 * 10);
                   },
                   {.batch_size = 10});
    CHECK(seen == 1000);
    CHECK(range.reads() == 1000);
  });
}

TEST_CASE("batch_map: a sink that throws ends the reading") {
  on_all([](auto const& ex) {
    testing::read_once range(1000);
    int batches = 0;
    auto const sink = [&](std::span<int const>) {
      if (++batches == 3) throw std::length_error("the sink is full");
    };
    CHECK_THROWS_AS(tri::batch_map(ex, range, tri::fn<plus_one>, sink, {.batch_size = 10}), std::length_error);
    CHECK(batches == 3);
    CHECK(range.reads() <= 50);
  });
}

TEST_CASE("batch_map: a range or a kernel that throws; the batches before it went to the sink") {
  on_all([](auto const& ex) {
    for (int const bad : {0, 5, 10, 95, 99}) {
      CAPTURE(bad);
      int handed_on = 0;
      auto const sink = [&](std::span<int const> batch) { handed_on += static_cast<int>(batch.size()); };
      CHECK_THROWS_WITH(tri::batch_map(ex, testing::read_once(100, bad), tri::fn<plus_one>, sink, {.batch_size = 10}),
                        testing::contains("the range threw"));
      // "What the range throws, after the batches before it went to the sink."
      CHECK(handed_on == bad / 10 * 10);
    }
  });
  tri::thread_pool const pool(3);
  for (int const bad : {0, 5, 10, 95, 99}) {
    int handed_on = 0;
    auto const sink = [&](std::span<int const> batch) { handed_on += static_cast<int>(batch.size()); };
    auto const f = [bad](int x) { return x == bad ? throw std::domain_error("the kernel threw") : x; };
    CHECK_THROWS_AS(tri::batch_map(pool, counting(0, 100), f, sink, {.batch_size = 10}), std::domain_error);
    CHECK(handed_on == bad / 10 * 10);
  }
}

TEST_CASE("batch_map: a batch size of nothing is refused before any work") {
  on_all([](auto const& ex) {
    testing::read_once range(10);
    auto const sink = [](std::span<int const>) { FAIL("there was work"); };
    CHECK_THROWS_MATCHES(tri::batch_map(ex, range, tri::fn<plus_one>, sink, {.batch_size = 0}), std::invalid_argument,
                         testing::message_contains("batch_size must be at least 1"));
    CHECK_THROWS_AS(tri::batch_map(ex, counting(0, 3), tri::fn<plus_one>, {.batch_size = 0}), std::invalid_argument);
    CHECK_THROWS_AS(tri::batch_map(ex, tri::buffer(ex, counting(0, 3)), tri::fn<plus_one>, {.batch_size = 0}),
                    std::invalid_argument);
    CHECK_THROWS_MATCHES(tri::batch_map(ex, range, tri::fn<plus_one>, sink, {.batch_size = -5}), std::invalid_argument,
                         testing::message_contains("batch_size must not be negative"));
  });
}

TEST_CASE("batch_map: progress") {
  on_all([](auto const& ex) {
    std::vector<std::size_t> done, total;
    auto const note = [&](tri::progress p) {
      done.push_back(p.done);
      total.push_back(p.total);
    };
    auto const in = counting(0, 25);
    tri::batch_map(ex, in, tri::fn<plus_one>, [](std::span<int const>) {}, {.batch_size = 10, .progress = note});
    CHECK(done == std::vector<std::size_t>{10, 20, 25});
    CHECK(total == std::vector<std::size_t>{25, 25, 25});
    done.clear();
    total.clear();
    static_cast<void>(tri::batch_map(ex, testing::read_once(25), tri::fn<plus_one>, {.batch_size = 10, .progress = note}));
    CHECK(done == std::vector<std::size_t>{10, 20, 25});
    CHECK(total == std::vector<std::size_t>{0, 0, 0});
    done.clear();
    static_cast<void>(tri::batch_map(ex, tri::buffer(ex, in), tri::fn<plus_one>, {.batch_size = 10, .progress = note}));
    CHECK(done == std::vector<std::size_t>{10, 20, 25});
    auto const refuse = [](tri::progress) { throw std::runtime_error("enough"); };
    CHECK_THROWS_WITH(tri::batch_map(ex, in, tri::fn<plus_one>, {.batch_size = 10, .progress = refuse}),
                      testing::contains("enough"));
  });
}

TEST_CASE("batch_map: stop") {
  on_all([](auto const& ex) {
    std::stop_source stop;
    testing::read_once range(1000);
    int seen = 0;
    auto const sink = [&](std::span<int const> batch) {
      seen += static_cast<int>(batch.size());
      if (seen == 30) stop.request_stop();
    };
    CHECK_THROWS_AS(
        tri::batch_map(ex, range, tri::fn<plus_one>, sink, {.batch_size = 10, .progress = {}, .stop = stop.get_token()}),
        tri::cancelled);
    CHECK(seen >= 30);
    CHECK(seen <= 50);
    CHECK(range.reads() <= 60);
  });
}

TEST_CASE("batch_map: the sink runs on the calling thread") {
  tri::thread_pool const pool(3);
  auto const me = std::this_thread::get_id();
  bool only_me = true;
  tri::batch_map(pool, counting(0, 1000), plus_one, [&](std::span<int const>) { only_me &= std::this_thread::get_id() == me; },
                 {.batch_size = 10});
  CHECK(only_me);
}

TEST_CASE("batch_map: bools in and out, also read once") {
  on_all([](auto const& ex) {
    auto const inverted = [](bool b) { return !b; };
    std::vector<std::uint8_t> const expected{0, 1, 0};
    std::vector<bool> flags{true, false, true};
    CHECK(tri::batch_map(ex, flags, inverted, {.batch_size = 2}) == expected);
    CHECK(tri::batch_map(ex, std::as_const(flags), inverted, {.batch_size = 1}) == expected);
    CHECK(tri::batch_map(ex, std::list<bool>{true, false, true}, inverted, {.batch_size = 2}) == expected);
    CHECK(tri::batch_map(ex, tri::buffer(ex, flags), inverted).to_host() == expected);
    CHECK(tri::batch_map(ex, std::vector<bool>(1000, true), [](bool b) { return b ? 1 : 0; }) == std::vector<int>(1000, 1));
#ifndef __clang__ // clang 14 can't compile libstdc++ 12's views
    std::istringstream text("1 0 1");
    CHECK(tri::batch_map(ex, std::views::istream<bool>(text), inverted, {.batch_size = 2}) == expected);
#endif
  });
}

TEST_CASE("batch_map: pairs and tuples") {
  on_all([](auto const& ex) {
    std::map<int, double> const in{{1, 0.5}, {2, 1.5}};
    auto const swapped = [](std::pair<int const, double> const& p) { return std::tuple(p.second, p.first); };
    CHECK(tri::batch_map(ex, in, swapped) == std::vector<std::tuple<double, int>>{{0.5, 1}, {1.5, 2}});
  });
}
