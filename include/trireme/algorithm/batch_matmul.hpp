/// @file algorithm/batch_matmul.hpp
/// Many matrix products in one call.      Definitions for every executor, and for host executors.
#pragma once
#include <trireme/algorithm/matmul/batch.hpp>
#include <trireme/algorithm/matmul/operands.hpp>
#include <trireme/algorithm/matmul/pairs.hpp>
#include <trireme/algorithm/matmul/plain.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/core/matrix_view.hpp>
#include <trireme/core/range.hpp>
#include <trireme/core/refused.hpp>

#include <algorithm>
#include <cstddef>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail { namespace gemm {

/// The products of a batch, tile by tile: `ends` counts the tiles up to the end of each product.
template <class Product>
struct plain_batch {
  Product const* products;
  std::size_t const* ends;
  std::size_t count;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    std::size_t low = 0, high = count;
    while (low < high) {
      std::size_t const middle = low + (high - low) / 2;
      if (ends[middle] <= first)
        low = middle + 1;
      else
        high = middle;
    }
    for (std::size_t n = first; n < last; ++n) {
      while (ends[low] <= n) ++low;
      products[low].tile(static_cast<std::ptrdiff_t>(n - (low == 0 ? 0 : ends[low - 1])));
    }
  }
};

/// Whole products, each on one worker; those above the limit, if there is one, are left out.
template <class As, class Bs, class Cs>
struct side_by_side {
  As as;
  Bs bs;
  Cs cs;
  double limit;

  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t n = first; n < last; ++n) {
      auto&& a = as[n];
      auto&& b = bs[n];
      auto&& c = cs[n];
      if (limit == 0 || multiplications(a, b) <= limit) multiply_pair(in_turn{}, a, b, c);
    }
  }
};

}} // namespace detail::gemm

/// cs[i] = as[i]·bs[i]. The arguments are indexed and have a size: std::span of matrix_view, in ex's memory.
template <executor E, class As, class Bs, class Cs>
void on_batch_matmul(E const& ex, As const& as, Bs const& bs, Cs const& cs) {
  using namespace detail;
  using product = gemm::plain_product_t<typename std::remove_cvref_t<decltype(cs[0])>::value_type>;
  std::vector<product> products;
  std::vector<std::size_t> ends;
  std::size_t tiles = 0;
  for (std::size_t i = 0; i < cs.size(); ++i) {
    products.push_back(gemm::make_plain_product(as[i], bs[i], cs[i]));
    tiles += static_cast<std::size_t>(products.back().size());
    ends.push_back(tiles);
  }
  if (tiles == 0) return;
  buffer<product, E> const there(ex, products);
  buffer<std::size_t, E> const ends_there(ex, ends);
  gemm::plain_batch<product> const work{there.data(), ends_there.data(), products.size()};
  on_bulk(ex, tiles, work, bulk_options<completion_t<E>>{});
}

/// The same where the workers see the caller's memory; there the elements may be matrices of Eigen as well, and those
/// of cs plain matrices without elements yet. The few products that would keep one worker busy while the others have
/// nothing left to do are cut up themselves.
template <host_executor E, class As, class Bs, class Cs>
void on_batch_matmul(E const& ex, As const& as, Bs const& bs, Cs const& cs) {
  using namespace detail;
  double const limit = gemm::cutting_limit(as, bs, ex.concurrency());
  gemm::side_by_side<As, Bs, Cs> const work{as, bs, cs, limit};
  on_bulk(ex, cs.size(), work, bulk_options<completion_t<E>>{});
  if (limit == 0) return;
  for (std::size_t i = 0; i < cs.size(); ++i) {
    auto&& a = as[i];
    auto&& b = bs[i];
    auto&& c = cs[i];
    if (gemm::multiplications(a, b) > limit) gemm::multiply_pair(gemm::on_workers<E>{ex}, a, b, c);
  }
}

