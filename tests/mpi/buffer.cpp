/// @file mpi/buffer.cpp
/// Buffers that are spread over ranks: where their elements lie, and how they come and go.
#include <trireme/mpi.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <list>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::message_contains;
using testing::numbers;
using testing::same_bits;

namespace {

inline constexpr auto some_sizes = testing::sizes(0, 1, 31, 4095, 4096, 4097, 8192, 20'481, 100'000);

template <class Buffer>
void check_layout(Buffer const& b) {
  auto const& cluster = b.executor();
  auto const rank = static_cast<std::size_t>(cluster.rank());
  CHECK(b.cuts() == cluster.cuts(b.size()));
  CHECK(b.cuts().front() == 0);
  CHECK(b.cuts().back() == b.size());
  CHECK(std::is_sorted(b.cuts().begin(), b.cuts().end()));
  for (auto const cut : b.cuts()) CHECK((cut % tri::tile_size == 0 || cut == b.size()));
  CHECK(b.local().size() == b.cuts()[rank + 1] - b.cuts()[rank]);
}

template <class E>
void round_trips(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  auto const rank = static_cast<std::size_t>(cluster.rank()), ranks = static_cast<std::size_t>(cluster.size());
  for (std::size_t const n : some_sizes) {
    CAPTURE(n);
    auto const x = numbers(n);
    tri::buffer b(cluster, x);
    static_assert(std::is_same_v<decltype(b), tri::buffer<double, tri::mpi_cluster<E>>>);
    check_layout(b);
    CHECK(b.executor() == cluster);
    CHECK(same_bits(b.to_host(), x));
    auto const mine = std::vector(x.begin() + static_cast<std::ptrdiff_t>(b.cuts()[rank]),
                                  x.begin() + static_cast<std::ptrdiff_t>(b.cuts()[rank + 1]));
    CHECK(same_bits(b.local().to_host(), mine));
    for (std::size_t root = 0; root < ranks; ++root) {
      auto const got = std::as_const(b).to_host(static_cast<int>(root));
      CHECK(same_bits(got, root == rank ? x : std::vector<double>{}));
    }
    std::list<double> const linked(x.rbegin(), x.rend());
    b.assign(linked);
    CHECK(same_bits(b.to_host(), std::vector<double>(x.rbegin(), x.rend())));
    CHECK_THROWS_MATCHES(b.assign(numbers(n + 1)), std::invalid_argument,
                         message_contains("assign: range has " + std::to_string(n + 1)));

    auto moved = std::move(b);
    CHECK(b.size() == 0);
    CHECK(moved.size() == n);
    b = std::move(moved);
    CHECK(b.size() == n);

    // Unequal parts, none of whole tiles.
    std::size_t const first = n * rank * rank / (ranks * ranks), last = n * (rank + 1) * (rank + 1) / (ranks * ranks);
    auto const joined = tri::buffer<double, tri::mpi_cluster<E>>::from_local(
        cluster,
        std::list<double>(x.begin() + static_cast<std::ptrdiff_t>(first), x.begin() + static_cast<std::ptrdiff_t>(last)));
    check_layout(joined);
    CHECK(same_bits(joined.to_host(), x));

    std::size_t const from = n / 3, count = n / 2;
    auto const part = b.subspan(from, count);
    CHECK(part.size() == count);
    CHECK(same_bits(part.to_host(), std::vector<double>(x.rbegin() + static_cast<std::ptrdiff_t>(from),
                                                        x.rbegin() + static_cast<std::ptrdiff_t>(from + count))));
    CHECK_THROWS_AS(b.subspan(from, n + 1), std::out_of_range);
    CHECK(same_bits(part.subspan(count / 4, count / 2).to_host(), b.subspan(from + count / 4, count / 2).to_host()));
  }
}

} // namespace

