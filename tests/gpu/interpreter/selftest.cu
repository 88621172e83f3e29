/// @file selftest.cu
/// The interpreter against the host: the same functions on awkward numbers, to the bit; threads that meet; and what it has to
/// notice, each in a process of its own.
#include "../../testing.hpp"

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

std::uint64_t mixed(std::uint64_t x) { // the finaliser of splitmix64
  x = (x + 1) * 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

template <class T>
std::vector<T> awkward_numbers(std::size_t n, std::uint64_t salt) {
  if constexpr (std::is_floating_point_v<T>) {
    using limits = std::numeric_limits<T>;
    std::vector<T> v{T(0),
                     -T(0),
                     T(1),
                     -T(1),
                     limits::denorm_min(),
                     limits::min(),
                     limits::max(),
                     limits::infinity(),
                     -limits::infinity(),
                     T(0.1),
                     T(3),
                     T(2),
                     T(1) / T(3),
                     limits::epsilon(),
                     T(0.5),
                     T(1.5),
                     T(2.5),
                     T(-2.5)};
    std::size_t const odd = v.size();
    while (v.size() < odd * odd) v.push_back(v[(v.size() * (1 + salt) + v.size() / odd) % odd]); // in most pairs
    while (v.size() < n)
      v.push_back(std::ldexp(static_cast<T>(static_cast<std::int64_t>(mixed(v.size() * 3 + salt))),
                             static_cast<int>(mixed(v.size() + salt) % 120) - 123));
    return v;
  } else {
    std::vector<T> v;
    while (v.size() < n) v.push_back(static_cast<T>(mixed(v.size() * 3 + salt) >> (mixed(v.size() + salt) % 64)));
    return v;
  }
}

template <class F, class T>
__global__ void each(F f, T const* a, T const* b, T const* c, T* to, std::size_t n) {
  std::size_t const i = blockIdx.x * std::size_t{blockDim.x} + threadIdx.x;
  if (i < n) to[i] = f(a[i], b[i], c[i]);
}

template <class T>
T* to_device(std::vector<T> const& v) {
  T* p = nullptr;
  REQUIRE(cudaMalloc(&p, v.size() * sizeof(T)) == cudaSuccess);
  REQUIRE(cudaMemcpy(p, v.data(), v.size() * sizeof(T), cudaMemcpyHostToDevice) == cudaSuccess);
  return p;
}
template <class T>
std::vector<T> to_host(T* p, std::size_t n) {
  std::vector<T> v(n);
  REQUIRE(cudaMemcpy(v.data(), p, n * sizeof(T), cudaMemcpyDeviceToHost) == cudaSuccess);
  REQUIRE(cudaFree(p) == cudaSuccess);
  return v;
}

/// Whether f has the host's bits on the device; of a NaN only that it is one.
template <class T, class F>
bool has_host_bits(F const& f) {
  std::size_t const n = 5000;
  auto const a = awkward_numbers<T>(n, 0), b = awkward_numbers<T>(n, 1), c = awkward_numbers<T>(n, 2);
  T *pa = to_device(a), *pb = to_device(b), *pc = to_device(c), *to = to_device(a);
  each<<<(n + 127) / 128, 128>>>(f, pa, pb, pc, to, n);
  auto const got = to_host(to, n);
  for (T* p : {pa, pb, pc}) REQUIRE(cudaFree(p) == cudaSuccess);
  for (std::size_t i = 0; i < n; ++i) {
    T const expected = f(a[i], b[i], c[i]);
    if (expected != expected && got[i] != got[i]) continue;
    if (std::memcmp(&expected, &got[i], sizeof(T)) != 0) {
      UNSCOPED_INFO("of " << a[i] << ", " << b[i] << ", " << c[i] << ": " << got[i] << ", wanted " << expected);
      return false;
    }
  }
  return true;
}

__global__ void sums_of_blocks(unsigned const* in, unsigned* out) {
  __shared__ unsigned all[256];
  all[threadIdx.x] = in[blockIdx.x * 256 + threadIdx.x];
  __syncthreads();
  for (unsigned s = 128; s >= 32; s /= 2) {
    if (threadIdx.x < s) all[threadIdx.x] += all[threadIdx.x + s];
    __syncthreads();
  }
  if (threadIdx.x >= 32) return;
  unsigned x = all[threadIdx.x];
  for (unsigned s = 16; s > 0; s /= 2) x += __shfl_down_sync(~0u, x, s);
  if (threadIdx.x == 0) out[blockIdx.x] = x;
}
__global__ void count_odd(unsigned const* in, unsigned* count) {
  bool const odd = in[blockIdx.x * blockDim.x + threadIdx.x] % 2 != 0;
  unsigned const votes = __ballot_sync(~0u, odd);
  if (threadIdx.x % 32 == 0) atomicAdd(count, static_cast<unsigned>(__popc(votes)));
}
__global__ void all_write(unsigned* to) { *to = threadIdx.x; }
__global__ void half_waits_for_ever() {
  if (threadIdx.x < 16)
    __syncthreads();
  else
    __shfl_sync(~0u, threadIdx.x, 0);
}

} // namespace

