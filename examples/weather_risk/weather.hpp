/// @file weather.hpp
/// Daily weather of two cities, read from a CSV file; what is wrong with the file is told with its line
/// number.
#pragma once
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

/// A problem with the data: "file:line: reason".
inline std::runtime_error bad_data(std::string const& file, std::size_t line, std::string const& reason) {
  return std::runtime_error(file + ':' + std::to_string(line) + ": " + reason);
}

inline constexpr std::size_t city_count = 2;
inline constexpr std::array<std::string_view, city_count> city_names{"Seattle", "New York"};

inline constexpr std::size_t variable_count = 4;
inline constexpr std::array<std::string_view, variable_count> variable_names{"precipitation", "temp_max", "temp_min", "wind"};

/// What is taken for weather: somewhat beyond the records of the World Meteorological Organization's archive of extremes (-89.2 and
/// 56.7 °C, 1825 mm in a day, gusts of 113 m/s). Other numbers are slips, and would be priced.
struct plausible_range {
  double least, most;
  std::string_view unit;
};
inline constexpr std::array<plausible_range, variable_count> plausible{
    {{0, 2000, "mm"}, {-90, 60, "°C"}, {-90, 60, "°C"}, {0, 120, "m/s"}}};

/// What was measured in one city on one day, in the order of variable_names.
struct reading {
  double precipitation, temp_max, temp_min, wind;
};

/// One day in both cities.
struct day {
  std::array<reading, city_count> in;
};

/// Consecutive days, none missing.
struct weather {
  std::chrono::sys_days first;
  std::vector<day> days;
  std::string file;
  std::size_t lines = 0;
};

inline std::string to_text(std::chrono::sys_days date) {
  std::chrono::year_month_day const d(date);
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(d.year()), static_cast<unsigned>(d.month()),
                static_cast<unsigned>(d.day()));
  return text;
}

/// Reads one file; an object so that every message knows where the reader is.
class weather_reader {
public:
  explicit weather_reader(std::string file) : file_(std::move(file)) {}

  weather read() {
    std::ifstream in = open();
    std::string line;
    if (!next_line(in, line)) throw bad_data(file_, 1, "the file is empty");
    read_header(line);
    while (next_line(in, line))
      if (!line.empty()) read_row(line);
    if (in.bad()) fail("the file can't be read further: " + std::string(std::strerror(errno)));
    return joined();
  }

private:
  using date = std::chrono::sys_days;
  struct row {
    reading values;
    std::size_t line;
  };

  [[noreturn]] void fail(std::string const& reason) const { throw bad_data(file_, line_, reason); }

  [[nodiscard]] std::ifstream open() const {
    std::error_code ignored; // what can't be asked about can't be opened either, and that is told below
    if (std::filesystem::is_directory(file_, ignored)) throw std::runtime_error(file_ + ": is a directory");
    errno = 0;
    std::ifstream in(file_);
    if (!in) throw std::runtime_error(file_ + ": can't be opened: " + std::strerror(errno));
    return in;
  }

  bool next_line(std::ifstream& in, std::string& line) {
    if (!std::getline(in, line)) return false;
    ++line_;
    if (line.ends_with('\r')) line.pop_back();
    return true;
  }

  void split(std::string_view line) {
    fields_.clear();
    for (std::size_t comma; (comma = line.find(',')) != line.npos; line.remove_prefix(comma + 1))
      fields_.push_back(line.substr(0, comma));
    fields_.push_back(line);
  }

