/// @file matmul.cu
/// Matrix products on the device against cuBLAS by hand: of 4096² and 8192², and 10⁴ of 32² in one call. The matrices lie
/// on the device; of a batch, cuBLAS takes their addresses there, which "cublas" gathers and sends in each call, as Trireme
/// has to, and "cublas_addresses_kept" has sent before.
#include "gpu.hpp"

#include <cublas_v2.h>

#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace {

namespace tri = trireme;
template <class T>
using matrix = tri::matrix<T, tri::cuda_device>;

void blas_check(cublasStatus_t status) {
  if (status != CUBLAS_STATUS_SUCCESS) throw std::runtime_error(cublasGetStatusString(status));
}
cublasHandle_t blas() {
  static cublasHandle_t const handle = [] {
    cublasHandle_t made = nullptr;
    blas_check(cublasCreate(&made));
    blas_check(cublasSetStream(made, gpu::stream()));
    return made;
  }();
  return handle;
}

template <class T>
matrix<T> filled(int rows, int cols, std::uint64_t seed) {
  static constexpr auto uniform = [](auto& rng) { return rng.uniform(); };
  matrix<T> m(gpu::device(), rows, cols);
  auto const x = tri::simulate<T>(tri::thread_pool{}, m.size(), tri::draws<1>(tri::fn<uniform>), {.seed = seed});
  gpu::device().upload(x.data(), m.data(), x.size() * sizeof(T)).wait();
  return m;
}

template <class F>
void add(std::string const& name, double operations, F f) {
  benchmark::RegisterBenchmark(name.c_str(),
                               [=](benchmark::State& state) {
                                 gpu::measure(state, f());
                                 state.counters["GFLOP/s"] =
                                     benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
                               })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

template <class T>
struct product {
  explicit product(int n) : n(n), a(filled<T>(n, n, 1)), b(filled<T>(n, n, 2)), c(gpu::device(), n, n) {}
  int n;
  matrix<T> a, b, c;

  void trireme() { tri::matmul(gpu::device(), a, b, tri::into(c)); }
  void cublas() {
    T const one = 1, zero = 0;
    if constexpr (std::is_same_v<T, float>)
      blas_check(cublasSgemm(blas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.data(), n, b.data(), n, &zero, c.data(), n));
    else
      blas_check(cublasDgemm(blas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, a.data(), n, b.data(), n, &zero, c.data(), n));
    gpu::wait();
  }
};

template <class T>
struct batch {
  batch(int count, int n) : n(n) {
    for (int i = 0; i < count; ++i) {
      a.push_back(filled<T>(n, n, 1));
      b.push_back(filled<T>(n, n, 2));
      c.emplace_back(gpu::device(), n, n);
    }
    send();
  }
  int n;
  std::vector<matrix<T>> a, b, c;
  std::vector<T*> addresses;
  tri::buffer<T*, tri::cuda_device> there{gpu::device(), 0};

  void trireme() { tri::batch_matmul(gpu::device(), a, b, tri::into(c)); }
  void cublas() {
    send();
    cublas_addresses_kept();
  }
  void cublas_addresses_kept() {
    auto const count = static_cast<int>(c.size());
    T const one = 1, zero = 0;
    T* const* const x = there.data();
    T* const* const y = x + count;
    T* const* const z = y + count;
    if constexpr (std::is_same_v<T, float>)
      blas_check(cublasSgemmBatched(blas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, x, n, y, n, &zero, z, n, count));
    else
      blas_check(cublasDgemmBatched(blas(), CUBLAS_OP_N, CUBLAS_OP_N, n, n, n, &one, x, n, y, n, &zero, z, n, count));
    gpu::wait();
  }

private:
  void send() {
    addresses.clear();
    for (auto* const all : {&a, &b, &c})
      for (auto& m : *all) addresses.push_back(m.data());
    if (there.size() != addresses.size()) there = {gpu::device(), addresses.size()};
    gpu::cuda_check(
        cudaMemcpyAsync(there.data(), addresses.data(), addresses.size() * sizeof(T*), cudaMemcpyHostToDevice, gpu::stream()),
        "cudaMemcpyAsync");
  }
};

/// What all benchmarks of one case work on, made by the first that runs and gone with the last that holds it.
template <class Work, class... Arguments>
auto shared(Arguments... arguments) {
  auto const made = std::make_shared<std::shared_ptr<Work>>();
  return [=] {
    if (!*made) *made = std::make_shared<Work>(arguments...);
    return *made;
  };
}

template <class T>
void add_product(std::string const& scalar, int n) {
  auto const work = shared<product<T>>(n);
  std::string const name = "gpu/matmul " + scalar + ' ' + std::to_string(n) + "²/";
  double const operations = 2.0 * n * n * n;
  add(name + "trireme", operations, [=] { return [w = work()] { w->trireme(); }; });
  add(name + "cublas", operations, [=] { return [w = work()] { w->cublas(); }; });
}
template <class T>
void add_batch(std::string const& scalar, int count, int n) {
  auto const work = shared<batch<T>>(count, n);
  std::string const name = "gpu/batch_matmul " + scalar + ' ' + std::to_string(count) + " of " + std::to_string(n) + "²/";
  double const operations = 2.0 * count * n * n * n;
  add(name + "trireme", operations, [=] { return [w = work()] { w->trireme(); }; });
  add(name + "cublas", operations, [=] { return [w = work()] { w->cublas(); }; });
  add(name + "cublas_addresses_kept", operations, [=] { return [w = work()] { w->cublas_addresses_kept(); }; });
}

[[maybe_unused]] bool const registered = [] {
  for (int const n : {4096, 8192}) {
    add_product<float>("float", n);
    add_product<double>("double", n);
  }
  add_batch<float>("float", 10'000, 32);
  add_batch<double>("double", 10'000, 32);
  return true;
}();

} // namespace
