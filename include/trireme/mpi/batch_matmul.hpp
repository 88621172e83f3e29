/// @file mpi/batch_matmul.hpp
/// Many matrix products on a cluster: each rank computes a run of them.
#pragma once
#include <trireme/algorithm/batch_matmul.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/range.hpp>
#include <trireme/core/refused.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <memory>
#include <ranges>
#include <span>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail { namespace gemm {

/// Some of a sequence of matrices.
template <class Ms>
struct some_of {
  Ms all;
  share part;
  decltype(auto) operator[](std::size_t i) const { return all[part.first + i]; }
  [[nodiscard]] std::size_t size() const { return part.size(); }
};
template <class Ms>
some_of(Ms, share) -> some_of<Ms>;

/// Where the runs of products begin that take the ranks about equally long.
template <class As, class Bs>
std::vector<std::size_t> cuts_by_work(As const& as, Bs const& bs, int ranks) {
  constexpr double of_each = 100; // multiplications that a product of nothing is worth
  auto const work = [&](std::size_t i) { return of_each + multiplications(as[i], bs[i]); };
  double total = 0;
  for (std::size_t i = 0; i < as.size(); ++i) total += work(i);
  std::vector<std::size_t> cuts{0};
  double done = 0;
  for (std::size_t i = 0; i < as.size(); ++i) {
    double const middle = done + 0.5 * work(i);
    while (static_cast<int>(cuts.size()) < ranks && middle >= total / ranks * static_cast<double>(cuts.size())) cuts.push_back(i);
    done += work(i);
  }
  while (static_cast<int>(cuts.size()) <= ranks) cuts.push_back(as.size());
  return cuts;
}

/// The products of two ranges of matrices of Eigen, on every rank. `prepare(xs, ys)` checks, and makes what `place()` then
/// gives: matrices in the shapes of the products. Collective.
template <class E, class As, class Bs, class Prepare, class Place>
void batch_together(mpi_cluster<E> const& cluster, As&& as, Bs&& bs, Prepare const& prepare, Place const& place) {
  using T = scalar_t<std::ranges::range_reference_t<As>>;
  using plain = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
  auto const& link = link_of(cluster);
  std::vector<std::size_t> starts{0}, bounds; // of elements, for each product and each rank
  std::unique_ptr<T[]> elements;
  link.together([&] {
    host_operand<As> x(std::forward<As>(as));
    host_operand<Bs> y(std::forward<Bs>(bs));
    auto const xs = x.view();
    auto const ys = y.view();
    prepare(xs, ys);
    for (std::size_t i = 0; i < xs.size(); ++i)
      starts.push_back(starts.back() + static_cast<std::size_t>(xs[i].rows()) * static_cast<std::size_t>(ys[i].cols()));
    elements.reset(new T[starts.back()]); // not zeroed
    auto const cuts = cuts_by_work(xs, ys, link.size());
    for (std::size_t const cut : cuts) bounds.push_back(starts[cut]);
    share const mine = share_of(cuts, link.rank());
    auto const products = fresh_batch(cluster.inner(), some_of{xs, mine}, some_of{ys, mine});
    for (std::size_t i = 0; i < products.size(); ++i)
      Eigen::Map<plain>(elements.get() + starts[mine.first + i], products[i].rows(), products[i].cols()) = products[i];
    return starts.back();
  });
  link.gather(elements.get(), sizeof(T), bounds);
  auto const cs = place();
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    auto&& c = cs[i];
    c = Eigen::Map<plain const>(elements.get() + starts[i], c.rows(), c.cols());
  }
}

template <class E, class As, class Bs>
consteval bool accepts_cluster_batch() {
  if constexpr (accepts_batch<mpi_cluster<E>, As, Bs>()) {
    constexpr bool here = !any_matrix<std::ranges::range_reference_t<As>>;
    static_assert(here,
                  "trireme: batch_matmul: on a cluster the matrices must be Eigen's; for spread ones call matmul for each pair");
    return here;
  } else {
    return false;
  }
}

}} // namespace detail::gemm

/// The products as[i]·bs[i], as on one executor, of ranges that are the same on every rank; all results arrive on every rank.
/// The bits are those of the inner executor alone. Products are dealt out whole, in runs of about equal work.
/// @throws std::invalid_argument, before any work, where the ranges differ in length or a pair does not fit. What one rank throws,
/// all ranks throw.
/// Cost: one agreement and one allgather of all elements, which are copied in and out.
template <executor E, class As, class Bs>
[[nodiscard]] auto batch_matmul(mpi_cluster<E> const& cluster, As&& as, Bs&& bs) {
  using namespace detail;
  if constexpr (gemm::accepts_cluster_batch<E, As, Bs>()) {
    std::vector<gemm::host_product_t<std::ranges::range_reference_t<As>, std::ranges::range_reference_t<Bs>>> cs;
    gemm::batch_together(
        cluster, std::forward<As>(as), std::forward<Bs>(bs),
        [&](auto const& xs, auto const& ys) {
          gemm::check_batch(cluster, xs, ys, gemm::no_storage{});
          cs.resize(xs.size());
          for (std::size_t i = 0; i < cs.size(); ++i) cs[i].resize(xs[i].rows(), ys[i].cols());
        },
        [&] { return std::span(cs); });
    return cs;
  } else {
    return refused{};
  }
}

/// The same, into existing storage on every rank: a range of matrices, each with the shape of its product, that do not overlap
/// each other; they may share memory with as or bs.
template <executor E, class As, class Bs, class Cs>
void batch_matmul(mpi_cluster<E> const& cluster, As&& as, Bs&& bs, into_type<Cs> place) {
  using namespace detail;
  if constexpr (gemm::accepts_cluster_batch<E, As, Bs>() && gemm::accepts_batch_into<As, Bs, Cs>()) {
    host_operand<Cs> z(std::forward<Cs>(place.out));
    gemm::batch_together(
        cluster, std::forward<As>(as), std::forward<Bs>(bs),
        [&](auto const& xs, auto const& ys) { gemm::check_batch(cluster, xs, ys, z.view()); }, [&] { return z.view(); });
  }
}

}} // namespace trireme::v1
