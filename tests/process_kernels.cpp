/// @file process_kernels.cpp
/// Kernels and elements of every kind that can be copied byte by byte, on processes: such as have no default constructor, or members that
/// nobody else sees.
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/scan.hpp>
#include <trireme/algorithm/sort.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/processes/executor.hpp>

#include "far_executor.hpp"
#include "kernels.hpp"
#include "testing.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>
#include <vector>

namespace tri = trireme;
using testing::add_boxed;
using testing::boxed;

namespace {

struct base {
  explicit base(double v) : factor(v) {}
  double factor;
};
struct derived : base {
  using base::base;
  double operator()(double x) const { return factor * x; }
};
class hidden {
public:
  explicit hidden(double v) : factor_(v), zero_(0) {}
  double operator()(double x) const { return factor_ * x + zero_ + rest_[2] + a_ + b_ + c_ + d_ + e_ + f_; }

private:
  double factor_;
  double const zero_;
  std::array<int, 3> rest_{1, 1, 0};
  int a_ = 0, b_ = 0, c_ = 0, d_ = 0, e_ = 0, f_ = 0;
};
struct aggregate { // of more members than the library's own have
  derived f;
  boxed zero;
  int a, b, c, d, e, g, h, i, j, k;
  double operator()(double x) const { return f(x) + zero.value + a + b + c + d + e + g + h + i + j + k; }
};
inline constexpr double triple = 3;
struct refers { // to what every image of the program has
  double const& factor;
  double operator()(double x) const { return factor * x; }
};
struct boxes {
  double factor;
  explicit boxes(double v) : factor(v) {}
  boxed operator()(double x) const { return boxed(factor * x); }
};
/// Neither a default nor an assignment.
struct constant {
  explicit constant(double v) : value(v) {}
  double const value;
};
struct add_constants {
  constant operator()(constant a, constant b) const { return constant(a.value + b.value); }
};

tri::process_pool const& processes() {
  static tri::process_pool const pool(2);
  return pool;
}
template <class Check>
void on_each(Check const& check) {
  check(tri::inline_executor{});
  check(testing::far_executor{});
  check(processes());
}

} // namespace

TEST_CASE("process kernels: without a default constructor, with bases, and with members of any kind and number") {
  std::vector<double> const in(5000, 2.0), thrice(5000, 6.0);
  CHECK(tri::transform(processes(), in, derived(3)) == thrice);
  CHECK(tri::transform(processes(), in, hidden(3)) == thrice);
  CHECK(tri::transform(processes(), in, aggregate{derived(3), boxed(0), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) == thrice);
  CHECK(tri::transform(processes(), in, refers{triple}) == thrice);
  CHECK(tri::transform_reduce(processes(), in, 0.0, std::plus<>{}, hidden(3)) == 30'000);
}

TEST_CASE("process kernels: elements and values without a default constructor") {
  std::vector<boxed> in;
  for (int i = 0; i < 9000; ++i) in.emplace_back(i % 7);
  std::vector<double> const twos(9000, 2.0);
  on_each([&](auto const& ex) {
    auto const totals = tri::inclusive_scan(ex, in, add_boxed{});
    auto const before = tri::exclusive_scan(ex, in, boxed(1), add_boxed{});
    double sum = 0;
    std::size_t other = 0;
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (before[i].value != 1 + sum) ++other;
      sum += in[i].value;
      if (totals[i].value != sum) ++other;
    }
    CHECK(other == 0);
    auto place = in;
    tri::inclusive_scan(ex, place, add_boxed{}, tri::into(place));
    CHECK(place.back().value == sum);
    CHECK(tri::reduce(ex, in, boxed(1), add_boxed{}).value == 1 + sum);
    CHECK(tri::transform_reduce(ex, twos, boxed(0), add_boxed{}, boxes(2)).value == 36'000);
    CHECK(tri::transform(ex, twos, boxes(2)).back().value == 4);
    std::vector<boxed> many(40'000, boxed(1));
    for (std::size_t i = 0; i < many.size(); ++i) many[i].value = static_cast<double>(i * 7919 % many.size());
    tri::sort(ex, many, [](boxed const& a, boxed const& b) { return a.value < b.value; });
    CHECK(std::is_sorted(many.begin(), many.end(), [](boxed const& a, boxed const& b) { return a.value < b.value; }));
    CHECK(many.back().value == 39'999);
  });
}

TEST_CASE("process kernels: values that can't be assigned are combined all the same") {
  std::vector<double> const twos(9000, 2.0);
  std::vector<constant> const in(5000, constant(2));
  on_each([&](auto const& ex) {
    CHECK(tri::transform_reduce(ex, twos, constant(1), add_constants{}, [](double x) { return constant(x); }).value == 18'001);
    CHECK(tri::reduce(ex, in, constant(1), add_constants{}).value == 10'001);
  });
}
