/// @file process_stops.cpp
/// A stop, a timeout and a throw are noticed by worker processes within the element that is under way, whatever the call
/// and however many elements a chunk has.
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/processes/map.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <stdexcept>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;

namespace {

void nap() { ::usleep(10'000); }

inline constexpr auto slow = [](std::size_t i) {
  nap();
  return static_cast<double>(i);
};
inline constexpr auto slow_pair = [](std::size_t a, double b) {
  nap();
  return static_cast<double>(a) + b;
};
inline constexpr auto slow_sample = [](auto& rng) {
  nap();
  return rng.uniform();
};
inline constexpr auto throws_at = [](std::size_t bad, std::size_t i) {
  if (i == bad) throw std::domain_error("here");
  nap();
  return static_cast<double>(i);
};

/// All of the elements would take most of an hour; what is asked for takes a tenth of a second.
template <class Exception, class Call>
void ends_soon(char const* what, Call const& call) {
  CAPTURE(what);
  auto const begun = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(call(), Exception);
  CHECK(std::chrono::steady_clock::now() - begun < 10s);
}

std::vector<std::size_t> indices(std::size_t n) {
  std::vector<std::size_t> all(n);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}
constexpr std::size_t many = 512'000;

/// Every call with these options; those that have .chunk_size, also with that.
template <class Exception, class Kernel>
void all_end_soon(tri::process_pool const& pool, Kernel const& f, tri::loop_options const& loop, tri::call_options const& call) {
  auto const in = indices(many);
  tri::buffer const there(pool, in);
  ends_soon<Exception>("for_each_index", [&] { tri::for_each_index(pool, many, f, loop); });
  ends_soon<Exception>("for_each", [&] { tri::for_each(pool, in, f, loop); });
  ends_soon<Exception>("for_each, buffer", [&] { tri::for_each(pool, there, f, loop); });
  ends_soon<Exception>("transform", [&] { (void)tri::transform(pool, in, f, loop); });
  ends_soon<Exception>("transform, buffer", [&] { (void)tri::transform(pool, there, f, loop); });
  ends_soon<Exception>("transform_reduce", [&] { (void)tri::transform_reduce(pool, in, 0.0, std::plus<>{}, f, call); });
  ends_soon<Exception>("batch_map", [&] { (void)tri::batch_map(pool, in, f, {.stop = call.stop, .timeout = call.timeout}); });
  ends_soon<Exception>("map", [&] {
    for (double const x : tri::map(pool, in, f, loop)) static_cast<void>(x);
  });
}

} // namespace

TEST_CASE("process_pool: a timeout of a call is noticed between any two elements") {
  tri::process_pool const pool(2);
  for (std::size_t const chunk_size : testing::sizes(0, 3))
    all_end_soon<tri::timed_out>(pool, tri::fn<slow>, {.chunk_size = chunk_size, .timeout = 100ms}, {.timeout = 100ms});
  ends_soon<tri::timed_out>("monte_carlo", [&] { (void)tri::monte_carlo(pool, many, tri::fn<slow_sample>, {.timeout = 100ms}); });
  ends_soon<tri::timed_out>("simulate", [&] { (void)tri::simulate(pool, many, tri::fn<slow_sample>, {.timeout = 100ms}); });
  std::vector<std::pair<std::size_t, double>> const pairs(many);
  ends_soon<tri::timed_out>("starmap", [&] { (void)tri::starmap(pool, pairs, tri::fn<slow_pair>, {.timeout = 100ms}); });
  ends_soon<tri::timed_out>("map in large chunks", [&] {
    for (double const x : tri::map(pool, indices(many), tri::fn<slow>, {.chunk_size = 1000, .timeout = 100ms}))
      static_cast<void>(x);
  });
}

TEST_CASE("process_pool: a stop is noticed between any two elements") {
  tri::process_pool const pool(2);
  for (auto const& call : {+[](tri::process_pool const& p, std::stop_token const& stop) {
                             tri::for_each_index(p, many, tri::fn<slow>, {.stop = stop});
                           },
                           +[](tri::process_pool const& p, std::stop_token const& stop) {
                             (void)tri::transform(p, indices(many), tri::fn<slow>, {.stop = stop});
                           },
                           +[](tri::process_pool const& p, std::stop_token const& stop) {
                             (void)tri::monte_carlo(p, many, tri::fn<slow_sample>, {.stop = stop});
                           }}) {
    std::stop_source stop;
    std::jthread const later([&] {
      ::usleep(100'000);
      stop.request_stop();
    });
    ends_soon<tri::cancelled>("stop", [&] { call(pool, stop.get_token()); });
  }
}

TEST_CASE("process_pool: a throw is noticed between any two elements") {
  tri::process_pool const pool(2);
  for (std::size_t const bad : {std::size_t{0}, std::size_t{5}, many / 2})
    ends_soon<std::domain_error>("for_each_index", [&] { tri::for_each_index(pool, many, tri::bind_front<throws_at>(bad)); });
  all_end_soon<std::domain_error>(pool, tri::bind_front<throws_at>(std::size_t{0}), {}, {});
}

TEST_CASE("process_pool: slow elements after many cheap ones are seen to by all workers, each once") {
  static constexpr auto count_up = [](std::uint32_t* calls, std::size_t i) {
    ++calls[i];
    if (i > 99'000 && i % 100 == 0) ::usleep(1000);
  };
  tri::process_pool const pool(3);
  tri::buffer<std::uint32_t, tri::process_pool> calls(pool, std::vector<std::uint32_t>(100'000, 0));
  for (std::size_t const n : {std::size_t{1}, std::size_t{7}, std::size_t{4096}, std::size_t{99'999}, std::size_t{100'000}}) {
    calls.assign(std::vector<std::uint32_t>(100'000, 0));
    tri::for_each_index(pool, n, tri::bind_front<count_up>(calls.data()));
    auto const counted = calls.to_host();
    CHECK(std::accumulate(counted.begin(), counted.end(), std::size_t{0}) == n);
    CHECK(std::all_of(counted.begin(), counted.begin() + static_cast<std::ptrdiff_t>(n), [](auto c) { return c == 1; }));
  }
}
