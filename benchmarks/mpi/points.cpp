/// @file points.cpp
/// What mpi/model fits its rates to: messages of MPI alone, work that every rank repeats, and calls whose compute and messages
/// it adds up. The calls that other programs here measure are not repeated.
#include <trireme/mpi.hpp>

#include "ranks.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tri = trireme;

namespace {

using cluster_type = tri::mpi_cluster<tri::inline_executor>;
using spread_type = tri::buffer<double, cluster_type>;

/// Bounded, and of a cost that no compiler takes away.
template <int Steps>
struct logistic {
  constexpr double operator()(double x) const {
    for (int i = 0; i < Steps; ++i) x = 3.7 * x * (1 - x);
    return x;
  }
};

ranks::candidate point(std::string const& what, char const* peer, int calls, std::function<void()> call) {
  return {.name = "mpi/points/" + what + "/" + peer + "/" + std::to_string(ranks::count()) + " ranks",
          .call = std::move(call),
          .calls = calls};
}

ranks::candidate allgather(int bytes, int calls) {
  auto const mine = std::make_shared<std::vector<char>>(static_cast<std::size_t>(bytes)),
             all = std::make_shared<std::vector<char>>(mine->size() * static_cast<std::size_t>(ranks::count()));
  return point("allgather, " + std::to_string(bytes) + " B a rank", "bare", calls,
               [=] { MPI_Allgather(mine->data(), bytes, MPI_BYTE, all->data(), bytes, MPI_BYTE, MPI_COMM_WORLD); });
}

std::vector<ranks::candidate> messages() {
  constexpr int size = 1'000'000, each = 256;
  auto const data = std::make_shared<std::vector<char>>(size);
  auto const sent = std::make_shared<std::vector<char>>(static_cast<std::size_t>(each * ranks::count())),
             come = std::make_shared<std::vector<char>>(*sent);
  return {point("allreduce, 24 B", "bare", 2000,
                [] {
                  std::array<std::uint64_t, 3> const mine{1, 2, 3};
                  std::array<std::uint64_t, 3> all{};
                  MPI_Allreduce(mine.data(), all.data(), 3, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
                  benchmark::DoNotOptimize(all);
                }),
          allgather(8, 2000),
          allgather(8000, 500),
          allgather(800'000, 50),
          allgather(8'000'000, 5),
          point("broadcast, " + std::to_string(size) + " B", "bare", 50,
                [=] { MPI_Bcast(data->data(), size, MPI_BYTE, 0, MPI_COMM_WORLD); }),
          point("alltoall, " + std::to_string(each) + " B a pair", "bare", 500,
                [=] { MPI_Alltoall(sent->data(), each, MPI_BYTE, come->data(), each, MPI_BYTE, MPI_COMM_WORLD); })};
}

/// What a rank does for each value that the ranks tell each other of a reduction: it lists the subtrees of all of them, as
/// mpi/forest.hpp does, and adds their values up.
ranks::candidate values_of_many() {
  constexpr int of = 1000;
  constexpr std::size_t tiles = 1'000'000;
  auto const list = [] {
    auto const cuts = tri::detail::tile_cuts(tiles, of);
    std::vector<std::size_t> ends;
    for (int r = 0; r < of; ++r) {
      auto const mine = tri::detail::share_of(cuts, r);
      tri::detail::each_subtree(mine.first, mine.last, tiles, [&](std::size_t end) { ends.push_back(end); });
    }
    return ends;
  };
  return point("heard, " + std::to_string(list().size()) + " values", "bare", 50, [=] {
    auto const ends = list();
    std::vector<double> const values(ends.size(), 0.5);
    benchmark::DoNotOptimize(std::accumulate(values.begin(), values.end(), 0.0));
  });
}

std::vector<ranks::candidate> loops() {
  constexpr std::size_t n = 2'000'000, batched = 262'144;
  cluster_type const cluster(tri::inline_executor{});
  auto const x = std::make_shared<std::vector<double>>(n, 0.3), y = std::make_shared<std::vector<double>>(n);
  auto const some = std::make_shared<std::vector<double>>(batched, 0.3);
  auto const in = std::make_shared<spread_type>(cluster, *x), out = std::make_shared<spread_type>(cluster, *x);
  return {point("transform, host, 2000000 doubles", "trireme", 1,
                [=] { tri::transform(cluster, *x, logistic<10>{}, tri::into(*y)); }),
          point("transform, spread, 2000000 doubles", "trireme", 1,
                [=] { tri::transform(cluster, *in, logistic<10>{}, tri::into(*out)); }),
          point("batch_map, host, 262144 doubles", "trireme", 1,
                [=] {
                  tri::batch_map(cluster, *some, logistic<100>{},
                                 [](std::span<double const> batch) { benchmark::DoNotOptimize(batch.data()); });
                }),
          point("inclusive_scan, spread, 2000000 doubles", "trireme", 4,
                [=] { tri::inclusive_scan(cluster, *in, tri::into(*out)); })};
}

/// A copy of the unsorted elements included.
ranks::candidate sort(std::size_t n) {
  cluster_type const cluster(tri::inline_executor{});
  auto const x = std::make_shared<std::vector<double>>(n);
  for (std::size_t i = 0; i < n; ++i) (*x)[i] = static_cast<double>(i * 0x9e3779b97f4a7c15u >> 11);
  auto const y = std::make_shared<spread_type>(cluster, n);
  return point("sort, spread, " + std::to_string(n) + " doubles", "trireme", 1, [=] {
    y->assign(*x);
    tri::sort(cluster, *y);
  });
}

} // namespace

int main(int argc, char** argv) {
  int granted = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &granted);
  {
    ranks::measured measure(argc, argv);
    measure(messages());
    measure({values_of_many()});
    measure(loops());
    measure({sort(1'000'000), sort(4'000'000)});
  }
  MPI_Finalize();
}