  void read_header(std::string_view line) {
    if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3); // a byte order mark, as spreadsheets write it
    split(line);
    columns_ = fields_.size();
    location_ = column("location");
    date_ = column("date");
    for (std::size_t v = 0; v < variable_count; ++v) variables_[v] = column(variable_names[v]);
  }

  [[nodiscard]] std::size_t column(std::string_view name) const {
    for (std::size_t i = 0; i < fields_.size(); ++i)
      if (fields_[i] == name) return i;
    fail("the header has no column \"" + std::string(name) + '"');
  }

  void read_row(std::string const& line) {
    split(line);
    if (fields_.size() != columns_)
      fail("the row has " + std::to_string(fields_.size()) + " fields, the header " + std::to_string(columns_));
    for (std::size_t c = 0; c < city_count; ++c) {
      if (fields_[location_] != city_names[c]) continue; // other cities may be there; nobody asks about them
      date const when = read_date(fields_[date_]);
      auto const n = [this](std::size_t v) { return number(v); };
      if (number(1) < number(2))
        fail("temp_max \"" + std::string(fields_[variables_[1]]) + "\" is below temp_min \"" +
             std::string(fields_[variables_[2]]) + '"');
      auto const [at, is_new] = rows_[c].emplace(when, row{{n(0), n(1), n(2), n(3)}, line_});
      if (!is_new)
        fail(std::string(city_names[c]) + ' ' + to_text(when) + " is there twice, first in line " +
             std::to_string(at->second.line));
    }
  }

  [[nodiscard]] double number(std::size_t variable) const {
    std::string_view const text = fields_[variables_[variable]];
    double value = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failure != std::errc{} || end != text.data() + text.size() || !std::isfinite(value))
      fail(std::string(variable_names[variable]) + " \"" + std::string(text) + "\" is no number");
    auto const& [least, most, unit] = plausible[variable];
    if (value < least || value > most)
      fail(std::string(variable_names[variable]) + " \"" + std::string(text) + "\" is not between " + whole(least) + " and " +
           whole(most) + ' ' + std::string(unit));
    return value;
  }

  static std::string whole(double x) { return std::to_string(static_cast<int>(x)); }

  [[nodiscard]] date read_date(std::string_view text) const {
    int part[3]{};
    bool good = text.size() == 10 && text[4] == '-' && text[7] == '-';
    for (std::size_t i = 0, begin = 0; good && i < 3; begin += i == 0 ? 5 : 3, ++i) {
      char const* const last = text.data() + begin + (i == 0 ? 4 : 2);
      auto const [end, failure] = std::from_chars(text.data() + begin, last, part[i]);
      good = failure == std::errc{} && end == last && part[i] >= 0;
    }
    std::chrono::year_month_day const d{std::chrono::year(part[0]), std::chrono::month(static_cast<unsigned>(part[1])),
                                        std::chrono::day(static_cast<unsigned>(part[2]))};
    if (!good || !d.ok()) fail("date \"" + std::string(text) + "\" is no date like 2012-01-31");
    return d;
  }

  /// The cities side by side, if they have the same days and none is missing.
  [[nodiscard]] weather joined() const {
    for (std::size_t c = 0; c < city_count; ++c) {
      if (rows_[c].empty()) fail("there is no row of " + std::string(city_names[c]));
      date expected = rows_[c].begin()->first;
      for (auto const& [when, r] : rows_[c]) {
        if (when != expected) missing(c, expected, r.line);
        expected += std::chrono::days(1);
      }
    }
    for (std::size_t c = 1; c < city_count; ++c) {
      // A city that begins later or ends earlier than its neighbour lacks a day, too.
      for (bool const begin : {true, false}) {
        auto const& a = begin ? *rows_[0].begin() : *rows_[0].rbegin();
        auto const& b = begin ? *rows_[c].begin() : *rows_[c].rbegin();
        if (a.first == b.first) continue;
        bool const first_lacks = (a.first < b.first) != begin;
        auto const& longer = first_lacks ? b : a;
        auto const& shorter = first_lacks ? a : b;
        missing(first_lacks ? 0 : c, longer.first, shorter.second.line);
      }
    }
    weather out{rows_[0].begin()->first, {}, file_, line_};
    for (auto other = rows_[1].begin(); auto const& [when, r] : rows_[0])
      out.days.push_back({{r.values, (other++)->second.values}});
    return out;
  }

  [[noreturn]] void missing(std::size_t city, date when, std::size_t line) const {
    throw bad_data(file_, line, std::string(city_names[city]) + ": " + to_text(when) + " is missing");
  }

  std::string file_;
  std::size_t line_ = 0;
  std::vector<std::string_view> fields_;
  std::size_t columns_ = 0, location_ = 0, date_ = 0;
  std::array<std::size_t, variable_count> variables_{};
  std::array<std::map<date, row>, city_count> rows_;
};

/// @throws std::runtime_error that says what is wrong, and where.
inline weather read_weather(std::string const& file) { return weather_reader(file).read(); }
