/// @file ranges.hpp
/// The same numbers in ranges of all kinds.
#pragma once
#include "harness.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <deque>
#include <iterator>
#include <list>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

namespace testing {

/// To be read once, each element a temporary.
class read_once_values {
public:
  explicit read_once_values(std::vector<double> const& of) : of_(&of) {}
  class iterator {
  public:
    using value_type = double;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::input_iterator_tag;
    iterator() = default;
    explicit iterator(read_once_values* range) : range_(range) {}
    double operator*() const { return (*range_->of_)[range_->at_]; }
    iterator& operator++() {
      ++range_->at_;
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(iterator const& i, std::default_sentinel_t) { return i.range_->at_end(); }

  private:
    read_once_values* range_ = nullptr;
  };
  iterator begin() { return iterator(this); }
  static std::default_sentinel_t end() { return {}; }
  [[nodiscard]] bool at_end() const { return at_ == of_->size(); }

private:
  std::vector<double> const* of_;
  std::size_t at_ = 0;
};
static_assert(std::ranges::input_range<read_once_values> && !std::ranges::forward_range<read_once_values>);

/// A view without memory side by side; not std::views::reverse, which clang 14 can't compile.
struct backwards {
  std::vector<double> const* of;
  [[nodiscard]] auto begin() const { return of->rbegin(); }
  [[nodiscard]] auto end() const { return of->rend(); }
};
static_assert(std::ranges::random_access_range<backwards> && !std::ranges::contiguous_range<backwards>);

inline Eigen::Map<Eigen::VectorXd const> as_eigen(std::vector<double> const& x) {
  return {x.data(), static_cast<Eigen::Index>(x.size())};
}

/// Calls f(range) with x in a range that can be read.
template <class F>
void as_some_range(random_call& call, std::vector<double> const& x, F const& f) {
  if (x.size() == 7 && call.once_in(3)) {
    call.note("an array,");
    std::array<double, 7> array{};
    std::copy(x.begin(), x.end(), array.begin());
    return f(array);
  }
  switch (call.below(10)) {
    case 0: call.note("an rvalue,"); return f(std::vector<double>(x));
    case 1: call.note("a span,"); return f(std::span<double const>(x));
    case 2: {
      call.note("a const deque,");
      std::deque<double> const deque(x.begin(), x.end());
      return f(deque);
    }
    case 3: {
      call.note("a list,");
      std::list<double> list(x.begin(), x.end());
      return f(list);
    }
    case 4: call.note("read once,"); return f(read_once_values(x));
    case 5: {
      call.note("a vector of Eigen,");
      Eigen::VectorXd const vector = as_eigen(x);
      return f(vector);
    }
    case 6: {
      call.note("a row of Eigen,");
      Eigen::MatrixXd matrix = Eigen::MatrixXd::Constant(3, static_cast<Eigen::Index>(x.size()), 7.0);
      matrix.row(1) = as_eigen(x).transpose();
      return f(matrix.row(1));
    }
    case 7: call.note("an expression of Eigen,"); return f(-(-as_eigen(x)));
    case 8: {
      call.note("backwards,");
      std::vector<double> const reversed(x.rbegin(), x.rend());
      return f(backwards{&reversed});
    }
    default: call.note("a const vector,"); return f(x);
  }
}

/// Calls f(storage) with n places in a range that can be written, lvalue or not. Returns what is in them then.
template <class F>
std::vector<double> into_some_range(random_call& call, std::size_t n, F const& f) {
  auto const all = [](auto const& range) { return std::vector<double>(range.begin(), range.end()); };
  switch (call.below(5)) {
    case 0: {
      call.note("into a list");
      std::list<double> list(n);
      f(list);
      return all(list);
    }
    case 1: {
      call.note("into a deque");
      std::deque<double> deque(n);
      f(deque);
      return all(deque);
    }
    case 2: {
      call.note("into a row of Eigen");
      Eigen::MatrixXd matrix(3, static_cast<Eigen::Index>(n));
      f(matrix.row(1));
      Eigen::VectorXd const row = matrix.row(1).transpose();
      return std::vector<double>(row.data(), row.data() + n);
    }
    case 3: {
      call.note("into a span");
      std::vector<double> out(n);
      f(std::span(out));
      return out;
    }
    default: {
      call.note("into a vector of Eigen");
      Eigen::VectorXd vector(static_cast<Eigen::Index>(n));
      f(vector);
      return std::vector<double>(vector.data(), vector.data() + n);
    }
  }
}

} // namespace testing
