/// @file matmul.cpp
/// Tests of algorithm/matmul.hpp and algorithm/batch_matmul.hpp.
#include <trireme/algorithm/batch_matmul.hpp>
#include <trireme/algorithm/matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "far_executor.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <cstring>
#include <limits>
#include <list>
#include <ranges>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <vector>

namespace tri = trireme;
using testing::message_contains;

namespace {

template <class T>
struct wide {
  using type = long double;
};
template <class R>
struct wide<std::complex<R>> {
  using type = std::complex<long double>;
};
template <class T>
using wide_t = typename wide<T>::type;

/// Checks c = a·b against a triple loop in long double, element by element: |error| ≤ γ·(|a|·|b|) with γ = n·ε / (1 − n·ε)
/// for n = k operations (Higham, Accuracy and Stability, 3.5); complex products have √2·γ for n = k + 2 (3.6).
template <class A, class B, class C>
void check_product(A const& a, B const& b, C const& c) {
  using T = typename A::Scalar;
  using W = wide_t<T>;
  constexpr bool complex = !std::is_arithmetic_v<T>;
  Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic> const x = a, y = b, z = c;
  REQUIRE(z.rows() == x.rows());
  REQUIRE(z.cols() == y.cols());
  long double const epsilon = std::numeric_limits<typename Eigen::NumTraits<T>::Real>::epsilon();
  long double const n = static_cast<long double>(x.cols() + (complex ? 2 : 0)) * epsilon;
  long double const gamma = (complex ? 1.4143L : 1.0L) * n / (1 - n);
  Eigen::Index bad = 0;
  for (Eigen::Index j = 0; j < z.cols(); ++j)
    for (Eigen::Index i = 0; i < z.rows(); ++i) {
      W exact(0);
      long double size = 0;
      for (Eigen::Index l = 0; l < x.cols(); ++l) {
        exact += W(x(i, l)) * W(y(l, j));
        size += std::abs(W(x(i, l))) * std::abs(W(y(l, j)));
      }
      if (!(std::abs(W(z(i, j)) - exact) <= gamma * size)) ++bad;
    }
  INFO(x.rows() << " x " << x.cols() << " times " << y.rows() << " x " << y.cols());
  CHECK(bad == 0);
}

template <class C, class D>
bool same_bits(C const& c, D const& d) {
  if (c.rows() != d.rows() || c.cols() != d.cols()) return false;
  auto const bytes = static_cast<std::size_t>(c.size()) * sizeof(typename C::Scalar);
  return bytes == 0 || std::memcmp(c.data(), d.data(), bytes) == 0;
}

template <class T>
using col_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
template <class T>
using row_major = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

tri::inline_executor const here;

struct shape {
  Eigen::Index m, k, n;
};
/// Around every border of tiles, blocks and ways of computing, for packets of 16 down to 1 numbers.
std::vector<shape> const shapes{{1, 1, 1},       {1, 7, 1},     {3, 3, 3},     {4, 4, 4},      {5, 9, 2},
                                {1, 40, 33},     {33, 40, 1},   {2, 3, 17},    {7, 8, 9},      {15, 16, 17},
                                {24, 8, 8},      {25, 31, 9},   {49, 50, 51},  {64, 64, 64},   {65, 65, 65},
                                {100, 100, 100}, {97, 300, 5},  {130, 20, 70}, {200, 3, 200},  {1, 9000, 1},
                                {3, 70000, 2},   {600, 600, 1}, {1, 600, 700}, {16, 20000, 16}};

} // namespace

TEMPLATE_TEST_CASE("products are right to rounding on every kind of executor", "", float, double,
                   std::complex<float>, std::complex<double>) {
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

TEMPLATE_TEST_CASE("the bits are the same at every width", "", float, double, std::complex<float>,
                   std::complex<double>) {
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

TEMPLATE_TEST_CASE("products of small integers are exact", "", float, double, std::complex<float>,
                   std::complex<double>, int, long double) {
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
    CHECK(tri::matmul(ex, Eigen::MatrixXcf(200, 0), Eigen::MatrixXcf(0, 1)) ==
          Eigen::MatrixXcf::Zero(200, 1));
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
  CHECK_THROWS_MATCHES(tri::matmul(here, a, b), std::invalid_argument,
                       message_contains("a is 3 x 4, b is 5 x 6"));
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

// ---- Batches ----

namespace {

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
  std::vector<shape> of(40, shape{20, 21, 22});
  of.push_back({203, 210, 205});
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

TEMPLATE_TEST_CASE("a batch of fixed sizes", "", Eigen::Matrix4d, Eigen::Matrix3d, Eigen::Matrix2f,
                   Eigen::Matrix4f, Eigen::Matrix3cd, (Eigen::Matrix<double, 3, 3, Eigen::RowMajor>),
                   (Eigen::Matrix<double, 9, 9>), (Eigen::Matrix<float, 1, 1>)) {
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
  CHECK_THROWS_MATCHES(tri::batch_matmul(here, as, bs), std::invalid_argument,
                       message_contains("as has 3 matrices, bs 0"));
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
