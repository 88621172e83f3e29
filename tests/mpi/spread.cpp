/// @file mpi/spread.cpp
/// Algorithms on data that is spread over ranks: parts that begin anywhere, kinds that mix, and what is refused.
#include <trireme/mpi.hpp>

#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <list>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::blend;
using testing::fails_at_element;
using testing::in_circle;
using testing::message_contains;
using testing::numbers;
using testing::same_bits;
using testing::square_of;

namespace {

inline constexpr auto difference = [](double x, double y) { return x - y; };

std::vector<double> part(std::vector<double> const& x, std::size_t i, std::size_t n) {
  return {x.begin() + static_cast<std::ptrdiff_t>(i), x.begin() + static_cast<std::ptrdiff_t>(i + n)};
}

template <class E>
void parts_and_mixtures(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  tri::inline_executor const reference;
  for (std::size_t const n : testing::sizes(3, 5000, 50'000)) {
    CAPTURE(n);
    auto const x = numbers(n), y = numbers(n, 1);
    tri::buffer a(cluster, x), b(cluster, y);
    std::size_t const size = n / 2, i = n / 5, j = n / 3;
    auto const xi = part(x, i, size), yj = part(y, j, size);
    auto const squares = tri::transform(reference, xi, square_of);
    auto const differences = tri::transform(reference, xi, yj, difference);

    auto const fresh = tri::transform(cluster, a.subspan(i, size), tri::fn<square_of>);
    CHECK(fresh.cuts() == cluster.cuts(size));
    CHECK(same_bits(fresh.to_host(), squares));
    CHECK(same_bits(tri::transform(cluster, a.subspan(i, size), b.subspan(j, size), tri::fn<difference>).to_host(), differences));
    CHECK(same_bits(tri::transform(cluster, a.subspan(i, size), yj, tri::fn<difference>).to_host(), differences));
    auto const on_host = tri::transform(cluster, xi, std::as_const(b).subspan(j, size), tri::fn<difference>);
    static_assert(std::is_same_v<decltype(on_host), std::vector<double> const>);
    CHECK(same_bits(on_host, differences));

    std::vector<double> host(size);
    tri::transform(cluster, a.subspan(i, size), tri::fn<square_of>, tri::into(host));
    CHECK(same_bits(host, squares));
    auto place = b.subspan(n - size, size); // by other cuts than the input, of which it is no part
    tri::transform(cluster, a.subspan(i, size), tri::fn<square_of>, tri::into(place));
    auto expected = y;
    std::copy(squares.begin(), squares.end(), expected.end() - static_cast<std::ptrdiff_t>(size));
    CHECK(same_bits(b.to_host(), expected));
    tri::transform(cluster, xi, tri::fn<square_of>, tri::into(place));
    CHECK(same_bits(b.to_host(), expected));
    b.assign(y);

    auto some = a.subspan(i, size);
    tri::transform(cluster, some, tri::fn<square_of>, tri::into(some));
    expected = x;
    std::copy(squares.begin(), squares.end(), expected.begin() + static_cast<std::ptrdiff_t>(i));
    CHECK(same_bits(a.to_host(), expected));
    a.assign(x);

    CHECK(same_bits(tri::reduce(cluster, a.subspan(i, size)), tri::reduce(reference, xi)));
    CHECK(same_bits(tri::transform_reduce(cluster, b.subspan(j, size), 0.5, std::plus<>{}, tri::fn<square_of>),
                    tri::transform_reduce(reference, yj, 0.5, std::plus<>{}, square_of)));

    auto changed = a.subspan(i, size);
    tri::for_each(cluster, changed, tri::fn<blend>);
    expected = x;
    for (std::size_t k = i; k < i + size; ++k) blend(expected[k]);
    CHECK(same_bits(a.to_host(), expected));
    a.assign(x);

    CHECK(same_bits(tri::batch_map(cluster, a.subspan(i, size), tri::fn<square_of>, {.batch_size = 700}).to_host(), squares));
    std::vector<double> got;
    tri::batch_map(cluster, a.subspan(i, size), tri::fn<square_of>,
                   [&](std::span<double const> batch) { got.insert(got.end(), batch.begin(), batch.end()); },
                   {.batch_size = 700});
    CHECK(same_bits(got, squares));

    auto samples = b.subspan(j, size);
    tri::simulate(cluster, size, tri::fn<in_circle>, tri::into(samples), {.seed = 5});
    CHECK(same_bits(samples.to_host(), tri::simulate(reference, size, in_circle, {.seed = 5})));
  }
}

} // namespace

TEST_CASE("parts and mixtures, on inline_executor") { parts_and_mixtures(tri::inline_executor{}); }
TEST_CASE("parts and mixtures, on threads") { parts_and_mixtures(tri::thread_pool(2)); }
TEST_CASE("parts and mixtures, on processes") { parts_and_mixtures(tri::process_pool(1)); }

TEST_CASE("for_each changes a host range on all ranks") {
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  for (std::size_t const n : testing::sizes(0, 1, 2, 7, 5000)) {
    CAPTURE(n);
    auto expected = numbers(n);
    std::list<double> linked(expected.begin(), expected.end());
    auto host = expected;
    Eigen::MatrixXd rows(2, static_cast<Eigen::Index>(n));
    for (std::size_t i = 0; i < n; ++i) rows(1, static_cast<Eigen::Index>(i)) = expected[i];
    for (double& x : expected) blend(x);
    tri::for_each(cluster, host, blend);
    CHECK(same_bits(host, expected));
    tri::for_each(cluster, linked, blend, {.schedule = tri::guided});
    CHECK(same_bits(std::vector<double>(linked.begin(), linked.end()), expected));
    auto row = rows.row(1);
    tri::for_each(cluster, row, blend);
    CHECK(same_bits(Eigen::VectorXd(rows.row(1)), expected));

    std::vector<int> seen(n, 0), all(n, 0);
    for (auto const schedule : {tri::fixed, tri::guided}) {
      std::fill(seen.begin(), seen.end(), 0);
      tri::for_each(cluster, std::as_const(host), [&](double const& x) { ++seen[static_cast<std::size_t>(&x - host.data())]; },
                    {.schedule = schedule});
      MPI_Allreduce(seen.data(), all.data(), static_cast<int>(n), MPI_INT, MPI_SUM, MPI_COMM_WORLD);
      CHECK(all == std::vector<int>(n, 1));
    }
  }
}

TEST_CASE("what a kernel throws on spread data all ranks throw") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  std::size_t const n = 50'000;
  for (std::size_t const bad : {std::size_t{0}, n / 2, n - 1}) {
    CAPTURE(bad);
    auto x = numbers(n);
    x[bad] = 1e300;
    tri::buffer const b(cluster, x);
    auto const fails = tri::bind_front<fails_at_element>(1e300);
    CHECK_THROWS_AS(tri::transform(cluster, b, fails), std::domain_error);
    CHECK_THROWS_AS(tri::transform_reduce(cluster, b, 0.0, std::plus<>{}, fails), std::domain_error);
    CHECK_THROWS_AS(tri::for_each(cluster, b, fails), std::domain_error);
    CHECK_THROWS_AS(tri::batch_map(cluster, b, fails), std::domain_error);
    CHECK(same_bits(b.to_host(), x));
  }
}

