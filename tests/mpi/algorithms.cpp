/// @file mpi/algorithms.cpp
/// Every algorithm of a cluster gives the bits of inline_executor, on every rank.
#include <trireme/mpi.hpp>

#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <functional>
#include <limits>
#include <list>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::add_boxed;
using testing::axpy;
using testing::boxed;
using testing::difference;
using testing::fails_at;
using testing::fails_at_element;
using testing::far_apart;
using testing::in_circle;
using testing::is_positive;
using testing::message_contains;
using testing::numbers;
using testing::order_of;
using testing::path;
using testing::polynomial_of;
using testing::same_bits;
using testing::square_of;
using testing::two_values;

namespace {

inline constexpr auto negative = [](float x) { return -x; };
inline constexpr auto ends_at = [](std::size_t bad, std::size_t i) {
  if (i == bad) std::_Exit(3);
};

inline constexpr auto many_sizes = testing::sizes(0, 1, 2, 3, 4, 10, 31, 33, 4095, 4096, 4097, 8192, 20'481, 100'000);

struct no_default {
  explicit no_default(double x) : value(x) {}
  double value;
};

/// The checks, for a kind of executor on each rank.
template <class E>
void elementwise(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  tri::inline_executor const reference;
  for (std::size_t const n : many_sizes) {
    CAPTURE(n);
    auto const x = numbers(n);
    std::vector<float> y(n);
    std::vector<std::array<double, 2>> pairs(n);
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = static_cast<float>(x[n - 1 - i]);
      pairs[i] = {x[i], x[n - 1 - i]};
    }
    auto const expected = tri::transform(reference, x, polynomial_of);
    auto const got = tri::transform(cluster, x, tri::fn<polynomial_of>);
    static_assert(std::is_same_v<decltype(got), std::vector<double> const>);
    CHECK(same_bits(got, expected));
    CHECK(same_bits(tri::transform(cluster, x, y, tri::fn<difference>), tri::transform(reference, x, y, difference)));
    CHECK(same_bits(tri::starmap(cluster, pairs, tri::bind_front<axpy>(0.3)),
                    tri::starmap(reference, pairs, tri::bind_front<axpy>(0.3))));
    CHECK(tri::transform(cluster, x, tri::fn<is_positive>) == tri::transform(reference, x, is_positive));

    auto place = x; // in place
    tri::transform(cluster, place, tri::fn<polynomial_of>, tri::into(place), {.chunk_size = 100});
    CHECK(same_bits(place, expected));
    std::vector<double> wide(n); // converted where it is stored
    tri::transform(cluster, y, tri::fn<negative>, tri::into(wide));
    for (std::size_t i = 0; i < n; ++i)
      if (!same_bits(wide[i], static_cast<double>(-y[i]))) FAIL_CHECK("another value at " << i);
    std::deque<double> apart(n);
    tri::starmap(cluster, pairs, tri::bind_front<axpy>(0.3), tri::into(apart));
    CHECK(same_bits(std::vector<double>(apart.begin(), apart.end()), tri::starmap(reference, pairs, tri::bind_front<axpy>(0.3))));

    Eigen::VectorXd const v = Eigen::Map<Eigen::VectorXd const>(x.data(), static_cast<Eigen::Index>(n));
    auto const w = tri::transform(cluster, v, tri::fn<polynomial_of>);
    static_assert(std::is_same_v<decltype(w), Eigen::VectorXd const>);
    CHECK(same_bits(w, expected));
    std::list<double> const linked(x.begin(), x.end());
    CHECK(same_bits(tri::transform(cluster, linked, tri::fn<polynomial_of>), expected));
    Eigen::MatrixXd m(2, static_cast<Eigen::Index>(n));
    m.setZero();
    m.row(1) = v;
    CHECK(same_bits(Eigen::VectorXd(tri::transform(cluster, m.row(1), tri::fn<polynomial_of>)), expected));
  }
}

} // namespace

