/// @file conformance.hpp
/// The one suite that every model of `executor` passes, and every cluster: each algorithm gives the bits of inline_executor,
/// for host data and for buffers, at sizes around the edges of lanes and tiles. It knows no backend.
///
///   TEST_CASE("my_executor conforms") { testing::conformance(my_executor{}); }
///
/// A backend with algorithms of its own name is included before this.
#pragma once
#include <trireme/algorithm/batch_matmul.hpp>
#include <trireme/trireme.hpp>

#include "kernels.hpp"
#include "support.hpp"
#include "testing.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <list>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace testing {

namespace tri = trireme;

// ---- The suite ----

inline constexpr std::array<std::size_t, 9> conformance_sizes{0, 1, 31, 32, 33, 4095, 4096, 4097, 300'000};

/// Whether products have inline_executor's bits there.
template <class E>
inline constexpr bool multiplies_on_host = tri::host_executor<E>;
template <tri::executor_cluster E>
inline constexpr bool multiplies_on_host<E> = tri::host_executor<typename E::inner_type>;

/// `KernelsThrow`: whether an exception can leave a kernel.
template <bool KernelsThrow = true, tri::executor_or_cluster E>
void conformance(E const& ex) {
  tri::inline_executor const reference;

  SECTION("the executor itself") {
    CHECK(ex == ex);
    CHECK(E(ex) == ex);
    CHECK(ex.concurrency() >= 1);
  }

  if constexpr (tri::executor<E>) SECTION("its memory, and bulk") {
      tri::completion_t<E> none;
      CHECK(none.ready());
      none.wait();
      ex.bulk(0, tri::detail::bulk_archetype{}).wait();
      for (std::size_t const align : sizes(1, 8, 64)) {
        void* const p = ex.allocate(1000, align);
        CHECK(reinterpret_cast<std::uintptr_t>(p) % align == 0);
        std::vector<char> const to(1000, 'x');
        std::vector<char> from(1000);
        auto up = ex.upload(to.data(), p, 1000, {});
        auto down = ex.download(p, from.data(), 1000, {.after = up});
        down.wait();
        CHECK(up.ready());
        CHECK(from == to);
        ex.deallocate(p, 1000);
      }
    }

  SECTION("what a kernel throws arrives") {
    if constexpr (KernelsThrow)
      for (std::size_t const n : sizes(1, 100, 5000))
        for (std::size_t const bad : {std::size_t{0}, n / 2, n - 1}) {
          std::string const text = "the kernel threw at " + std::to_string(bad);
          CHECK_THROWS_MATCHES(tri::for_each_index(ex, n, tri::bind_front<fails_at>(bad)), std::out_of_range,
                               message_contains(text));
        }
  }

  SECTION("a stop that was asked for") {
    std::stop_source stop;
    stop.request_stop();
    CHECK_THROWS_AS(tri::for_each_index(ex, 10, tri::fn<ignores_it>, {.chunk_size = 1, .stop = stop.get_token()}),
                    tri::cancelled);
    CHECK_THROWS_AS(tri::monte_carlo(ex, 10, tri::fn<in_circle>, {.stop = stop.get_token()}), tri::cancelled);
    CHECK_THROWS_AS(tri::simulate(ex, 10, tri::fn<in_circle>, {.stop = stop.get_token()}), tri::cancelled);
    CHECK_THROWS_AS(tri::batch_map(ex, std::vector{1.0, 2.0}, tri::fn<square_of>, {.stop = stop.get_token()}), tri::cancelled);
  }

  if constexpr (tri::executor<E>) SECTION("for_each_index") { // a kernel of a cluster sees no spread buffer
      for (std::size_t const n : conformance_sizes)
        for (int const chunk : {0, 1000}) {
          CAPTURE(n, chunk);
          std::vector<double> expected(n);
          for (std::size_t i = 0; i < n; ++i) expected[i] = static_cast<double>(i) * 0.1;
          tri::buffer<double, E> out(ex, n);
          tri::for_each_index(ex, n, tri::bind_front<store_index>(out.view(), 0.1), {.chunk_size = chunk});
          CHECK(same_bits(out.to_host(), expected));
        }
    }

  SECTION("for_each") {
    for (std::size_t const n : conformance_sizes) {
      CAPTURE(n);
      auto const in = numbers(n);
      auto expected = in;
      tri::for_each(reference, expected, tri::fn<blend>);
      auto host = in;
      tri::for_each(ex, host, tri::fn<blend>);
      CHECK(same_bits(host, expected));
      std::list<double> linked(in.begin(), in.end());
      tri::for_each(ex, linked, tri::fn<blend>);
      CHECK(same_bits(std::vector<double>(linked.begin(), linked.end()), expected));
      tri::buffer on(ex, in);
      tri::for_each(ex, on, tri::fn<blend>);
      CHECK(same_bits(on.to_host(), expected));

      if constexpr (tri::executor<E>) {
        std::vector<double> doubled(n);
        for (std::size_t i = 0; i < n; ++i) doubled[i] = in[i] + in[i];
        tri::buffer from(ex, in);
        tri::buffer<double, E> to(ex, n);
        tri::for_each(ex, from, tri::bind_front<store_element>(std::as_const(from).data(), to.data()));
        CHECK(same_bits(to.to_host(), doubled));
      }
    }
  }

  SECTION("transform") {
    for (std::size_t const n : conformance_sizes) {
      CAPTURE(n);
      auto const in = numbers(n);
      auto const expected = tri::transform(reference, in, tri::fn<polynomial_of>);
      REQUIRE(expected.size() == n);
      CHECK(same_bits(tri::transform(ex, in, tri::fn<polynomial_of>), expected));
      CHECK(same_bits(tri::transform(ex, in, tri::fn<polynomial_of>, {.chunk_size = 999}), expected));
      tri::buffer const on(ex, in);
      auto const out = tri::transform(ex, on, tri::fn<polynomial_of>);
      CHECK(out.executor() == ex);
      CHECK(same_bits(out.to_host(), expected));
      CHECK(same_bits(on.to_host(), in));

      std::vector<double> host(n);
      tri::transform(ex, in, tri::fn<polynomial_of>, tri::into(host));
      CHECK(same_bits(host, expected));
      tri::buffer<double, E> place(ex, n);
      tri::transform(ex, on, tri::fn<polynomial_of>, tri::into(place));
      CHECK(same_bits(place.to_host(), expected));
      host = in;
      tri::transform(ex, host, tri::fn<polynomial_of>, tri::into(host));
      CHECK(same_bits(host, expected));
      tri::buffer same(ex, in);
      tri::transform(ex, same, tri::fn<polynomial_of>, tri::into(same));
      CHECK(same_bits(same.to_host(), expected));

      auto const flags = tri::transform(ex, in, tri::fn<is_positive>);
      static_assert(std::is_same_v<decltype(flags), std::vector<std::uint8_t> const>);
      CHECK(flags == tri::transform(reference, in, tri::fn<is_positive>));

      Eigen::VectorXd const v = Eigen::Map<Eigen::VectorXd const>(in.data(), static_cast<Eigen::Index>(n));
      auto const w = tri::transform(ex, v, tri::fn<polynomial_of>);
      static_assert(std::is_same_v<decltype(w), Eigen::VectorXd const>);
      CHECK(same_bits(w, expected));
    }
  }

  SECTION("transform by function objects and bound arguments") {
    auto const in = numbers(5000);
    auto const expected = tri::transform(reference, in, times_plus{1.5, 0.1});
    CHECK(same_bits(tri::transform(ex, in, times_plus{1.5, 0.1}), expected));
    tri::buffer const y(ex, in);
    CHECK(same_bits(tri::transform(ex, in, in, tri::bind_front<axpy>(0.3)),
                    tri::transform(reference, in, in, tri::bind_front<axpy>(0.3))));
  }

  SECTION("transform of a part of a buffer") {
    auto const in = numbers(5000);
    tri::buffer b(ex, in);
    auto const expected = tri::transform(reference, std::vector(in.begin() + 100, in.begin() + 4600), square_of);
    CHECK(same_bits(tri::transform(ex, b.subspan(100, 4500), tri::fn<square_of>).to_host(), expected));
    auto place = b.subspan(100, 4500);
    tri::transform(ex, place, tri::fn<square_of>, tri::into(place));
    auto all = in;
    std::copy(expected.begin(), expected.end(), all.begin() + 100);
    CHECK(same_bits(b.to_host(), all));
  }

  SECTION("transform of two ranges, and starmap") {
    for (std::size_t const n : conformance_sizes) {
      CAPTURE(n);
      auto const x = numbers(n);
      auto const y = cast_all<float>(numbers(n, 1));
      auto const expected = tri::transform(reference, x, y, tri::fn<difference>);
      CHECK(same_bits(tri::transform(ex, x, y, tri::fn<difference>), expected));
      tri::buffer const on_x(ex, x);
      tri::buffer const on_y(ex, y);
      CHECK(same_bits(tri::transform(ex, on_x, on_y, tri::fn<difference>).to_host(), expected));
      CHECK(same_bits(tri::transform(ex, on_x, y, tri::fn<difference>).to_host(), expected));
      CHECK(same_bits(tri::transform(ex, x, on_y, tri::fn<difference>), expected));
      std::vector<double> place(n);
      tri::transform(ex, x, y, tri::fn<difference>, tri::into(place));
      CHECK(same_bits(place, expected));

      std::vector<std::array<double, 2>> pairs(n);
      for (std::size_t i = 0; i < n; ++i) pairs[i] = {x[i], static_cast<double>(y[i])};
      auto const starred = tri::starmap(reference, pairs, tri::bind_front<axpy>(0.3));
      CHECK(same_bits(tri::starmap(ex, pairs, tri::bind_front<axpy>(0.3)), starred));
      CHECK(same_bits(tri::starmap(ex, tri::buffer(ex, pairs), tri::bind_front<axpy>(0.3)).to_host(), starred));
      tri::starmap(ex, pairs, tri::bind_front<axpy>(0.3), tri::into(place));
      CHECK(same_bits(place, starred));
    }
  }

  SECTION("sizes that do not fit are refused before any work") {
    auto const x = numbers(10);
    auto const y = numbers(9);
    std::vector<double> out(9, 1.0);
    CHECK_THROWS_AS(tri::transform(ex, x, y, std::plus<>{}), std::invalid_argument);
    CHECK_THROWS_AS(tri::transform(ex, x, tri::fn<square_of>, tri::into(out)), std::invalid_argument);
    CHECK_THROWS_AS(tri::inclusive_scan(ex, x, std::plus<>{}, tri::into(out)), std::invalid_argument);
    CHECK_THROWS_AS(tri::simulate(ex, 10, tri::bind_front<shifted>(1.0), tri::into(out)), std::invalid_argument);
    CHECK(out == std::vector<double>(9, 1.0));
  }

  SECTION("reduce and transform_reduce") {
    for (std::size_t const n : conformance_sizes) {
      CAPTURE(n);
      auto const in = numbers(n);
      auto const floats = cast_all<float>(in);
      tri::buffer const on(ex, in);
      tri::buffer const on_floats(ex, floats);
      CHECK(same_bits(tri::reduce(ex, in), tri::reduce(reference, in)));
      CHECK(same_bits(tri::reduce(ex, on), tri::reduce(reference, in)));
      CHECK(same_bits(tri::reduce(ex, floats), tri::reduce(reference, floats)));
      CHECK(same_bits(tri::reduce(ex, floats, 0.5, std::plus<>{}), tri::reduce(reference, floats, 0.5, std::plus<>{})));
      CHECK(same_bits(tri::reduce(ex, on_floats, 0.5, std::plus<>{}), tri::reduce(reference, floats, 0.5, std::plus<>{})));

      std::vector<std::uint64_t> words(n);
      for (std::size_t i = 0; i < n; ++i) words[i] = i;
      CHECK(tri::reduce(ex, words, std::uint64_t{7}, order_of{}) == tri::reduce(reference, words, std::uint64_t{7}, order_of{}));

      double const expected = tri::transform_reduce(reference, in, 0.25, std::plus<>{}, tri::fn<square_of>);
      CHECK(same_bits(tri::transform_reduce(ex, in, 0.25, std::plus<>{}, tri::fn<square_of>), expected));
      CHECK(same_bits(tri::transform_reduce(ex, on, 0.25, std::plus<>{}, tri::fn<square_of>), expected));
      CHECK(same_bits(tri::reduce(ex, tri::transform(ex, in, tri::fn<square_of>), 0.25, std::plus<>{}), expected));
    }
  }

  SECTION("scans") {
    for (std::size_t const n : conformance_sizes) {
      CAPTURE(n);
      auto const in = numbers(n);
      auto const expected = tri::inclusive_scan(reference, in, std::plus<>{});
      REQUIRE(expected.size() == n);
      CHECK(same_bits(tri::inclusive_scan(ex, in, std::plus<>{}), expected));
      CHECK(same_bits(tri::inclusive_scan(ex, tri::buffer(ex, in), std::plus<>{}).to_host(), expected));
      auto place = in;
      tri::inclusive_scan(ex, place, std::plus<>{}, tri::into(place));
      CHECK(same_bits(place, expected));

      auto const floats = cast_all<float>(in);
      auto const before = tri::exclusive_scan(reference, floats, 0.5, std::plus<>{});
      CHECK(same_bits(tri::exclusive_scan(ex, floats, 0.5, std::plus<>{}), before));
      CHECK(same_bits(tri::exclusive_scan(ex, tri::buffer(ex, floats), 0.5, std::plus<>{}).to_host(), before));
      tri::buffer on(ex, in);
      tri::exclusive_scan(ex, on, 0.5, std::plus<>{}, tri::into(on));
      CHECK(same_bits(on.to_host(), tri::exclusive_scan(reference, in, 0.5, std::plus<>{})));

      std::vector<std::uint64_t> words(n, 3);
      CHECK(tri::inclusive_scan(ex, words, order_of{}) == tri::inclusive_scan(reference, words, order_of{}));
      CHECK(tri::exclusive_scan(ex, words, std::uint64_t{7}, order_of{}) ==
            tri::exclusive_scan(reference, words, std::uint64_t{7}, order_of{}));
    }
  }

  SECTION("sort") {
    for (std::size_t const n : conformance_sizes) {
      CAPTURE(n);
      auto sorted = numbers(n);
      tri::buffer on(ex, sorted);
      auto expected = sorted;
      tri::sort(reference, expected);
      REQUIRE(std::is_sorted(expected.begin(), expected.end()));
      tri::sort(ex, sorted);
      CHECK(same_bits(sorted, expected));
      tri::sort(ex, on);
      CHECK(same_bits(on.to_host(), expected));

      std::vector<keyed> records(n);
      for (std::size_t i = 0; i < n; ++i)
        records[i] = {static_cast<std::int32_t>(scramble(i) % 100) - 50, static_cast<std::uint32_t>(i)};
      auto stable = records;
      std::stable_sort(stable.begin(), stable.end(), by_key);
      tri::sort(ex, records, tri::fn<by_key>);
      CHECK(same_bits(records, stable));

      std::vector<measured> in(n);
      for (std::size_t i = 0; i < n; ++i)
        in[i] = {i % 10 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(scramble(i) % 1000), i};
      auto nans_last = in;
      std::stable_sort(nans_last.begin(), nans_last.end(), [](measured a, measured b) {
        return std::pair(a.value != a.value, a.value == a.value ? a : measured{}) <
               std::pair(b.value != b.value, b.value == b.value ? b : measured{});
      });
      auto ordered = in;
      tri::sort(ex, ordered);
      CHECK(same_bits(ordered, nans_last));
      auto const loses_none = [&](auto const& less) { // which is no order
        auto after = in;
        try {
          tri::sort(ex, after, less);
        } catch (std::invalid_argument const& e) {
          CHECK_THAT(e.what(), contains("less is no strict weak order"));
        }
        std::sort(after.begin(), after.end(), [](measured a, measured b) { return a.place < b.place; });
        CHECK(same_bits(after, in));
      };
      loses_none(tri::fn<by_value>);
      loses_none(tri::fn<by_chance>);
    }
  }

  SECTION("batch_map") {
    for (std::size_t const n : conformance_sizes)
      for (std::size_t const size : {std::size_t{1}, std::size_t{4096}, std::size_t{65536}, n + 1}) {
        if (size == 1 && n > 5000) continue;
        CAPTURE(n, size);
        auto const in = numbers(n);
        auto const expected = tri::transform(reference, in, tri::fn<polynomial_of>);
        CHECK(same_bits(tri::batch_map(ex, in, tri::fn<polynomial_of>, {.batch_size = size}), expected));
        std::list<double> const linked(in.begin(), in.end());
        CHECK(same_bits(tri::batch_map(ex, linked, tri::fn<polynomial_of>, {.batch_size = size}), expected));
        tri::buffer const on(ex, in);
        CHECK(same_bits(tri::batch_map(ex, on, tri::fn<polynomial_of>, {.batch_size = size}).to_host(), expected));
        std::vector<double> got;
        auto const sink = [&](std::span<double const> batch) {
          REQUIRE(batch.size() == std::min(size, n - got.size()));
          got.insert(got.end(), batch.begin(), batch.end());
        };
        tri::batch_map(ex, in, tri::fn<polynomial_of>, sink, {.batch_size = size});
        CHECK(same_bits(got, expected));
        got.clear();
        tri::batch_map(ex, on, tri::fn<polynomial_of>, sink, {.batch_size = size});
        CHECK(same_bits(got, expected));
      }
  }

  SECTION("monte_carlo and simulate") {
    for (std::size_t const n : conformance_sizes) {
      CAPTURE(n);
      auto const check = [&](auto f, auto real) {
        using Real = decltype(real);
        if (n == 0) {
          CHECK_THROWS_AS(tri::monte_carlo<Real>(ex, n, f), std::invalid_argument);
        } else {
          CHECK(same_bits(tri::monte_carlo<Real>(ex, n, f, {.seed = 42}), tri::monte_carlo<Real>(reference, n, f, {.seed = 42})));
        }
        auto const values = tri::simulate<Real>(reference, n, f, {.seed = 42});
        CHECK(same_bits(tri::simulate<Real>(ex, n, f, {.seed = 42}), values));
        tri::buffer<typename decltype(values)::value_type, E> place(ex, n);
        tri::simulate<Real>(ex, n, f, tri::into(place), {.seed = 42});
        CHECK(same_bits(place.to_host(), values));
      };
      check(tri::fn<in_circle>, double{});
      check(tri::fn<in_circle>, float{});
      check(tri::fn<path>, double{});
      check(tri::fn<path>, float{});
      check(tri::fn<die>, double{});
      check(tri::bind_front<shifted>(0.125), double{});
      check(tri::draws<2>(tri::fn<in_circle>), double{});
      check(tri::draws<2>(tri::fn<in_circle>), float{});
      check(tri::draws<3>(tri::fn<path>), double{});
      check(tri::draws<4>(tri::fn<path>), float{}); // index is two calls
      check(tri::fn<two_values>, double{});
      check(tri::draws<2>(tri::fn<two_values>), double{});
      check(tri::draws<2>(tri::fn<two_values>), float{});
      check(tri::bind_front<far_apart>(0x1p1000, 0x1p-600), double{});
      check(tri::bind_front<far_apart>(std::numeric_limits<double>::infinity(), 1.0), double{});
    }
  }

  SECTION("matmul") {
    auto const check = [&]<class T>(T) {
      using matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
      struct shape {
        Eigen::Index m, k, n;
      };
      for (auto const& [m, k, n] : {shape{1, 1, 1}, {3, 0, 2}, {4, 4, 4}, {67, 131, 45}, {1, 200, 3}, {130, 33, 257}}) {
        CAPTURE(m, k, n);
        auto const fill = [&](Eigen::Index rows, Eigen::Index cols, std::uint64_t seed) {
          auto const x = numbers(static_cast<std::size_t>(2 * rows * cols), seed);
          matrix a(rows, cols);
          for (Eigen::Index i = 0; i < rows * cols; ++i) {
            double const real = x[static_cast<std::size_t>(2 * i)], imag = x[static_cast<std::size_t>(2 * i + 1)];
            if constexpr (std::is_floating_point_v<T>)
              a.data()[i] = static_cast<T>(real);
            else
              a.data()[i] = T(static_cast<typename T::value_type>(real), static_cast<typename T::value_type>(imag));
          }
          return a;
        };
        matrix const a = fill(m, k, 1), b = fill(k, n, 2);
        auto const c = tri::matmul(ex, a, b);
        REQUIRE(c.rows() == m);
        REQUIRE(c.cols() == n);
        using real = typename Eigen::NumTraits<T>::Real;
        double const eps = static_cast<double>(std::numeric_limits<real>::epsilon());
        for (Eigen::Index i = 0; i < m; ++i)
          for (Eigen::Index j = 0; j < n; ++j) {
            std::complex<long double> sum = 0;
            double size = 0;
            for (Eigen::Index l = 0; l < k; ++l) {
              std::complex<long double> const product = std::complex<long double>(a(i, l)) * std::complex<long double>(b(l, j));
              sum += product;
              size += static_cast<double>(std::abs(product));
            }
            double const far = static_cast<double>(std::abs(std::complex<long double>(c(i, j)) - sum));
            if (far > 1.5 * static_cast<double>(k + 2) * eps * size) {
              CAPTURE(i, j, far);
              FAIL_CHECK("the product is wrong there");
            }
          }
        tri::matrix const on_a(ex, a);
        tri::matrix const on_b(ex, b);
        CHECK(same_bits(tri::matmul(ex, on_a, on_b).to_host(), c));
        matrix place(m, n);
        tri::matmul(ex, a, b, tri::into(place));
        CHECK(same_bits(place, c));
        if constexpr (multiplies_on_host<E>) CHECK(same_bits(tri::matmul(reference, a, b), c));

        {
          std::vector<matrix> const as{a, a, a}, bs{b, b, b};
          auto const cs = tri::batch_matmul(ex, as, bs);
          REQUIRE(cs.size() == 3);
          for (auto const& x : cs) {
            REQUIRE(x.rows() == m);
            REQUIRE(x.cols() == n);
            CHECK(same_bits(x, cs[0]));
            double const bound = 3 * static_cast<double>(k + 2) * eps;
            for (Eigen::Index j = 0; j < n; ++j)
              for (Eigen::Index i = 0; i < m; ++i) {
                double const size = static_cast<double>((a.row(i).cwiseAbs() * b.col(j).cwiseAbs()).value());
                if (!(static_cast<double>(std::abs(x(i, j) - c(i, j))) <= bound * size)) FAIL_CHECK("another product");
              }
          }
        }
      }
    };
    check(float{});
    check(double{});
    check(std::complex<float>{});
    check(std::complex<double>{});
    CHECK_THROWS_AS(tri::matmul(ex, Eigen::MatrixXd(2, 3), Eigen::MatrixXd(2, 3)), std::invalid_argument);
  }
}

} // namespace testing
