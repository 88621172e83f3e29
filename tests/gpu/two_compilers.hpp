/// @file two_compilers.hpp
/// What two_compilers.cpp, by the C++ compiler, and two_compilers.cu, by nvcc, tell each other.
#pragma once
#include <trireme/trireme.hpp>

#include <array>
#include <cstddef>
#include <vector>

namespace testing {

namespace tri = trireme;

inline constexpr auto polynomial = [](double x) { return (x * 1.25 - 0.5) * x + 0.125; };
inline constexpr auto sample = [](auto& rng) { return rng.normal() * rng.uniform(); };
inline constexpr auto add_bound = [](double a, double x) { return a + x; };

/// Sizes and alignments of what crosses.
inline std::vector<std::size_t> layout() {
  using bound = decltype(tri::bind_front<add_bound>(1.0));
  using buffer = tri::buffer<double, tri::thread_pool>;
  return {sizeof(tri::thread_pool),
          sizeof(tri::estimate),
          sizeof(buffer),
          sizeof(bound),
          sizeof(tri::error),
          sizeof(tri::worker_lost),
          sizeof(tri::cuda_error),
          sizeof(tri::loop_options),
          sizeof(tri::matrix<float, tri::inline_executor>),
          alignof(buffer),
          sizeof(tri::completion_t<tri::thread_pool>)};
}

/// Results that hold many bits.
inline std::vector<double> results(tri::thread_pool const& pool) {
  auto out = tri::transform(pool, std::vector<double>{0.1, 0.2, 0.3}, tri::fn<polynomial>);
  auto const e = tri::monte_carlo(pool, 10'000, tri::draws<2>(tri::fn<sample>), {.seed = 7});
  out.push_back(e.mean);
  out.push_back(e.variance);
  out.push_back(tri::reduce(pool, std::vector<double>(10'000, 0.1)));
  return out;
}

std::vector<std::size_t> layout_by_cxx();
std::vector<double> results_by_cxx(tri::thread_pool const& pool);
void throw_by_cxx();
tri::buffer<double, tri::thread_pool> buffer_by_cxx(tri::thread_pool const& pool);

} // namespace testing