TEST_CASE("spread data that does not fit is refused before any work") {
  tri::mpi_cluster const cluster(tri::inline_executor{}), other(tri::inline_executor{});
  auto const x = numbers(10);
  tri::mpi_cluster const alone(tri::inline_executor{}, MPI_COMM_SELF); // of fewer ranks
  tri::buffer const on_alone(alone, x);
  tri::buffer const ten(cluster, x), nine(cluster, numbers(9)), elsewhere(other, x);
  std::vector<double> out(9, 1.0);
  tri::buffer on_out(cluster, out);
  int called = 0;
  auto const counted = [&](double v, auto...) {
    ++called;
    return v;
  };
  CHECK_THROWS_MATCHES(tri::transform(cluster, ten, nine, counted), std::invalid_argument,
                       message_contains("in2 has 9 elements"));
  CHECK_THROWS_AS(tri::transform(cluster, x, nine, counted), std::invalid_argument);
  CHECK_THROWS_AS(tri::transform(cluster, ten, counted, tri::into(out)), std::invalid_argument);
  CHECK_THROWS_MATCHES(tri::transform(cluster, ten, counted, tri::into(on_out)), std::invalid_argument,
                       message_contains("into: the storage has 9"));
  CHECK_THROWS_MATCHES(tri::transform(cluster, elsewhere, counted), std::invalid_argument, message_contains("another cluster"));
  CHECK_THROWS_MATCHES(tri::transform(cluster, on_alone, counted), std::invalid_argument, message_contains("another cluster"));
  CHECK_THROWS_MATCHES(tri::reduce(cluster, elsewhere), std::invalid_argument, message_contains("another cluster"));
  CHECK_THROWS_MATCHES(tri::for_each(cluster, elsewhere, counted), std::invalid_argument, message_contains("another cluster"));
  CHECK_THROWS_AS(tri::simulate(cluster, 10, in_circle, tri::into(on_out)), std::invalid_argument);
  CHECK(called == 0);
  CHECK(same_bits(on_out.to_host(), out));
  auto const moved = std::move(on_out);
  CHECK(on_out.size() == 0);
  CHECK_THROWS_MATCHES(tri::reduce(cluster, on_out), std::invalid_argument, message_contains("was moved from"));
  CHECK_THROWS_AS(tri::sort(cluster, on_out), std::invalid_argument);
  CHECK_THROWS_AS(tri::transform(cluster, on_out, counted), std::invalid_argument);
  CHECK_THROWS_AS(tri::transform(cluster, out, counted, tri::into(on_out)), std::invalid_argument);
  CHECK_THROWS_AS(tri::for_each(cluster, on_out, blend), std::invalid_argument);
  CHECK_THROWS_AS(on_out.to_host(), std::invalid_argument);
  CHECK_THROWS_AS(on_out.assign(std::vector<double>{}), std::invalid_argument);
  CHECK(called == 0);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(tri::batch_map(cluster, ten, counted, {.stop = stop.get_token()}), tri::cancelled);
}

