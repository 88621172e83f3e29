/// Monte Carlo against the standard library's generator on as many threads, Random123 where it is installed, and the cost of
/// the random words alone, below which nothing can go. Time is per sample.
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/simd/math.hpp>
#include <trireme/threads/executor.hpp>

#include <benchmark/benchmark.h>
#if __has_include(<Random123/philox.h>)
#include <Random123/philox.h>
#endif
#if __has_include(<EigenRand/EigenRand>)
#include <EigenRand/EigenRand>
#endif

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

namespace tri = trireme;

namespace {

constexpr std::size_t samples = 1 << 23;

tri::thread_pool const& pool() {
  static tri::thread_pool const one;
  return one;
}
std::size_t width() { return pool().concurrency(); }

/// part(k, n) of n samples on each of as many threads as the pool has.
template <class Part>
double on_threads(Part part) {
  std::vector<double> sums(width());
  std::vector<std::jthread> threads;
  for (std::size_t k = 0; k < width(); ++k) threads.emplace_back([&, k] { sums[k] = part(k, samples / width()); });
  threads.clear();
  return std::accumulate(sums.begin(), sums.end(), 0.0) / static_cast<double>(samples);
}

template <class Job>
void time_of(benchmark::State& state, Job job) {
  for (auto _ : state) benchmark::DoNotOptimize(job());
  state.counters["samples_per_second"] =
      benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kIsIterationInvariantRate);
}

template <class Real>
using engine = std::conditional_t<sizeof(Real) == 8, std::mt19937_64, std::mt19937>;

// ---- the words that two uniform numbers take, and nothing else ----

template <class Real>
void words_alone(benchmark::State& state) {
  time_of(state, [] {
    return on_threads([](std::size_t k, std::size_t n) {
      alignas(64) static thread_local std::uint32_t out[16 * 128];
      std::size_t const blocks = n * 2 * sizeof(Real) / 16;
      for (std::size_t b = 0; b < blocks; b += 16 * 32) {
        tri::detail::lay_words<sizeof(Real) == 8, false>(out, 16, {k, b});
        benchmark::DoNotOptimize(out[0]);
      }
      return static_cast<double>(out[0]);
    });
  });
}

// ---- pi ----

inline constexpr auto in_circle = [](auto& rng) {
  auto const x = rng.uniform();
  auto const y = rng.uniform();
  return tri::select(x * x + y * y < 1, 4.0, 0.0);
};
inline constexpr auto in_circle_by_if = [](auto& rng) {
  auto const x = rng.uniform();
  auto const y = rng.uniform();
  if (x * x + y * y < 1) return 4.0;
  return 0.0;
};

template <class Real, class F>
void estimate(benchmark::State& state, F f) {
  time_of(state, [&] { return tri::monte_carlo<Real>(pool(), samples, f, {.seed = 42}).mean; });
}
template <class Real>
void pi_simd(benchmark::State& state) {
  estimate<Real>(state, tri::simd(tri::draws<2>(tri::fn<in_circle>)));
}
template <class Real>
void pi_by_if(benchmark::State& state) {
  estimate<Real>(state, tri::draws<2>(tri::fn<in_circle_by_if>));
}
template <class Real>
void pi_no_promise(benchmark::State& state) {
  estimate<Real>(state, tri::fn<in_circle_by_if>);
}
template <class Real>
void pi_mt19937(benchmark::State& state) {
  time_of(state, [] {
    return on_threads([](std::size_t k, std::size_t n) {
      engine<Real> words(static_cast<typename engine<Real>::result_type>(k));
      std::uniform_real_distribution<Real> uniform;
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i) {
        Real const x = uniform(words), y = uniform(words);
        sum += x * x + y * y < 1 ? 4.0 : 0.0;
      }
      return sum;
    });
  });
}
#if __has_include(<Random123/philox.h>)
template <class Real>
void pi_random123(benchmark::State& state) {
  time_of(state, [] {
    return on_threads([](std::size_t k, std::size_t n) {
      r123::Philox4x32 const philox;
      double sum = 0;
      constexpr std::size_t in_block = 8 / sizeof(Real);
      for (std::size_t i = 0; i < n / in_block; ++i) {
        auto const w = philox({{static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(i >> 32), 0, 0}},
                              {{static_cast<std::uint32_t>(k), 0}});
        auto const hit = [&sum](Real x, Real y) { sum += x * x + y * y < 1 ? 4.0 : 0.0; };
        if constexpr (sizeof(Real) == 4) {
          hit(static_cast<Real>(w[0] >> 8) * 0x1p-24F, static_cast<Real>(w[1] >> 8) * 0x1p-24F);
          hit(static_cast<Real>(w[2] >> 8) * 0x1p-24F, static_cast<Real>(w[3] >> 8) * 0x1p-24F);
        } else {
          auto const uniform = [](std::uint32_t high, std::uint32_t low) {
            return static_cast<Real>((std::uint64_t{high} << 32 | low) >> 11) * 0x1p-53;
          };
          hit(uniform(w[0], w[1]), uniform(w[2], w[3]));
        }
      }
      return sum;
    });
  });
}
#endif

// ---- EigenRand's generators fill arrays: P8_mt19937_64, whose numbers are the same on every processor, and the widest that there is ----

