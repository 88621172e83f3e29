/// @file products.hpp
/// What the tests of matmul and batch_matmul share: shapes, and an independent product to compare with.
#pragma once
#include "testing.hpp"

#include <Eigen/Core>

#include <complex>
#include <cstddef>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

namespace testing {

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
  Eigen::Index const step = 1 + x.size() * y.cols() / 400'000; // large ones by samples: all is slow
  Eigen::Index bad = 0;
  for (Eigen::Index at = 0; at < z.size(); at += step) {
    Eigen::Index const i = at % z.rows(), j = at / z.rows();
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

struct shape {
  Eigen::Index m, k, n;
};
/// Around every border of tiles, blocks and ways of computing, for packets of 16 down to 1 numbers.
inline std::vector<shape> const shapes{
    {1, 1, 1},    {1, 7, 1},     {3, 3, 3},     {4, 4, 4},    {5, 9, 2},     {1, 40, 33},   {33, 40, 1},   {2, 3, 17},
    {7, 8, 9},    {15, 16, 17},  {24, 8, 8},    {25, 31, 9},  {49, 50, 51},  {64, 64, 64},  {65, 65, 65},  {100, 100, 100},
    {97, 300, 5}, {130, 20, 70}, {200, 3, 200}, {1, 9000, 1}, {3, 70000, 2}, {600, 600, 1}, {1, 600, 700}, {16, 20000, 16}};

} // namespace testing