TEST_CASE("element by element, on inline_executor") { elementwise(tri::inline_executor{}); }
TEST_CASE("element by element, on threads") { elementwise(tri::thread_pool(2)); }
TEST_CASE("element by element, on processes") { elementwise(tri::process_pool(1)); }

TEST_CASE("a type without a default is a result") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const x = numbers(1001);
  auto const out = tri::transform(cluster, x, [](double v) { return no_default(v + v); });
  REQUIRE(out.size() == x.size());
  for (std::size_t i = 0; i < x.size(); ++i)
    if (out[i].value != x[i] + x[i]) FAIL_CHECK("another value at " << i);
}

TEST_CASE("each index is called on one rank, and captures are welcome on threads") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  for (std::size_t const n : many_sizes) {
    std::vector<int> calls(n, 0);
    tri::for_each_index(cluster, n, [&](std::size_t i) { ++calls[i]; });
    std::vector<int> all(n, 0);
    MPI_Allreduce(calls.data(), all.data(), static_cast<int>(n), MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    CHECK(all == std::vector<int>(n, 1));
    std::size_t const mine = static_cast<std::size_t>(std::count(calls.begin(), calls.end(), 1));
    auto const ranks = static_cast<std::size_t>(cluster.size());
    CHECK((mine == n / ranks || mine == n / ranks + 1)); // a few elements spread, too
  }
}

TEST_CASE("what a kernel throws on one rank all ranks throw, and the cluster goes on") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  for (std::size_t const n : testing::sizes(1, 5, 100, 10'000))
    for (std::size_t const bad : {std::size_t{0}, n / 2, n - 1}) {
      CAPTURE(n, bad);
      CHECK_THROWS_MATCHES(tri::for_each_index(cluster, n, tri::bind_front<fails_at>(bad)), std::out_of_range,
                           message_contains("the kernel threw at " + std::to_string(bad)));
      auto x = numbers(n);
      x[bad] = 1e300;
      CHECK_THROWS_MATCHES(tri::transform(cluster, x, tri::bind_front<fails_at_element>(1e300)), std::domain_error,
                           message_contains("the kernel threw at an element"));
    }
  CHECK(tri::transform(cluster, std::vector{1, 2, 3}, std::negate<>{}) == std::vector{-1, -2, -3});
}

TEST_CASE("a worker process that ends is lost on all ranks, with the index in the whole") {
  tri::mpi_cluster const cluster(tri::process_pool(1));
  for (std::size_t const bad : testing::sizes(0, 50, 99)) {
    try {
      tri::for_each_index(cluster, 100, tri::bind_front<ends_at>(bad), {.chunk_size = 1});
      FAIL_CHECK("nothing was lost");
    } catch (tri::worker_lost const& e) {
      CHECK(e.status() == 3);
      CHECK(e.first() == bad);
      CHECK(e.last() == bad + 1);
    }
  }
}

TEST_CASE("a range that one rank can't read fails on all") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  testing::read_once source(10, cluster.rank() == cluster.size() - 1 ? 5 : -1);
  CHECK_THROWS_MATCHES(tri::transform(cluster, source, std::negate<>{}), std::runtime_error, message_contains("the range threw"));
}

TEST_CASE("bad arguments are refused on every rank, before any work") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const x = numbers(10), y = numbers(9);
  std::vector<double> out(9, 1.0);
  int called = 0;
  auto const counted = [&](double v, auto...) {
    ++called;
    return v;
  };
  CHECK_THROWS_MATCHES(tri::transform(cluster, x, y, counted), std::invalid_argument, message_contains("in2 has 9 elements"));
  CHECK_THROWS_AS(tri::transform(cluster, x, counted, tri::into(out)), std::invalid_argument);
  CHECK_THROWS_AS(tri::for_each_index(cluster, -1, [&](std::size_t) { ++called; }), std::invalid_argument);
  CHECK_THROWS_AS(tri::transform(cluster, x, counted, {.timeout = std::chrono::seconds(-1)}), std::invalid_argument);
  CHECK(called == 0);
  CHECK(out == std::vector<double>(9, 1.0));
}

