/// @file algorithms.cpp
/// Calls of a cluster beside the program that one would write with MPI by hand, with the same kernel on each rank.
#include <trireme/mpi.hpp>

#include "ranks.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <chrono>
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

inline constexpr auto in_circle = [](auto& rng) {
  auto const x = rng.uniform();
  auto const y = rng.uniform();
  return tri::select(x * x + y * y < 1, 4.0, 0.0);
};
inline constexpr auto nothing = [](std::size_t) {};

/// This rank's even share of n things.
std::size_t share_of(std::size_t n) {
  auto const r = static_cast<std::size_t>(ranks::rank()), p = static_cast<std::size_t>(ranks::count());
  return (r + 1) * n / p - r * n / p;
}

/// Ours, and the program by hand.
std::vector<ranks::candidate> compared(std::string const& name, int calls, std::function<void()> ours,
                                       std::function<void()> by_hand) {
  auto const full = [&](char const* peer) {
    return "mpi/" + name + "/" + peer + "/" + std::to_string(ranks::count()) + " ranks";
  };
  return {{.name = full("trireme"), .call = std::move(ours), .calls = calls},
          {.name = full("bare"), .call = std::move(by_hand), .calls = calls}};
}

std::vector<ranks::candidate> pi() {
  constexpr std::size_t samples = 40'000'000;
  auto const cluster = std::make_shared<cluster_type>(tri::inline_executor{});
  auto const kernel = tri::simd(tri::draws<2>(tri::fn<in_circle>));
  return compared(
      "monte_carlo, pi, 4e7 samples", 3,
      [=] { benchmark::DoNotOptimize(tri::monte_carlo(*cluster, samples, kernel, {.seed = 1}).mean); },
      [=] {
        auto const seed = static_cast<std::uint64_t>(cluster->rank());
        auto const mine = tri::monte_carlo(tri::inline_executor{}, share_of(samples), kernel, {.seed = seed});
        std::array<double, 3> const sums{mine.mean * static_cast<double>(mine.samples),
                                         mine.variance * static_cast<double>(mine.samples), static_cast<double>(mine.samples)};
        std::array<double, 3> all{};
        MPI_Reduce(sums.data(), all.data(), 3, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
        benchmark::DoNotOptimize(all);
      });
}

std::vector<ranks::candidate> sum() {
  constexpr std::size_t n = 10'000'000;
  cluster_type const cluster(tri::inline_executor{});
  auto const x = std::make_shared<tri::buffer<double, cluster_type>>(cluster, std::vector<double>(n, 0.5));
  return compared(
      "reduce, 1e7 doubles", 10, [=] { benchmark::DoNotOptimize(tri::reduce(cluster, *x)); },
      [=] {
        // As fast as one rank can: the order of the additions is the machine's.
        std::span<double const> const mine = std::as_const(*x).local().view();
        std::array<double, 32> lanes{};
        std::size_t i = 0;
        for (; i + lanes.size() <= mine.size(); i += lanes.size())
          for (std::size_t j = 0; j < lanes.size(); ++j) lanes[j] += mine[i + j];
        for (; i < mine.size(); ++i) lanes[0] += mine[i];
        double const local = std::accumulate(lanes.begin(), lanes.end(), 0.0);
        double all = 0;
        MPI_Reduce(&local, &all, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
        benchmark::DoNotOptimize(all);
      });
}

std::vector<ranks::candidate> empty() {
  cluster_type const cluster(tri::inline_executor{});
  return compared(
      "an empty call, and an allreduce of 3 words", 20'000, [=] { tri::for_each_index(cluster, 0, tri::fn<nothing>); },
      [] {
        std::array<std::uint64_t, 3> const mine{1, 2, 3};
        std::array<std::uint64_t, 3> all{};
        MPI_Allreduce(mine.data(), all.data(), 3, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
        benchmark::DoNotOptimize(all);
      });
}

/// As long as it says.
inline constexpr auto spin = [](std::size_t microseconds) {
  auto const end = std::chrono::steady_clock::now() + std::chrono::microseconds(microseconds);
  while (std::chrono::steady_clock::now() < end) {
  }
};

std::vector<ranks::candidate> skew() {
  constexpr std::size_t n = 2000;
  cluster_type const cluster(tri::inline_executor{});
  return compared(
      "for_each_index, dynamic, i µs for i < 2000", 1,
      [=] { tri::for_each_index(cluster, n, tri::fn<spin>, {.schedule = tri::guided}); },
      [=] { // dealt out in turns, by one who knows what each will take: all ranks end together
        auto const p = static_cast<std::size_t>(ranks::count()), rank = static_cast<std::size_t>(ranks::rank());
        for (std::size_t i = 0; i < n; ++i)
          if ((i / p % 2 == 0 ? i % p : p - 1 - i % p) == rank) spin(i);
        MPI_Barrier(MPI_COMM_WORLD);
      });
}

} // namespace

int main(int argc, char** argv) {
  int granted = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &granted);
  {
    ranks::measured measure(argc, argv);
    for (auto const& candidates : {pi(), sum(), skew(), empty()}) measure(candidates);
  }
  MPI_Finalize();
}
