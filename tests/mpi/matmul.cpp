/// @file mpi/matmul.cpp
/// Products on a cluster, of matrices that are the same on every rank and of spread ones: the bits of one executor.
#include <trireme/mpi.hpp>

#include "far_executor.hpp"
#include "products.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <complex>
#include <cstddef>
#include <exception>
#include <list>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tri = trireme;
using testing::col_major;
using testing::message_contains;
using testing::row_major;
using testing::same_bits;
using testing::shape;

namespace {

/// The same on every rank.
template <class M>
M some(Eigen::Index rows, Eigen::Index cols, int seed = 1) {
  using T = typename M::Scalar;
  return M::NullaryExpr(rows, cols, [=](Eigen::Index i, Eigen::Index j) {
    auto const n = (i * 7919 + j * 104729 + seed * 31) % 2003 - 1001;
    if constexpr (std::is_integral_v<T>)
      return static_cast<T>(n);
    else
      return T(static_cast<typename Eigen::NumTraits<T>::Real>(n)) / T(577);
  });
}

/// What one executor gives; more than one way of computing, each at its borders.
template <class T, class E>
void products(E const& inner, std::vector<shape> const& shapes) {
  tri::mpi_cluster const cluster(inner);
  for (auto const& [m, k, n] : shapes) {
    CAPTURE(m, k, n, cluster.size());
    auto const a = some<col_major<T>>(m, k, 1), b = some<col_major<T>>(k, n, 2);
    col_major<T> const expected = tri::matmul(tri::inline_executor{}, a, b);
    CHECK(same_bits(tri::matmul(cluster, a, b), expected));
    row_major<T> by_rows(m, n);
    tri::matmul(cluster, row_major<T>(a), b, tri::into(by_rows));
    row_major<T> alone(m, n);
    tri::matmul(tri::inline_executor{}, row_major<T>(a), b, tri::into(alone));
    CHECK(same_bits(by_rows, alone));

    tri::matrix const x(cluster, a), y(cluster, b);
    auto z = tri::matmul(cluster, x, y);
    static_assert(std::is_same_v<decltype(z), tri::matrix<T, tri::mpi_cluster<E>>>);
    CHECK(same_bits(z.to_host(), expected));
    tri::matrix<T, tri::mpi_cluster<E>> w(cluster, m, n);
    tri::matmul(cluster, x, y, tri::into(w));
    int const last = cluster.size() - 1;
    auto const there = w.to_host(last);
    CHECK((cluster.rank() == last ? same_bits(there, expected) : there.size() == 0));
  }
}

std::vector<shape> const awkward{{0, 3, 2}, {3, 0, 2}, {3, 2, 0}, {0, 0, 0}, {1, 1, 1},    {1, 40, 33},  {33, 40, 1},
                                 {2, 3, 2}, {5, 9, 2}, {9, 1, 7}, {7, 5, 1}, {24, 33, 17}, {67, 131, 45}};
/// Some blocks of k with c by packed panels; sums of all of k; sums in pieces.
std::vector<shape> const large{{300, 257, 513}, {530, 600, 70}, {1100, 300, 12}, {1, 300, 400},
                               {700, 300, 1},   {9, 9001, 10},  {1, 150'000, 9}, {20, 40'000, 2}};

} // namespace

TEST_CASE("double, on inline_executor") {
  products<double>(tri::inline_executor{}, awkward);
  products<double>(tri::inline_executor{}, large);
}
TEST_CASE("double, on threads") { products<double>(tri::thread_pool(2), large); }
TEST_CASE("float, complex and int") {
  products<float>(tri::inline_executor{}, awkward);
  products<float>(tri::thread_pool(2), {{700, 1100, 40}, {1, 30, 700}});
  products<std::complex<double>>(tri::inline_executor{}, awkward);
  products<std::complex<double>>(tri::thread_pool(2), {{300, 500, 40}, {80, 300, 1}, {1, 30, 300}});
  products<int>(tri::inline_executor{}, awkward);
  products<int>(tri::thread_pool(2), {{700, 1100, 20}});
}