TEST_CASE("a stop on one rank is cancelled on all") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  std::stop_source stop;
  if (cluster.rank() == 0) stop.request_stop();
  CHECK_THROWS_AS(tri::transform(cluster, numbers(100), polynomial_of, {.chunk_size = 1, .stop = stop.get_token()}),
                  tri::cancelled);
}

// ---- Reductions ----

namespace {

template <class E>
void reductions(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  tri::inline_executor const reference;
  for (std::size_t const n : many_sizes) {
    CAPTURE(n);
    auto const x = numbers(n);
    std::vector<float> const y(x.begin(), x.end());
    CHECK(same_bits(tri::reduce(cluster, x), tri::reduce(reference, x)));
    CHECK(same_bits(tri::reduce(cluster, y, 0.5, std::plus<>{}), tri::reduce(reference, y, 0.5, std::plus<>{})));
    CHECK(same_bits(tri::transform_reduce(cluster, x, 0.25, std::plus<>{}, tri::fn<square_of>),
                    tri::transform_reduce(reference, x, 0.25, std::plus<>{}, square_of)));
    std::list<double> const linked(x.begin(), x.end());
    CHECK(same_bits(tri::reduce(cluster, linked, 0.5, std::plus<>{}), tri::reduce(reference, x, 0.5, std::plus<>{})));

    std::size_t done = 0, total = 0;
    auto const watch = [&](tri::progress p) {
      CHECK(p.done > done);
      done = p.done;
      total = p.total;
    };
    CHECK(same_bits(tri::reduce(cluster, x, 0.5, std::plus<>{}, {.progress = watch}),
                    tri::reduce(reference, x, 0.5, std::plus<>{})));
    CHECK(done == total);
    done = total = 0;
    CHECK(same_bits(tri::transform_reduce(cluster, x, 0.25, std::plus<>{}, tri::fn<square_of>, {.progress = watch}),
                    tri::transform_reduce(reference, x, 0.25, std::plus<>{}, square_of)));
    CHECK(done == total);
  }
}

} // namespace

TEST_CASE("reductions, on inline_executor") { reductions(tri::inline_executor{}); }
TEST_CASE("reductions, on threads") { reductions(tri::thread_pool(2)); }
TEST_CASE("reductions, on processes") { reductions(tri::process_pool(1)); }

TEST_CASE("everything meets in the fixed order, at any number of tiles") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  tri::inline_executor const reference;
  std::vector<std::uint8_t> bytes(6'000'000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(testing::scramble(i));
  auto const check = [&](std::size_t n) {
    std::span<std::uint8_t const> const some(bytes.data(), n);
    if (tri::reduce(cluster, some, std::uint64_t{7}, order_of{}) != tri::reduce(reference, some, std::uint64_t{7}, order_of{}))
      FAIL_CHECK("another order of " << n);
    if (n <= 400'000 && tri::transform_reduce(cluster, some, std::uint64_t{7}, order_of{}, std::negate<>{}) !=
                            tri::transform_reduce(reference, some, std::uint64_t{7}, order_of{}, std::negate<>{}))
      FAIL_CHECK("another order of mapped " << n);
  };
  for (std::size_t tiles = 0; tiles < 70; ++tiles)
    for (std::size_t const rest : testing::sizes(0, 1, 4000)) check(tiles * tri::tile_size + rest);
  // So many that ranks take units of several tiles.
  for (std::size_t const tiles : testing::sizes(255, 256, 257, 511, 700, 777, 1023, 1025, 1279, 1280, 1281, 1400))
    check(tiles * tri::tile_size + 5);
  check(bytes.size());
}

