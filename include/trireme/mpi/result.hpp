/// @file mpi/result.hpp
/// Results of which each rank computes its share: they reach all ranks, or stay spread.
#pragma once
#include <trireme/core/accepts.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/range.hpp>
#include <trireme/core/result.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/buffer.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>
#include <trireme/mpi/operand.hpp>
#include <trireme/mpi/run.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Whether results of this type can go from rank to rank.
template <class T>
consteval bool accepts_traveller() {
  static_assert(transferable<T>, "trireme: results go from rank to rank as bytes, so that they must be trivially copyable, or "
                                 "tuples, pairs or arrays of such");
  return transferable<T>;
}

/// Whether T can be assigned to the elements of Out.
template <class E, class Out, class T>
consteval bool accepts_cluster_place() {
  if constexpr (any_buffer<Out>)
    return accepts_place<E, inner_t<E, Out>, T>();
  else
    return accepts_place<inline_executor, Out, T>();
}

/// New results of type T on the host, of which rank r computes those by its cuts; then all have all. A vector of Eigen for
/// one, else a std::vector.
template <class T, class Like = std::vector<T>>
class shared_results {
public:
  shared_results(mpi_link const& link, std::vector<std::size_t> cuts)
      : cuts_(std::move(cuts)), mine_(share_of(cuts_, link.rank())), values_(make(cuts_.back())) {}

  [[nodiscard]] share mine() const noexcept { return mine_; }
  [[nodiscard]] std::span<T> all() { return {values_.data(), static_cast<std::size_t>(values_.size())}; }
  /// Where this rank's results go.
  [[nodiscard]] std::span<T> place() { return run(all(), mine_); }
  /// Collective.
  void gather(mpi_link const& link) { link.gather(values_.data(), sizeof(T), cuts_); }
  void settle() const {}
  [[nodiscard]] auto finish() {
    if constexpr (eigen_vector<std::remove_cvref_t<Like>>)
      return std::move(values_);
    else
      return values_.finish();
  }

private:
  static auto make(std::size_t n) {
    if constexpr (eigen_vector<std::remove_cvref_t<Like>>)
      return host_vector<T, Like>(n);
    else
      return arrivals<T>(n); // T needs no default
  }
  std::vector<std::size_t> cuts_;
  share mine_;
  decltype(make(0)) values_;
};

/// Whether the elements of a view lie side by side, and can travel.
template <class View>
inline constexpr bool takes_messages = false;
template <class T>
inline constexpr bool takes_messages<std::span<T>> = transferable<T>;

/// Results of type T in the host's storage that `into` names. They go there at once where its elements lie side by side, and
/// can travel; else by way of results of our own.
template <class T, class Out>
class placed_results {
  using stored = existing<inline_executor, Out>;
  using view_type = decltype(std::declval<stored&>().view());
  static constexpr bool direct = takes_messages<view_type>;

public:
  /// @throws std::invalid_argument where the storage has another size than by the cuts.
  placed_results(mpi_link const& link, into_type<Out>& place, std::vector<std::size_t> cuts)
      : out_(inline_executor{}, place, cuts.back()), cuts_(std::move(cuts)), mine_(share_of(cuts_, link.rank())) {
    if constexpr (!direct) own_.emplace(link, cuts_);
  }
  [[nodiscard]] share mine() const noexcept { return mine_; }
  [[nodiscard]] auto all() {
    if constexpr (direct)
      return out_.view();
    else
      return own_->all();
  }
  [[nodiscard]] auto place() { return run(all(), mine_); }
  void gather(mpi_link const& link) {
    auto const to = all();
    link.gather(to.data(), sizeof(to[0]), cuts_);
    settle();
  }
  /// When all results are here.
  void settle() {
    if constexpr (!direct) {
      auto const to = out_.view();
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = own_->all()[i];
    }
  }

private:
  stored out_;
  std::vector<std::size_t> cuts_;
  share mine_;
  std::optional<shared_results<T>> own_;
};