namespace detail { namespace gemm {

/// cs[i] = as[i]·bs[i] for checked sequences of matrices of Eigen or tri::matrix.
template <executor E, class As, class Bs, class Cs>
void batch_multiply(E const& ex, As const& as, Bs const& bs, Cs const& cs) {
  using T = scalar_t<decltype(as[0])>;
  if constexpr (any_matrix<decltype(as[0])>) {
    auto const x = views_of<T const>(as), y = views_of<T const>(bs);
    auto const z = views_of<T>(cs);
    on_batch_matmul(ex, std::span(x), std::span(y), std::span(z));
  } else if constexpr (host_executor<E>) {
    on_batch_matmul(ex, as, bs, cs);
  } else {
    uploaded<T, E> const x(ex, as), y(ex, bs);
    uploaded<T, E> z(ex, as, bs);
    on_batch_matmul(ex, std::span(x.views()), std::span(y.views()), std::span(z.places()));
    z.download(cs);
  }
}

template <executor E, class As, class Bs>
auto fresh_batch(E const& ex, As const& as, Bs const& bs) {
  if constexpr (any_matrix<decltype(as[0])>) {
    std::vector<matrix<scalar_t<decltype(as[0])>, E>> cs;
    cs.reserve(as.size());
    for (std::size_t i = 0; i < as.size(); ++i) cs.emplace_back(ex, as[i].rows(), bs[i].cols());
    batch_multiply(ex, as, bs, std::span(cs));
    return cs;
  } else {
    std::vector<host_product_t<decltype(as[0]), decltype(bs[0])>> cs(as.size());
    batch_multiply(ex, as, bs, std::span(cs));
    return cs;
  }
}

}} // namespace detail::gemm

/// The products as[i]·bs[i] of two equally long ranges of matrices, as matmul takes them; shapes may differ from pair
/// to pair, and fixed sizes make small products fast. Returns a std::vector of what matmul returns for a pair.
///
/// The same bits at every width. Small products are dealt out whole; a large one is cut up.
/// @throws std::invalid_argument, before any work, where the ranges differ in length or a pair does not fit.
/// Cost: the products, and one allocation for each result of dynamic size, made by the workers. A device: for host data
/// one upload for each range and one download.
template <executor E, class As, class Bs>
[[nodiscard]] auto batch_matmul(E const& ex, As&& as, Bs&& bs) {
  using namespace detail;
  if constexpr (gemm::accepts_batch<E, As, Bs>()) {
    host_operand<As> x(std::forward<As>(as));
    host_operand<Bs> y(std::forward<Bs>(bs));
    gemm::check_batch(ex, x.view(), y.view(), gemm::no_storage{});
    return gemm::fresh_batch(ex, x.view(), y.view());
  } else {
    return refused{};
  }
}

/// The same, into existing storage: a range of matrices, each with the shape of its product, that do not overlap each
/// other. Where they may share memory with as or bs, the products are computed elsewhere first.
template <executor E, class As, class Bs, class Cs>
void batch_matmul(E const& ex, As&& as, Bs&& bs, into_type<Cs> place) {
  using namespace detail;
  if constexpr (gemm::accepts_batch<E, As, Bs>() && gemm::accepts_batch_into<As, Bs, Cs>()) {
    host_operand<As> x(std::forward<As>(as));
    host_operand<Bs> y(std::forward<Bs>(bs));
    host_operand<Cs> z(std::forward<Cs>(place.out));
    auto const xs = x.view();
    auto const ys = y.view();
    auto const zs = z.view();
    gemm::check_batch(ex, xs, ys, zs);
    if (gemm::batches_overlap(xs, zs) || gemm::batches_overlap(ys, zs)) {
      auto results = gemm::fresh_batch(ex, xs, ys);
      for (std::size_t i = 0; i < results.size(); ++i) zs[i] = std::move(results[i]);
    } else {
      gemm::batch_multiply(ex, xs, ys, zs);
    }
  }
}

}} // namespace trireme::v1
