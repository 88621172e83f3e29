/// @file batch_matmul.cpp
/// Tests of algorithm/batch_matmul.hpp.
#include <trireme/algorithm/batch_matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "products.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <complex>
#include <cstddef>
#include <list>
#include <ranges>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::check_product;
using testing::message_contains;
using testing::same_bits;
using testing::shape;
using testing::shapes;
template <class T>
using col_major = testing::col_major<T>;

namespace {

tri::inline_executor const here;

template <class M>
struct batch {
  std::vector<M> a, b;
};
template <class M>
batch<M> random_batch(std::vector<shape> const& of) {
  batch<M> out;
  for (auto const [m, k, n] : of) {
    out.a.push_back(M::Random(m, k));
    out.b.push_back(M::Random(k, n));
  }
  return out;
}
template <class M, class Cs>
void check_batch(batch<M> const& in, Cs const& cs) {
  REQUIRE(cs.size() == in.a.size());
  for (std::size_t i = 0; i < cs.size(); ++i) check_product(in.a[i], in.b[i], cs[i]);
}

} // namespace

TEMPLATE_TEST_CASE("a batch of mixed shapes", "", float, double, std::complex<float>, std::complex<double>) {
  testing::far_executor const remote;
  auto const in = random_batch<col_major<TestType>>(shapes);
  auto const expected = tri::batch_matmul(here, in.a, in.b);
  check_batch(in, expected);
  check_batch(in, tri::batch_matmul(remote, in.a, in.b));
  for (int const width : {1, 2, 3, 7}) {
    tri::thread_pool const pool(width);
    auto const cs = tri::batch_matmul(pool, in.a, in.b);
    for (std::size_t i = 0; i < cs.size(); ++i) CHECK(same_bits(cs[i], expected[i]));
  }
}

TEMPLATE_TEST_CASE("a large product in a batch has the same bits at every width", "", float, double) {
  std::vector<shape> of(40, shape{20, 21, 22}); // on one worker none of the large ones is cut up, on seven all are
  of.insert(of.end(), 5, {203, 210, 205});
  of.push_back({1, 1, 1});
  auto const in = random_batch<col_major<TestType>>(of);
  auto const expected = tri::batch_matmul(here, in.a, in.b);
  check_batch(in, expected);
  for (int const width : {1, 2, 3, 7}) {
    tri::thread_pool const pool(width);
    auto const cs = tri::batch_matmul(pool, in.a, in.b);
    for (std::size_t i = 0; i < cs.size(); ++i) CHECK(same_bits(cs[i], expected[i]));
  }
}

TEMPLATE_TEST_CASE("a batch of fixed sizes", "", Eigen::Matrix4d, Eigen::Matrix3d, Eigen::Matrix2f, Eigen::Matrix4f,
                   Eigen::Matrix3cd, (Eigen::Matrix<double, 3, 3, Eigen::RowMajor>), (Eigen::Matrix<double, 9, 9>),
                   (Eigen::Matrix<float, 1, 1>)) {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  auto const n = TestType::RowsAtCompileTime;
  auto const in = random_batch<TestType>(std::vector<shape>(100, shape{n, n, n}));
  auto const cs = tri::batch_matmul(pool, in.a, in.b);
  static_assert(int{decltype(cs)::value_type::RowsAtCompileTime} == int{TestType::RowsAtCompileTime});
  check_batch(in, cs);
  check_batch(in, tri::batch_matmul(remote, in.a, in.b));
}

TEST_CASE("a batch of matrices times vectors") {
  std::vector<Eigen::Matrix3d> as;
  std::vector<Eigen::Vector3d> bs;
  for (int i = 0; i < 50; ++i) {
    as.push_back(Eigen::Matrix3d::Random());
    bs.push_back(Eigen::Vector3d::Random());
  }
  auto const cs = tri::batch_matmul(here, as, bs);
  static_assert(std::is_same_v<decltype(cs), std::vector<Eigen::Vector3d> const>);
  for (std::size_t i = 0; i < cs.size(); ++i) check_product(as[i], bs[i], cs[i]);
}

TEST_CASE("any ranges of matrices make a batch") {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  auto const in = random_batch<Eigen::MatrixXd>(std::vector<shape>(9, shape{6, 5, 4}));
  std::list<Eigen::MatrixXd> const list(in.a.begin(), in.a.end());
  check_batch(in, tri::batch_matmul(pool, list, in.b));
  check_batch(in, tri::batch_matmul(pool, std::span(in.a), in.b));
#ifndef __clang__ // 14 can't compile the views of this standard library
  auto const twice = in.a | std::views::transform([](auto const& m) { return Eigen::MatrixXd(2 * m); });
  auto const cs = tri::batch_matmul(pool, twice, in.b);
  for (std::size_t i = 0; i < cs.size(); ++i) check_product((2 * in.a[i]).eval(), in.b[i], cs[i]);
#endif
  Eigen::MatrixXd const all = Eigen::MatrixXd::Random(40, 6);
  std::vector<Eigen::Map<Eigen::MatrixXd const, 0, Eigen::OuterStride<>>> maps;
  for (int i = 0; i < 9; ++i) maps.emplace_back(all.data() + 4 * i, 4, 5, Eigen::OuterStride<>(40));
  for (auto const& products : {tri::batch_matmul(pool, maps, in.b), tri::batch_matmul(remote, maps, in.b)})
    for (std::size_t i = 0; i < products.size(); ++i) check_product(maps[i].eval(), in.b[i], products[i]);
}

