/// @file mpi/own_mpi.cpp
/// A program that begins and ends MPI itself, and has asked for no more than one thread that may call it.
#include <trireme/mpi.hpp>

#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <vector>

namespace tri = trireme;

namespace {

void check(bool ok, char const* what) {
  if (ok) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::abort(); // which ends the job: the other ranks are not left waiting
}

} // namespace

int main(int argc, char** argv) {
  int granted = -1;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &granted);
  {
    tri::mpi_cluster const cluster(tri::thread_pool(2));
    check(tri::reduce(cluster, std::vector<int>(100'000, 1)) == 100'000, "a reduction on the thread that has begun MPI");

    int mine = 0, all = 0;
    tri::mpi_cluster const alone(tri::inline_executor{});
    tri::for_each_index(alone, 1000, [&](std::size_t) { ++mine; }, {.schedule = tri::dynamic});
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(all == 1000, "a dynamic loop, in which rank 0 answers between its own pieces");

    bool refused = false;
    std::thread([&] {
      try {
        static_cast<void>(tri::reduce(cluster, std::vector<int>(10, 1)));
      } catch (std::logic_error const&) {
        refused = true;
      }
    }).join();
    check(refused == (granted < MPI_THREAD_SERIALIZED), "another thread is refused where MPI has not granted it");
  }

  int finalized = -1;
  MPI_Finalized(&finalized);
  check(finalized == 0, "the last cluster does not finalise what it has not begun");
  MPI_Finalize();
  try {
    tri::mpi_cluster const late(tri::inline_executor{});
    check(false, "MPI that was finalised is refused");
  } catch (std::logic_error const&) {
  }
  return 0;
}
