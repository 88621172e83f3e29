/// @file winter.hpp
/// The season, its place in the data's calendar, and history's own figures: the part that needs no executor.
#pragma once
#include "weather.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

using city_hdd = std::array<double, city_count>;

/// Both cities, and the basket of them.
inline constexpr std::size_t underlyings = city_count + 1;
inline constexpr std::array<char const*, underlyings> underlying_names{"Seattle", "New York", "basket"};

/// tick × min(cap, max(0, HDD − strike)).
struct contract {
  double tick, cap;
  std::array<double, underlyings> strikes;
};

inline constexpr std::size_t season_days = 151; ///< 1 November to 31 March, without a leap day
inline constexpr std::size_t block_days = 7;
inline constexpr std::size_t season_blocks = (season_days + block_days - 1) / block_days; ///< the last is shorter
inline constexpr int most_shift = 7; ///< a block begins up to so many days before or after its calendar day

/// Where a block of the season may begin: starts[first] to starts[first + count - 1], all equally likely.
struct block_choices {
  std::uint32_t first, count;
};

struct block_table {
  std::vector<block_choices> blocks; ///< season_blocks of them
  std::vector<std::uint32_t> starts; ///< days of the data
};

/// The position in the data of a day of the season that begins in `year`; may lie outside the data. 29
/// February is nobody's calendar day (but may be a block's).
inline std::ptrdiff_t position(weather const& data, std::chrono::year year, std::size_t season_day) {
  using namespace std::chrono;
  std::size_t constexpr to_new_year = 61, to_march = to_new_year + 31 + 28;
  auto const [begin, skipped] = season_day < to_new_year ? std::pair(sys_days(year / November / 1), std::size_t{0})
                                : season_day < to_march  ? std::pair(sys_days((year + years(1)) / January / 1), to_new_year)
                                                         : std::pair(sys_days((year + years(1)) / March / 1), to_march);
  return (begin - data.first).count() + static_cast<std::ptrdiff_t>(season_day - skipped);
}

/// The years whose November or following March may lie in the data.
inline std::vector<std::chrono::year> season_years(weather const& data) {
  using namespace std::chrono;
  std::vector<year> out;
  auto const last_year = year_month_day(data.first + days(static_cast<int>(data.days.size()))).year();
  for (year y = year_month_day(data.first).year() - years(1); y <= last_year; ++y) out.push_back(y);
  return out;
}

/// Every block of the data that may stand in for a block of the season: around the same calendar day,
/// whichever the year, and whole. So the data's first months serve the end of winter, its last ones the
/// beginning, and what would run over an end of the data is no choice.
inline block_table find_blocks(weather const& data) {
  block_table out;
  for (std::size_t b = 0; b < season_blocks; ++b) {
    auto const first = out.starts.size();
    for (auto const year : season_years(data)) {
      auto const middle = position(data, year, b * block_days);
      for (auto start = middle - most_shift; start <= middle + most_shift; ++start)
        if (start >= 0 && start + static_cast<std::ptrdiff_t>(block_days) <= static_cast<std::ptrdiff_t>(data.days.size()))
          out.starts.push_back(static_cast<std::uint32_t>(start));
    }
    if (out.starts.size() == first)
      throw bad_data(data.file, data.lines, "the days end before there is one of each from 1 November to 31 March");
    out.blocks.push_back({static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(out.starts.size() - first)});
  }
  return out;
}

inline std::array<double, underlyings> with_basket(double seattle, double new_york) {
  return {seattle, new_york, (seattle + new_york) / 2};
}

/// Every calendar day's mean over the years that have it, summed over the season.
inline std::array<double, underlyings> historical_mean(weather const& data, std::vector<city_hdd> const& hdd) {
  city_hdd total{};
  for (std::size_t d = 0; d < season_days; ++d) {
    city_hdd sum{};
    int count = 0;
    for (auto const year : season_years(data)) {
      auto const at = position(data, year, d);
      if (at < 0 || at >= static_cast<std::ptrdiff_t>(hdd.size())) continue;
      for (std::size_t c = 0; c < city_count; ++c) sum[c] += hdd[static_cast<std::size_t>(at)][c];
      ++count;
    }
    for (std::size_t c = 0; c < city_count && count != 0; ++c) total[c] += sum[c] / count;
  }
  return with_basket(total[0], total[1]);
}

struct past_winter {
  int year; ///< in which it began
  std::array<double, underlyings> hdd;
};

/// The winters that are whole in the data.
inline std::vector<past_winter> past_winters(weather const& data, std::vector<city_hdd> const& hdd) {
  std::vector<past_winter> out;
  for (auto const year : season_years(data)) {
    if (position(data, year, 0) < 0 || position(data, year, season_days - 1) >= static_cast<std::ptrdiff_t>(hdd.size())) continue;
    city_hdd sum{};
    for (std::size_t d = 0; d < season_days; ++d)
      for (std::size_t c = 0; c < city_count; ++c) sum[c] += hdd[static_cast<std::size_t>(position(data, year, d))][c];
    out.push_back({static_cast<int>(year), with_basket(sum[0], sum[1])});
  }
  return out;
}

/// The standard deviations of the whole winters in the data, if there are at least two.
inline std::optional<std::array<double, underlyings>> past_deviation(weather const& data, std::vector<city_hdd> const& hdd) {
  auto const winters = past_winters(data, hdd);
  if (winters.size() < 2) return {};
  auto const n = static_cast<double>(winters.size());
  std::array<double, underlyings> out{};
  for (std::size_t k = 0; k < underlyings; ++k) {
    double sum = 0, squares = 0;
    for (auto const& w : winters) sum += w.hdd[k];
    for (auto const& w : winters) squares += (w.hdd[k] - sum / n) * (w.hdd[k] - sum / n);
    out[k] = std::sqrt(squares / (n - 1));
  }
  return out;
}

/// The cities' means to the nearest ten, since strikes are round numbers; the basket's is the mean of theirs,
/// so that it compares with half an option on each.
inline std::array<double, underlyings> strikes_near(std::array<double, underlyings> const& means) {
  return with_basket(std::round(means[0] / 10) * 10, std::round(means[1] / 10) * 10);
}

/// A row for each day, a column for each variable of each city, with mean 0 and variance 1.
inline Eigen::MatrixXd standardised(weather const& data) {
  auto const rows = static_cast<Eigen::Index>(data.days.size());
  Eigen::MatrixXd z(rows, static_cast<Eigen::Index>(city_count * variable_count));
  for (Eigen::Index i = 0; i < rows; ++i) {
    Eigen::Index j = 0;
    for (auto const& r : data.days[static_cast<std::size_t>(i)].in)
      for (double const x : {r.precipitation, r.temp_max, r.temp_min, r.wind}) z(i, j++) = x;
  }
  for (auto column : z.colwise()) {
    column.array() -= column.mean();
    double const deviation = std::sqrt(column.squaredNorm() / static_cast<double>(rows - 1));
    if (deviation > 0) column /= deviation; // what never changes is correlated with nothing
  }
  return z;
}

/// The position of a quantile among n sorted values: the first that at least that part of them does not
/// exceed.
inline std::size_t rank(double level, std::int64_t n) {
  return static_cast<std::size_t>(std::max(1.0, std::ceil(level * static_cast<double>(n)))) - 1;
}
