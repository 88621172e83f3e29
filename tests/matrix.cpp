/// @file matrix.cpp
/// Tests of core/matrix.hpp.
#include <trireme/core/matrix.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "testing.hpp"

#include <Eigen/Core>

#include <complex>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace tri = trireme;
using testing::message_contains;

namespace {

using row_major = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

template <class M>
void check_round_trip(M const& m) {
  tri::inline_executor const ex;
  tri::matrix const there(ex, m);
  static_assert(std::is_same_v<decltype(there), tri::matrix<typename M::Scalar, tri::inline_executor> const>);
  CHECK(there.rows() == static_cast<std::size_t>(m.rows()));
  CHECK(there.cols() == static_cast<std::size_t>(m.cols()));
  CHECK(there.size() == static_cast<std::size_t>(m.size()));
  auto const back = there.to_host();
  static_assert(std::is_same_v<decltype(back), Eigen::Matrix<typename M::Scalar, Eigen::Dynamic, Eigen::Dynamic> const>);
  REQUIRE(back.rows() == m.rows());
  REQUIRE(back.cols() == m.cols());
  CHECK((back.array() == m.eval().array()).all());
}

} // namespace

TEST_CASE("a matrix goes to the executor's memory and back, whatever its layout") {
  Eigen::MatrixXd const m = Eigen::MatrixXd::Random(7, 5);
  check_round_trip(m);
  check_round_trip(row_major(m));
  check_round_trip(m.transpose());
  check_round_trip(m.block(1, 2, 4, 3));
  check_round_trip(m.row(3));
  check_round_trip(m.col(2));
  check_round_trip(m * 2 + m);
  check_round_trip(m.transpose().cwiseAbs());
  check_round_trip(Eigen::Matrix3f(Eigen::Matrix3f::Random()));
  check_round_trip(Eigen::MatrixXcd(Eigen::MatrixXcd::Random(3, 4)));
  check_round_trip(Eigen::MatrixXi(Eigen::MatrixXi::Random(2, 9)));
  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  check_round_trip(Eigen::Map<Eigen::MatrixXd const, 0, strides>(m.data(), 3, 2, strides(14, 2)));
}

TEST_CASE("elements lie column by column without gaps") {
  tri::inline_executor const ex;
  Eigen::Matrix<int, 2, 3, Eigen::RowMajor> m;
  m << 1, 2, 3, 4, 5, 6;
  tri::matrix const there(ex, m);
  int const expected[] = {1, 4, 2, 5, 3, 6};
  for (std::size_t i = 0; i < there.size(); ++i) CHECK(there.data()[i] == expected[i]);
}

TEST_CASE("empty matrices keep their shape") {
  tri::inline_executor const ex;
  check_round_trip(Eigen::MatrixXd(0, 4));
  check_round_trip(Eigen::MatrixXd(4, 0));
  tri::matrix<float, tri::inline_executor> const none(ex, 0, 0);
  CHECK(none.size() == 0);
}

TEST_CASE("sizes are taken as any integral type, and refused where they make no sense") {
  tri::inline_executor const ex;
  using matrix = tri::matrix<double, tri::inline_executor>;
  CHECK(matrix(ex, short{2}, 3u).size() == 6);
  CHECK(matrix(ex, std::uint8_t{2}, 3LL).rows() == 2);
  CHECK_THROWS_MATCHES(matrix(ex, -1, 3), std::invalid_argument, message_contains("rows must not be negative"));
  CHECK_THROWS_MATCHES(matrix(ex, 3, -4L), std::invalid_argument, message_contains("cols must not be negative, but is -4"));
  CHECK_THROWS_MATCHES(matrix(ex, std::int64_t{1} << 40, std::int64_t{1} << 40), std::invalid_argument,
                       message_contains("1099511627776 x 1099511627776 elements are more than memory can hold"));
  CHECK_THROWS_AS(matrix(ex, std::numeric_limits<std::size_t>::max(), 0), std::invalid_argument);
}

TEST_CASE("a matrix moves and does not copy") {
  tri::thread_pool const pool(2);
  using matrix = tri::matrix<double, tri::thread_pool>;
  static_assert(!std::is_copy_constructible_v<matrix> && !std::is_copy_assignable_v<matrix>);
  static_assert(std::is_nothrow_move_constructible_v<matrix>);
  Eigen::MatrixXd const m = Eigen::MatrixXd::Random(4, 3);
  matrix a(pool, m);
  double const* const elements = a.data();
  matrix b(std::move(a));
  CHECK(b.data() == elements);
  matrix c(pool, 1, 1);
  c = std::move(b);
  CHECK(c.data() == elements);
  CHECK(c.rows() == 4);
  CHECK(c.executor() == pool);
  CHECK(c.to_host() == m);
}
