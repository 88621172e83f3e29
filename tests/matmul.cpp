/// @file matmul.cpp
/// Tests of algorithm/matmul.hpp.
#include <trireme/algorithm/matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "products.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <complex>
#include <limits>
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
template <class T>
using row_major = testing::row_major<T>;

namespace {
tri::inline_executor const here;
}

TEMPLATE_TEST_CASE("products are right to rounding on every kind of executor", "", float, double, std::complex<float>,
                   std::complex<double>) {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  for (auto const [m, k, n] : shapes) {
    col_major<TestType> const a = col_major<TestType>::Random(m, k), b = col_major<TestType>::Random(k, n);
    auto const c = tri::matmul(pool, a, b);
    check_product(a, b, c);
    check_product(a, b, tri::matmul(remote, a, b));
    check_product(a, b, tri::matmul(pool, row_major<TestType>(a), b));
    check_product(a, b, tri::matmul(pool, a, row_major<TestType>(b)));
    check_product(a, b, tri::matmul(pool, row_major<TestType>(a), row_major<TestType>(b)));
    row_major<TestType> into_rows(m, n);
    tri::matmul(pool, a, b, tri::into(into_rows));
    check_product(a, b, into_rows);
  }
}

TEMPLATE_TEST_CASE("large products, whose operands are packed in blocks", "", float, std::complex<double>) {
  tri::thread_pool const pool(3);
  for (auto const [m, k, n] : std::vector<shape>{{700, 800, 90}, {2100, 270, 41}, {40, 300, 2100}}) {
    col_major<TestType> const a = col_major<TestType>::Random(m, k), b = col_major<TestType>::Random(k, n);
    check_product(a, b, tri::matmul(pool, a, b));
    check_product(a, b, tri::matmul(pool, row_major<TestType>(a), b));
  }
}

TEMPLATE_TEST_CASE("the bits are the same at every width", "", float, double, std::complex<float>, std::complex<double>) {
  auto all = shapes;
  all.push_back({300, 700, 310});
  for (auto const [m, k, n] : all) {
    col_major<TestType> const a = col_major<TestType>::Random(m, k), b = col_major<TestType>::Random(k, n);
    auto const expected = tri::matmul(here, a, b);
    auto const expected_rows = tri::matmul(here, row_major<TestType>(a), b);
    for (int const width : {1, 2, 3, 7}) {
      tri::thread_pool const pool(width);
      INFO(m << " x " << k << " x " << n << " at width " << width);
      CHECK(same_bits(tri::matmul(pool, a, b), expected));
      CHECK(same_bits(tri::matmul(pool, row_major<TestType>(a), b), expected_rows));
    }
  }
}

TEST_CASE("the bits do not depend on where the operands lie") {
  for (auto const [m, k, n] : shapes) {
    Eigen::MatrixXd const a = Eigen::MatrixXd::Random(m, k), b = Eigen::MatrixXd::Random(k, n);
    auto const expected = tri::matmul(here, a, b);
    for (Eigen::Index const shift : {1, 2, 3, 5}) {
      std::vector<double> memory(static_cast<std::size_t>(a.size() + b.size() + m * n + 3 * shift));
      Eigen::Map<Eigen::MatrixXd> x(memory.data() + shift, m, k);
      Eigen::Map<Eigen::MatrixXd> y(x.data() + x.size() + shift, k, n);
      Eigen::Map<Eigen::MatrixXd> z(y.data() + y.size() + shift, m, n);
      x = a;
      y = b;
      tri::matmul(here, x, y, tri::into(z));
      CHECK(same_bits(z, expected));
    }
  }
}

