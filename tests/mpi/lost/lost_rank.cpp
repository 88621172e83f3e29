/// @file mpi/lost/lost_rank.cpp
/// lost_rank <rank> <how>: that rank does not make a call, or never comes out of its kernel. The others' timeout then ends the
/// job, with a line that ctest looks for. Or its program ends, which the others are told in a call without a timeout.
#include <trireme/mpi.hpp>

#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <thread>

namespace tri = trireme;

int main(int argc, char** argv) {
  if (argc != 3) return EXIT_SUCCESS;
  int const lost = std::atoi(argv[1]);
  std::string_view const how = argv[2];
  tri::mpi_cluster const cluster(tri::inline_executor{});
  tri::loop_options const options{.timeout = std::chrono::milliseconds(100)};
  auto const sleep_if = [&](bool yes) {
    while (yes && cluster.rank() == lost) pause();
  };
  auto const kernel = [&](std::size_t) {
    std::this_thread::sleep_for(std::chrono::microseconds(100)); // so that all ranks get pieces
    sleep_if(how == "kernel");
  };

  if (how == "returns" || how == "exits") {
    if (cluster.rank() == lost) {
      if (how == "returns") return EXIT_SUCCESS;
      std::exit(EXIT_SUCCESS);
    }
    for (int i = 0; i < 2; ++i) // in the call that waits for it, and in the next one, which need not
      try {
        tri::for_each_index(cluster, 10'000, kernel);
        std::puts("the call has returned");
      } catch (tri::error const& e) {
        std::puts(e.what());
      }
    return EXIT_SUCCESS;
  }
  sleep_if(how == "absent");
  if (how == "meeting")
    link_of(cluster).together([&] { return sleep_if(true), std::size_t{1}; }, {"meeting", options.timeout});
  else
    tri::for_each_index(cluster, 10'000, kernel, options);
  std::puts("the call has returned");
}
