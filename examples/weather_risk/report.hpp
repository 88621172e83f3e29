/// @file report.hpp
/// The answers in tables and in words.
#pragma once
#include "../output.hpp"
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

/// @throws std::runtime_error that names the first of the answers that is no number.
inline void check_numbers(answers const& a) {
  for (std::size_t k = 0; k < underlyings; ++k) {
    std::string const of = std::string(" of ") + underlying_names[k];
    check_number(a.season[k].mean, "the mean of the degree days" + of);
    check_number(a.prices[k].mean, "the price" + of);
    if (a.prices[k].samples > 1) { // one sample has no variance
      check_number(a.season[k].variance, "the variance of the degree days" + of);
      check_number(a.prices[k].standard_error(), "the standard error of the price" + of);
    }
    for (double const x : a.quantiles[k]) check_number(x, "a quantile of the degree days" + of);
  }
  for (Eigen::Index i = 0; i < a.correlation.size(); ++i) check_number(a.correlation.data()[i], "a correlation");
}

inline void print_correlations(Eigen::MatrixXd const& r) {
  std::printf("\nCorrelations of daily weather (matmul of the standardised columns)\n%24s", "");
  auto const per_city = static_cast<int>(8 * variable_count);
  for (auto const city : city_names) std::printf("  %-*.*s", per_city - 2, static_cast<int>(city.size()), city.data());
  std::printf("\n%24s", "");
  for (std::size_t c = 0; c < city_count; ++c)
    for (auto const name : {"precip", "tmax", "tmin", "wind"}) std::printf("%8s", name);
  std::printf("\n");
  for (Eigen::Index i = 0; i < r.rows(); ++i) {
    auto const k = static_cast<std::size_t>(i);
    std::string const name = std::string(city_names[k / variable_count]) + ' ' + std::string(variable_names[k % variable_count]);
    std::printf("%-24s", name.c_str());
    for (Eigen::Index j = 0; j < r.cols(); ++j) std::printf("%8.2f", r(i, j));
    std::printf("\n");
  }
}

inline void print_history(weather const& data, std::vector<city_hdd> const& hdd) {
  std::printf("Heating degree days (HDD) of past winters, 1 November to 31 March\n(batch_map over %zu days, "
              "%s to %s)\n",
              hdd.size(), to_text(data.first).c_str(),
              to_text(data.first + std::chrono::days(static_cast<int>(hdd.size()) - 1)).c_str());
  std::printf("%24s", "");
  for (auto const name : underlying_names) std::printf("%12s", name);
  auto const row = [](std::string const& name, std::array<double, underlyings> const& values) {
    std::printf("\n%-24s", name.c_str());
    for (double const x : values) std::printf("%12.1f", x);
  };
  for (auto const& w : past_winters(data, hdd)) row("winter " + std::to_string(w.year) + '/' + std::to_string(w.year + 1), w.hdd);
  row("mean of all their days", historical_mean(data, hdd));
  std::printf("\nThe last row takes every calendar day's mean over all years that have it, also of winters "
              "cut off by "
              "the\ndata's ends. The basket is the mean of the two cities.\n");
}

inline void print_prices(weather const& data, answers const& a) {
  using values = std::array<double, underlyings>;
  auto const of_each = [](auto&& f) {
    values out{};
    for (std::size_t k = 0; k < underlyings; ++k) out[k] = f(k);
    return out;
  };
  auto const row = [](char const* name, int digits, values const& cells) {
    std::printf("\n%-24s", name);
    for (double const x : cells)
      if (std::isnan(x)) // of one sample
        std::printf("%21s", "unknown");
      else
        std::printf("%21.*f", digits, x);
  };
  std::printf("\nNext winter: %zu samples; a winter is %zu blocks of %zu days, each from a random year, up "
              "to\n%d days "
              "around its calendar day, both cities from the same dates (monte_carlo, simulate)\n%24s",
              a.prices[0].samples, season_blocks, block_days, most_shift, "");
  for (auto const name : underlying_names) std::printf("%21s", name);

  row("HDD, mean", 2, of_each([&](std::size_t k) { return a.season[k].mean; }));
  row("HDD, history's mean", 2, historical_mean(data, a.hdd));
  row("HDD, standard deviation", 2, of_each([&](std::size_t k) { return std::sqrt(a.season[k].variance); }));
  if (auto const spread = past_deviation(data, a.hdd)) row("same, of past winters", 2, *spread);
  for (std::size_t q = 0; q < quantile_levels.size(); ++q) {
    std::string const name = "HDD, " + std::to_string(std::lround(100 * quantile_levels[q])) + " % quantile";
    row(name.c_str(), 2, of_each([&](std::size_t k) { return a.quantiles[k][q]; }));
  }
  row("strike", 0, a.terms.strikes);
  row("price", 2, of_each([&](std::size_t k) { return a.prices[k].mean; }));
  row("standard error", 2, of_each([&](std::size_t k) { return a.prices[k].standard_error(); }));
  row("95 % interval, from", 2, of_each([&](std::size_t k) { return a.prices[k].interval(0.95).low; }));
  row("to", 2, of_each([&](std::size_t k) { return a.prices[k].interval(0.95).high; }));
  std::printf("\n");
}

