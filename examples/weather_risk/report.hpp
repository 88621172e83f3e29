/// @file report.hpp
/// The answers in tables and in words.
#pragma once
#include "model.hpp"
#include "weather.hpp"
#include "winter.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

/// What one backend did.
struct backend_run {
  std::string name;
  std::size_t width;
  outcome result;
};

inline void print_correlations(Eigen::MatrixXd const& r) {
  std::printf("\nCorrelations of daily weather (matmul of the standardised columns)\n%24s", "");
  auto const per_city = static_cast<int>(8 * variable_count);
  for (auto const city : city_names)
    std::printf("  %-*.*s", per_city - 2, static_cast<int>(city.size()), city.data());
  std::printf("\n%24s", "");
  for (std::size_t c = 0; c < city_count; ++c)
    for (auto const name : {"precip", "tmax", "tmin", "wind"}) std::printf("%8s", name);
  std::printf("\n");
  for (Eigen::Index i = 0; i < r.rows(); ++i) {
    auto const k = static_cast<std::size_t>(i);
    std::string const name =
        std::string(city_names[k / variable_count]) + ' ' + std::string(variable_names[k % variable_count]);
    std::printf("%-24s", name.c_str());
    for (Eigen::Index j = 0; j < r.cols(); ++j) std::printf("%8.2f", r(i, j));
    std::printf("\n");
  }
}

inline void print_history(weather const& data, std::vector<city_hdd> const& hdd) {
  std::printf("Heating degree days (HDD) of past winters, 1 November to 31 March (batch_map over %zu days, "
              "%s to %s)\n",
              hdd.size(), to_text(data.first).c_str(),
              to_text(data.first + std::chrono::days(static_cast<int>(hdd.size()) - 1)).c_str());
  std::printf("%24s", "");
  for (auto const name : underlying_names) std::printf("%12s", name);
  auto const row = [](std::string const& name, std::array<double, underlyings> const& values) {
    std::printf("\n%-24s", name.c_str());
    for (double const x : values) std::printf("%12.1f", x);
  };
  for (auto const& w : past_winters(data, hdd))
    row("winter " + std::to_string(w.year) + '/' + std::to_string(w.year + 1), w.hdd);
  row("mean of all their days", historical_mean(data, hdd));
  std::printf("\nThe last row takes every calendar day's mean over all years that have it, also of winters "
              "cut off by "
              "the\ndata's ends. The basket is the mean of the two cities.\n");
}

inline void print_prices(weather const& data, answers const& a) {
  auto const history = historical_mean(data, a.hdd);
  std::printf("\nNext winter: %zu samples; a winter is %zu blocks of %zu days, each from a random year, up "
              "to %d days "
              "around\nits calendar day, both cities from the same dates (monte_carlo, simulate)\n%24s",
              a.prices[0].samples, season_blocks, block_days, most_shift, "");
  for (auto const name : underlying_names) std::printf("%21s", name);
  auto const row = [](char const* name, auto&& cell) {
    std::printf("\n%-24s", name);
    for (std::size_t k = 0; k < underlyings; ++k) {
      char text[64];
      cell(k, text, sizeof text);
      std::printf("%21s", text);
    }
  };
  row("HDD, mean",
      [&](std::size_t k, char* to, std::size_t n) { std::snprintf(to, n, "%.2f", a.season[k].mean); });
  row("HDD, standard deviation", [&](std::size_t k, char* to, std::size_t n) {
    std::snprintf(to, n, "%.2f", std::sqrt(a.season[k].variance));
  });
  row("mean against history", [&](std::size_t k, char* to, std::size_t n) {
    std::snprintf(to, n, "%+.2f %%", 100 * (a.season[k].mean / history[k] - 1));
  });
  for (std::size_t q = 0; q < quantile_levels.size(); ++q) {
    char name[32];
    std::snprintf(name, sizeof name, "HDD, %.0f %% quantile", 100 * quantile_levels[q]);
    row(name,
        [&](std::size_t k, char* to, std::size_t n) { std::snprintf(to, n, "%.2f", a.quantiles[k][q]); });
  }
  row("strike",
      [&](std::size_t k, char* to, std::size_t n) { std::snprintf(to, n, "%.0f", a.terms.strikes[k]); });
  row("price",
      [&](std::size_t k, char* to, std::size_t n) { std::snprintf(to, n, "%.2f", a.prices[k].mean); });
  row("standard error", [&](std::size_t k, char* to, std::size_t n) {
    std::snprintf(to, n, "%.2f", a.prices[k].standard_error());
  });
  row("95 % interval", [&](std::size_t k, char* to, std::size_t n) {
    auto const [low, high] = a.prices[k].interval(0.95);
    std::snprintf(to, n, "%.2f .. %.2f", low, high);
  });
  std::printf("\n");
}