TEST_CASE("a spread buffer of no elements goes through every algorithm") {
  tri::mpi_cluster const cluster(tri::thread_pool(1));
  tri::buffer<double, tri::mpi_cluster<tri::thread_pool>> none(cluster, 0);
  tri::buffer some(cluster, numbers(10));
  for (auto place : {none.subspan(0, 0), some.subspan(10, 0)}) {
    auto const& empty = place;
    CHECK(tri::transform(cluster, empty, square_of).size() == 0);
    CHECK(tri::transform(cluster, empty, std::vector<double>{}, difference).size() == 0);
    tri::transform(cluster, std::vector<double>{}, square_of, tri::into(place));
    tri::for_each(cluster, place, blend);
    CHECK(tri::reduce(cluster, empty) == 0);
    CHECK(tri::transform_reduce(cluster, empty, 0.5, std::plus<>{}, square_of) == 0.5);
    CHECK(tri::inclusive_scan(cluster, empty).size() == 0);
    CHECK(tri::exclusive_scan(cluster, empty, 1.0).size() == 0);
    CHECK(tri::batch_map(cluster, empty, square_of).to_host().empty());
    tri::batch_map(cluster, empty, square_of, [](std::span<double const>) { FAIL_CHECK("a batch of nothing"); });
    tri::sort(cluster, place);
    tri::simulate(cluster, 0, in_circle, tri::into(place));
    CHECK(place.to_host().empty());
    CHECK(place.to_host(0).empty());
  }
  CHECK(same_bits(some.to_host(), numbers(10)));
}

TEST_CASE("an op that throws where ranks' values meet is heard as elsewhere") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const x = std::vector<double>(100'000, 1.0);
  double const limit = cluster.rank() == cluster.size() - 1 ? 90'000.0 : 1e300; // on one rank alone
  auto const op = [&](double a, double b) {
    if (a + b > limit) throw std::overflow_error("op threw");
    return a + b;
  };
  CHECK_THROWS_MATCHES(tri::reduce(cluster, x, 0.0, op), std::overflow_error, message_contains("op threw"));
  CHECK(tri::reduce(cluster, x) == 100'000.0);
}

TEST_CASE("a stop is heard from a rank that has nothing to do") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  std::stop_source stop;
  if (cluster.rank() == cluster.size() - 1) stop.request_stop();
  std::vector<double> const one{1.0};
  tri::buffer const spread(cluster, one);
  auto const token = stop.get_token();
  for (auto const schedule : {tri::fixed, tri::guided})
    CHECK_THROWS_AS(tri::transform(cluster, one, square_of, {.stop = token, .schedule = schedule}), tri::cancelled);
  CHECK_THROWS_AS(tri::transform(cluster, spread, square_of, {.stop = token}), tri::cancelled);
  CHECK_THROWS_AS(tri::reduce(cluster, spread, 0.0, std::plus<>{}, {.stop = token}), tri::cancelled);
  CHECK_THROWS_AS(tri::simulate(cluster, 1, in_circle, {.stop = token}), tri::cancelled);
}
