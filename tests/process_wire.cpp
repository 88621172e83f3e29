/// @file process_wire.cpp
/// How values become bytes and values again, without a process between.
#include <trireme/algorithm/estimate.hpp>
#include <trireme/processes/wire.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <forward_list>
#include <initializer_list>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

namespace d = trireme::detail;
namespace tri = trireme;

namespace {

/// The bytes of a value, which are as many as were counted.
template <class T>
std::vector<char> written(T const& x) {
  d::wire_writer count;
  d::write_value(count, x);
  std::vector<char> bytes(count.size());
  d::wire_writer out(bytes.data(), bytes.size());
  d::write_value(out, x);
  CHECK(out.size() == bytes.size());
  return bytes;
}

/// Through bytes that begin at any address.
template <class T>
void comes_back(T const& x) {
  static_assert(d::travels<T>());
  auto const bytes = written(x);
  for (std::size_t shift = 0; shift < 9; ++shift) {
    std::vector<char> moved(shift + bytes.size());
    std::copy(bytes.begin(), bytes.end(), moved.begin() + static_cast<std::ptrdiff_t>(shift));
    d::wire_reader in(moved.data() + shift, bytes.size());
    CHECK(d::read_value<T>(in) == x);
    CHECK_THROWS_AS(in.take(1), std::runtime_error); // nothing was left over
  }
  if (bytes.empty()) return;
  d::wire_reader cut(bytes.data(), bytes.size() - 1);
  CHECK_THROWS(d::read_value<T>(cut));
  std::vector<char> small(bytes.size());
  d::wire_writer out(small.data(), small.size() - 1);
  CHECK_THROWS_AS(d::write_value(out, x), std::runtime_error);
}

struct empty {
  bool operator==(empty const&) const = default;
};
struct without_default {
  explicit without_default(int v) : value(v) {}
  int value;
  bool operator==(without_default const&) const = default;
};
struct with_file {
  std::unique_ptr<int> handle;
};
struct tree { // what points to itself
  int value = 0;
  std::vector<tree> children;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(value, children);
  }
  bool operator==(tree const&) const = default;
};
struct plain {
  int number;
  double value;
  char letter;
  bool operator==(plain const&) const = default;
};
struct library { // cereal comes to what is plain, and to containers of it
  std::string name;
  std::vector<plain> all;
  std::map<int, plain> some;
  empty nothing;
  std::vector<empty> several;
  std::optional<plain> one;
  template <class Archive>
  void serialize(Archive& archive) {
    archive(CEREAL_NVP(name), all, some, nothing, several, one);
  }
  bool operator==(library const&) const = default;
};

} // namespace

TEST_CASE("wire: values that are their bytes") {
  comes_back(1);
  comes_back(2.5L);
  comes_back(empty{});
  comes_back(without_default(3));
  comes_back(std::pair(1, 'x'));
  CHECK(written(1.0).size() == sizeof(double));
  CHECK(written(empty{}).empty());
}

TEST_CASE("wire: sequences of such, in one piece") {
  for (std::size_t const n : testing::sizes(0, 1, 7, 1000)) {
    comes_back(std::string(n, 'x'));
    comes_back(std::u32string(n, U'x'));
    comes_back(testing::numbers(n));
    comes_back(std::vector<without_default>(n, without_default(3)));
    comes_back(std::vector<bool>(n, true));
    CHECK(written(testing::numbers(n)).size() == sizeof(std::uint64_t) + n * sizeof(double));
  }
  comes_back(std::string("with \0 in it", 12));
}

TEST_CASE("wire: matrices of Eigen, alone and inside of others") {
  comes_back(Eigen::MatrixXd(Eigen::MatrixXd::Random(7, 5)));
  comes_back(Eigen::MatrixXd(0, 5));
  comes_back(Eigen::Matrix<float, 3, 2, Eigen::RowMajor>(Eigen::Matrix<float, 3, 2, Eigen::RowMajor>::Random()));
  comes_back(std::vector<Eigen::VectorXd>{Eigen::VectorXd::Random(3), Eigen::VectorXd(0)});
  comes_back(std::map<std::string, Eigen::MatrixXf>{{"a", Eigen::MatrixXf::Zero(2, 2)}});
}

