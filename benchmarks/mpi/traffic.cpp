/// @file traffic.cpp
/// How many bytes the ranks send each other in a call, and how many at least they have to: a table.
///
///   mpirun -n 4 benchmark_mpi_traffic
///
/// Counted between this library and MPI: what a call asks MPI to bring elsewhere, its collectives taken to be those of least
/// traffic.
#include <trireme/mpi.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

namespace tri = trireme;

namespace {

using cluster_type = tri::mpi_cluster<tri::inline_executor>;

std::size_t sent = 0; ///< bytes that this rank has asked MPI to send to others

std::size_t others_of(MPI_Comm comm) {
  int size = 1;
  PMPI_Comm_size(comm, &size);
  return static_cast<std::size_t>(size - 1);
}
bool is_rank(MPI_Comm comm, int rank) {
  int mine = 0;
  PMPI_Comm_rank(comm, &mine);
  return mine == rank;
}
std::size_t bytes_of(int count, MPI_Datatype type) {
  int size = 0;
  PMPI_Type_size(type, &size);
  return static_cast<std::size_t>(count) * static_cast<std::size_t>(size);
}

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

void run() {
  cluster_type const cluster(tri::inline_executor{});
  auto const p = static_cast<std::size_t>(cluster.size());
  std::size_t const n = 1'000'000;
  double const size = static_cast<double>(n) * sizeof(double), others = static_cast<double>(p - 1), tree = 2 * others;
  if (cluster.rank() == 0) std::printf("| call, 10⁶ doubles, %zu ranks | bytes sent | at least | why |\n|---|---|---|---|\n", p);
  auto const row = [&](std::string const& name, double least, char const* why, std::function<void()> const& call) {
    call(); // the first may make what later ones use
    MPI_Barrier(MPI_COMM_WORLD);
    std::size_t const before = sent;
    call();
    std::size_t const bytes = on_all(sent - before);
    if (cluster.rank() == 0) std::printf("| %s | %zu | %.0f | %s |\n", name.c_str(), bytes, least, why);
  };
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = static_cast<double>(i * 7919 % 1'000'003);
  tri::buffer const spread(cluster, x);

  row("for_each_index", tree * 8, "each rank hears of all that they are done",
      [&] { tri::for_each_index(cluster, n, [](std::size_t) {}); });
  row("transform, host range", others * size, "each result goes to all other ranks",
      [&] { static_cast<void>(tri::transform(cluster, x, negated{})); });
  row("transform, spread", tree * 8, "as for_each_index", [&] { static_cast<void>(tri::transform(cluster, spread, negated{})); });
  row("reduce, host range", tree * 8, "a sum to one rank, and the result back",
      [&] { static_cast<void>(tri::reduce(cluster, x)); });
  row("reduce, spread", tree * 8, "the same", [&] { static_cast<void>(tri::reduce(cluster, spread)); });
  row("monte_carlo", tree * 24, "the same of three sums", [&] { static_cast<void>(tri::monte_carlo(cluster, n, in_circle{})); });
  row("simulate", others * size, "each value goes to all other ranks",
      [&] { static_cast<void>(tri::simulate(cluster, n, in_circle{})); });
  row("inclusive_scan, spread", others * 8, "each rank hears the sum before it",
      [&] { static_cast<void>(tri::inclusive_scan(cluster, spread, std::plus<>{})); });
  row("sort, spread", size * others / static_cast<double>(p),
      "of values in random order, all but one in the number of ranks move", [&] {
        tri::buffer y(cluster, x);
        tri::sort(cluster, y);
      });
  auto const grid = tri::detail::square_grid(cluster.size());
  double const block = 8e6; // of a whole matrix
  tri::matrix const a(cluster, Eigen::MatrixXd::Ones(1000, 1000));
  row("matmul, spread, 1000²", block * (grid.rows - 1 + grid.cols - 1), "a to the other columns of ranks, b to the other rows",
      [&] { static_cast<void>(tri::matmul(cluster, a, a)); });
  row("to_host, spread", others * size, "each element goes to all other ranks", [&] { static_cast<void>(spread.to_host()); });
  row("batch_map, spread, to a sink", 2 * others * size, "each element, and each result, goes to all other ranks",
      [&] { tri::batch_map(cluster, spread, negated{}, [](std::span<double const>) {}); });
}

} // namespace

// MPI's own interface for tools: these stand before its functions, which are called by their other names.

int MPI_Allreduce(void const* from, void* to, int count, MPI_Datatype type, MPI_Op op, MPI_Comm comm) {
  // A sum to one rank and back again: each but one sends once up, and is sent to once.
  if (others_of(comm) != 0) sent += bytes_of(count, type) * (is_rank(comm, 0) ? others_of(comm) : 1);
  return PMPI_Allreduce(from, to, count, type, op, comm);
}
int MPI_Bcast(void* data, int count, MPI_Datatype type, int root, MPI_Comm comm) {
  if (is_rank(comm, root)) sent += bytes_of(count, type) * others_of(comm);
  return PMPI_Bcast(data, count, type, root, comm);
}
int MPI_Ibcast(void* data, int count, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request* request) {
  if (is_rank(comm, root)) sent += bytes_of(count, type) * others_of(comm);
  return PMPI_Ibcast(data, count, type, root, comm, request);
}
int MPI_Allgather(void const* from, int count, MPI_Datatype type, void* to, int each, MPI_Datatype to_type, MPI_Comm comm) {
  sent += bytes_of(each, to_type) * others_of(comm);
  return PMPI_Allgather(from, count, type, to, each, to_type, comm);
}
int MPI_Allgatherv(void const* from, int count, MPI_Datatype type, void* to, int const* counts, int const* starts,
                   MPI_Datatype to_type, MPI_Comm comm) {
  int rank = 0;
  PMPI_Comm_rank(comm, &rank);
  sent += bytes_of(counts[rank], to_type) * others_of(comm);
  return PMPI_Allgatherv(from, count, type, to, counts, starts, to_type, comm);
}
int MPI_Alltoall(void const* from, int count, MPI_Datatype type, void* to, int each, MPI_Datatype to_type, MPI_Comm comm) {
  sent += bytes_of(count, type) * others_of(comm);
  return PMPI_Alltoall(from, count, type, to, each, to_type, comm);
}
int MPI_Send(void const* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm) {
  if (!is_rank(comm, to)) sent += bytes_of(count, type);
  return PMPI_Send(data, count, type, to, tag, comm);
}
int MPI_Isend(void const* data, int count, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request* request) {
  if (!is_rank(comm, to)) sent += bytes_of(count, type);
  return PMPI_Isend(data, count, type, to, tag, comm, request);
}

int main(int argc, char** argv) {
  int granted = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &granted);
  run();
  MPI_Finalize();
}
