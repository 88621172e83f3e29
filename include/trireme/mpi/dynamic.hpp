/// @file mpi/dynamic.hpp
/// for_each_index and transform of host ranges in the dynamic schedule of a cluster.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/deal.hpp>
#include <trireme/mpi/share.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A call whose n elements all ranks know: their pieces, of which none has fewer elements than an executor has workers.
class dealt_call {
public:
  template <executor E>
  dealt_call(mpi_cluster<E> const& cluster, std::size_t n, call_limit const& limit)
      : link_(&link_of(cluster)), limit_(limit), n_(n),
        cuts_(guided_cuts(n, cluster.size(), 1 + (cluster.concurrency() - 1) / static_cast<std::size_t>(cluster.size()))),
        deal_(*link_, cuts_.size() - 1, limit) {}

  /// Collective. compute(piece, options) for each piece that comes here.
  template <class Compute>
  void run(loop_options const& options, Compute const& compute) {
    link_->together(
        [&] {
          deal_.run([&](auto const& take) { take_all(options, compute, take); });
          return n_;
        },
        limit_);
  }
  /// Collective, after run.
  void gather(dealt_results& results, void* all, std::size_t element) {
    deal_.share_owners();
    results.gather(all, element, cuts_, deal_.owners());
  }

private:
  /// All ranks are as far as the last piece that one of them has taken.
  template <class Compute, class Take>
  void take_all(loop_options const& options, Compute const& compute, Take const& take) const {
    loop_options all = options;
    all.timeout = limit_.left();
    within(limit_.call(), all, [&](loop_options const& limited) {
      loop_options one = limited;
      one.progress = {};
      std::size_t done = 0;
      for (std::uint64_t k = take(); k != deal::none; k = take()) {
        share const piece{cuts_[k], cuts_[k + 1]};
        part_of_whole{piece.first, 1, n_}([&] { compute(piece, one); });
        done = piece.last;
        if (options.progress) options.progress({done, n_});
      }
      if (options.progress && done != n_) options.progress({n_, n_});
    });
  }

  mpi_link const* link_;
  call_limit limit_;
  std::size_t n_;
  std::vector<std::size_t> cuts_;
  deal deal_;
};

/// f(i) for every i in [0, n), each on one rank.
template <executor E, class F>
void dealt_for_each_index(mpi_cluster<E> const& cluster, std::size_t n, F const& f, loop_options const& options) {
  call_limit const limit("for_each_index", options.timeout);
  std::optional<dealt_call> call;
  link_of(cluster).together(
      [&] {
        check_timeout("for_each_index", options.timeout);
        call.emplace(cluster, n, limit);
        return n;
      },
      limit);
  call->run(options, [&](share piece, loop_options const& one) {
    on_bulk(cluster.inner(), piece.size(), shifted_run<index_run<F>>{{f}, piece.first}, to_bulk<E>(one));
  });
}

/// f(in[i]…) for every i, on every rank, in the storage that make(n) returns: a span.
template <executor E, class F, class Make, class... R>
void dealt_transform_to(mpi_cluster<E> const& cluster, F const& f, loop_options const& options, Make const& make, R&&... in) {
  using span = decltype(make(std::size_t{}));
  call_limit const limit("transform", options.timeout);
  std::tuple<std::optional<host_input<R>>...> data;
  std::optional<dealt_call> call;
  std::optional<dealt_results> results;
  span out;
  auto const with_data = [&](auto const& use) { return std::apply([&](auto&... each) { return use(each...); }, data); };
  link_of(cluster).together(
      [&] {
        check_timeout("transform", options.timeout);
        return with_data([&](auto& first, auto&... rest) {
          auto const read = [](auto& place, auto&& range) { place.emplace(inline_executor{}, std::forward<decltype(range)>(range)); };
          [&](auto&... places) { (read(places, std::forward<R>(in)), ...); }(first, rest...);
          std::size_t const n = first->size();
          (check_same_size(rest->size(), n, "transform: in2"), ...);
          out = make(n);
          call.emplace(cluster, n, limit);
          results.emplace(link_of(cluster), out.size_bytes());
          return n;
        });
      },
      limit);
  call->run(options, [&](share piece, loop_options const& one) {
    with_data([&](auto&... each) {
      trireme::transform(cluster.inner(), detail::run(each->view(), piece)..., f, trireme::into(detail::run(out, piece)), one);
    });
  });
  call->gather(*results, out.data(), sizeof(typename span::element_type));
}

/// The results as a std::vector, or a vector of Eigen for one.
template <executor E, class F, class First, class... Rest>
auto dealt_transform(mpi_cluster<E> const& cluster, F const& f, loop_options const& options, First&& first, Rest&&... rest) {
  using T = result_t<E, F, First, Rest...>;
  constexpr bool for_eigen = eigen_vector<std::remove_cvref_t<First>>;
  auto const make = [](std::size_t n) {
    if constexpr (for_eigen)
      return host_vector<T, First>(n);
    else
      return arrivals<T>(n); // T needs no default
  };
  std::optional<decltype(make(0))> values;
  auto const place = [&](std::size_t n) {
    values.emplace(make(n));
    return std::span<T>(values->data(), n);
  };
  dealt_transform_to(cluster, f, options, place, std::forward<First>(first), std::forward<Rest>(rest)...);
  if constexpr (for_eigen)
    return std::move(*values);
  else
    return values->finish();
}

/// The results in storage that `into` names, at once where its elements lie side by side, and can travel.
template <executor E, class F, class Out, class... R>
void dealt_transform_into(mpi_cluster<E> const& cluster, into_type<Out>& to, F const& f, loop_options const& options, R&&... in) {
  using stored = existing<inline_executor, Out>;
  using view_type = decltype(std::declval<stored&>().view());
  using T = result_t<E, F, R...>;
  std::optional<stored> out;
  if constexpr (takes_messages<view_type>) {
    auto const place = [&](std::size_t n) { return out.emplace(inline_executor{}, to, n).view(); };
    dealt_transform_to(cluster, f, options, place, std::forward<R>(in)...);
  } else {
    std::optional<arrivals<T>> values;
    auto const place = [&](std::size_t n) {
      out.emplace(inline_executor{}, to, n);
      return std::span<T>(values.emplace(n).data(), n);
    };
    dealt_transform_to(cluster, f, options, place, std::forward<R>(in)...);
    auto const view = out->view();
    for (std::size_t i = 0; i < values->size(); ++i) view[i] = values->data()[i];
  }
}

}}} // namespace trireme::v1::detail