TEST_CASE("wire: plain structs, and all containers of what travels") {
  plain const p{7, 2.5, 'x'};
  comes_back(p);
  comes_back(std::pair(1, p));
  comes_back(std::array{p, p});
  comes_back(std::array<std::string, 3>{"a", "", "c"});
  comes_back(std::array<std::string, 0>{});
  comes_back(std::tuple(p, std::string("text"), std::vector{p, p}));
  comes_back(std::tuple<>{});
  comes_back(std::optional(std::vector{p}));
  comes_back(std::optional<std::vector<plain>>{});
  for (std::variant<int, std::string, std::vector<plain>> const& v :
       {std::variant<int, std::string, std::vector<plain>>(1), {std::string("two")}, {std::vector{p, p, p}}})
    comes_back(v);
  comes_back(tri::estimate{1.5, 2.5, 3});
  comes_back(std::vector<tri::estimate>(3, tri::estimate{1.5, 2.5, 3}));
  for (std::size_t const n : testing::sizes(0, 1, 9)) {
    comes_back(std::vector<std::vector<plain>>(n, std::vector<plain>(n, p)));
    comes_back(std::vector<std::vector<without_default>>(n, std::vector<without_default>(n, without_default(3))));
    comes_back(std::deque<plain>(n, p));
    comes_back(std::list<plain>(n, p));
    comes_back(std::list<empty>(n));
    comes_back(std::deque<bool>(n, true));
    comes_back(std::forward_list<int>(n, 4));
    comes_back(std::vector<std::pair<std::string, without_default>>(n, {"key", without_default(1)}));
    comes_back(std::vector<std::vector<bool>>(n, std::vector<bool>(n, true)));
    std::map<int, plain> by_number;
    std::unordered_map<std::string, std::vector<plain>> by_name;
    std::multimap<std::string, without_default> many;
    std::set<std::pair<int, std::string>> set;
    for (std::size_t k = 0; k < n; ++k) {
      by_number[static_cast<int>(k)] = p;
      by_name[std::to_string(k)] = std::vector<plain>(k, p);
      many.emplace(std::to_string(k % 2), without_default(static_cast<int>(k)));
      set.emplace(static_cast<int>(k), "x");
    }
    comes_back(by_number);
    comes_back(by_name);
    comes_back(many);
    comes_back(set);
    comes_back(std::unordered_multiset<int>{1, 1, static_cast<int>(n)});
  }
  static_assert(!d::travels<std::vector<with_file>>());
  static_assert(!d::travels<std::pair<int, with_file>>());
  static_assert(!d::travels<std::map<int, std::optional<with_file>>>());
  static_assert(!d::travels<std::variant<int, with_file>>());
  static_assert(!d::travels<std::unique_ptr<with_file>>());
  static_assert(!d::travels<std::vector<std::unique_ptr<with_file>>>());
  static_assert(d::travels<std::unique_ptr<plain>>());
}

TEST_CASE("wire: types with functions for cereal may hold plain structs and containers of them") {
  comes_back(library{"name", {plain{1, 2, 'a'}}, {{1, plain{3, 4, 'b'}}}, empty{}, {empty{}, empty{}}, plain{5, 6, 'c'}});
  comes_back(std::vector<library>(2, library{"name", {}, {}, {}, {}, {}}));
  auto const bytes = written(std::make_unique<plain>(plain{1, 2, 'c'}));
  d::wire_reader in(bytes.data(), bytes.size());
  CHECK(*d::read_value<std::unique_ptr<plain>>(in) == plain{1, 2, 'c'});
}

TEST_CASE("wire: numbers of elements that can't be are not believed") {
  auto const refused = []<class T>(std::type_identity<T>, std::initializer_list<std::uint64_t> words) {
    std::vector<std::uint64_t> const bytes(words);
    d::wire_reader in(reinterpret_cast<char const*>(bytes.data()), bytes.size() * 8);
    CHECK_THROWS_AS(d::read_value<T>(in), std::runtime_error);
  };
  for (std::uint64_t const n : {std::uint64_t{3}, std::uint64_t{1} << 40, std::uint64_t{1} << 58, ~std::uint64_t{0}}) {
    refused(std::type_identity<std::vector<double>>{}, {n, 1, 2});
    refused(std::type_identity<std::string>{}, {n << 5, 1, 2});
    refused(std::type_identity<std::vector<std::string>>{}, {n << 5, 0, 0});
    refused(std::type_identity<std::list<plain>>{}, {n, 1, 2});
    refused(std::type_identity<std::map<int, std::string>>{}, {n << 5, 1, 2});
    refused(std::type_identity<std::variant<int, std::string>>{}, {n, 1, 2});
    refused(std::type_identity<Eigen::MatrixXd>{}, {n, n, 1});
    refused(std::type_identity<Eigen::MatrixXd>{}, {n, 4, 1});
    refused(std::type_identity<tree>{}, {n << 32, 4, 1});
  }
}

TEST_CASE("wire: what cereal writes") {
  comes_back(std::vector<std::string>{"", "a", std::string(1000, 'b')});
  comes_back(tree{1, {tree{2, {}}, tree{3, {tree{4, {}}}}}});
  static_assert(!d::travels<with_file>());
}

TEST_CASE("wire: what shares an object still does") {
  auto const object = std::make_shared<std::string>("shared");
  auto const copy_of = []<class T>(T const& x) {
    auto const bytes = written(x);
    d::wire_reader in(bytes.data(), bytes.size());
    return d::read_value<T>(in);
  };
  auto const two = copy_of(std::vector{object, object});
  REQUIRE(two.size() == 2);
  CHECK(*two[0] == "shared");
  CHECK(two[0] == two[1]);
  auto const watched = copy_of(std::pair{object, std::weak_ptr(object)});
  CHECK(watched.second.lock() == watched.first);
  auto const deep = copy_of(std::map<int, std::vector<std::shared_ptr<std::string>>>{{1, {object}}, {2, {object, nullptr}}});
  CHECK(deep.at(1)[0] == deep.at(2)[0]);
  CHECK(deep.at(2)[1] == nullptr);
}
