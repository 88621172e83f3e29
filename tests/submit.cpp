/// @file submit.cpp
/// Tasks and futures on every executor that has them: results, exceptions, order, number, and what travels to a process.
#include <trireme/processes/submit.hpp>
#include <trireme/trireme.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <array>
#include <chrono>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

struct record { // the user's own, with what cereal asks for
  std::string name;
  std::vector<std::map<std::string, double>> values;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(name, values);
  }
  bool operator==(record const&) const = default;
};
struct point {
  double x, y;
  bool operator==(point const&) const = default;
};

inline constexpr auto add = [](int a, int b) { return a + b; };
inline constexpr auto same = [](auto x) { return x; };
inline constexpr auto nothing = [] {};
inline constexpr auto fails = [](std::string const& text) -> int { throw std::domain_error(text); };
inline constexpr auto length = [](std::string const& s) { return s.size(); };
inline constexpr auto total = [](std::vector<double> const& v) { return std::accumulate(v.begin(), v.end(), 0.0); };
inline constexpr auto times = [](double a, Eigen::MatrixXd const& m) { return Eigen::MatrixXd(a * m); };
inline constexpr auto first_of = [](double const* p) { return *p; };
inline constexpr auto size_of_span = [](std::span<double const> s) { return s.size(); };
inline constexpr auto nap = [](int ms) {
  std::this_thread::sleep_for(std::chrono::milliseconds(ms));
  return ms;
};

template <class E>
void tasks_work(E const& ex) {
  CHECK(tri::submit(ex, tri::fn<add>, 3, 4).get() == 7);
  auto none = tri::submit(ex, tri::fn<nothing>);
  static_assert(std::is_same_v<decltype(none), tri::future<void>>);
  none.wait();
  CHECK(none.ready());
  none.get();
  CHECK(!none.valid());
  CHECK_THROWS_AS(none.get(), std::logic_error);
  CHECK_THROWS_AS(tri::future<int>().wait(), std::logic_error);
  auto failing = tri::submit(ex, tri::fn<fails>, "a text");
  failing.wait(); // which does not throw
  CHECK_THROWS_MATCHES(failing.get(), std::domain_error, message_contains("a text"));
  static_cast<void>(tri::submit(ex, tri::fn<fails>, std::string("dropped")));

  std::vector<tri::future<int>> many;
  for (int k = 0; k < 1000; ++k) many.push_back(tri::submit(ex, tri::fn<add>, k, k));
  for (std::size_t k = many.size(); k-- > 0;) CHECK(many[k].get() == static_cast<int>(2 * k));
  auto moved = tri::submit(ex, tri::fn<add>, 1, 1);
  auto to = std::move(moved);
  CHECK(!moved.valid()); // NOLINT(bugprone-use-after-move)
  CHECK(to.get() == 2);
}

template <class T>
void travels(tri::process_pool const& pool, T const& x) {
  CHECK(tri::submit(pool, tri::fn<same>, x).get() == x);
}

} // namespace

TEST_CASE("submit: on every executor that has it") {
  tasks_work(tri::inline_executor{});
  for (int const width : {1, 3}) {
    tasks_work(tri::thread_pool(width));
    tasks_work(tri::process_pool(width));
  }
}

TEST_CASE("submit: host executors keep what can't be copied") {
  tri::thread_pool const pool(2);
  auto boxed = std::make_unique<int>(7);
  auto fut = tri::submit(pool, [](std::unique_ptr<int> p) { return std::make_unique<int>(*p + 1); }, std::move(boxed));
  CHECK(*fut.get() == 8);
  int seen = 0;
  tri::submit(pool, [&](int x) { seen = x; }, 3).get();
  CHECK(seen == 3);
}

