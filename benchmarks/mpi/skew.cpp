/// @file mpi/skew.cpp
/// Elements of which each takes longer than the one before, in both schedules of a cluster: how near the ideal, in which all ranks
/// end together. Written as Google Benchmark would, by rank 0.
///
///   mpirun -n 2 benchmark_mpi_skew [repetitions]
#include <trireme/mpi.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <vector>

namespace tri = trireme;

namespace {

using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point begun) { return std::chrono::duration<double>(clock_type::now() - begun).count(); }

inline constexpr auto spin = [](std::size_t microseconds) {
  auto const end = clock_type::now() + std::chrono::microseconds(microseconds);
  while (clock_type::now() < end) {}
};

/// From the first rank that begins to the last that ends; the median.
template <class Call>
double median_time(int repetitions, Call const& call) {
  std::vector<double> times;
  for (int k = -1; k < repetitions; ++k) { // the first one warms up
    MPI_Barrier(MPI_COMM_WORLD);
    auto const begun = clock_type::now();
    call();
    double const mine = seconds_since(begun);
    double longest = 0;
    MPI_Allreduce(&mine, &longest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (k >= 0) times.push_back(longest);
  }
  auto const middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

} // namespace

int main(int argc, char** argv) {
  constexpr std::size_t n = 2000;
  int const repetitions = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
  tri::mpi_cluster const cluster(tri::inline_executor{});
  double const ideal = 1e-6 * n * (n - 1) / 2 / cluster.size();
  auto const time_of = [&](tri::schedule_type schedule) {
    return median_time(repetitions, [&] { tri::for_each_index(cluster, n, spin, {.schedule = schedule}); });
  };
  double const fixed = time_of(tri::fixed), dynamic = time_of(tri::dynamic);
  if (cluster.rank() != 0) return 0;
  auto const entry = [&](char const* name, double time, char const* more) {
    std::printf("    {\"name\": \"mpi/skewed loop/%s\", \"run_type\": \"iteration\", \"real_time\": %.6g, \"time_unit\": \"ms\", \"of_ideal\": %.4f}%s\n",
                name, time * 1e3, ideal / time, more);
  };
  std::printf("{\n  \"context\": {\"ranks\": %d},\n  \"benchmarks\": [\n", cluster.size());
  entry("fixed/trireme", fixed, ",");
  entry("dynamic/trireme", dynamic, "");
  std::printf("  ]\n}\n");
}