/// What it is worth, and how sure we are.
inline void print_words(answers const& a) {
  std::printf("\nWhat it is worth, and how sure we are\n"
              "An option pays $%g for every degree day of the winter above its strike, for at most %g of "
              "them: $%g at "
              "most.\n",
              a.terms.tick, a.terms.cap, a.terms.tick * a.terms.cap);
  for (std::size_t k = 0; k < underlyings; ++k) {
    if (a.prices[k].mean == 0) {
      std::printf(
          "- %s: it paid in none of the sampled winters; nobody can say from them what it is worth.\n",
          underlying_names[k]);
      continue;
    }
    auto const [low, high] = a.prices[k].interval(0.95);
    std::printf(
        "- %s: on average it pays $%.2f, give or take $%.2f; its fair price before interest and margin.\n",
        underlying_names[k], a.prices[k].mean, (high - low) / 2);
  }
  auto const& strike = a.terms.strikes;
  if (strike[2] == (strike[0] + strike[1]) / 2)
    std::printf(
        "The basket costs $%.2f less than half an option on each city: a mild winter in one makes up for a "
        "cold one\nin the other.\n",
        (a.prices[0].mean + a.prices[1].mean) / 2 - a.prices[2].mean);
  std::printf(
      "\"Give or take\" covers the chance in the sampling: 19 of 20 such runs come so near to the model's "
      "answer, and\nfour times the samples halve it. It says nothing about the model, which knows only the "
      "years in the file, takes\nits weeks as independent (so that whole cold winters are rarer than in "
      "nature), and sees no trend.\n");
}

/// How the numbers of a run compare with inline's.
inline std::string compare(answers const& a, answers const& b) {
  if (a.bits() != b.bits()) return "NO";
  // matmul promises equal bits at every width of one backend, and closeness across backends.
  if (a.correlation.size() == b.correlation.size() &&
      std::equal(a.correlation.data(), a.correlation.data() + a.correlation.size(), b.correlation.data()))
    return "yes";
  char text[64];
  std::snprintf(text, sizeof text, "yes; matmul to %.0e",
                (a.correlation - b.correlation).cwiseAbs().maxCoeff());
  return text;
}

inline void print_backends(std::vector<backend_run> const& runs) {
  std::printf(
      "\nTime of each step in milliseconds, by backend (bits: whether every number above has inline's)\n");
  std::printf("%-12s%6s", "backend", "width");
  for (auto const name : step_names) std::printf("%12s", name);
  std::printf("%10s%12s%10s  %s\n", "total", "samples/s", "speed-up", "bits");
  auto const total = [](outcome const& o) {
    double sum = 0;
    for (double const s : o.seconds) sum += s;
    return sum;
  };
  outcome const& reference = runs.front().result;
  for (auto const& run : runs) {
    std::printf("%-12s%6zu", run.name.c_str(), run.width);
    for (double const s : run.result.seconds) std::printf("%12.2f", 1e3 * s);
    double const priced = static_cast<double>(run.result.found.prices[0].samples) / run.result.seconds[2];
    std::printf("%10.2f%12.3g%10.2f  %s\n", 1e3 * total(run.result), priced,
                total(reference) / total(run.result), compare(reference.found, run.result.found).c_str());
  }
  std::printf("samples/s is monte_carlo's; the speed-up is that of the total.\n");
}