TEST_CASE("submit: values of every kind travel to a process and back") {
  tri::process_pool const pool(2);
  travels(pool, 1.5f);
  travels(pool, point{1, 2});
  travels(pool, std::array<point, 3>{});
  travels(pool, std::pair(1, 2.5));
  travels(pool, std::tuple(1, std::string("two"), 3.0));
  for (std::size_t const n : testing::sizes(0, 1, 31, 5000, 1'000'000)) {
    travels(pool, std::string(n, 'x'));
    travels(pool, std::vector<double>(n, 1.25));
    travels(pool, std::vector<point>(n, point{1, 2}));
  }
  travels(pool, std::vector<bool>{true, false, true});
  travels(pool, std::vector<std::string>{"", "a", std::string(100'000, 'b')});
  travels(pool, std::list<std::string>{"a", "b"});
  travels(pool, std::deque<int>{1, 2});
  travels(pool, std::set<std::string>{"a", "b"});
  travels(pool, std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}});
  travels(pool, std::unordered_map<int, std::string>{{1, "a"}, {2, "b"}});
  travels(pool, std::optional<std::string>("x"));
  travels(pool, std::optional<std::string>());
  travels(pool, std::variant<int, std::string>("x"));
  travels(pool, std::complex<double>(1, 2));
  travels(pool, std::chrono::seconds(3));
  travels(pool, record{"name", {{{"a", 1}, {"b", 2}}, {}}});
  travels(pool, std::vector<record>(100, record{"name", {}}));
  travels(pool, Eigen::MatrixXd(Eigen::MatrixXd::Random(30, 20)));
  travels(pool, Eigen::Vector3f(1, 2, 3));
  travels(pool, std::vector<Eigen::VectorXd>(3, Eigen::VectorXd::Ones(10)));
  travels(pool, std::map<std::string, Eigen::MatrixXf>{{"m", Eigen::MatrixXf::Identity(4, 4)}});
  Eigen::MatrixXd const m = Eigen::MatrixXd::Random(5, 6);
  CHECK(tri::submit(pool, tri::fn<times>, 2.0, m).get() == 2 * m);
  CHECK(tri::submit(pool, tri::fn<length>, "text").get() == 4); // as a string
  char const* const text = "longer text";
  CHECK(tri::submit(pool, tri::fn<length>, text).get() == 11);
}

TEST_CASE("submit: a large argument and a large result") {
  tri::process_pool const pool(1);
  std::vector<double> const v(12'500'000, 1.0);
  for (int k = 0; k < 3; ++k) CHECK(tri::submit(pool, tri::fn<total>, v).get() == 12'500'000);
  CHECK(tri::submit(pool, tri::fn<same>, v).get() == v);
}

TEST_CASE("submit: pointers among the arguments lie in the pool's memory") {
  tri::process_pool const pool(1);
  tri::buffer const b(pool, std::vector{1.5, 2.5});
  std::vector<double> const outside{1};
  CHECK(tri::submit(pool, tri::fn<first_of>, b.data()).get() == 1.5);
  CHECK(tri::submit(pool, tri::fn<size_of_span>, b.view()).get() == 2);
  CHECK_THROWS_MATCHES(tri::submit(pool, tri::fn<first_of>, outside.data()), std::invalid_argument,
                       message_contains("argument 1"));
  CHECK_THROWS_MATCHES(tri::submit(pool, tri::fn<size_of_span>, std::span<double const>(outside)), std::invalid_argument,
                       message_contains("argument 1"));
  CHECK_THROWS_MATCHES(tri::submit(pool, tri::bind_front<first_of>(outside.data())), std::invalid_argument,
                       message_contains("argument 1"));
}

TEST_CASE("submit: ready says so, and a task does not wait for another") {
  tri::process_pool const pool(2);
  auto slow = tri::submit(pool, tri::fn<nap>, 300);
  auto quick = tri::submit(pool, tri::fn<add>, 1, 2);
  CHECK(quick.get() == 3);
  CHECK(!slow.ready());
  CHECK(slow.get() == 300);
}

TEST_CASE("submit: a million tasks through the queue") {
  tri::process_pool const pool(2);
  std::size_t const all = 1'000'000, at_once = 50'000;
  std::uint64_t sum = 0;
  std::vector<tri::future<int>> open;
  for (std::size_t k = 0; k < all; ++k) {
    open.push_back(tri::submit(pool, tri::fn<add>, static_cast<int>(k), 1));
    if (open.size() == at_once) {
      for (auto& f : open) sum += static_cast<std::uint64_t>(f.get());
      open.clear();
    }
  }
  CHECK(sum == all * (all + 1) / 2);
}