namespace {

template <class E>
void elsewhere(E const& inner) {
  tri::mpi_cluster const cluster(inner);
  for (auto const& [m, k, n] : std::vector<shape>{{3, 0, 2}, {1, 5, 9}, {67, 131, 45}}) {
    CAPTURE(m, k, n);
    auto const a = some<Eigen::MatrixXd>(m, k, 1), b = some<Eigen::MatrixXd>(k, n, 2);
    auto const expected = tri::matmul(inner, a, b);
    CHECK(same_bits(tri::matmul(cluster, a, b), expected));
    tri::matrix const x(cluster, a), y(cluster, b);
    CHECK(same_bits(tri::matmul(cluster, x, y).to_host(), expected));
  }
}

/// Its calls of bulk fail once there were some.
class tired_executor : public tri::inline_executor {
public:
  explicit tired_executor(int& calls) : calls_(&calls) {}
  template <class F>
  tri::inline_completion bulk(tri::count<"n"> n, F const& f, tri::bulk_options<tri::inline_completion> o = {}) const {
    if (--*calls_ < 0) return tri::inline_completion(std::make_exception_ptr(std::runtime_error("too tired")));
    return tri::inline_executor::bulk(n, f, o);
  }

private:
  int* calls_;
};

} // namespace

TEST_CASE("where workers do not see the memory: the bits of that executor alone") {
  elsewhere(tri::process_pool(1));
  elsewhere(testing::far_executor(testing::far_executor::lazy));
}

TEST_CASE("a product that fails on one rank between messages fails on all, and the next one does not") {
  int calls = 1'000'000;
  tri::mpi_cluster const cluster(tired_executor{calls});
  auto const a = some<Eigen::MatrixXd>(300, 1100), b = some<Eigen::MatrixXd>(1100, 40);
  tri::matrix const x(cluster, a), y(cluster, b);
  if (cluster.rank() == cluster.size() - 1) calls = 3;
  CHECK_THROWS_MATCHES(tri::matmul(cluster, x, y), std::runtime_error, message_contains("too tired"));
  CHECK_THROWS_MATCHES(tri::matmul(cluster, a, b), std::runtime_error, message_contains("too tired"));
  calls = 1'000'000;
  CHECK(same_bits(tri::matmul(cluster, x, y).to_host(), tri::matmul(tri::inline_executor{}, a, b)));
}

TEST_CASE("parts that memory does not hold at once") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  for (auto const& [m, k, n] : std::vector<shape>{{41, 50, 43}, {40, 50, 1}, {1, 50, 40}, {3, 50, 2}, {3, 0, 2}}) {
    CAPTURE(m, k, n);
    auto const a = some<Eigen::MatrixXd>(m, k, 1), b = some<Eigen::MatrixXd>(k, n, 2);
    tri::matrix const x(cluster, a), y(cluster, b);
    tri::matrix<double, tri::mpi_cluster<tri::inline_executor>> z(cluster, m, n);
    for (std::size_t const room : {std::size_t{1}, std::size_t{150}, std::size_t{400}}) {
      tri::detail::gemm::multiply_spread(cluster, x, y, z, room);
      CHECK(same_bits(z.to_host(), tri::matmul(tri::inline_executor{}, a, b)));
    }
  }
}

TEST_CASE("matrices of Eigen: fixed sizes, expressions, parts, and what overlaps") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  tri::inline_executor const alone;
  auto const a = some<Eigen::MatrixXd>(40, 40, 1), b = some<Eigen::MatrixXd>(40, 40, 2);
  Eigen::MatrixXd const expected = tri::matmul(alone, a, b);

  Eigen::Matrix3f const f = some<Eigen::Matrix3f>(3, 3), g = some<Eigen::Matrix3f>(3, 3, 5);
  auto const fixed = tri::matmul(cluster, f, g);
  static_assert(std::is_same_v<decltype(fixed), Eigen::Matrix3f const>);
  CHECK(same_bits(fixed, tri::matmul(alone, f, g)));
  CHECK(same_bits(tri::matmul(cluster, a + b, b.transpose()), tri::matmul(alone, a + b, b.transpose())));

  Eigen::MatrixXd outer = Eigen::MatrixXd::Constant(50, 60, 7), same = outer;
  tri::matmul(cluster, a, b, tri::into(outer.block(3, 4, 40, 40)));
  same.block(3, 4, 40, 40) = expected;
  CHECK(same_bits(outer, same));

  Eigen::MatrixXd c = a, d = b;
  tri::matmul(cluster, c, b, tri::into(c));
  CHECK(same_bits(c, expected));
  tri::matmul(cluster, a, d, tri::into(d));
  CHECK(same_bits(d, expected));
}

