/// @file main.cpp
/// The same work on every backend that there is: how long does each take, and are the bits the same?
///
/// Products of matrices, a sum of vectors, π by a thousand million random points, and sines and cosines of a hundred million
/// numbers in batches.
#include <trireme/trireme.hpp>

#include "../backends.hpp"
#include "../command_line.hpp"
#include "work.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct options {
  std::string backend = "all", against = "inline";
  double scale = 1;
};

/// Of two products of matrices of side n without negative elements: how far they are apart, in units of n·ε and of the
/// element. What each may be off is one.
double apart(Eigen::MatrixXf const& a, Eigen::MatrixXf const& b) {
  double const unit = static_cast<double>(a.rows()) * std::numeric_limits<float>::epsilon();
  auto const x = a.cast<double>().array(), y = b.cast<double>().array();
  return ((x - y).abs() / y.max(std::numeric_limits<float>::min())).maxCoeff() / unit;
}

/// The bits in words, and whether they are what was promised.
std::pair<std::string, bool> compare(outcome const& ours, outcome const& reference) {
  char text[64];
  if (ours.product.size() != 0) {
    if (!ours.product.allFinite()) return {"an element is no number", false};
    double const far = apart(ours.product, reference.product);
    std::snprintf(text, sizeof text, far == 0 ? "same" : "within %.1g n·ε", far);
    return {text, far <= 2};
  }
  if (!ours.numbers) return {"a result is no number", false};
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(ours.bits));
  return {text, ours.bits == reference.bits};
}

void print_time(std::optional<double> seconds, std::optional<double> reference) {
  if (seconds)
    std::printf("%12.2f%10.2f", 1e3 * *seconds, *reference / *seconds);
  else
    std::printf("%12s%10s", "", "");
}

/// Does the work on all backends, in lines of a table. @returns those that did not keep the promise.
template <class Work>
std::string run(Work const& work, std::vector<std::string> const& backends) {
  std::printf("\n%s\n", work.name().c_str());
  std::string broken;
  outcome reference;
  for (auto const& backend : backends) {
    std::size_t width = 0;
    outcome ours = with_backend(backend, [&](auto const& ex) {
      width = ex.concurrency();
      return work(ex);
    });
    if (backend == backends.front()) reference = ours;
    auto const [bits, kept] = compare(ours, reference);
    std::printf("  %-14s%7zu", backend.c_str(), width);
    print_time(ours.in_place, reference.in_place);
    print_time(ours.from_host, reference.from_host);
    std::printf("  %s%s\n", bits.c_str(), kept ? "" : "  <- not as promised");
    flush_output();
    if (!kept) broken += " " + backend + " (" + work.name() + ")";
  }
  return broken;
}

void run(options const& o) {
  auto const backends = chosen_backends(o.backend, o.against);
  std::printf("Milliseconds, the shortest of up to five runs, and the speed-up against %s: of data that lie in the\n"
              "backend's memory, and of data on the host with all copies. Bits: a hash of the result's; of a product,\n"
              "which is promised to be close, how far from %s's its elements are at most.\n\n"
              "  %-14s%7s%12s%10s%12s%10s  bits\n",
              o.against.c_str(), o.against.c_str(), "backend", "width", "in place", "speed-up", "from host", "speed-up");
  std::string broken = run(matrix_product(1000, o.scale), backends);
  broken += run(matrix_product(4096, o.scale), backends);
  broken += run(vector_sum(1e8, o.scale), backends);
  broken += run(pi(1e9, o.scale), backends);
  broken += run(waves(1e8, o.scale), backends);
  if (!broken.empty()) throw std::runtime_error("not what was promised, on" + broken);
}

} // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("The same work on every backend of Trireme: times, and whether the bits are the same.");
  add_backend(app, o.backend, "the one of --against runs too, and first");
  app.add_option("--against", o.against, "the backend that others are compared with")->capture_default_str();
  add_number<double>(app, "--scale", o.scale, 0,
                     "how much work, as a share of the full one, for which 3 GB of memory are needed");
  return run_program(app, "gpu_or_cpu", argc, argv, [&] { run(o); });
}
