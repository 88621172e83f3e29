/// Mathematical functions over arrays of 10⁶ and 10⁸ bytes or so, one thread: packs against libm, Eigen and, where it is
/// installed, SLEEF. Time is per call; the counter is per element.
#include <trireme/algorithm/transform.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/simd/math.hpp>

#include <Eigen/Core>
#include <benchmark/benchmark.h>
#if defined(TRIREME_BENCH_SLEEF)
#include <immintrin.h>
#include <sleef.h>
#endif

#include <cmath>
#include <cstddef>
#include <vector>

namespace tri = trireme;

namespace {

template <class T>
struct arrays {
  std::vector<T> in, out;
  explicit arrays(std::size_t n) : in(n), out(n) {
    for (std::size_t i = 0; i < n; ++i) in[i] = static_cast<T>(0.01 + static_cast<double>(i % 10007) * 1e-3);
  }
};

template <class T, class Job>
void time_of(benchmark::State& state, Job job) {
  arrays<T> a(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    job(a.in, a.out);
    benchmark::ClobberMemory();
  }
  state.counters["elements_per_second"] =
      benchmark::Counter(static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate);
}

inline constexpr auto sum_of_sincos = [](auto x) {
  auto const both = tri::sincos(x);
  return both.sin + both.cos;
};
inline constexpr auto exponential = [](auto x) { return tri::exp(x); };
inline constexpr auto logarithm = [](auto x) { return tri::log(x); };

template <class T, auto const& F>
void by_trireme(benchmark::State& state) {
  time_of<T>(state, [](auto const& in, auto& out) {
    tri::transform(tri::inline_executor{}, in, tri::simd(tri::fn<F>), tri::into(out));
  });
}

inline constexpr auto libm_sincos = [](auto x) { return std::sin(x) + std::cos(x); };
inline constexpr auto libm_exp = [](auto x) { return std::exp(x); };
inline constexpr auto libm_log = [](auto x) { return std::log(x); };
template <class T, auto const& F>
void by_libm(benchmark::State& state) {
  time_of<T>(state, [](auto const& in, auto& out) {
    for (std::size_t i = 0; i < in.size(); ++i) out[i] = F(in[i]);
  });
}

inline constexpr auto eigen_sincos = [](auto const& x) { return x.sin() + x.cos(); };
inline constexpr auto eigen_exp = [](auto const& x) { return x.exp(); };
inline constexpr auto eigen_log = [](auto const& x) { return x.log(); };
template <class T, auto const& F>
void by_eigen(benchmark::State& state) {
  time_of<T>(state, [](auto const& in, auto& out) {
    using array = Eigen::Array<T, Eigen::Dynamic, 1>;
    auto const n = static_cast<Eigen::Index>(in.size());
    Eigen::Map<array>(out.data(), n) = F(Eigen::Map<array const>(in.data(), n));
  });
}

#if defined(TRIREME_BENCH_SLEEF) && defined(__AVX512F__)
template <class T>
void sincos_sleef(benchmark::State& state) {
  time_of<T>(state, [](auto const& in, auto& out) {
    constexpr std::size_t lanes = 64 / sizeof(T);
    for (std::size_t i = 0; i + lanes <= in.size(); i += lanes) {
      if constexpr (sizeof(T) == 8) {
        auto const both = Sleef_sincosd8_u35avx512f(_mm512_loadu_pd(&in[i]));
        _mm512_storeu_pd(&out[i], both.x + both.y);
      } else {
        auto const both = Sleef_sincosf16_u35avx512f(_mm512_loadu_ps(&in[i]));
        _mm512_storeu_ps(&out[i], both.x + both.y);
      }
    }
  });
}
BENCHMARK(sincos_sleef<float>)->Name("sin+cos/sleef_u35/float")->Arg(1'000'000)->Arg(100'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(sincos_sleef<double>)
    ->Name("sin+cos/sleef_u35/double")
    ->Arg(1'000'000)
    ->Arg(100'000'000)
    ->Unit(benchmark::kMicrosecond);
#endif

#define TRIREME_BENCH(peer, type, ours, name)                                                                                    \
  BENCHMARK(by_##peer<type, ours>)->Name(name "/" #peer "/" #type)->Arg(1'000'000)->Unit(benchmark::kMicrosecond)
#define TRIREME_BENCH_ALL(type)                                                                                                  \
  TRIREME_BENCH(trireme, type, sum_of_sincos, "sin+cos")->Arg(100'000'000);                                                      \
  TRIREME_BENCH(eigen, type, eigen_sincos, "sin+cos");                                                                           \
  TRIREME_BENCH(libm, type, libm_sincos, "sin+cos");                                                                             \
  TRIREME_BENCH(trireme, type, exponential, "exp");                                                                              \
  TRIREME_BENCH(eigen, type, eigen_exp, "exp");                                                                                  \
  TRIREME_BENCH(libm, type, libm_exp, "exp");                                                                                    \
  TRIREME_BENCH(trireme, type, logarithm, "log");                                                                                \
  TRIREME_BENCH(eigen, type, eigen_log, "log");                                                                                  \
  TRIREME_BENCH(libm, type, libm_log, "log")

TRIREME_BENCH_ALL(float);
TRIREME_BENCH_ALL(double);

} // namespace
