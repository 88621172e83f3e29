/// @file parser.hpp
/// A reader of tables of numbers as one finds them: quick, written for good files, and with three real faults.
#pragma once
#include <charconv>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

/// What is reported of a file.
struct summary {
  std::size_t rows = 0;
  double sum = 0;
};

/// A file has a line "columns N", then rows of N numbers with commas between; "repeat N" says that the row before it
/// counts N times more; "include NAME" stands for the lines of another file in the same folder.
class parser {
public:
  explicit parser(std::string const& path) : folder_(path.substr(0, path.rfind('/') + 1)) { read(path); }
  [[nodiscard]] summary result() const { return {rows_, sum_}; }

private:
  void read(std::string const& path) {
    std::ifstream file(path);
    if (!file) throw std::runtime_error("can't open " + path);
    std::string line;
    while (std::getline(file, line)) {
      std::istringstream words(line);
      std::string word;
      words >> word;
      if (word == "columns") {
        words >> columns_;
      } else if (word == "repeat") {
        std::size_t times = 0;
        words >> times;
        for (std::size_t k = 0; k < times; ++k) kept_.push_back(row_); // fault: as many as the file says
        account(times);
      } else if (word == "include") {
        words >> word;
        read(folder_ + word); // fault: a file may include itself
      } else if (!line.empty()) {
        read_row(line);
        account(1);
      }
    }
  }

  void read_row(std::string const& line) {
    row_.assign(columns_, 0.0);
    char const* at = line.data();
    char const* const end = at + line.size();
    for (std::size_t k = 0; k < columns_;) {
      auto const [rest, failure] = std::from_chars(at, end, row_[k]);
      if (failure == std::errc::invalid_argument && at != end && *at != ',') throw std::domain_error("no number: " + line);
      if (failure == std::errc{}) ++k;
      at = rest != end && *rest == ',' ? rest + 1 : rest; // fault: at the end of a short row it stays there
    }
  }

  void account(std::size_t times) {
    rows_ += times;
    for (double const x : row_) sum_ += x * static_cast<double>(times);
  }

  std::string folder_;
  std::size_t columns_ = 0, rows_ = 0;
  double sum_ = 0;
  std::vector<double> row_;
  std::vector<std::vector<double>> kept_;
};