#if __has_include(<EigenRand/EigenRand>)
template <class Real, class Engine>
void pi_eigenrand(benchmark::State& state) {
  time_of(state, [] {
    return on_threads([](std::size_t k, std::size_t n) {
      constexpr int block = 2048;
      Engine words(k);
      Eigen::Array<Real, block, 1> x, y;
      Eigen::Rand::UniformRealGen<Real> uniform;
      double sum = 0;
      for (std::size_t i = 0; i < n; i += block) {
        x = uniform.template generate<Eigen::Array<Real, block, 1>>(block, 1, words);
        y = uniform.template generate<Eigen::Array<Real, block, 1>>(block, 1, words);
        sum += 4.0 * static_cast<double>((x * x + y * y < 1).count());
      }
      return sum;
    });
  });
}
template <class Real>
void pi_eigenrand_p8(benchmark::State& state) {
  pi_eigenrand<Real, Eigen::Rand::P8_mt19937_64>(state);
}
template <class Real>
void pi_eigenrand_vector(benchmark::State& state) {
  pi_eigenrand<Real, Eigen::Rand::Vmt19937_64>(state);
}
#endif

// ---- a European call: S = K = 100, r = 0.05, σ = 0.2, T = 1 ----

inline constexpr auto payoff = [](auto z) {
  using T = tri::detail::scalar_t<decltype(z)>;
  auto const price = T(100) * tri::exp(z * T(0.2) + T(0.03));
  return tri::max(price - 100, 0) * T(0.951229424500714);
};
inline constexpr auto european = [](auto& rng) { return payoff(rng.normal()); };
inline constexpr auto european_pair = [](auto& rng) { // the mean of two independent prices
  auto const z = rng.normal_pair();
  auto const first = payoff(z[0]);
  return (first + payoff(z[1])) / 2;
};

template <class Real>
void european_simd(benchmark::State& state) {
  estimate<Real>(state, tri::simd(tri::draws<1>(tri::fn<european>)));
}
template <class Real>
void european_pair_simd(benchmark::State& state) {
  time_of(state, [&] {
    return tri::monte_carlo<Real>(pool(), samples / 2, tri::simd(tri::draws<2>(tri::fn<european_pair>)), {.seed = 42}).mean;
  });
}
template <class Real>
void european_mt19937(benchmark::State& state) {
  time_of(state, [] {
    return on_threads([](std::size_t k, std::size_t n) {
      engine<Real> words(static_cast<typename engine<Real>::result_type>(k));
      std::normal_distribution<Real> normal;
      double sum = 0;
      for (std::size_t i = 0; i < n; ++i)
        sum += static_cast<double>(std::max(Real(100) * std::exp(normal(words) * Real(0.2) + Real(0.03)) - 100, Real(0)) *
                                   Real(0.951229424500714));
      return sum;
    });
  });
}

// ---- an Asian call over 252 days; fewer samples, of which each counts 252 ----

constexpr int days = 252;
inline constexpr auto asian = [](auto& rng) {
  auto z = rng.normal();
  using T = tri::detail::scalar_t<decltype(z)>;
  auto logarithm = z * T(0.0125988) + T(0.000119048);
  auto sum = tri::exp(logarithm);
  for (int day = 1; day < days; ++day) {
    logarithm = logarithm + (rng.normal() * T(0.0125988) + T(0.000119048));
    sum = sum + tri::exp(logarithm);
  }
  return tri::max(sum * T(100.0 / days) - 100, 0) * T(0.951229424500714);
};
template <class Real>
void asian_simd(benchmark::State& state) {
  time_of(state, [&] {
    return tri::monte_carlo<Real>(pool(), samples / 256, tri::simd(tri::draws<days>(tri::fn<asian>)), {.seed = 42}).mean;
  });
}
template <class Real>
void asian_mt19937(benchmark::State& state) {
  time_of(state, [] {
    return on_threads([](std::size_t k, std::size_t n) {
      engine<Real> words(static_cast<typename engine<Real>::result_type>(k));
      std::normal_distribution<Real> normal;
      double sum = 0;
      for (std::size_t i = 0; i < n / 256; ++i) {
        Real logarithm = 0, prices = 0;
        for (int day = 0; day < days; ++day) {
          logarithm += normal(words) * Real(0.0125988) + Real(0.000119048);
          prices += std::exp(logarithm);
        }
        sum += static_cast<double>(std::max(prices * Real(100.0 / days) - 100, Real(0)) * Real(0.951229424500714));
      }
      return sum;
    });
  });
}

#define TRIREME_BENCH(function, name)                                                                                            \
  BENCHMARK(function<float>)->Name(name "/float")->UseRealTime()->Unit(benchmark::kMillisecond);                                 \
  BENCHMARK(function<double>)->Name(name "/double")->UseRealTime()->Unit(benchmark::kMillisecond)

#ifdef TRIREME_BENCH_PORTABLE
TRIREME_BENCH(pi_simd, "pi/trireme_without_march");
#else
TRIREME_BENCH(pi_simd, "pi/trireme");
TRIREME_BENCH(words_alone, "pi/words_alone");
TRIREME_BENCH(pi_mt19937, "pi/mt19937");
TRIREME_BENCH(pi_by_if, "pi by if/trireme");
TRIREME_BENCH(pi_mt19937, "pi by if/mt19937");
TRIREME_BENCH(pi_no_promise, "pi without draws/trireme");
TRIREME_BENCH(pi_mt19937, "pi without draws/mt19937");
#if __has_include(<Random123/philox.h>)
TRIREME_BENCH(pi_random123, "pi/random123");
#endif
#if __has_include(<EigenRand/EigenRand>)
TRIREME_BENCH(pi_eigenrand_p8, "pi/eigenrand_p8");
TRIREME_BENCH(pi_eigenrand_vector, "pi/eigenrand_vector");
#endif
TRIREME_BENCH(european_simd, "European/trireme");
TRIREME_BENCH(european_mt19937, "European/mt19937");
TRIREME_BENCH(european_pair_simd, "European by pairs/trireme");
TRIREME_BENCH(european_mt19937, "European by pairs/mt19937");
TRIREME_BENCH(asian_simd, "Asian/trireme");
TRIREME_BENCH(asian_mt19937, "Asian/mt19937");
#endif

} // namespace
