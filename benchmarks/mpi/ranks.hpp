/// @file ranks.hpp
/// Measuring on all ranks of a job: peers take turns, a run lasts until the last rank is done, and rank 0 writes what Google
/// Benchmark would.
#pragma once
#include <trireme/mpi/session.hpp>

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

namespace ranks {

inline int rank() {
  int is = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &is);
  return is;
}
inline int count() {
  int is = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &is);
  return is;
}

/// What is compared: a name group/…/peer, the call, and a rate for a counter where `amount` is not 0.
struct candidate {
  std::string name;
  std::function<void()> call;
  std::string counter = {};
  double amount = 0;
  int calls = 1; ///< in a row, of which the time of one is noted
};

/// Times all of them in turn, after one run of each that does not count.
///
/// Usage: mpirun -n 4 program [repetitions [file]]; without a file the results go to the standard output.
class measured {
public:
  measured(int argc, char** argv) : repetitions_(argc > 1 ? std::atoi(argv[1]) : 9), file_(argc > 2 ? argv[2] : "") {
    benchmark::BenchmarkReporter::Context::executable_name = argv[0];
  }
  void operator()(std::vector<candidate> const& candidates) {
    for (auto const& c : candidates) c.call();
    for (int n = 0; n < repetitions_; ++n)
      for (auto const& c : candidates) {
        MPI_Barrier(MPI_COMM_WORLD);
        double const start = MPI_Wtime();
        for (int i = 0; i < c.calls; ++i) c.call();
        MPI_Barrier(MPI_COMM_WORLD);
        note(c, n, (MPI_Wtime() - start) / c.calls);
      }
  }
  ~measured() {
    if (rank() != 0) return;
    std::ofstream out(file_);
    benchmark::JSONReporter reporter;
    reporter.SetOutputStream(file_.empty() ? &std::cout : &out);
    reporter.SetErrorStream(&std::cerr);
    reporter.ReportContext(benchmark::BenchmarkReporter::Context());
    reporter.ReportRuns(runs_);
    reporter.Finalize();
  }
  measured(measured const&) = delete;
  measured& operator=(measured const&) = delete;

private:
  void note(candidate const& c, int repetition, double seconds) {
    benchmark::BenchmarkReporter::Run run;
    run.run_name.function_name = c.name;
    run.iterations = 1;
    run.repetitions = repetitions_;
    run.repetition_index = repetition;
    run.time_unit = benchmark::kMillisecond;
    run.real_accumulated_time = seconds;
    run.cpu_accumulated_time = seconds;
    if (c.amount != 0) run.counters[c.counter] = benchmark::Counter(c.amount / seconds);
    runs_.push_back(std::move(run));
  }

  int repetitions_;
  std::string file_;
  std::vector<benchmark::BenchmarkReporter::Run> runs_;
};

} // namespace ranks
