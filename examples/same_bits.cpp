/// @file same_bits.cpp
/// The results of all algorithms on one backend, as a hash of their bits: a line for each algorithm.
///
/// `same_bits threads:3`, with MPI also `mpirun -n 4 same_bits mpi:threads:1`; without a name, the backends that there are. The
/// script of this name makes a table.
#if defined(SAME_BITS_MPI)
#include <trireme/mpi.hpp>
#endif
#include <trireme/trireme.hpp>

#include "backends.hpp"
#include "fingerprint.hpp"
#include "output.hpp"
#include "ranks.hpp"

#include <Eigen/Core>

#include <array>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace tri = trireme;

namespace {

constexpr std::size_t count = 100'003; // no whole number of tiles

// ---- Kernels ----

constexpr auto spread = [](auto& rng) { return 20.0 * rng.uniform() - 10.0; };
constexpr auto square = [](double x) { return x * x; };
constexpr auto wave = [](double x) { return tri::exp(-0.1 * x) * tri::sin(x); };
constexpr auto powers = [](double x) { return tri::log(1.0 + x * x) + tri::pow(tri::abs(x), 1.5); };
constexpr auto smaller = [](auto& rng) {
  auto const x = rng.uniform();
  auto const y = rng.uniform();
  return tri::min(x, y);
};
constexpr auto two_means = [](auto& rng) {
  auto const x = rng.normal();
  return std::array{x, tri::exp(x)};
};
constexpr auto walk = [](auto& rng) {
  auto x = rng.normal();
  for (int step = 1; step < 8; ++step) x += rng.normal();
  return x;
};

// ---- Hashes ----

template <class T>
void add(fingerprint& to, std::vector<T> const& all) {
  to.add(std::span(all));
}
void add(fingerprint& to, double x) { to.add(x); }
void add(fingerprint& to, tri::estimate const& e) {
  to.add(e.mean);
  to.add(e.variance);
}
template <std::size_t N>
void add(fingerprint& to, std::array<tri::estimate, N> const& all) {
  for (auto const& e : all) add(to, e);
}
void add(fingerprint& to, Eigen::MatrixXd const& m) {
  to.add(std::span<double const>(m.data(), static_cast<std::size_t>(m.size())));
}

template <class Result>
void print(char const* name, Result const& result) {
  fingerprint of;
  add(of, result);
  if (!of.finite()) throw std::runtime_error(std::string("a result of ") + name + " is no number");
  std::printf("%s %016llx\n", name, static_cast<unsigned long long>(of.value()));
}

/// The same numbers for all backends.
struct inputs {
  std::vector<double> x = tri::simulate(tri::inline_executor{}, count, tri::fn<spread>, {.seed = 1});
  Eigen::MatrixXd a = Eigen::Map<Eigen::MatrixXd const>(x.data(), 150, 130);
  Eigen::MatrixXd b = Eigen::Map<Eigen::MatrixXd const>(x.data() + 150 * 130, 130, 170);
};

template <tri::executor_or_cluster E>
void run(E const& ex, inputs const& in) {
  print("reduce", tri::reduce(ex, in.x));
  print("transform_reduce", tri::transform_reduce(ex, in.x, 0.0, std::plus<>{}, tri::fn<square>));
  print("inclusive_scan", tri::inclusive_scan(ex, in.x, std::plus<>{}));
  print("exclusive_scan", tri::exclusive_scan(ex, in.x, 0.0, std::plus<>{}));
  auto sorted = in.x;
  tri::sort(ex, sorted);
  print("sort", sorted);
  print("transform", tri::transform(ex, in.x, tri::fn<wave>));
  print("batch_map", tri::batch_map(ex, in.x, tri::fn<powers>, {.batch_size = 30'000}));
  print("monte_carlo", tri::monte_carlo(ex, count, tri::fn<two_means>, {.seed = 2}));
  print("monte_carlo<float>", tri::monte_carlo<float>(ex, count, tri::fn<smaller>, {.seed = 3}));
  print("monte_carlo, draws", tri::monte_carlo(ex, count, tri::draws<8>(tri::fn<walk>), {.seed = 4}));
  print("monte_carlo, simd", tri::monte_carlo(ex, count, tri::simd(tri::draws<2>(tri::fn<smaller>)), {.seed = 5}));
  print("simulate", tri::simulate(ex, count, tri::draws<8>(tri::fn<walk>), {.seed = 6}));
  print("matmul", Eigen::MatrixXd(tri::matmul(ex, in.a, in.b)));
}

} // namespace

int main(int argc, char** argv) {
  bool speaks = true;
  try {
    check_output();
    speaks = prints();
    if (argc > 2) throw std::invalid_argument("takes the name of one backend");
    if (argc == 1) {
      for (auto const& name : all_backends()) std::puts(name.c_str());
      return finished("same_bits");
    }
    inputs const in;
    with_backend(argv[1], [&](auto const& ex) { run(ex, in); });
    return finished("same_bits");
  } catch (std::exception const& e) {
    if (speaks) std::fprintf(stderr, "same_bits: %s\n", e.what());
    return 1;
  }
}