TEST_CASE("spread matrices: blocks, the way there and back, and into an operand") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  using spread = tri::matrix<double, tri::mpi_cluster<tri::inline_executor>>;
  for (auto const& [m, n] : {std::pair{0, 0}, {0, 4}, {1, 1}, {1, 9}, {9, 1}, {3, 2}, {31, 17}}) {
    CAPTURE(m, n);
    Eigen::MatrixXd const h = some<Eigen::MatrixXd>(m, n);
    spread x(cluster, h);
    CHECK(x.rows() == static_cast<std::size_t>(m));
    CHECK(x.cols() == static_cast<std::size_t>(n));
    CHECK(x.size() == static_cast<std::size_t>(m * n));
    CHECK(x.executor() == cluster);
    auto const& mine = x.local();
    CHECK(same_bits(mine.to_host(),
                    Eigen::MatrixXd(h.block(static_cast<Eigen::Index>(x.first_row()), static_cast<Eigen::Index>(x.first_col()),
                                            static_cast<Eigen::Index>(mine.rows()), static_cast<Eigen::Index>(mine.cols())))));
    CHECK(same_bits(x.to_host(), h));
    CHECK(same_bits(spread(cluster, 2 * h).to_host(), Eigen::MatrixXd(2 * h)));
    spread const moved = std::move(x);
    CHECK(same_bits(moved.to_host(), h));
    tri::matrix<double, tri::inline_executor> block(cluster.inner(), moved.local().to_host());
    CHECK(same_bits(spread::from_local(cluster, m, n, std::move(block)).to_host(), h));
  }
  auto const a = some<Eigen::MatrixXd>(40, 40, 1), b = some<Eigen::MatrixXd>(40, 40, 2);
  auto const expected = tri::matmul(tri::inline_executor{}, a, b);
  spread x(cluster, a);
  spread const y(cluster, b);
  tri::matmul(cluster, x, y, tri::into(x));
  CHECK(same_bits(x.to_host(), expected));
  CHECK(same_bits(tri::matmul(cluster, y, y).to_host(), tri::matmul(tri::inline_executor{}, b, b)));
}

TEST_CASE("what does not fit is refused on every rank") {
  tri::mpi_cluster const cluster(tri::inline_executor{}), other(tri::inline_executor{});
  auto const a = some<Eigen::MatrixXd>(4, 5), b = some<Eigen::MatrixXd>(6, 3), fits = some<Eigen::MatrixXd>(5, 3);
  Eigen::MatrixXd c(4, 4);
  tri::matrix const x(cluster, a), y(cluster, b), z(cluster, fits), elsewhere(other, fits);
  tri::matrix w(cluster, c);
  CHECK_THROWS_MATCHES(tri::matmul(cluster, a, b), std::invalid_argument, message_contains("a is 4 x 5, b is 6 x 3"));
  CHECK_THROWS_MATCHES(tri::matmul(cluster, x, y), std::invalid_argument, message_contains("a is 4 x 5, b is 6 x 3"));
  CHECK_THROWS_MATCHES(tri::matmul(cluster, a, fits, tri::into(c)), std::invalid_argument,
                       message_contains("the storage is 4 x 4, the product 4 x 3"));
  CHECK_THROWS_MATCHES(tri::matmul(cluster, x, z, tri::into(w)), std::invalid_argument,
                       message_contains("the storage is 4 x 4, the product 4 x 3"));
  CHECK_THROWS_MATCHES(tri::matmul(cluster, x, elsewhere), std::invalid_argument, message_contains("another executor"));
  CHECK_THROWS_MATCHES(tri::matmul(other, x, elsewhere), std::invalid_argument, message_contains("another executor"));
  CHECK_THROWS_MATCHES(z.to_host(cluster.size()), std::invalid_argument, message_contains("rank"));
  using spread = tri::matrix<double, tri::mpi_cluster<tri::inline_executor>>;
  CHECK_THROWS_AS(spread(cluster, -1, 2), std::invalid_argument);
  CHECK_THROWS_AS(spread(cluster, std::size_t{1} << 40, std::size_t{1} << 40), std::invalid_argument);
  auto const wrong = [&] {
    std::size_t const more = cluster.rank() == cluster.size() - 1 ? 1 : 0;
    return spread::from_local(
        cluster, 4, 4, tri::matrix<double, tri::inline_executor>(cluster.inner(), w.local().rows() + more, w.local().cols()));
  };
  CHECK_THROWS_MATCHES(wrong(), std::invalid_argument,
                       message_contains("the block of rank " + std::to_string(cluster.size() - 1)));
}