TEMPLATE_TEST_CASE("interpreter: arithmetic has the host's bits", "[numbers]", float, double) {
  using T = TestType;
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return a + b; }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return a - b; }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return a * b; }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return a / b; }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T c) -> T { return std::fma(a, b, c); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T, T) -> T { return std::sqrt(std::fabs(a)); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return std::floor(a) + std::trunc(b); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return std::rint(a) - std::ceil(b); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T c) -> T { return a < b ? c : -c; }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return std::copysign(a, b); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T, T) -> T { return static_cast<T>(static_cast<float>(a)); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T, T) -> T {
    return std::fabs(a) < T(1e9) ? static_cast<T>(static_cast<std::int64_t>(a)) : T(0);
  }));
}

TEMPLATE_TEST_CASE("interpreter: whole numbers have the host's bits", "[numbers]", std::uint32_t, std::uint64_t) {
  using T = TestType;
  using S = std::make_signed_t<T>;
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T c) -> T { return a * b + c; }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return a / (b | 1); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T {
    return static_cast<S>(b | 1) == -1 ? T(0) : static_cast<T>(static_cast<S>(a) % static_cast<S>(b | 1));
  }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T { return a >> (b % (8 * sizeof(T))); }));
  CHECK(has_host_bits<T>(
      [] __host__ __device__(T a, T b, T) -> T { return static_cast<T>(static_cast<S>(a) >> (b % (8 * sizeof(T)))); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T c) -> T { return (a & b) ^ (~a & c) ^ (b << 7); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T b, T) -> T {
    return static_cast<T>(static_cast<std::int8_t>(a)) + static_cast<std::uint16_t>(b);
  }));
  CHECK(has_host_bits<T>(
      [] __host__ __device__(T a, T b, T c) -> T { return static_cast<T>((static_cast<unsigned __int128>(a) * b + c) >> 37); }));
  CHECK(has_host_bits<T>([] __host__ __device__(T a, T, T) -> T { return static_cast<T>(static_cast<double>(a >> 12)); }));
}

TEST_CASE("interpreter: threads meet at barriers, in shuffles, votes and atomics", "[threads]") {
  std::size_t const n = 10 * 256;
  auto const in = awkward_numbers<unsigned>(n, 5);
  std::vector<unsigned> sums(10);
  unsigned odd = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sums[i / 256] += in[i];
    odd += in[i] % 2;
  }
  unsigned *from = to_device(in), *to = to_device(std::vector<unsigned>(10)), *count = to_device(std::vector<unsigned>(1));
  sums_of_blocks<<<10, 256>>>(from, to);
  count_odd<<<10, 256>>>(from, count);
  CHECK(to_host(to, 10) == sums);
  CHECK(to_host(count, 1)[0] == odd);
  CHECK(cudaFree(from) == cudaSuccess);
}

// ---- What has to be noticed: hidden, for a run of their own ----

TEST_CASE("interpreter: two threads write the same bytes", "[.race]") {
  all_write<<<1, 32>>>(to_device(std::vector<unsigned>(1)));
  CHECK(cudaDeviceSynchronize() == cudaSuccess);
}
TEST_CASE("interpreter: threads that wait for each other for ever", "[.deadlock]") {
  half_waits_for_ever<<<1, 32>>>();
  CHECK(cudaDeviceSynchronize() == cudaErrorLaunchTimeout);
}
TEST_CASE("interpreter: memory that was freed", "[.freed]") {
  unsigned* const p = to_device(std::vector<unsigned>(1));
  REQUIRE(cudaFree(p) == cudaSuccess);
  all_write<<<1, 1>>>(p);
  CHECK(cudaDeviceSynchronize() == cudaErrorIllegalAddress);
}
