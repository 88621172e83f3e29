/// @file algorithms.cpp
/// Calls of a cluster beside the program that one would write with MPI by hand, with the same kernel on each rank.
#include <trireme/mpi.hpp>

#include <benchmark/benchmark.h>

#include "compare.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <span>
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

int ranks() {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

/// This rank's even share of n things.
std::size_t share_of(std::size_t n) {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  auto const r = static_cast<std::size_t>(rank), p = static_cast<std::size_t>(ranks());
  return (r + 1) * n / p - r * n / p;
}

std::vector<contestant> pi() {
  constexpr std::size_t samples = 40'000'000;
  auto const cluster = std::make_shared<cluster_type>(tri::inline_executor{});
  auto const kernel = tri::simd(tri::draws<2>(tri::fn<in_circle>));
  return {{"trireme", [=] { benchmark::DoNotOptimize(tri::monte_carlo(*cluster, samples, kernel, {.seed = 1}).mean); }},
          {"bare", [=] {
             auto const seed = static_cast<std::uint64_t>(cluster->rank());
             auto const mine = tri::monte_carlo(tri::inline_executor{}, share_of(samples), kernel, {.seed = seed});
             std::array<double, 3> const sums{mine.mean * static_cast<double>(mine.samples), mine.variance * static_cast<double>(mine.samples),
                                              static_cast<double>(mine.samples)};
             std::array<double, 3> all{};
             MPI_Reduce(sums.data(), all.data(), 3, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
             benchmark::DoNotOptimize(all);
           }}};
}

std::vector<contestant> sum() {
  constexpr std::size_t n = 10'000'000;
  cluster_type const cluster(tri::inline_executor{});
  auto const x = std::make_shared<tri::buffer<double, cluster_type>>(cluster, std::vector<double>(n, 0.5));
  return {{"trireme", [=] { benchmark::DoNotOptimize(tri::reduce(cluster, *x)); }},
          {"bare", [=] {
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
           }}};
}

std::vector<contestant> empty() {
  cluster_type const cluster(tri::inline_executor{});
  return {{"trireme", [=] { tri::for_each_index(cluster, 0, tri::fn<nothing>); }},
          {"bare", [] {
             std::array<std::uint64_t, 3> const mine{1, 2, 3};
             std::array<std::uint64_t, 3> all{};
             MPI_Allreduce(mine.data(), all.data(), 3, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
             benchmark::DoNotOptimize(all);
           }}};
}

[[maybe_unused]] bool const registered = [] {
  compare("monte_carlo, pi, 4e7 samples", 3, pi);
  compare("reduce, 1e7 doubles", 10, sum);
  compare("an empty call, and an allreduce of 3 words", 20'000, empty);
  return true;
}();

} // namespace
