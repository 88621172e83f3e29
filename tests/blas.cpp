/// @file blas.cpp
/// Tests of algorithm/matmul/blas.hpp: what arrives at BLAS, seen by functions that stand before its own.
#include <trireme/algorithm/matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "products.hpp"
#include "testing.hpp"

#include <Eigen/Core>
#include <dlfcn.h>

#include <atomic>
#include <complex>
#include <cstddef>
#include <thread>
#include <vector>

namespace tri = trireme;
using testing::col_major;
using testing::row_major;

namespace {

std::atomic<int> calls{0}, by_many_threads{0};

int openblas_threads() { return tri::detail::gemm::openblas_threads != nullptr ? tri::detail::gemm::openblas_threads() : 1; }

template <class T>
void pass_on(char const* name, char const* ta, char const* tb, int const* m, int const* n, int const* k, T const* alpha,
             T const* a, int const* sa, T const* b, int const* sb, T const* beta, T* c, int const* sc, std::size_t la,
             std::size_t lb) {
  ++calls;
  if (openblas_threads() != 1) ++by_many_threads;
  using function = void(char const*, char const*, int const*, int const*, int const*, T const*, T const*, int const*, T const*,
                        int const*, T const*, T*, int const*, std::size_t, std::size_t);
  reinterpret_cast<function*>(dlsym(RTLD_NEXT, name))(ta, tb, m, n, k, alpha, a, sa, b, sb, beta, c, sc, la, lb);
}

} // namespace

#define TRIREME_PASS_ON(type, name)                                                                                              \
  extern "C" void name(char const* ta, char const* tb, int const* m, int const* n, int const* k, type const* alpha,              \
                       type const* a, int const* sa, type const* b, int const* sb, type const* beta, type* c, int const* sc,     \
                       std::size_t la, std::size_t lb) {                                                                         \
    pass_on(#name, ta, tb, m, n, k, alpha, a, sa, b, sb, beta, c, sc, la, lb);                                                   \
  }
TRIREME_PASS_ON(float, sgemm_)
TRIREME_PASS_ON(double, dgemm_)
TRIREME_PASS_ON(std::complex<float>, cgemm_)
TRIREME_PASS_ON(std::complex<double>, zgemm_)

namespace {

/// The product, and into how many calls it was cut.
template <class E, class A, class B, class C>
int calls_of(E const& ex, A const& a, B const& b, C& c) {
  int const before = calls;
  tri::matmul(ex, a, b, tri::into(c));
  return calls - before;
}

} // namespace

TEMPLATE_TEST_CASE("blas: large products of every layout arrive there", "", float, double, std::complex<float>,
                   std::complex<double>) {
  using T = TestType;
  tri::thread_pool const pool(3);
  int const threads_before = openblas_threads();
  for (auto const [m, k, n] : std::vector<testing::shape>{{700, 800, 90}, {40, 900, 1100}, {1030, 300, 520}}) {
    col_major<T> const a = col_major<T>::Random(m, k), b = col_major<T>::Random(k, n);
    row_major<T> const a_rows = a, b_rows = b;
    auto const check = [&](auto const& x, auto const& y, auto z) {
      CHECK(calls_of(pool, x, y, z) > 0);
      testing::check_product(a, b, z);
    };
    check(a_rows, b, col_major<T>(m, n));
    check(a_rows, b_rows, col_major<T>(m, n));
    check(a_rows, b, row_major<T>(m, n));
    col_major<T> large = col_major<T>::Random(m + 7, k + 5), out = col_major<T>::Zero(m + 3, n + 4);
    large.block(3, 2, m, k) = a;
    auto part = out.block(1, 2, m, n);
    tri::matmul(pool, large.block(3, 2, m, k), b, tri::into(part));
    testing::check_product(a, b, part);
    CHECK(out.col(0).norm() + out.col(1).norm() + out.row(0).norm() + out.bottomRows(2).norm() == 0);
  }
  CHECK(by_many_threads == 0);
  CHECK(openblas_threads() == threads_before);
}

TEST_CASE("blas: the cuts, and so the bits, are the same at every width") {
  row_major<double> const a = row_major<double>::Random(1111, 333);
  col_major<double> const b = col_major<double>::Random(333, 777);
  col_major<double> expected(1111, 777);
  int const cuts = calls_of(tri::inline_executor{}, a, b, expected);
  CHECK(cuts > 1);
  for (int const width : {1, 2, 3, 7}) {
    tri::thread_pool const pool(width);
    col_major<double> c(1111, 777);
    CHECK(calls_of(pool, a, b, c) == cuts);
    CHECK(testing::same_bits(c, expected));
  }
}

TEST_CASE("blas: products from several threads at once") {
  int const threads_before = openblas_threads();
  row_major<float> const a = row_major<float>::Random(600, 500);
  col_major<float> const b = col_major<float>::Random(500, 600), expected = tri::matmul(tri::inline_executor{}, a, b);
  std::atomic<int> wrong{0};
  std::vector<std::jthread> callers;
  for (int t = 0; t < 4; ++t)
    callers.emplace_back([&] {
      tri::thread_pool const pool(2);
      for (int i = 0; i < 10; ++i) wrong += !testing::same_bits(tri::matmul(pool, a, b), expected);
    });
  callers.clear();
  CHECK(wrong == 0);
  CHECK(by_many_threads == 0);
  CHECK(openblas_threads() == threads_before);
}

TEST_CASE("blas: what it does not know is left to Trireme") {
  tri::thread_pool const pool(2);
  int const before = calls;
  Eigen::MatrixXi const a = Eigen::MatrixXi::Random(200, 300).unaryExpr([](int x) { return x % 10; });
  CHECK(tri::matmul(pool, a.transpose(), a) == a.transpose() * a);
  using strides = Eigen::Stride<Eigen::Dynamic, Eigen::Dynamic>;
  Eigen::MatrixXd const m = Eigen::MatrixXd::Random(600, 900);
  Eigen::Map<Eigen::MatrixXd const, 0, strides> const spread(m.data(), 300, 400, strides(1200, 2));
  testing::check_product(spread.eval(), m.topRows(400).eval(), tri::matmul(pool, spread, m.topRows(400)));
  CHECK(calls == before);
}
