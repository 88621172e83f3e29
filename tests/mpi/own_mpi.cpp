/// @file mpi/own_mpi.cpp
/// A program that begins and ends MPI itself, and has asked for no more than one thread that may call it.
#include <trireme/mpi.hpp>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <vector>

namespace tri = trireme;

namespace {

void check(bool ok, char const* what) {
  if (ok) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::abort(); // which ends the job: the other ranks are not left waiting
}

/// What no thread beside this one may help with.
void calls_on_this_thread() {
  using namespace std::chrono_literals;
  tri::mpi_cluster const cluster(tri::thread_pool(2));
  check(tri::reduce(cluster, std::vector<int>(100'000, 1)) == 100'000, "a reduction on the thread that has begun MPI");

  tri::mpi_cluster const alone(tri::inline_executor{});
  for (auto const timeout : {0h, 1h}) {
    int mine = 0, all = 0;
    tri::for_each_index(alone, 1000, [&](std::size_t) { ++mine; }, {.timeout = timeout, .schedule = tri::guided});
    MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
    check(all == 1000, "a guided loop, in which rank 0 answers between its own pieces");

    std::vector<int> const in(1000, 3), negative(1000, -3);
    check(tri::transform(cluster, in, std::negate<>{}, {.timeout = timeout, .schedule = tri::guided}) == negative,
          "a guided transform");
    for (std::size_t const bad : {std::size_t{0}, std::size_t{999}}) {
      bool thrown = false;
      try {
        tri::for_each_index(cluster, 1000,
                            [&](std::size_t i) {
                              if (i == bad) throw std::domain_error("bad");
                            },
                            {.timeout = timeout, .schedule = tri::guided});
      } catch (std::domain_error const&) {
        thrown = true;
      }
      check(thrown, "what one rank throws in a guided loop all ranks throw");
    }
  }
  for (auto const schedule : {tri::fixed, tri::guided}) {
    bool late = false;
    try {
      tri::for_each_index(cluster, 1'000'000, [](std::size_t) { std::this_thread::sleep_for(50us); },
                          {.timeout = 20ms, .schedule = schedule});
    } catch (tri::timed_out const&) {
      late = true;
    }
    check(late, "a timeout on all ranks");
  }

  int granted = -1;
  MPI_Query_thread(&granted);
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

} // namespace

/// own_mpi [single]: by MPI_Init then.
int main(int argc, char** argv) {
  int granted = MPI_THREAD_SINGLE;
  if (argc > 1 && std::string_view(argv[1]) == "single")
    MPI_Init(&argc, &argv);
  else
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &granted);
  calls_on_this_thread();
  int finalized = -1;
  MPI_Finalized(&finalized);
  check(finalized == 0, "the last cluster does not finalise what it has not begun");

  tri::mpi_cluster const kept(tri::inline_executor{});
  MPI_Finalize();
  auto const refuses = [](auto const& call) {
    try {
      call();
    } catch (std::logic_error const&) {
      return true;
    }
    return false;
  };
  check(refuses([] { tri::mpi_cluster const late(tri::inline_executor{}); }), "a cluster after MPI was finalised");
  check(refuses([&] { tri::for_each_index(kept, 10, [](std::size_t) {}); }), "a call of a cluster after that");
  return 0;
}
