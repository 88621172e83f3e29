/// @file map.cpp
/// map: order, laziness, bounded memory, exceptions where they happened, stop and timeout, on every executor.
#include <trireme/trireme.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;
using testing::message_contains;

namespace {

inline constexpr auto twice = [](int x) { return 2 * x; };
inline constexpr auto odd = [](int x) { return x % 2 == 1; };
inline constexpr auto length = [](std::string const& s) { return s.size(); };
inline constexpr auto spelled = [](int x) { return std::to_string(x); };
inline constexpr auto no_sevens = [](int x) {
  if (x % 10 == 7) throw std::domain_error("seven: " + std::to_string(x));
  return x;
};
struct plain {
  int number;
  double value;
  bool operator==(plain const&) const = default;
};
inline constexpr auto to_plain = [](int i) { return plain{i, i / 2.0}; };
inline constexpr auto twice_plain = [](plain const& p) { return std::array{p, p}; };
inline constexpr auto to_estimate = [](int) { return tri::estimate{1.5, 2.5, 3}; };
inline constexpr auto collect_plain = [](plain const& p) {
  std::map<int, std::vector<plain>> all{{p.number, std::vector<plain>(static_cast<std::size_t>(p.number % 4), p)}};
  return std::pair(p.number, std::move(all));
};
inline constexpr auto dies_at_ten = [](int x) {
  if (x == 10) std::raise(SIGKILL);
  return x;
};
inline constexpr auto nap = [](int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ms;
};

std::vector<int> numbers(int n) {
  std::vector<int> v(static_cast<std::size_t>(n));
  std::iota(v.begin(), v.end(), 0);
  return v;
}

template <class Range>
auto collected(Range&& range) {
  std::vector<typename std::remove_cvref_t<decltype(range.begin())>::value_type> out;
  for (auto&& x : range) out.push_back(std::move(x));
  return out;
}

template <class E>
void maps(E const& ex) {
  for (int const n : {0, 1, 5, 1000, 20'000}) {
    auto const in = numbers(n);
    auto expected = in;
    for (int& x : expected) x *= 2;
    CHECK(collected(tri::map(ex, in, tri::fn<twice>)) == expected);
    CHECK(collected(tri::map(ex, in, tri::fn<twice>, {.chunk_size = 7})) == expected);
    CHECK(collected(tri::map(ex, testing::read_once(n), tri::fn<twice>)) == expected);
    CHECK(collected(tri::map(ex, std::list<int>(in.begin(), in.end()), tri::fn<twice>, {.chunk_size = 100})) == expected);
  }
  CHECK(collected(tri::map(ex, std::vector<std::string>{"a", "", "abc"}, tri::fn<length>)) == std::vector<std::size_t>{1, 0, 3});
  CHECK(collected(tri::map(ex, numbers(3), tri::fn<spelled>)) == std::vector<std::string>{"0", "1", "2"});
  CHECK(collected(tri::map(ex, numbers(3), tri::fn<odd>)) == std::vector<bool>{false, true, false});
  CHECK(collected(tri::map(ex, std::vector<bool>{true, false}, tri::fn<twice>)) == std::vector<int>{2, 0});

  // Exceptions where they happened, and what comes behind them.
  for (int const chunk : {0, 1, 3, 1000}) {
    auto mapped = tri::map(ex, numbers(100), tri::fn<no_sevens>, {.chunk_size = chunk});
    int at = 0, threw = 0;
    for (auto i = mapped.begin(); i != mapped.end(); ++i, ++at) {
      if (at == 50) continue; // without a look
      try {
        int const x = *i;
        CHECK(x == at);
        CHECK(at % 10 != 7);
      } catch (std::domain_error const& e) {
        CHECK(e.what() == "seven: " + std::to_string(at));
        CHECK_THROWS_AS(*i, std::domain_error); // each time
        ++threw;
      }
    }
    CHECK(at == 100);
    CHECK(threw == 10);
  }
  // The range's own, behind what it gave before.
  std::size_t before = 0;
  CHECK_THROWS_MATCHES(
      [&] {
        for (int const x : tri::map(ex, testing::read_once(100, 5), tri::fn<twice>, {.chunk_size = 1})) before += x >= 0;
      }(),
      std::runtime_error, message_contains("the range threw"));
  CHECK(before == 5);

  std::size_t seen = 0, all = 0;
  auto const progress = [&](tri::progress p) {
    CHECK(p.done >= seen);
    seen = p.done;
    all = p.total;
  };
  CHECK(collected(tri::map(ex, numbers(1000), tri::fn<twice>, {.progress = progress})).size() == 1000);
  CHECK(seen == 1000);
  CHECK(all == 1000);

  std::stop_source stop;
  std::size_t read = 0;
  CHECK_THROWS_AS(
      [&] {
        for (int const x : tri::map(ex, numbers(100'000), tri::fn<twice>, {.chunk_size = 10, .stop = stop.get_token()}))
          if (x == 400)
            stop.request_stop();
          else
            ++read;
      }(),
      tri::cancelled);
  CHECK(read < 50'000);
}

/// 0, 1, 2, … without an end; counts how far it was read.
struct endless {
  struct iterator {
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    std::atomic<int>* at = nullptr;
    int operator*() const { return *at; }
    iterator& operator++() {
      ++*at;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(iterator const&, std::unreachable_sentinel_t) { return false; }
  };
  std::atomic<int>* at;
  iterator begin() const { return {at}; }
  static std::unreachable_sentinel_t end() { return {}; }
};

} // namespace

TEST_CASE("map: on every executor") {
  maps(tri::inline_executor{});
  for (int const width : {1, 3}) {
    maps(tri::thread_pool(width));
    maps(tri::process_pool(width));
  }
}

TEST_CASE("map: an endless range, a window ahead") {
  tri::thread_pool const pool(2);
  std::atomic<int> read = 0;
  int expected = 0;
  for (int const x : tri::map(pool, endless{&read}, tri::fn<twice>, {.chunk_size = 10})) {
    CHECK(x == 2 * expected);
    if (++expected == 1000) break;
    if (read > expected + 10 * (4 * 2 + 4 + 2)) FAIL("it reads too far ahead");
  }
  read = 0;
  expected = 0;
  for (int const x : tri::map(pool, endless{&read}, tri::fn<twice>)) {
    CHECK(x == 2 * expected);
    if (++expected == 10'000) break;
  }
}

TEST_CASE("map: what moves only, and elements in place") {
  tri::thread_pool const pool(2);
  std::vector<std::unique_ptr<int>> boxes;
  for (int k = 0; k < 100; ++k) boxes.push_back(std::make_unique<int>(k));
  std::unique_ptr<int> const* const first = boxes.data();
  std::atomic<int> in_place = 0;
  int at = 0;
  for (auto& p : tri::map(pool, boxes, [&](std::unique_ptr<int> const& box) {
         in_place += &box >= first && &box < first + 100;
         return std::make_unique<int>(*box + 1);
       })) {
    auto const taken = std::move(p);
    CHECK(*taken == ++at);
  }
  CHECK(in_place == 100);
  auto later = tri::map(pool, std::move(boxes), [](std::unique_ptr<int> const& box) { return *box; });
  auto moved = std::move(later);
  int sum = 0;
  for (int const x : moved) sum += x;
  CHECK(sum == 4950);
}

TEST_CASE("map: left early, it waits for what has begun, and drops what has not") {
  tri::thread_pool const pool(2);
  std::atomic<int> inside = 0, calls = 0;
  {
    auto mapped = tri::map(pool, numbers(100'000), [&](int x) {
      ++inside;
      ++calls;
      std::this_thread::sleep_for(1ms);
      --inside;
      return x;
    });
    CHECK(*mapped.begin() == 0);
  }
  CHECK(inside == 0);
  CHECK(calls < 1000);
}

TEST_CASE("map: all in one chunk, whatever the size") {
  auto const largest = std::numeric_limits<std::size_t>::max();
  tri::thread_pool const pool(2);
  CHECK(collected(tri::map(pool, numbers(3), [](int x) { return x; }, {.chunk_size = largest})).size() == 3);
  CHECK(collected(tri::map(pool, testing::read_once(3), [](int x) { return x; }, {.chunk_size = largest})).size() == 3);
}

TEST_CASE("map: timeout") {
  tri::thread_pool const pool(1);
  auto const begun = std::chrono::steady_clock::now();
  int got = 0;
  CHECK_THROWS_MATCHES(
      [&] {
        for (int const x : tri::map(pool, std::vector<int>(1000, 10), nap, {.timeout = 55ms})) got += x == 10;
      }(),
      tri::timed_out, message_contains("map"));
  CHECK(std::chrono::steady_clock::now() - begun < 5s);
  CHECK(got < 6);
  CHECK(collected(tri::map(pool, numbers(3), nap, {.timeout = 1h})).size() == 3);
  CHECK_THROWS_MATCHES(
      tri::map(tri::thread_pool(1), std::vector{1, 2}, [](int x) { return x; }, {.timeout = std::chrono::seconds(-1)}),
      std::invalid_argument, message_contains("timeout must not be negative"));
}

TEST_CASE("map: plain structs, and containers of them, travel to processes and back") {
  tri::process_pool const pool(2);
  std::vector<int> const in = numbers(50);
  int at = 0;
  for (plain const& p : tri::map(pool, in, tri::fn<to_plain>)) CHECK(p == to_plain(at++));
  std::vector<plain> plains;
  for (int const i : in) plains.push_back(to_plain(i));
  at = 0;
  for (auto const& [i, all] : tri::map(pool, plains, tri::fn<collect_plain>)) {
    CHECK(i == at);
    CHECK(all.at(at) == std::vector(static_cast<std::size_t>(at % 4), to_plain(at)));
    ++at;
  }
  CHECK(at == 50);
  for (tri::estimate const& e : tri::map(pool, in, tri::fn<to_estimate>)) CHECK(e == tri::estimate{1.5, 2.5, 3});
  for (auto const& a : tri::map(pool, plains, tri::fn<twice_plain>)) CHECK(a[0] == a[1]);
}

TEST_CASE("map: a worker that ends takes its chunk with it, and no more") {
  tri::process_pool const pool(2);
  auto mapped = tri::map(pool, numbers(30), tri::fn<dies_at_ten>, {.chunk_size = 3});
  int at = 0, lost = 0;
  for (auto i = mapped.begin(); i != mapped.end(); ++i, ++at) try {
      int const x = *i;
      CHECK(x == at);
    } catch (tri::worker_lost const& e) {
      CHECK(e.first() == 9);
      CHECK(e.last() == 12);
      CHECK(e.signal() == SIGKILL);
      CHECK(at / 3 == 3);
      ++lost;
    }
  CHECK(at == 30);
  CHECK(lost == 3);
}
