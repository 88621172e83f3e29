/// @file matmul.cpp
/// Matrix products against Eigen with OpenMP and OpenBLAS, batches of them against both in a oneTBB loop.
#include <trireme/algorithm/batch_matmul.hpp>
#include <trireme/algorithm/matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/threads/executor.hpp>

#include <Eigen/Core>
#include <benchmark/benchmark.h>
#include <oneapi/tbb/parallel_for.h>
#ifdef TRIREME_BENCH_OPENBLAS
#include <cblas.h>
#endif

#include <chrono>
#include <complex>
#include <cstddef>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace tri = trireme;

namespace {

tri::thread_pool const& pool() {
  static tri::thread_pool const workers(2);
  return workers;
}

#ifdef TRIREME_BLAS
constexpr char const* ours = "trireme_blas";
#else
constexpr char const* ours = "trireme";
#endif

enum class threads { one, two };

void peers_use(threads n) {
  Eigen::setNbThreads(n == threads::one ? 1 : 2);
#ifdef TRIREME_BENCH_OPENBLAS
  openblas_set_num_threads(n == threads::one ? 1 : 2);
#endif
}

/// Times f. The threads of other libraries spin on for a while after their last call: a run of its own before the
/// clock starts lets them go to sleep, and wakes f's.
template <class F>
void measure(benchmark::State& state, double operations, threads peers, F const& f) {
  using clock = std::chrono::steady_clock;
  peers_use(peers);
  for (auto const start = clock::now(); clock::now() - start < std::chrono::milliseconds(60);) f();
  for (auto _ : state) {
    f();
    benchmark::ClobberMemory();
  }
  state.counters["GFLOP/s"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
}

#ifdef TRIREME_BENCH_OPENBLAS
template <class M>
void blas(M const& a, M const& b, M& c) {
  using T = typename M::Scalar;
  auto const m = static_cast<int>(a.rows()), n = static_cast<int>(b.cols()), k = static_cast<int>(a.cols());
  auto const call = [&](auto gemm, auto one, auto zero) {
    gemm(CblasColMajor, CblasNoTrans, CblasNoTrans, m, n, k, one, a.data(), m, b.data(), k, zero, c.data(), m);
  };
  T const one(1), zero(0);
  if constexpr (std::is_same_v<T, double>)
    call(cblas_dgemm, one, zero);
  else if constexpr (std::is_same_v<T, float>)
    call(cblas_sgemm, one, zero);
  else if constexpr (std::is_same_v<T, std::complex<double>>)
    call(cblas_zgemm, &one, &zero);
  else
    call(cblas_cgemm, &one, &zero);
}
#endif

template <class F>
void add(std::string const& name, double operations, threads peers, F f) {
  benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { measure(state, operations, peers, f); })
      ->UseRealTime()
      ->Unit(benchmark::kMicrosecond);
}

template <class T>
constexpr double operations_per_element = std::is_floating_point_v<T> ? 2 : 8;

template <class T>
void add_product(std::string const& scalar, Eigen::Index m, Eigen::Index k, Eigen::Index n) {
  using M = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  struct operands {
    M a, b, c;
  };
  auto const x = std::make_shared<operands>(operands{M::Random(m, k), M::Random(k, n), M::Zero(m, n)});
  auto const name = "matmul/" + scalar + "/" + std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n) + "/";
  double const operations = operations_per_element<T> * static_cast<double>(m) * static_cast<double>(k) * static_cast<double>(n);
  add(name + ours, operations, threads::one, [=] { tri::matmul(pool(), x->a, x->b, tri::into(x->c)); });
  add(name + "eigen_openmp", operations, threads::two, [=] { x->c.noalias() = x->a * x->b; });
#ifdef TRIREME_BENCH_OPENBLAS
  add(name + "openblas", operations, threads::two, [=] { blas(x->a, x->b, x->c); });
#endif
}

