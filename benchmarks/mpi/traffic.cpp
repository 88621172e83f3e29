/// @file traffic.cpp
/// How many bytes the ranks send each other in a call, and how many at least they have to: a table.
///
///   mpirun -n 4 --mca pml_monitoring_enable 1 benchmark_mpi_traffic
///
/// Counted by Open MPI itself (its component pml monitoring, read through MPI's tool interface), below the collectives: what
/// really went from rank to rank.
#include <trireme/mpi.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

namespace tri = trireme;

namespace {

using cluster_type = tri::mpi_cluster<tri::inline_executor>;

/// Open MPI's count of the bytes that this rank sent to each of all.
class sent_bytes {
public:
  sent_bytes() {
    int granted = 0, index = 0, count = 0;
    MPI_T_init_thread(MPI_THREAD_SINGLE, &granted);
    if (MPI_T_pvar_get_index("pml_monitoring_messages_size", MPI_T_PVAR_CLASS_SIZE, &index) != MPI_SUCCESS) return;
    MPI_T_pvar_session_create(&session_);
    MPI_Comm all = MPI_COMM_WORLD;
    if (MPI_T_pvar_handle_alloc(session_, index, &all, &handle_, &count) != MPI_SUCCESS) return;
    counts_.resize(static_cast<std::size_t>(count));
    found_ = MPI_T_pvar_start(session_, handle_) == MPI_SUCCESS;
  }
  [[nodiscard]] bool found() const { return found_; }
  [[nodiscard]] std::size_t so_far() {
    MPI_T_pvar_read(session_, handle_, counts_.data());
    return std::accumulate(counts_.begin(), counts_.end(), std::size_t{0});
  }

private:
  MPI_T_pvar_session session_ = nullptr;
  MPI_T_pvar_handle handle_ = nullptr;
  std::vector<std::size_t> counts_;
  bool found_ = false;
};

std::size_t on_all(std::size_t mine) {
  std::uint64_t const one = mine;
  std::uint64_t all = 0;
  MPI_Allreduce(&one, &all, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  return static_cast<std::size_t>(all);
}

struct negated {
  constexpr double operator()(double x) const { return -x; }
};
struct in_circle {
  template <class G>
  constexpr double operator()(G& rng) const {
    auto const x = rng.uniform();
    auto const y = rng.uniform();
    return x * x + y * y < 1 ? 4.0 : 0.0;
  }
};

int run() {
  cluster_type const cluster(tri::inline_executor{});
  sent_bytes sent;
  if (!sent.found()) {
    if (cluster.rank() == 0) std::fputs("mpi_traffic: Open MPI does not count: --mca pml_monitoring_enable 1\n", stderr);
    return EXIT_FAILURE;
  }
  auto const p = static_cast<std::size_t>(cluster.size());
  std::size_t const n = 1'000'000;
  double const size = static_cast<double>(n) * sizeof(double), others = static_cast<double>(p - 1), tree = 2 * others;
  if (cluster.rank() == 0)
    std::printf("| call, 10⁶ doubles, %zu ranks | bytes sent | at least | why |\n|---|---|---|---|\n", p);
  auto const row = [&](std::string const& name, double least, char const* why, std::function<void()> const& call) {
    call(); // the first also connects
    MPI_Barrier(MPI_COMM_WORLD);
    std::size_t const before = sent.so_far();
    call();
    std::size_t const bytes = on_all(sent.so_far() - before);
    if (cluster.rank() == 0) std::printf("| %s | %zu | %.0f | %s |\n", name.c_str(), bytes, least, why);
  };
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(i * 7919 % 1'000'003);
  tri::buffer const spread(cluster, x);

  row("for_each_index", tree * 8, "each rank hears of all that they are done", [&] { tri::for_each_index(cluster, n, [](std::size_t) {}); });
  row("transform, host range", others * size, "each result goes to all other ranks", [&] { static_cast<void>(tri::transform(cluster, x, negated{})); });
  row("transform, spread", tree * 8, "as for_each_index", [&] { static_cast<void>(tri::transform(cluster, spread, negated{})); });
  row("reduce, host range", tree * 8, "a sum to one rank, and the result back", [&] { static_cast<void>(tri::reduce(cluster, x)); });
  row("reduce, spread", tree * 8, "the same", [&] { static_cast<void>(tri::reduce(cluster, spread)); });
  row("monte_carlo", tree * 24, "the same of three sums", [&] { static_cast<void>(tri::monte_carlo(cluster, n, in_circle{})); });
  row("simulate", others * size, "each value goes to all other ranks", [&] { static_cast<void>(tri::simulate(cluster, n, in_circle{})); });
  row("inclusive_scan, spread", others * 8, "each rank hears the sum before it", [&] { static_cast<void>(tri::inclusive_scan(cluster, spread, std::plus<>{})); });
  row("sort, spread", size * others / static_cast<double>(p), "of values in random order, all but one in the number of ranks move",
      [&] { tri::buffer y(cluster, x); tri::sort(cluster, y); });
  row("to_host, spread", others * size, "each element goes to all other ranks", [&] { static_cast<void>(spread.to_host()); });
  row("batch_map, spread, to a sink", 2 * others * size, "each element, and each result, goes to all other ranks",
      [&] { tri::batch_map(cluster, spread, negated{}, [](std::span<double const>) {}); });
  return EXIT_SUCCESS;
}

} // namespace

int main(int argc, char** argv) {
  int granted = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &granted);
  int const status = run();
  MPI_Finalize();
  return status;
}
