/// @file limits.cpp
/// .stop, .progress and .timeout of the algorithms, on every executor.
#include <trireme/trireme.hpp>

#include "everywhere.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;
using testing::message_contains;

namespace {

inline constexpr auto slow = [](auto x) {
  std::this_thread::sleep_for(1ms);
  return x;
};
inline constexpr auto slow_index = [](std::size_t) { std::this_thread::sleep_for(1ms); };
inline constexpr auto slow_add = [](int a, int b) {
  std::this_thread::sleep_for(20us);
  return a + b;
};
inline constexpr auto slow_sample = [](auto& rng) {
  std::this_thread::sleep_for(1ms);
  return rng.uniform();
};
inline constexpr auto add = [](int a, int b) { return a + b; };
inline constexpr auto same = [](auto x) { return x; };
inline constexpr auto fails = [](auto x) { return x == x ? throw std::logic_error("work was done") : x; };
inline constexpr auto sample = [](auto& rng) { return rng.uniform(); };

/// call(options…) as it is with a time limit that is too short, after a request to stop, and with one meanwhile.
template <class Call>
void ends_early(Call const& call) {
  auto const begun = std::chrono::steady_clock::now();
  CHECK_THROWS_MATCHES(call(std::stop_token{}, 10ms), tri::timed_out, message_contains("timeout"));
  CHECK(std::chrono::steady_clock::now() - begun < 5s); // they would take longer
  CHECK_THROWS_AS(call(std::stop_token{}, -1ms), std::invalid_argument);
  // By new: g++ 12 takes one on the stack for uninitialised.
  auto const before = std::make_unique<std::stop_source>(), meanwhile = std::make_unique<std::stop_source>();
  before->request_stop();
  CHECK_THROWS_AS(call(before->get_token(), 0ms), tri::cancelled);
  CHECK_THROWS_AS(call(before->get_token(), 1h), tri::cancelled);
  auto const bell = tri::sleep_for(10ms).then(tri::inline_executor{}, [&] { meanwhile->request_stop(); });
  CHECK_THROWS_AS(call(meanwhile->get_token(), 1h), tri::cancelled);
  bell.wait();
}

template <class E>
void stops(E const& ex) {
  std::vector<int> const in(20'000, 1);
  std::vector<std::uint64_t> many(5'000'000);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = testing::scramble(i);
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    tri::for_each_index(ex, 20'000, tri::fn<slow_index>, {.stop = s, .timeout = t});
  });
  ends_early(
      [&](std::stop_token s, std::chrono::nanoseconds t) { tri::for_each(ex, in, tri::fn<slow>, {.stop = s, .timeout = t}); });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    static_cast<void>(tri::transform(ex, in, tri::fn<slow>, {.stop = s, .timeout = t}));
  });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    static_cast<void>(tri::transform_reduce(ex, in, 0, tri::fn<add>, tri::fn<slow>, {.stop = s, .timeout = t}));
  });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    static_cast<void>(tri::inclusive_scan(ex, in, tri::fn<slow_add>, {.stop = s, .timeout = t}));
  });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    static_cast<void>(tri::exclusive_scan(ex, in, 0, tri::fn<slow_add>, {.stop = s, .timeout = t}));
  });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    static_cast<void>(tri::batch_map(ex, in, tri::fn<slow>, {.batch_size = 1000, .stop = s, .timeout = t}));
  });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    static_cast<void>(tri::monte_carlo(ex, 20'000, tri::fn<slow_sample>, {.stop = s, .timeout = t}));
  });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    static_cast<void>(tri::simulate(ex, 20'000, tri::fn<slow_sample>, {.stop = s, .timeout = t}));
  });
  ends_early([&](std::stop_token s, std::chrono::nanoseconds t) {
    auto v = many;
    tri::sort(ex, v, std::less<>{}, {.stop = s, .timeout = t});
  });
}

/// Counts up to n, never down.
struct counting {
  std::size_t n, last = 0, calls = 0;
  tri::progress_callback callback() {
    return [this](tri::progress p) {
      if (p.total != n || p.done < last || p.done > n) FAIL("it counts wrongly");
      last = p.done;
      ++calls;
    };
  }
  [[nodiscard]] bool complete() const { return last == n && calls > 0; }
};

