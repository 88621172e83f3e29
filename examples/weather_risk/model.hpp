/// @file model.hpp
/// Next winter as a random function, and the one generic function that evaluates it on any executor.
#pragma once
#include <trireme/trireme.hpp>

#include "../fingerprint.hpp"
#include "../ranks.hpp"
#include "weather.hpp"
#include "winter.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace tri = trireme;

// ---- Kernels: values in, values out; they run wherever an executor runs them ----

/// Heating degree days of one day in each city: how far its mean temperature is below 18.3 °C.
inline constexpr auto daily_hdd = [](day const& d) {
  city_hdd out{};
  for (std::size_t c = 0; c < city_count; ++c) out[c] = tri::max(0.0, 18.3 - (d.in[c].temp_max + d.in[c].temp_min) / 2.0);
  return out;
};

/// A random winter's degree days: both cities, and their basket, the mean of the two. Calls rng once for each
/// block.
inline constexpr auto season_hdd = [](std::span<city_hdd const> hdd, std::span<block_choices const> blocks,
                                      std::span<std::uint32_t const> starts, auto& rng) {
  double seattle = 0, new_york = 0;
  for (std::size_t b = 0; b < season_blocks; ++b) {
    auto const from = starts[blocks[b].first + rng.index(blocks[b].count)];
    auto const end = from + tri::min(block_days, season_days - b * block_days);
    for (std::size_t d = from; d < end; ++d) {
      seattle += hdd[d][0];
      new_york += hdd[d][1];
    }
  }
  return std::array<double, underlyings>{seattle, new_york, (seattle + new_york) / 2.0};
};

/// What the options pay after a random winter, and that winter's degree days.
inline constexpr auto payoffs_and_hdd = [](contract const& terms, std::span<city_hdd const> hdd,
                                           std::span<block_choices const> blocks, std::span<std::uint32_t const> starts,
                                           auto& rng) {
  auto const season = season_hdd(hdd, blocks, starts, rng);
  std::array<double, 2 * underlyings> out{};
  for (std::size_t k = 0; k < underlyings; ++k) {
    out[k] = terms.tick * tri::min(terms.cap, tri::max(0.0, season[k] - terms.strikes[k]));
    out[underlyings + k] = season[k];
  }
  return out;
};

inline constexpr auto component = [](std::size_t k, std::array<double, underlyings> const& season) { return season[k]; };

// ---- What is asked, and what comes out ----

struct question {
  std::int64_t samples = 0;
  std::uint64_t seed = 0;
  double tick = 0, cap = 0;
  std::optional<std::array<double, underlyings>> strikes; ///< default: near the historical means
};

inline constexpr std::array<double, 3> quantile_levels{0.05, 0.50, 0.95};
inline constexpr std::int64_t most_winters = 1'000'000; ///< that are kept and sorted for the quantiles

struct answers {
  std::vector<city_hdd> hdd;   ///< of every day
  Eigen::MatrixXd correlation; ///< of the columns: the variables of the first city, then those of the second
  contract terms{};
  std::array<tri::estimate, underlyings> prices, season; ///< payoff and degree days of next winter
  std::array<std::array<double, quantile_levels.size()>, underlyings> quantiles{};

  /// Of the bits of every number but the correlations: the promise of equal bits on every backend is about these.
  [[nodiscard]] std::uint64_t bits() const {
    fingerprint all;
    for (auto const& d : hdd)
      for (double const x : d) all.add(x);
    for (auto const& estimates : {prices, season})
      for (auto const& e : estimates) {
        all.add(e.mean);
        all.add(e.variance);
      }
    for (auto const& q : quantiles)
      for (double const x : q) all.add(x);
    return all.value();
  }
};

inline constexpr std::size_t step_count = 5;
inline constexpr std::array<char const*, step_count> step_names{"batch_map", "matmul", "monte_carlo", "simulate", "sort"};

struct outcome {
  answers found;
  std::array<double, step_count> seconds{};
};

/// All steps, on any executor: also one that sees no host memory, since what kernels read lies in its
/// buffers; and on a cluster, where that lies on every rank.
template <tri::executor_or_cluster E>
outcome evaluate(E const& ex, weather const& data, question const& ask, tri::progress_callback const& progress) {
  outcome out;
  answers& found = out.found;
  auto const timed = [&out](std::size_t step, auto&& work) {
    auto const begin = std::chrono::steady_clock::now();
    work();
    out.seconds[step] += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  };

  timed(0, [&] { found.hdd = tri::batch_map(ex, data.days, tri::fn<daily_hdd>, {.batch_size = 365}); });

  Eigen::MatrixXd const z = standardised(data);
  timed(1, [&] { found.correlation = tri::matmul(ex, z.transpose(), z) / static_cast<double>(z.rows() - 1); });

  auto const strikes = ask.strikes.value_or(strikes_near(historical_mean(data, found.hdd)));
  found.terms = {ask.tick, ask.cap, strikes};

  block_table const table = find_blocks(data);
  tri::buffer const hdd(memory_of(ex), found.hdd);
  tri::buffer const blocks(memory_of(ex), table.blocks);
  tri::buffer const starts(memory_of(ex), table.starts);
  timed(2, [&] {
    auto const kernel =
        tri::draws<season_blocks>(tri::bind_front<payoffs_and_hdd>(found.terms, hdd.view(), blocks.view(), starts.view()));
    auto const both = tri::monte_carlo(ex, ask.samples, kernel, {.seed = ask.seed, .progress = progress});
    for (std::size_t k = 0; k < underlyings; ++k) {
      found.prices[k] = both[k];
      found.season[k] = both[underlyings + k];
    }
  });

  // The same seed: these are the first winters of those that were priced. They stay in the executor's memory.
  std::int64_t const n = std::min(ask.samples, most_winters);
  tri::buffer<std::array<double, underlyings>, E> winters(ex, n);
  timed(3, [&] {
    auto const kernel = tri::draws<season_blocks>(tri::bind_front<season_hdd>(hdd.view(), blocks.view(), starts.view()));
    tri::simulate(ex, n, kernel, tri::into(winters), {.seed = ask.seed});
  });
  timed(4, [&] {
    for (std::size_t k = 0; k < underlyings; ++k) {
      auto sorted = tri::transform(ex, winters, tri::bind_front<component>(k));
      tri::sort(ex, sorted);
      for (std::size_t q = 0; q < quantile_levels.size(); ++q)
        found.quantiles[k][q] = sorted.subspan(rank(quantile_levels[q], n), 1).to_host().front();
    }
  });
  return out;
}