TEST_CASE("any matrix or expression of Eigen is taken") {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  auto const check = [&](auto const& a, auto const& b) {
    check_product(a.eval(), b.eval(), tri::matmul(pool, a, b));
    check_product(a.eval(), b.eval(), tri::matmul(remote, a, b));
  };
  Eigen::MatrixXd const m = Eigen::MatrixXd::Random(90, 80);
  row_major<double> const r = m;
  check(m.transpose(), m);
  check(m, m.transpose());
  check(r.transpose(), r);
  check(m.block(3, 5, 40, 30), m.block(7, 9, 30, 41));
  check(r.block(3, 5, 40, 30), m.block(7, 9, 30, 41).eval());
  check(m.transpose().block(1, 2, 60, 70), m.middleRows(10, 70));
  check(m + m, (2 * m).transpose());
  check(m.row(4), m.transpose());
  check(m, m.row(4).transpose());
  check(r.row(4), m.row(5).transpose());
  check(r.col(4).transpose(), m);
  check(m.diagonal().transpose(), m.topRows(80));
  check(m.cwiseAbs(), m.transpose());
  check(Eigen::MatrixXd::Identity(90, 90), m);
  check(m, Eigen::VectorXd(Eigen::VectorXd::Random(80)));
  check(Eigen::RowVectorXd(Eigen::RowVectorXd::Random(90)), m);
  check(Eigen::VectorXd(Eigen::VectorXd::Random(9)), Eigen::RowVectorXd(Eigen::RowVectorXd::Random(7)));

  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  check(Eigen::Map<Eigen::MatrixXd const, 0, strides>(m.data(), 20, 25, strides(180, 3)),
        Eigen::Map<row_major<double> const, 0, strides>(m.data(), 25, 30, strides(200, 2)));
  check(Eigen::Ref<Eigen::MatrixXd const>(m), Eigen::Ref<Eigen::MatrixXd const>(m.topRows(80)));

  Eigen::MatrixXcd const z = Eigen::MatrixXcd::Random(50, 60);
  check(z.adjoint(), z);
  check(z.conjugate(), z.transpose());
  check(z.real(), z.imag().transpose());
  check(z.col(2).adjoint(), z);
  check(row_major<std::complex<double>>(z), z.row(3).transpose());
}

TEST_CASE("sizes that the operands fix are fixed in the product") {
  Eigen::Matrix<double, 3, 4> const a = Eigen::Matrix<double, 3, 4>::Random();
  Eigen::Matrix<double, 4, 2> const b = Eigen::Matrix<double, 4, 2>::Random();
  auto const c = tri::matmul(here, a, b);
  static_assert(std::is_same_v<decltype(c), Eigen::Matrix<double, 3, 2> const>);
  check_product(a, b, c);
  Eigen::MatrixXd const d = Eigen::MatrixXd::Random(2, 5);
  static_assert(std::is_same_v<decltype(tri::matmul(here, b, d)), Eigen::Matrix<double, 4, Eigen::Dynamic>>);
  check_product(b, d, tri::matmul(here, b, d));
  auto const row = tri::matmul(here, Eigen::RowVector4d(1, 2, 3, 4), b);
  static_assert(std::is_same_v<decltype(row), Eigen::RowVector2d const>);
}

TEMPLATE_TEST_CASE("products of small integers are exact", "", float, double, std::complex<float>, std::complex<double>, int,
                   long double) {
  tri::thread_pool const pool(3);
  testing::far_executor const remote;
  for (auto const [m, k, n] : shapes) {
    if (k > 1000) continue;
    auto const fill = [](auto& matrix, int start) {
      for (Eigen::Index i = 0; i < matrix.size(); ++i)
        matrix.data()[i] = TestType(static_cast<float>((start + static_cast<int>(i) * 7) % 11));
    };
    col_major<TestType> a(m, k), b(k, n), expected = col_major<TestType>::Zero(m, n);
    fill(a, 3);
    fill(b, 5);
    for (Eigen::Index j = 0; j < n; ++j)
      for (Eigen::Index l = 0; l < k; ++l)
        for (Eigen::Index i = 0; i < m; ++i) expected(i, j) += a(i, l) * b(l, j);
    CHECK(tri::matmul(pool, a, b) == expected);
    CHECK(tri::matmul(remote, a, b) == expected);
    CHECK(tri::matmul(pool, row_major<TestType>(a), b) == expected);
  }
}

TEST_CASE("empty products, and sums of nothing") {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  auto const check = [](auto const& ex) {
    CHECK(tri::matmul(ex, Eigen::MatrixXd(0, 5), Eigen::MatrixXd(5, 3)).size() == 0);
    CHECK(tri::matmul(ex, Eigen::MatrixXd(0, 5), Eigen::MatrixXd(5, 3)).cols() == 3);
    CHECK(tri::matmul(ex, Eigen::MatrixXd(4, 5), Eigen::MatrixXd(5, 0)).rows() == 4);
    CHECK(tri::matmul(ex, Eigen::MatrixXd(0, 0), Eigen::MatrixXd(0, 0)).size() == 0);
    CHECK(tri::matmul(ex, Eigen::MatrixXd(4, 0), Eigen::MatrixXd(0, 3)) == Eigen::MatrixXd::Zero(4, 3));
    CHECK(tri::matmul(ex, Eigen::RowVectorXd(0), Eigen::VectorXd(0))(0, 0) == 0);
    CHECK(tri::matmul(ex, Eigen::MatrixXcf(200, 0), Eigen::MatrixXcf(0, 1)) == Eigen::MatrixXcf::Zero(200, 1));
  };
  check(here);
  check(pool);
  check(remote);
}

