/// @file process_wire.cpp
/// How values become bytes and values again, without a process between.
#include <trireme/processes/wire.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace d = trireme::detail;

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
  std::vector<char> small(bytes.size() - 1);
  d::wire_writer out(small.data(), small.size());
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

TEST_CASE("wire: what cereal writes") {
  comes_back(std::vector<std::string>{"", "a", std::string(1000, 'b')});
  comes_back(tree{1, {tree{2, {}}, tree{3, {tree{4, {}}}}}});
  static_assert(!d::travels<with_file>());
}