template <class M>
[[maybe_unused]] void add_batch(std::string const& matrix, std::size_t count, Eigen::Index n) {
  struct operands {
    std::vector<M> a, b, c;
  };
  auto const x = std::make_shared<operands>();
  for (std::size_t i = 0; i < count; ++i) {
    x->a.push_back(M::Random(n, n));
    x->b.push_back(M::Random(n, n));
    x->c.push_back(M::Zero(n, n));
  }
  auto const name = "batch_matmul/" + matrix + "/" + std::to_string(count) + "x" + std::to_string(n) + "/";
  double const operations = operations_per_element<typename M::Scalar> * static_cast<double>(count) * static_cast<double>(n) *
                            static_cast<double>(n) * static_cast<double>(n);
  add(name + "trireme", operations, threads::one, [=] { tri::batch_matmul(pool(), x->a, x->b, tri::into(x->c)); });
  add(name + "trireme_new", operations, threads::one, [=] { benchmark::DoNotOptimize(tri::batch_matmul(pool(), x->a, x->b)); });
  add(name + "eigen_tbb", operations, threads::one,
      [=] { tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) { x->c[i].noalias() = x->a[i] * x->b[i]; }); });
#ifdef TRIREME_BENCH_OPENBLAS
  add(name + "openblas_tbb", operations, threads::one,
      [=] { tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) { blas(x->a[i], x->b[i], x->c[i]); }); });
  add(name + "openblas", operations, threads::two, [=] {
    for (std::size_t i = 0; i < count; ++i) blas(x->a[i], x->b[i], x->c[i]);
  });
#endif
  if (n <= 16)
    add(name + "loop_tbb", operations, threads::one, [=] {
      tbb::parallel_for(std::size_t{0}, count, [&](std::size_t p) {
        M const &a = x->a[p], &b = x->b[p];
        M& c = x->c[p];
        for (Eigen::Index j = 0; j < c.cols(); ++j) {
          for (Eigen::Index i = 0; i < c.rows(); ++i) c(i, j) = typename M::Scalar(0);
          for (Eigen::Index k = 0; k < a.cols(); ++k)
            for (Eigen::Index i = 0; i < c.rows(); ++i) c(i, j) += a(i, k) * b(k, j);
        }
      });
    });
}

[[maybe_unused]] bool const registered = [] {
#ifdef TRIREME_BLAS // what is handed on
  for (Eigen::Index const n : {1000, 2000}) {
    add_product<float>("float", n, n, n);
    add_product<double>("double", n, n, n);
  }
  add_product<std::complex<float>>("complex_float", 1000, 1000, 1000);
  add_product<std::complex<double>>("complex_double", 1000, 1000, 1000);
  add_product<double>("double", 4000, 2000, 64);
  add_product<double>("double", 64, 2000, 4000);
  return true;
#else
  for (Eigen::Index const n : {16, 64, 256, 1000, 2000}) {
    add_product<float>("float", n, n, n);
    add_product<double>("double", n, n, n);
  }
  add_product<std::complex<float>>("complex_float", 1000, 1000, 1000);
  add_product<std::complex<double>>("complex_double", 1000, 1000, 1000);
  for (Eigen::Index const n : {1, 4, 64}) {
    add_product<double>("double", 4000, 2000, n);
    add_product<double>("double", n, 2000, 4000);
  }
  add_product<double>("double", 8, 200000, 8);
  for (Eigen::Index const n : {1, 4, 64}) {
    add_product<float>("float", 4000, 2000, n);
    add_product<float>("float", n, 2000, 4000);
  }
  add_product<double>("double", 2000, 8, 2000);
  add_product<double>("double", 100000, 4, 4);
  add_product<double>("double", 4, 4, 100000);
  add_batch<Eigen::MatrixXf>("MatrixXf", 1000, 100);
  add_batch<Eigen::MatrixXd>("MatrixXd", 1000, 100);
  add_batch<Eigen::MatrixXf>("MatrixXf", 1000, 16);
  add_batch<Eigen::MatrixXd>("MatrixXd", 1000, 16);
  add_batch<Eigen::MatrixXf>("MatrixXf", 1000, 4);
  add_batch<Eigen::MatrixXd>("MatrixXd", 1000, 4);
  add_batch<Eigen::Matrix4f>("Matrix4f", 1000, 4);
  add_batch<Eigen::Matrix4d>("Matrix4d", 1000, 4);
  return true;
#endif
}();

} // namespace
