/// @file main.cpp
/// Runs the comparisons on all ranks, and reports on rank 0.
///
/// Google Benchmark repeats a case until it has run for long enough, and shuffles the cases: each rank would do so in its own
/// way. So each has a fixed number of calls here, and repetitions are cases of the same name, registered in turns.
#include "compare.hpp"

#include <benchmark/benchmark.h>

#include <mpi.h>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace {

struct comparison {
  std::string name;
  int calls;
  std::function<std::vector<contestant>()> peers;
};

std::vector<comparison>& comparisons() {
  static std::vector<comparison> all;
  return all;
}

class silent_reporter final : public benchmark::BenchmarkReporter {
  bool ReportContext(Context const&) override { return true; }
  void ReportRuns(std::vector<Run> const&) override {}
};

double seconds_of_slowest(contestant const& one, int calls) {
  MPI_Barrier(MPI_COMM_WORLD);
  double const begun = MPI_Wtime();
  for (int i = 0; i < calls; ++i) one.work();
  double const mine = MPI_Wtime() - begun;
  double slowest = 0;
  MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
  return slowest / calls;
}

int run(int argc, char** argv) {
  int rank = 0, ranks = 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  benchmark::Initialize(&argc, argv);
  char const* const text = std::getenv("REPETITIONS");
  int const repetitions = text == nullptr ? 9 : std::atoi(text);

  std::vector<std::vector<contestant>> all;
  for (auto const& c : comparisons()) all.push_back(c.peers());
  for (std::size_t k = 0; k < all.size(); ++k) {
    auto const& c = comparisons()[k];
    for (int repetition = 0; repetition < repetitions; ++repetition)
      for (auto const& one : all[k])
        benchmark::RegisterBenchmark(("mpi/" + c.name + ", " + std::to_string(ranks) + " ranks/" + one.peer).c_str(), [&one, calls = c.calls](benchmark::State& state) {
          for (auto _ : state) state.SetIterationTime(seconds_of_slowest(one, calls));
        })->UseManualTime()->Iterations(1);
  }
  if (rank == 0) {
    benchmark::RunSpecifiedBenchmarks();
  } else {
    silent_reporter nothing;
    benchmark::RunSpecifiedBenchmarks(&nothing);
  }
  return 0;
}

} // namespace

void compare(std::string const& name, int calls, std::function<std::vector<contestant>()> peers) {
  comparisons().push_back({name, calls, std::move(peers)});
}

int main(int argc, char** argv) {
  int granted = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &granted);
  int const result = run(argc, argv);
  MPI_Finalize();
  return result;
}
