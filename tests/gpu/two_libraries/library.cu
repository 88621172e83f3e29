/// @file library.cu
/// One of the libraries: TESTING_LIBRARY is its name.
#include <trireme/cuda.hpp>

#include "library.hpp"

#include <functional>

namespace TESTING_LIBRARY {

namespace tri = trireme;

inline constexpr auto draw = [](auto& rng) { return rng.normal(); };
inline constexpr auto twice = [](double x) { return x + x; };

template <class E>
std::vector<double> results_on(E const& ex) {
  std::vector<double> const x(10'000, 0.1);
  auto const e = tri::monte_carlo(ex, 10'000, tri::draws<1>(tri::fn<draw>), {.seed = 5});
  return {tri::reduce(ex, x), tri::reduce(ex, tri::transform(ex, x, tri::fn<twice>)), e.mean, e.variance};
}

std::vector<double> results(bool on_device) {
  return on_device ? results_on(tri::cuda_device{}) : results_on(tri::thread_pool(2));
}

} // namespace TESTING_LIBRARY