/// A host range of which each rank changes its run, in place; then all have all.
template <class R>
class changed_results {
  using T = element_t<R>;
  using stored = storage<inline_executor, R, true>;
  static constexpr bool direct = takes_messages<decltype(std::declval<stored&>().view())>;

public:
  explicit changed_results(std::remove_reference_t<R>& range) : data_(inline_executor{}, range) {
    if constexpr (!direct) all_.emplace(data_.size());
  }
  [[nodiscard]] std::size_t size() const { return data_.size(); }
  [[nodiscard]] std::span<T> all() {
    if constexpr (direct)
      return data_.view();
    else
      return {all_->data(), all_->size()};
  }
  [[nodiscard]] auto place(share part) { return run(data_.view(), part); }
  /// When this rank has changed them.
  void changed(share part) {
    if constexpr (!direct) {
      auto const view = data_.view();
      for (std::size_t i = part.first; i < part.last; ++i) std::construct_at(all_->data() + i, view[i]);
    }
  }
  void settle() {
    if constexpr (!direct) {
      auto const view = data_.view();
      for (std::size_t i = 0; i < view.size(); ++i) view[i] = all_->data()[i];
    }
  }

private:
  stored data_;
  std::optional<arrivals<T>> all_;
};

/// New results of type T that stay spread.
template <class T, class E>
class spread_results {
public:
  spread_results(mpi_cluster<E> const& cluster, std::size_t n)
      : all_(cluster, n, buffer<T, E>(cluster.inner(), share_of(cluster.cuts(n), cluster.rank()).size())) {}
  [[nodiscard]] share mine() const { return share_of(all_.cuts(), all_.executor().rank()); }
  [[nodiscard]] buffer<T, E>& place() { return all_.local(); }
  void gather(mpi_link const&) const {}
  [[nodiscard]] auto finish() { return std::move(all_); }

private:
  buffer<T, mpi_cluster<E>> all_;
};

/// Results in the spread storage that `into` names.
template <class E, class Out>
class placed_spread {
  using element = std::remove_pointer_t<decltype(std::declval<Out&>().local().data())>;

public:
  placed_spread(mpi_cluster<E> const& cluster, into_type<Out>& place, std::size_t n)
      : mine_(share_of(place.out.cuts(), cluster.rank())), local_(cluster.inner(), place.out.local().data(), mine_.size()) {
    check_same_size(place.out.size(), n, "into: the storage");
  }
  [[nodiscard]] share mine() const noexcept { return mine_; }
  [[nodiscard]] buffer_view<element, E> place() const { return local_; }
  void gather(mpi_link const&) const {}

private:
  share mine_;
  buffer_view<element, E> local_;
};

/// By the cuts that the call's data dictates, or even ones.
inline std::vector<std::size_t> cuts_of(std::vector<std::size_t> const& dictated, std::size_t n, int ranks) {
  return dictated.empty() ? even_cuts(n, ranks) : dictated;
}

/// New results of type T for a call whose first data is a Like: as one executor would give them.
template <class E, class T, class Like>
struct fresh_results {
  using type = std::conditional_t<any_buffer<Like>, spread_results<T, E>, shared_results<T, Like>>;
  static constexpr bool spread = any_buffer<Like>;
  mpi_cluster<E> const& cluster;

  /// What the call's spread data is brought to.
  template <class... In>
  [[nodiscard]] std::vector<std::size_t> cuts(In const&... in) const {
    auto dictated = dictated_cuts(in...);
    return any_buffer<Like> ? cluster.cuts(dictated.back()) : dictated;
  }
  void emplace(std::optional<type>& out, std::size_t n, std::vector<std::size_t> const& dictated) const {
    if constexpr (any_buffer<Like>)
      out.emplace(cluster, n);
    else
      out.emplace(link_of(cluster), cuts_of(dictated, n, cluster.size()));
  }
};

/// Results of type T in the storage that `into` names.
template <class E, class T, class Out>
struct existing_results {
  using type = std::conditional_t<any_buffer<Out>, placed_spread<E, Out>, placed_results<T, Out>>;
  static constexpr bool spread = any_buffer<Out>;
  mpi_cluster<E> const& cluster;
  into_type<Out>& place;

  template <class... In>
  [[nodiscard]] std::vector<std::size_t> cuts(In const&... in) const {
    if constexpr (any_buffer<Out>) {
      check_spread(cluster, place.out);
      return place.out.cuts();
    } else {
      return dictated_cuts(in...);
    }
  }
  void emplace(std::optional<type>& out, std::size_t n, std::vector<std::size_t> const& dictated) const {
    if constexpr (any_buffer<Out>)
      out.emplace(cluster, place, n);
    else
      out.emplace(link_of(cluster), place, cuts_of(dictated, n, cluster.size()));
  }
};

}}} // namespace trireme::v1::detail
