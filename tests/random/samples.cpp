/// @file samples.cpp
/// Random calls of simulate and monte_carlo, against numbers drawn plainly; and of matmul, against sums in long double.
#include <trireme/algorithm/matmul.hpp>
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/simd/math.hpp>

#include "executors.hpp"
#include "kernels.hpp"
#include "model.hpp"

#include <Eigen/Core>

#include <cmath>
#include <concepts>
#include <limits>
#include <type_traits>
#include <utility>

namespace tri = trireme;
using namespace testing;

namespace {

/// A kernel that takes the numbers of one to four calls of rng, by what it draws, or throws.
struct drawn {
  std::uint64_t salt;
  std::uint64_t bad; ///< one in so many samples throws; 0: none
  template <class Rng>
  double operator()(Rng& rng) const {
    if (bad != 0 && rng.index(bad) == 0) throw std::out_of_range("an unlucky sample");
    double const x = static_cast<double>(rng.uniform());
    if (x < 0.25) return x;
    double const y = x * static_cast<double>(rng.uniform());
    return y * static_cast<double>(salt);
  }
};
/// The same number of calls, and nothing that packs can't do.
struct smooth {
  std::uint64_t salt;
  template <class Rng>
  auto operator()(Rng& rng) const {
    auto const x = rng.uniform();
    auto const y = rng.uniform();
    return x * y - x;
  }
};

/// Samples of f, promised as P: once as values, once as a mean.
template <class Real, std::uint64_t Draws, class E, class F, class P>
void sample_once(random_call& call, E const& ex, F const& f, P const& promised) {
  std::size_t const n = call.once_in(3) ? 1 + call.below(100) : 1 + some_size(call, sizeof(double));
  std::uint64_t const seed = call.once_in(3) ? call.below(10) : call.word();
  call.note(n, " samples of ", name_of<Real>(), ", seed ", seed, ", ", Draws, " draws");
  using value = std::remove_cvref_t<decltype(f(std::declval<model_rng<Real, Draws>&>()))>;
  std::vector<value> expected;
  bool throws = false;
  try {
    for (std::size_t i = 0; i < n; ++i) {
      model_rng<Real, Draws> rng(seed, i);
      expected.push_back(f(rng));
    }
  } catch (std::out_of_range const&) {
    throws = true;
  }
  follower watch;
  try {
    if (call.once_in(2)) {
      call.note("simulate");
      tri::simulate_options options{.seed = seed};
      some_options(call, options, watch);
      auto const got = tri::simulate<Real>(ex, n, promised, options);
      call.require(!throws, "nothing was thrown");
      call.require(same_elements(got, expected), "the samples");
    } else {
      call.note("monte_carlo");
      tri::monte_carlo_options options{.seed = seed};
      some_options(call, options, watch);
      auto const got = tri::monte_carlo<Real>(ex, n, promised, options);
      call.require(!throws, "nothing was thrown");
      long double sum = 0, squares = 0;
      for (auto const x : expected) sum += static_cast<long double>(x);
      long double const mean = sum / static_cast<long double>(n);
      long double size = 0;
      for (auto const x : expected) {
        squares += (static_cast<long double>(x) - mean) * (static_cast<long double>(x) - mean);
        size = std::max(size, std::abs(static_cast<long double>(x)));
      }
      call.require(got.samples == n, "the number of samples");
      call.require(std::abs(static_cast<long double>(got.mean) - mean) <= 1e-13L * size, "the mean");
      if (n > 1) {
        long double const variance = squares / static_cast<long double>(n - 1);
        call.require(std::abs(static_cast<long double>(got.variance) - variance) <=
                         1e-12L * (variance + size * size / static_cast<long double>(n)),
                     "the variance");
      }
      call.require(same_bits(got, tri::monte_carlo<Real>(tri::inline_executor{}, n, promised, {.seed = seed})), "inline's bits");
    }
    call.require(watch.right(n), "the progress that was told");
  } catch (std::out_of_range const& e) {
    call.require(throws && e.what() == std::string("an unlucky sample"), e.what());
  }
}

template <class Real, class E>
void samples_once(random_call& call, E const& ex) {
  drawn f{call.below(1000), 0};
  if (call.once_in(3)) f.bad = std::uint64_t{1} << call.below(20);
  smooth const g{call.word()};
  switch (call.below(4)) {
    case 0: return sample_once<Real, 0>(call, ex, f, f);
    case 1: return sample_once<Real, 4>(call, ex, f, tri::draws<4>(f));
    case 2: return sample_once<Real, 5>(call, ex, g, tri::simd(tri::draws<5>(g)));
    default: return sample_once<Real, 0>(call, ex, g, tri::simd(g));
  }
}

template <class Real, class E>
void product_once(random_call& call, E const& ex) {
  using matrix = Eigen::Matrix<Real, Eigen::Dynamic, Eigen::Dynamic>;
  auto const side = [&] {
    return static_cast<Eigen::Index>(call.once_in(4) ? call.below(3) : call.below(call.one_of<std::size_t>({20, 150})));
  };
  Eigen::Index const rows = side(), inner = side(), cols = side();
  call.note("matmul of ", name_of<Real>(), ", ", rows, 'x', inner, 'x', cols);
  auto const filled = [&](Eigen::Index m, Eigen::Index n) {
    matrix out(m, n);
    std::uint64_t const from = call.word();
    for (Eigen::Index k = 0; k < m * n; ++k) out.data()[k] = made<Real>(scramble(from + static_cast<std::uint64_t>(k)));
    return out;
  };
  matrix const a = filled(rows, inner), b = filled(inner, cols);
  matrix const c = tri::matmul(ex, a, b);
  call.require(c.rows() == rows && c.cols() == cols, "the shape");
  for (Eigen::Index i = 0; i < rows; ++i)
    for (Eigen::Index j = 0; j < cols; ++j) {
      long double sum = 0, size = 0;
      for (Eigen::Index k = 0; k < inner; ++k) {
        long double const product = static_cast<long double>(a(i, k)) * static_cast<long double>(b(k, j));
        sum += product;
        size += std::abs(product);
      }
      auto const bound =
          static_cast<long double>(inner + 1) * static_cast<long double>(std::numeric_limits<Real>::epsilon()) * size;
      call.require(std::abs(static_cast<long double>(c(i, j)) - sum) <= bound, "an element");
    }
}

} // namespace

TEST_CASE("random calls of simulate and monte_carlo") {
  make_random_calls(400, [](random_call& call) {
    on_some_executor(call, [&](auto const& ex) {
      if (call.once_in(2))
        samples_once<float>(call, ex);
      else
        samples_once<double>(call, ex);
    });
  });
}

TEST_CASE("random calls of matmul") {
  make_random_calls(150, [](random_call& call) {
    on_some_executor(call, [&](auto const& ex) {
      if (call.once_in(2))
        product_once<float>(call, ex);
      else
        product_once<double>(call, ex);
    });
  });
}