TEST_CASE("what is combined needs no default") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  for (std::size_t const n : testing::sizes(0, 1, 5000, 300'000)) {
    auto const x = numbers(n);
    auto const box = [](double v) { return boxed(v); };
    CHECK(same_bits(tri::transform_reduce(cluster, x, boxed(0.5), add_boxed{}, box).value,
                    tri::transform_reduce(tri::inline_executor{}, x, boxed(0.5), add_boxed{}, box).value));
  }
}

TEST_CASE("a reduction fails on all ranks") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  for (std::size_t const n : testing::sizes(10, 5000, 300'000))
    for (std::size_t const bad : {std::size_t{0}, n / 2, n - 1}) {
      CAPTURE(n, bad);
      auto x = numbers(n);
      x[bad] = 1e300;
      CHECK_THROWS_AS(tri::transform_reduce(cluster, x, 0.0, std::plus<>{}, tri::bind_front<fails_at_element>(1e300)),
                      std::domain_error);
    }
  std::stop_source stop;
  if (cluster.rank() == cluster.size() / 2) stop.request_stop();
  CHECK_THROWS_AS(tri::reduce(cluster, numbers(300'000), 0.0, std::plus<>{}, {.stop = stop.get_token()}), tri::cancelled);
}

// ---- Samples ----

namespace {

inline constexpr auto coin = [](auto& rng) { return rng.index(2) == 0; };
inline constexpr auto fails_below = [](double limit, auto& rng) {
  auto const x = rng.uniform();
  if (x < limit) throw std::range_error("a sample threw");
  return x;
};

template <class E>
void samples(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  tri::inline_executor const reference;
  for (std::size_t const n : testing::sizes(1, 2, 5, 31, 60, 4096, 4097, 30'000, 100'000, 300'000)) {
    CAPTURE(n);
    auto const check = [&](auto f, auto real) {
      using Real = decltype(real);
      CHECK(
          same_bits(tri::monte_carlo<Real>(cluster, n, f, {.seed = 42}), tri::monte_carlo<Real>(reference, n, f, {.seed = 42})));
      auto const values = tri::simulate<Real>(reference, n, f, {.seed = 42});
      CHECK(same_bits(tri::simulate<Real>(cluster, n, f, {.seed = 42}), values));
      auto place = values;
      std::fill(place.begin(), place.end(), typename decltype(place)::value_type{});
      tri::simulate<Real>(cluster, n, f, tri::into(place), {.seed = 42});
      CHECK(same_bits(place, values));
    };
    check(tri::fn<in_circle>, double{});
    check(tri::draws<2>(tri::fn<in_circle>), double{});
    check(tri::draws<4>(tri::fn<path>), float{}); // index is two calls
    check(tri::fn<two_values>, double{});
    check(tri::draws<2>(tri::fn<two_values>), double{});
    check(tri::fn<coin>, double{});
    check(tri::bind_front<far_apart>(0x1p1000, 0x1p-600), double{});
    check(tri::bind_front<far_apart>(std::numeric_limits<double>::infinity(), 1.0), double{});
  }
  CHECK(tri::simulate(cluster, 0, tri::fn<in_circle>).empty());
  CHECK_THROWS_AS(tri::monte_carlo(cluster, 0, tri::fn<in_circle>), std::invalid_argument);
  CHECK_THROWS_AS(tri::monte_carlo(cluster, -1, tri::fn<in_circle>), std::invalid_argument);
  for (std::size_t const n : testing::sizes(100, 200'000)) {
    CHECK_THROWS_MATCHES(tri::monte_carlo(cluster, n, tri::bind_front<fails_below>(0.1)), std::range_error,
                         message_contains("a sample threw"));
    CHECK_THROWS_AS(tri::simulate(cluster, n, tri::bind_front<fails_below>(0.1)), std::range_error);
  }
}

} // namespace

TEST_CASE("samples, on inline_executor") { samples(tri::inline_executor{}); }
TEST_CASE("samples, on threads") { samples(tri::thread_pool(2)); }
TEST_CASE("samples, on processes") { samples(tri::process_pool(1)); }
