/// @file pieces.cpp
/// Host data that passes through an executor's memory in pieces: transform, starmap and for_each where there are many.
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/pieces.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/fn.hpp>

#include "far_executor.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::far_executor;

namespace {

inline constexpr auto twice = [](double x) { return x + x; };
inline constexpr auto subtract = [](double a, double b) { return a - b; };
inline constexpr auto double_it = [](double& x) { x += x; };
inline constexpr auto throw_at = [](std::int64_t bad, std::int64_t i) {
  if (i >= bad) throw std::domain_error(std::to_string(i));
  return i;
};
struct no_default {
  explicit no_default(double v) : value(v) {}
  double value;
};
inline constexpr auto wrap = [](double x) { return no_default(x); };

/// More than all pieces that are under way at once, and a last one that is shorter.
constexpr std::size_t many = 1'300'001;

template <class Check>
void on_both(Check const& check) {
  for (auto const when : {far_executor::eager, far_executor::lazy}) {
    far_executor const far(when);
    check(far);
    CHECK(far.live() == 0);
  }
}

} // namespace

TEST_CASE("pieces: every size around that of a piece") {
  std::size_t const piece = (std::size_t{1} << 20) / (2 * sizeof(double));
  on_both([&](far_executor const& far) {
    for (std::size_t const n : testing::sizes(0, 1, 2, piece - 1, piece, piece + 1, 8 * piece, 8 * piece + 1, 9 * piece + 5)) {
      auto const in = testing::numbers(n);
      auto expected = in;
      for (auto& x : expected) x += x;
      CHECK(testing::same_bits(tri::transform(far, in, tri::fn<twice>), expected));
    }
  });
}

TEST_CASE("pieces: data of every kind, in and out") {
  auto const in = testing::numbers(many);
  auto const other = testing::numbers(many, 7);
  std::vector<double> expected(many), difference(many);
  std::transform(in.begin(), in.end(), expected.begin(), twice);
  std::transform(in.begin(), in.end(), other.begin(), difference.begin(), subtract);
  on_both([&](far_executor const& far) {
    CHECK(tri::transform(far, std::deque<double>(in.begin(), in.end()), tri::fn<twice>) == expected);
    CHECK(tri::transform(far, std::list<double>(in.begin(), in.end()), tri::fn<twice>) == expected);
    CHECK(tri::transform(far, in, std::deque<double>(other.begin(), other.end()), tri::fn<subtract>) == difference);
    auto const wrapped = tri::transform(far, in, tri::fn<wrap>);
    CHECK(std::equal(wrapped.begin(), wrapped.end(), in.begin(), [](no_default const& a, double b) { return a.value == b; }));

    std::deque<double> to(many);
    tri::transform(far, in, tri::fn<twice>, tri::into(to));
    CHECK(std::equal(to.begin(), to.end(), expected.begin()));
    std::vector<long double> wider(many);
    tri::transform(far, in, tri::fn<twice>, tri::into(wider));
    CHECK(std::equal(wider.begin(), wider.end(), expected.begin()));

    auto same = in;
    tri::transform(far, same, tri::fn<twice>, tri::into(same));
    CHECK(same == expected);
    tri::for_each(far, to, tri::fn<double_it>);
    tri::for_each(far, same, tri::fn<double_it>);
    CHECK(std::equal(to.begin(), to.end(), same.begin()));

    Eigen::MatrixXd m = Eigen::MatrixXd::Zero(2, static_cast<Eigen::Index>(many));
    tri::transform(far, in, tri::fn<twice>, tri::into(m.row(1)));
    CHECK(m.row(0).isZero(0));
    CHECK(testing::same_bits(Eigen::VectorXd(m.row(1)), expected));
    Eigen::RowVectorXd const back = tri::transform(far, m.row(1), tri::fn<twice>);
    CHECK(testing::same_bits(back, same));

    std::vector<std::tuple<double, double>> pairs;
    for (std::size_t i = 0; i < many; ++i) pairs.emplace_back(in[i], other[i]);
    CHECK(tri::starmap(far, pairs, tri::fn<subtract>) == difference);
  });
}

TEST_CASE("pieces: a failure and a stop end all of them") {
  std::vector<std::int64_t> in(many);
  for (std::size_t i = 0; i < many; ++i) in[i] = static_cast<std::int64_t>(i);
  on_both([&](far_executor const& far) {
    for (std::int64_t const bad : {std::int64_t{0}, std::int64_t{700'000}, std::int64_t{many - 1}})
      CHECK_THROWS_AS(tri::transform(far, in, tri::bind_front<throw_at>(bad)), std::domain_error);
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(tri::transform(far, in, tri::bind_front<throw_at>(std::int64_t{many}), {.stop = stop.get_token()}),
                    tri::cancelled);
  });
}

TEST_CASE("part_of_whole: failures name elements of the whole") {
  tri::detail::part_of_whole const tiles{8192, 4096, 10'000};
  auto const lost = [&](std::size_t first, std::size_t last) {
    try {
      tiles([&] { throw tri::worker_lost("trireme: gone", 9, 0, first, last); });
    } catch (tri::worker_lost const& e) {
      CHECK(e.signal() == 9);
      return std::pair(e.first(), e.last());
    }
    return std::pair<std::size_t, std::size_t>();
  };
  CHECK(lost(0, 1) == std::pair<std::size_t, std::size_t>(8192, 10'000));
  CHECK_THROWS_MATCHES((tri::detail::part_of_whole{100, 1, 200}([] { throw tri::timed_out("late", 5, 6); })), tri::timed_out,
                       testing::message_contains("late at index 105"));
  CHECK_THROWS_MATCHES((tri::detail::part_of_whole{100, 1, 200}([] { throw tri::timed_out("late", 5, 7); })), tri::timed_out,
                       testing::message_contains("late at the indices 105 to 106"));
  CHECK_THROWS_AS(tiles([] { throw std::domain_error("another"); }), std::domain_error);
}