TEST_CASE("infinities and NaNs arrive") {
  Eigen::MatrixXd a = Eigen::MatrixXd::Ones(70, 70), b = a;
  a(3, 5) = std::numeric_limits<double>::infinity();
  b(7, 60) = std::numeric_limits<double>::quiet_NaN();
  auto const c = tri::matmul(here, a, b);
  CHECK(c(3, 0) == std::numeric_limits<double>::infinity());
  CHECK(c.col(60).array().isNaN().all());
  CHECK(c(0, 0) == 70);
}

TEST_CASE("shapes that do not fit are refused, with both in the text") {
  Eigen::MatrixXd const a(3, 4), b(5, 6);
  CHECK_THROWS_MATCHES(tri::matmul(here, a, b), std::invalid_argument, message_contains("a is 3 x 4, b is 5 x 6"));
  CHECK_THROWS_MATCHES(tri::matmul(here, tri::matrix(here, a), tri::matrix(here, b)), std::invalid_argument,
                       message_contains("a is 3 x 4, b is 5 x 6"));
  Eigen::MatrixXd c = Eigen::MatrixXd::Ones(4, 3);
  CHECK_THROWS_MATCHES(tri::matmul(here, a, a.transpose(), tri::into(c)), std::invalid_argument,
                       message_contains("the storage is 4 x 3, the product 3 x 3"));
  CHECK(c == Eigen::MatrixXd::Ones(4, 3));
}

TEST_CASE("into writes to existing storage") {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  Eigen::MatrixXd const a = Eigen::MatrixXd::Random(60, 50), b = Eigen::MatrixXd::Random(50, 40);
  auto const check = [&](auto const& ex) {
    Eigen::MatrixXd c(60, 40);
    double const* const elements = c.data();
    tri::matmul(ex, a, b, tri::into(c));
    CHECK(c.data() == elements);
    check_product(a, b, c);

    Eigen::MatrixXd large = Eigen::MatrixXd::Constant(100, 90, 7);
    auto part = large.block(10, 20, 60, 40);
    tri::matmul(ex, a, b, tri::into(part));
    check_product(a, b, part);
    part.setConstant(7);
    CHECK(large == Eigen::MatrixXd::Constant(100, 90, 7));

    std::vector<double> memory(60 * 40 * 6, -1);
    using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
    Eigen::Map<Eigen::MatrixXd, 0, strides> spread(memory.data(), 60, 40, strides(60 * 3, 2));
    tri::matmul(ex, a, b, tri::into(spread));
    check_product(a, b, spread);
    CHECK(std::ranges::count(memory, -1.0) == 60 * 40 * 5);

    Eigen::VectorXd y(60);
    tri::matmul(ex, a, b.col(3), tri::into(y));
    check_product(a, b.col(3), y);

    tri::matrix const x_there(ex, a), y_there(ex, b);
    tri::matrix<double, std::remove_cvref_t<decltype(ex)>> z_there(ex, 60, 40);
    tri::matmul(ex, x_there, y_there, tri::into(z_there));
    check_product(a, b, z_there.to_host());
  };
  check(here);
  check(pool);
  check(remote);
}

TEST_CASE("storage that shares memory with the operands gets the right product") {
  tri::thread_pool const pool(2);
  Eigen::MatrixXd const a = Eigen::MatrixXd::Random(70, 70), b = Eigen::MatrixXd::Random(70, 70);
  Eigen::MatrixXd c = a;
  tri::matmul(pool, c, b, tri::into(c));
  check_product(a, b, c);
  c = b;
  tri::matmul(pool, a, c.transpose(), tri::into(c));
  check_product(a, b.transpose(), c);
  Eigen::MatrixXd both(70, 100);
  both.leftCols(70) = a;
  auto out = both.middleCols(30, 70);
  tri::matmul(pool, both.leftCols(70), b, tri::into(out));
  check_product(a, b, out);
  c = a;
  tri::matmul(pool, c + c, c, tri::into(c));
  check_product((a + a).eval(), a, c);
  tri::matrix x(pool, a);
  tri::matrix const y(pool, b);
  tri::matmul(pool, x, y, tri::into(x));
  check_product(a, b, x.to_host());
}

TEST_CASE("a tri::matrix in gives a tri::matrix out") {
  tri::thread_pool const pool(2);
  testing::far_executor const remote;
  Eigen::MatrixXf const a = Eigen::MatrixXf::Random(120, 30), b = Eigen::MatrixXf::Random(30, 77);
  auto const c = tri::matmul(pool, tri::matrix(pool, a), tri::matrix(pool, b));
  static_assert(std::is_same_v<decltype(c), tri::matrix<float, tri::thread_pool> const>);
  CHECK(same_bits(c.to_host(), tri::matmul(pool, a, b)));
  check_product(a, b, tri::matmul(remote, tri::matrix(remote, a), tri::matrix(remote, b)).to_host());
}