TEST_CASE("a batch into existing storage") {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  auto const in = random_batch<Eigen::MatrixXd>(std::vector<shape>(9, shape{6, 6, 6}));
  auto const check = [&](auto const& ex) {
    std::vector<Eigen::MatrixXd> cs(9, Eigen::MatrixXd(6, 6));
    tri::batch_matmul(ex, in.a, in.b, tri::into(cs));
    check_batch(in, cs);

    Eigen::MatrixXd all(54, 6);
    std::vector<Eigen::Map<Eigen::MatrixXd, 0, Eigen::OuterStride<>>> parts;
    for (int i = 0; i < 9; ++i) parts.emplace_back(all.data() + 6 * i, 6, 6, Eigen::OuterStride<>(54));
    tri::batch_matmul(ex, in.a, in.b, tri::into(parts));
    check_batch(in, parts);

    auto inout = in.a;
    tri::batch_matmul(ex, inout, in.b, tri::into(inout));
    check_batch(in, inout);

    // The second operand of a later pair is the storage of an earlier one.
    auto shifted = in.b;
    std::vector<Eigen::Map<Eigen::MatrixXd>> out;
    for (std::size_t i = 0; i < 9; ++i) out.emplace_back(shifted[(i + 1) % 9].data(), 6, 6);
    tri::batch_matmul(ex, in.a, shifted, tri::into(out));
    check_batch(in, out);
  };
  check(here);
  check(pool);
  check(remote);
}

TEST_CASE("a batch of tri::matrix stays where it is") {
  auto const in = random_batch<Eigen::MatrixXd>({{3, 4, 5}, {60, 70, 80}, {1, 2, 1}, {0, 3, 2}, {3, 0, 2}});
  auto const check = [&](auto const& ex) {
    using matrix = tri::matrix<double, std::remove_cvref_t<decltype(ex)>>;
    std::vector<matrix> as, bs, cs;
    for (std::size_t i = 0; i < in.a.size(); ++i) {
      as.emplace_back(ex, in.a[i]);
      bs.emplace_back(ex, in.b[i]);
      cs.emplace_back(ex, in.a[i].rows(), in.b[i].cols());
    }
    auto const products = tri::batch_matmul(ex, as, bs);
    static_assert(std::is_same_v<decltype(products), std::vector<matrix> const>);
    tri::batch_matmul(ex, as, bs, tri::into(cs));
    for (std::size_t i = 0; i < products.size(); ++i) {
      check_product(in.a[i], in.b[i], products[i].to_host());
      check_product(in.a[i], in.b[i], cs[i].to_host());
    }
  };
  check(here);
  check(tri::thread_pool(2));
  check(testing::far_executor(testing::far_executor::lazy));
}

TEST_CASE("an empty batch, and batches that do not fit") {
  testing::far_executor const remote;
  std::vector<Eigen::MatrixXd> as, bs;
  CHECK(tri::batch_matmul(here, as, bs).empty());
  CHECK(tri::batch_matmul(remote, as, bs).empty());
  as.assign(3, Eigen::MatrixXd::Ones(2, 2));
  CHECK_THROWS_MATCHES(tri::batch_matmul(here, as, bs), std::invalid_argument, message_contains("as has 3 matrices, bs 0"));
  bs.assign(3, Eigen::MatrixXd::Ones(2, 2));
  bs[1].resize(4, 5);
  CHECK_THROWS_MATCHES(tri::batch_matmul(here, as, bs), std::invalid_argument,
                       message_contains("pair 1: a is 2 x 2, b is 4 x 5"));
  bs = as;
  std::vector<Eigen::MatrixXd> cs(3, Eigen::MatrixXd::Zero(2, 2));
  cs[2].resize(2, 3);
  CHECK_THROWS_MATCHES(tri::batch_matmul(here, as, bs, tri::into(cs)), std::invalid_argument,
                       message_contains("pair 2: into: the storage is 2 x 3, the product 2 x 2"));
  CHECK(cs[0] == Eigen::MatrixXd::Zero(2, 2));
  cs.pop_back();
  CHECK_THROWS_MATCHES(tri::batch_matmul(here, as, bs, tri::into(cs)), std::invalid_argument,
                       message_contains("the storage has 2 matrices, where 3 are needed"));
}