TEST_CASE("what an expression throws on one rank, all throw") {
  tri::mpi_cluster const cluster(tri::inline_executor{});
  auto const b = some<Eigen::MatrixXd>(8, 8);
  auto const a = Eigen::MatrixXd::NullaryExpr(8, 8, [&](Eigen::Index i, Eigen::Index) {
    if (i == 5 && cluster.rank() == cluster.size() - 1) throw std::domain_error("the expression threw");
    return 1.0;
  });
  CHECK_THROWS_MATCHES(tri::matmul(cluster, a, b), std::domain_error, message_contains("the expression threw"));
  CHECK(same_bits(tri::matmul(cluster, b, b), tri::matmul(tri::inline_executor{}, b, b)));
}

TEST_CASE("batches of products") {
  auto const batches = [](auto const& inner) {
    tri::mpi_cluster const cluster(inner);
    for (int const count : {0, 1, 2, 23}) {
      CAPTURE(count);
      std::vector<Eigen::MatrixXd> as, bs;
      std::vector<Eigen::Matrix4d> fs, gs;
      std::list<Eigen::MatrixXcf> cs;
      for (int i = 0; i < count; ++i) {
        as.push_back(some<Eigen::MatrixXd>(i % 5, 1 + i % 7, i));
        bs.push_back(some<Eigen::MatrixXd>(1 + i % 7, 3 * i, i + 1));
        fs.push_back(some<Eigen::Matrix4d>(4, 4, i));
        gs.push_back(some<Eigen::Matrix4d>(4, 4, i + 1));
        cs.push_back(some<Eigen::MatrixXcf>(i, i, i));
      }
      if (count > 2) as[1] = some<Eigen::MatrixXd>(150, 120), bs[1] = some<Eigen::MatrixXd>(120, 140);
      auto const check = [&](auto const& xs, auto const& ys) {
        auto const expected = tri::batch_matmul(inner, xs, ys);
        auto const got = tri::batch_matmul(cluster, xs, ys);
        static_assert(std::is_same_v<decltype(got), decltype(expected)>);
        CHECK(got.size() == expected.size());
        bool same = true;
        for (std::size_t i = 0; i < got.size(); ++i) same = same && same_bits(got[i], expected[i]);
        CHECK(same);
      };
      check(as, bs);
      check(fs, gs);
      check(cs, cs);
      auto const expected = tri::batch_matmul(inner, fs, gs);
      tri::batch_matmul(cluster, fs, gs, tri::into(fs)); // which an operand is, too
      bool same = true;
      for (std::size_t i = 0; i < fs.size(); ++i) same = same && same_bits(fs[i], expected[i]);
      CHECK(same);
    }
    std::vector<Eigen::MatrixXd> const two{Eigen::MatrixXd(2, 3), Eigen::MatrixXd(2, 2)}, three(3);
    CHECK_THROWS_MATCHES(tri::batch_matmul(cluster, two, three), std::invalid_argument,
                         message_contains("as has 2 matrices, bs 3"));
    CHECK_THROWS_MATCHES(tri::batch_matmul(cluster, two, two), std::invalid_argument,
                         message_contains("pair 0: a is 2 x 3, b is 2 x 3"));
  };
  batches(tri::inline_executor{});
  batches(tri::thread_pool(2));
}
