/// @file pi_thrust.cu
/// The same by Thrust, in the manner of its own example: a stream for each sample, by skipping ahead.
#include <thrust/execution_policy.h>
#include <thrust/functional.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/random.h>
#include <thrust/transform_reduce.h>

#include <cmath>
#include <cstdint>
#include <iostream>

struct in_circle {
  __host__ __device__ double operator()(std::uint64_t i) const {
    thrust::default_random_engine rng(42);
    rng.discard(2 * i);
    thrust::uniform_real_distribution<double> uniform(0, 1);
    double const x = uniform(rng), y = uniform(rng);
    return x * x + y * y < 1.0 ? 4.0 : 0.0;
  }
};

int main() {
  std::uint64_t const n = 100'000'000;
  thrust::counting_iterator<std::uint64_t> const first(0);
  double const sum = thrust::transform_reduce(thrust::device, first, first + n, in_circle{}, 0.0, thrust::plus<double>{});
  double const mean = sum / static_cast<double>(n), variance = mean * (4.0 - mean);
  std::cout << mean << " +- " << 1.96 * std::sqrt(variance / static_cast<double>(n)) << '\n';
}