TEST_CASE("spread buffers come and go, on inline_executor") { round_trips(tri::inline_executor{}); }
TEST_CASE("spread buffers come and go, on threads") { round_trips(tri::thread_pool(2)); }
TEST_CASE("spread buffers come and go, on processes") { round_trips(tri::process_pool(1)); }

TEST_CASE("a spread buffer of elements that are not arithmetic, or have no default") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  std::vector<std::tuple<int, double>> pairs;
  for (int i = 0; i < 10'000; ++i) pairs.emplace_back(i, i * 0.5);
  CHECK(tri::buffer(cluster, pairs).to_host() == pairs);
  std::vector<bool> const bits{true, false, true};
  CHECK(tri::buffer(cluster, bits).to_host() == bits);
  Eigen::VectorXf const v = Eigen::VectorXf::LinSpaced(9000, 0, 1);
  CHECK(same_bits(tri::buffer(cluster, v).to_host(), std::vector<float>(v.begin(), v.end())));
}

TEST_CASE("what can't be a buffer is refused on all ranks") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  using doubles = tri::buffer<double, tri::mpi_cluster<tri::inline_executor>>;
  CHECK_THROWS_AS(doubles(cluster, -1), std::invalid_argument);
  CHECK_THROWS_AS(doubles(cluster, SIZE_MAX / 4), std::bad_alloc);
  doubles const b(cluster, 10);
  CHECK_THROWS_MATCHES(b.to_host(cluster.size()), std::invalid_argument,
                       message_contains("rank must be in [0, " + std::to_string(cluster.size()) + ")"));
  testing::read_once source(10, cluster.rank() == cluster.size() - 1 ? 5 : -1);
  CHECK_THROWS_MATCHES(tri::buffer(cluster, source), std::runtime_error, message_contains("the range threw"));
}

TEST_CASE("a long message goes in several") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const& link = link_of(cluster);
  auto const x = numbers(10'000);
  auto const from = tri::detail::even_cuts(x.size(), cluster.size());
  std::vector<std::size_t> to(from.size(), 0); // all to the last rank
  to.back() = x.size();
  auto const mine = tri::detail::share_of(from, cluster.rank());
  std::vector<double> got(tri::detail::share_of(to, cluster.rank()).size());
  tri::detail::redistribution(link, from, to, sizeof(double), 1000).run(x.data() + mine.first, got.data());
  CHECK(same_bits(got, got.empty() ? got : x));
}

TEST_CASE("a file is read and written by all ranks") {
  tri::mpi_cluster const cluster(tri::thread_pool(1));
  using doubles = tri::buffer<double, tri::mpi_cluster<tri::thread_pool>>;
  auto const path = std::filesystem::temp_directory_path() / ("trireme_mpi_buffer_" + std::to_string(cluster.size()));
  for (std::size_t const n : some_sizes) {
    CAPTURE(n);
    auto const x = numbers(n);
    tri::buffer const b(cluster, x);
    b.to_file(path);
    CHECK(std::filesystem::file_size(path) == n * sizeof(double));
    auto const back = doubles::from_file(cluster, path);
    check_layout(back);
    CHECK(same_bits(back.to_host(), x));
    b.subspan(n / 2, n - n / 2).to_file(path);
    CHECK(same_bits(doubles::from_file(cluster, path).to_host(),
                    std::vector<double>(x.begin() + static_cast<std::ptrdiff_t>(n / 2), x.end())));
  }
  CHECK_THROWS_AS((tri::buffer<std::array<char, 7>, tri::mpi_cluster<tri::thread_pool>>::from_file(cluster, path)),
                  std::invalid_argument);
  MPI_Barrier(MPI_COMM_WORLD);
  if (cluster.rank() == 0) std::filesystem::remove(path);
  MPI_Barrier(MPI_COMM_WORLD);
  CHECK_THROWS_AS(doubles::from_file(cluster, path), std::filesystem::filesystem_error);
  CHECK_THROWS_AS(doubles(cluster, 10).to_file(path / "below"), std::filesystem::filesystem_error);
}