/// What it is worth, and how sure we are.
inline void print_words(weather const& data, answers const& a) {
  std::printf("\nWhat it is worth, and how sure we are\n"
              "An option pays $%g for every degree day of the winter above its strike, for at most %g of them.\n",
              a.terms.tick, a.terms.cap);
  auto const history = historical_mean(data, a.hdd);
  double apart = 0;
  for (std::size_t k = 0; k < underlyings; ++k) {
    auto const& price = a.prices[k];
    apart = std::max(apart, std::abs(a.season[k].mean / history[k] - 1));
    std::printf("- %s: ", underlying_names[k]);
    if (price.mean == 0)
      std::printf("it paid nothing in any of the sampled winters, which can't tell what it is worth.\n");
    else if (price.samples == 1)
      std::printf("it paid $%.2f in the one sampled winter, which can't tell how sure that is.\n", price.mean);
    else
      std::printf("on average it pays $%.2f, give or take $%.2f; its fair price before interest and margin.\n", price.mean,
                  price.mean - price.interval(0.95).low);
  }
  auto const& strike = a.terms.strikes;
  double const saved = (a.prices[0].mean + a.prices[1].mean) / 2 - a.prices[2].mean;
  if (strike[2] == (strike[0] + strike[1]) / 2 && saved > 0)
    std::printf("The basket costs $%.2f less than half an option on each city: a mild winter in one makes up for\n"
                "a cold one in the other.\n",
                saved);
  std::printf("Sanity check: the sampled winters' mean degree days are within %.2f %% of history's.\n", 100 * apart);
  std::printf("\"Give or take\" covers the chance in the sampling: 19 of 20 such runs come so near to the model's\n"
              "answer, and four times the samples halve it. It says nothing about the model, which knows only the\n"
              "years in the file and sees no trend. It takes weeks as independent of each other, so that whole cold\n"
              "winters are rarer than in nature: compare the two standard deviations.\n");
}

/// How the numbers of a run compare with inline's.
inline std::string compare(answers const& a, answers const& b) {
  if (a.bits() != b.bits()) return "NO";
  // matmul promises equal bits at every width of one backend, and closeness across backends.
  if (a.correlation.size() == b.correlation.size() &&
      std::equal(a.correlation.data(), a.correlation.data() + a.correlation.size(), b.correlation.data()))
    return "yes";
  char text[64];
  std::snprintf(text, sizeof text, "yes; matmul to %.0e", (a.correlation - b.correlation).cwiseAbs().maxCoeff());
  return text;
}

inline void print_backends(std::vector<backend_run> const& runs) {
  std::printf("\nTime of each step in milliseconds, by backend (bits: whether every number above has inline's)\n");
  std::printf("%-14s%6s", "backend", "width");
  for (auto const name : step_names) std::printf("%12s", name);
  std::printf("%10s%12s%10s  %s\n", "total", "samples/s", "speed-up", "bits");
  auto const total = [](outcome const& o) {
    double sum = 0;
    for (double const s : o.seconds) sum += s;
    return sum;
  };
  outcome const& reference = runs.front().result;
  for (auto const& run : runs) {
    std::printf("%-14s%6zu", run.name.c_str(), run.width);
    for (double const s : run.result.seconds) std::printf("%12.2f", 1e3 * s);
    double const priced = static_cast<double>(run.result.found.prices[0].samples) / run.result.seconds[2];
    std::printf("%10.2f%12.3g%10.2f  %s\n", 1e3 * total(run.result), priced, total(reference) / total(run.result),
                compare(reference.found, run.result.found).c_str());
  }
  std::printf("samples/s is monte_carlo's; the speed-up is that of the total.\n");
}