template <class E>
void counts(E const& ex) {
  std::vector<int> in(100'001);
  std::iota(in.begin(), in.end(), 0);
  auto const check = [&](auto const& call) {
    counting c{in.size()};
    call(c.callback());
    CHECK(c.complete());
  };
  check([&](tri::progress_callback p) { tri::for_each_index(ex, in.size(), tri::fn<same>, {.progress = p}); });
  check([&](tri::progress_callback p) { tri::for_each(ex, in, tri::fn<same>, {.progress = p}); });
  check([&](tri::progress_callback p) { CHECK(tri::transform(ex, in, tri::fn<same>, {.progress = p}) == in); });
  check([&](tri::progress_callback p) {
    CHECK(tri::reduce(ex, in, 0, std::bit_xor<>{}, {.progress = p}) == tri::reduce(ex, in, 0, std::bit_xor<>{}));
  });
  check([&](tri::progress_callback p) {
    CHECK(tri::transform_reduce(ex, in, 0.0, std::plus<>{}, tri::fn<same>, {.progress = p}) == tri::reduce(ex, in, 0.0));
  });
  check([&](tri::progress_callback p) {
    CHECK(tri::inclusive_scan(ex, in, std::bit_xor<>{}, {.progress = p}) == tri::inclusive_scan(ex, in, std::bit_xor<>{}));
  });
  check([&](tri::progress_callback p) {
    CHECK(tri::exclusive_scan(ex, in, 1, std::bit_xor<>{}, {.progress = p}) == tri::exclusive_scan(ex, in, 1, std::bit_xor<>{}));
  });
  check([&](tri::progress_callback p) { static_cast<void>(tri::monte_carlo(ex, in.size(), tri::fn<sample>, {.progress = p})); });
  check([&](tri::progress_callback p) {
    CHECK(testing::same_bits(tri::simulate(ex, in.size(), tri::fn<sample>, {.progress = p}),
                             tri::simulate(ex, in.size(), tri::fn<sample>)));
  });
  check([&](tri::progress_callback p) { // dealt out by rows of 32, counted by samples
    CHECK(testing::same_bits(tri::simulate(ex, in.size(), tri::simd(tri::fn<sample>), {.progress = p}),
                             tri::simulate(ex, in.size(), tri::fn<sample>)));
  });
  check([&](tri::progress_callback p) {
    std::vector<int> down(in.rbegin(), in.rend());
    tri::sort(ex, down, std::less<>{}, {.progress = p});
    CHECK(down == in);
  });
  CHECK_THROWS_AS(tri::for_each_index(ex, 10, tri::fn<same>, {.progress = [](tri::progress) { throw 1; }}), int);
  // A limit that is never reached changes nothing.
  CHECK(tri::transform(ex, in, tri::fn<same>, {.timeout = 1h}) == in);
}

/// One order of options, whatever stands before them.
template <class E>
void takes_all_options(E const& ex) {
  std::vector<int> in{3, 1, 2};
  std::vector<int> out(3);
  auto const pairs = std::vector<std::pair<int, int>>{{1, 2}};
  tri::progress_callback const p = [](tri::progress) {};
  std::stop_token const s = std::stop_source().get_token();
  tri::for_each_index(ex, 3, tri::fn<same>, {.chunk_size = 1, .progress = p, .stop = s, .timeout = 1h, .schedule = tri::fixed});
  tri::for_each_index(ex, 3, tri::fn<same>, {.progress = p, .stop = s, .timeout = 1h});
  tri::for_each(ex, in, tri::fn<same>, {.progress = p, .stop = s, .timeout = 1h});
  CHECK(tri::transform(ex, in, tri::fn<same>, {.progress = p, .stop = s, .timeout = 1h}) == in);
  CHECK(tri::transform(ex, in, in, tri::fn<add>, {.progress = p, .stop = s, .timeout = 1h}).size() == 3);
  tri::transform(ex, in, tri::fn<same>, tri::into(out), {.progress = p, .stop = s, .timeout = 1h});
  tri::transform(ex, in, in, tri::fn<add>, tri::into(out), {.progress = p, .stop = s, .timeout = 1h});
  CHECK(tri::starmap(ex, pairs, tri::fn<add>, {.progress = p, .stop = s, .timeout = 1h}) == std::vector{3});
  int sum = 0;
  for (int const x : tri::map(ex, in, tri::fn<same>, {.progress = p, .stop = s, .timeout = 1h})) sum += x;
  CHECK(sum == 6);
  CHECK(tri::batch_map(ex, in, tri::fn<same>, {.progress = p, .stop = s, .timeout = 1h}) == in);
  tri::batch_map(ex, in, tri::fn<same>, [](std::span<int const>) {}, {.batch_size = 2, .progress = p, .stop = s, .timeout = 1h});
  CHECK(tri::reduce(ex, in, 0, std::plus<>{}, {.progress = p, .stop = s, .timeout = 1h}) == 6);
  CHECK(tri::transform_reduce(ex, in, 0, std::plus<>{}, tri::fn<same>, {.progress = p, .stop = s, .timeout = 1h}) == 6);
  CHECK(tri::inclusive_scan(ex, in, std::plus<>{}, {.progress = p, .stop = s, .timeout = 1h}).back() == 6);
  CHECK(tri::exclusive_scan(ex, in, 0, std::plus<>{}, {.progress = p, .stop = s, .timeout = 1h}).back() == 4);
  CHECK(tri::monte_carlo(ex, 3, tri::fn<sample>, {.progress = p, .stop = s, .timeout = 1h}).samples == 3);
  CHECK(tri::monte_carlo(ex, 3, tri::fn<sample>, {.seed = 1, .progress = p, .stop = s, .timeout = 1h}).samples == 3);
  CHECK(tri::simulate(ex, 3, tri::fn<sample>, {.progress = p, .stop = s, .timeout = 1h}).size() == 3);
  tri::sort(ex, in, std::less<>{}, {.progress = p, .stop = s, .timeout = 1h});
  CHECK(in == std::vector{1, 2, 3});
}

/// A schedule is for the ranks of a cluster: refused elsewhere, before any work.
template <class E>
void refuses_a_schedule(E const& ex) {
  std::vector<int> in{3, 1, 2};
  std::vector<int> out(3);
  auto const pairs = std::vector<std::pair<int, int>>{{1, 2}};
  auto const refused = [](char const* call, auto const& f) {
    CHECK_THROWS_MATCHES(f(), std::invalid_argument, message_contains(call));
    CHECK_THROWS_MATCHES(f(), std::invalid_argument, message_contains("schedule is for the ranks of a cluster"));
  };
  for (auto const schedule : {tri::guided, tri::dynamic}) {
    refused("for_each_index:", [&] { tri::for_each_index(ex, 3, tri::fn<fails>, {.schedule = schedule}); });
    refused("for_each_index:", [&] { tri::for_each_index(ex, 0, tri::fn<fails>, {.schedule = schedule}); });
    refused("for_each:", [&] { tri::for_each(ex, in, tri::fn<fails>, {.schedule = schedule}); });
    refused("transform:", [&] { (void)tri::transform(ex, in, tri::fn<fails>, {.schedule = schedule}); });
    refused("transform:", [&] { (void)tri::transform(ex, in, in, tri::fn<add>, {.schedule = schedule}); });
    refused("transform:", [&] { tri::transform(ex, in, tri::fn<fails>, tri::into(out), {.schedule = schedule}); });
    refused("transform:", [&] { tri::transform(ex, in, in, tri::fn<add>, tri::into(out), {.schedule = schedule}); });
    refused("starmap:", [&] { (void)tri::starmap(ex, pairs, tri::fn<add>, {.schedule = schedule}); });
    refused("map:", [&] { (void)tri::map(ex, in, tri::fn<fails>, {.schedule = schedule}); });
  }
  static_assert(tri::guided == tri::dynamic && tri::guided != tri::fixed);
}

/// A callback that takes far longer than all the work is not taken for work, and called a few times; in the end with all done.
template <class E>
void survives_a_slow_watcher(E const& ex) {
  std::vector<int> in(2000, 1);
  auto const check = [&](char const* name, auto const& call) {
    std::size_t calls = 0;
    tri::progress last{};
    call([&](tri::progress p) {
      std::this_thread::sleep_for(30ms);
      ++calls;
      last = p;
    });
    CAPTURE(name, calls);
    CHECK(calls <= 20);
    CHECK(last.total == in.size());
    CHECK(last.done == in.size());
  };
  check("for_each_index", [&](tri::progress_callback p) { tri::for_each_index(ex, in.size(), tri::fn<same>, {.progress = p}); });
  check("for_each_index, by ones",
        [&](tri::progress_callback p) { tri::for_each_index(ex, in.size(), tri::fn<same>, {.chunk_size = 1, .progress = p}); });
  check("for_each", [&](tri::progress_callback p) { tri::for_each(ex, in, tri::fn<same>, {.progress = p}); });
  check("transform", [&](tri::progress_callback p) { CHECK(tri::transform(ex, in, tri::fn<same>, {.progress = p}) == in); });
  check("simulate", [&](tri::progress_callback p) { (void)tri::simulate(ex, in.size(), tri::fn<sample>, {.progress = p}); });
  check("monte_carlo",
        [&](tri::progress_callback p) { (void)tri::monte_carlo(ex, in.size(), tri::fn<sample>, {.progress = p}); });
  check("reduce", [&](tri::progress_callback p) { (void)tri::reduce(ex, in, 0, std::plus<>{}, {.progress = p}); });
  check("batch_map", [&](tri::progress_callback p) { (void)tri::batch_map(ex, in, tri::fn<same>, {.progress = p}); });
  check("inclusive_scan", [&](tri::progress_callback p) { (void)tri::inclusive_scan(ex, in, std::plus<>{}, {.progress = p}); });
  check("sort", [&](tri::progress_callback p) { tri::sort(ex, in, std::less<>{}, {.progress = p}); });
}

/// The same of map, for executors that have tasks, and of ranges whose size nobody knows.
template <class E>
void map_survives_a_slow_watcher(E const& ex) {
  std::vector<int> const in(2000, 1);
  std::size_t calls = 0, done = 0;
  auto const watch = [&](tri::progress p) {
    std::this_thread::sleep_for(30ms);
    ++calls;
    done = p.done;
  };
  int sum = 0;
  for (int const x : tri::map(ex, in, tri::fn<same>, {.progress = watch})) sum += x;
  CHECK(sum == 2000);
  CHECK(done == 2000);
  for (int const x : tri::map(ex, testing::read_once(2000), tri::fn<same>, {.chunk_size = 1, .progress = watch})) sum += x > 0;
  CHECK(sum == 3999);
  CHECK(done == 2000);
  CHECK(calls <= 40);
}

} // namespace

TEST_CASE("limits: a slow progress callback is not taken for work") {
  testing::on_every_executor([](auto const& ex) { survives_a_slow_watcher(ex); });
  map_survives_a_slow_watcher(testing::three_threads());
  map_survives_a_slow_watcher(tri::process_pool(2));
}

TEST_CASE("limits: every algorithm takes its options in one order") {
  takes_all_options(tri::inline_executor{});
  takes_all_options(tri::thread_pool(2));
  takes_all_options(tri::process_pool(2));
}

TEST_CASE("limits: a schedule off a cluster is refused") {
  refuses_a_schedule(tri::inline_executor{});
  refuses_a_schedule(tri::thread_pool(2));
  refuses_a_schedule(tri::process_pool(2));
}

TEST_CASE("limits: every algorithm can be stopped, and limited in time") {
  stops(tri::inline_executor{});
  stops(tri::thread_pool(2));
  stops(tri::process_pool(2));
}

TEST_CASE("limits: every algorithm tells how far it is") {
  counts(tri::inline_executor{});
  counts(tri::thread_pool(3));
  counts(tri::process_pool(2));
}
