/// @file mpi/operand.hpp
/// What the calls of a cluster read, and the share of it that each rank has.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/buffer.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/host_side.hpp>
#include <trireme/mpi/redistribute.hpp>
#include <trireme/mpi/run.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Data of a cluster as its inner executor's algorithms would be given it: what their checks are asked about. The inner
/// executor's own buffers are another cluster's there, and so refused.
template <class E, class R>
struct inner_data {
  using type = R;
};
template <class E, class T, class Home>
struct inner_data<E, buffer<T, Home>> {
  using type = buffer<T, std::conditional_t<std::same_as<Home, mpi_cluster<E>>, E, mpi_cluster<E>>>;
};
template <class E, class T, class Home>
struct inner_data<E, buffer_view<T, Home>> {
  using type = buffer_view<T, std::conditional_t<std::same_as<Home, mpi_cluster<E>>, E, mpi_cluster<E>>>;
};
template <class E, class R>
struct inner_data<E, R const> {
  using type = typename inner_data<E, R>::type const;
};
template <class E, class R>
struct inner_data<E, R&> {
  using type = typename inner_data<E, R>::type&;
};
template <class E, class R>
using inner_t = typename inner_data<E, R>::type;

template <class E, class B>
B const& check_spread(mpi_cluster<E> const& cluster, B const& b) {
  check_not_moved(b.cuts());
  if (!(b.executor() == cluster))
    throw std::invalid_argument("trireme: the buffer is spread over another cluster than the call runs on");
  return b;
}

/// What a call reads: here host data, the same on every rank, of which each hands a run to its executor.
template <class E, class R>
class cluster_input {
public:
  static constexpr bool spread = false;

  cluster_input(mpi_cluster<E> const&, std::remove_reference_t<R>& range) : range_(range) {}
  /// May throw what the range does; before size() and part().
  void read() { data_.emplace(inline_executor{}, std::forward<R>(range_)); }
  [[nodiscard]] std::size_t size() const { return data_->size(); }
  [[nodiscard]] auto part(share mine) { return run(data_->view(), mine); }

private:
  std::remove_reference_t<R>& range_;
  std::optional<input<inline_executor, R>> data_;
};

/// Here a spread buffer or a part of one, of which each rank hands its own to its executor.
template <class E, any_buffer R>
class cluster_input<E, R> {
  using element = typename std::remove_cvref_t<R>::value_type;

public:
  static constexpr bool spread = true;

  cluster_input(mpi_cluster<E> const& cluster, std::remove_reference_t<R>& b)
      : cuts_(check_spread(cluster, b).cuts()), own_(share_of(cuts_, cluster.rank())),
        local_(cluster.inner(), std::as_const(b).local().data(), own_.size()) {}

  [[nodiscard]] std::vector<std::size_t> const& cuts() const noexcept { return cuts_; }
  /// Sees to it that the elements are the ranks' by these cuts, of as many. Collective; without a message where they are.
  void align(mpi_cluster<E> const& cluster, std::vector<std::size_t> const& cuts) {
    if (cuts == cuts_ || cuts.back() != cuts_.back()) return;
    mpi_link const& link = link_of(cluster);
    std::optional<redistribution> move;
    std::optional<buffer<element, E>> there;
    std::optional<host_side<element const, E>> from;
    std::optional<host_side<element, E>> to;
    link.together([&] {
      move.emplace(link, cuts_, cuts, sizeof(element));
      there.emplace(cluster.inner(), share_of(cuts, cluster.rank()).size());
      from.emplace(cluster.inner(), local_.data(), local_.size());
      to.emplace(cluster.inner(), there->data(), there->size());
      from->fetch();
      return size();
    });
    move->run(from->data(), to->data());
    if constexpr (!host_executor<E>) {
      link.together([&] {
        to->store();
        return size();
      });
    }
    aligned_ = std::move(there);
    local_ = std::as_const(*aligned_).subspan(0, aligned_->size());
    cuts_ = cuts;
    own_ = share_of(cuts_, cluster.rank());
  }
  void read() const {}
  [[nodiscard]] std::size_t size() const { return cuts_.back(); }
  /// Of this rank's elements.
  [[nodiscard]] auto part(share mine) const { return local_.subspan(mine.first - own_.first, mine.size()); }

private:
  std::vector<std::size_t> cuts_;
  share own_;
  buffer_view<element const, E> local_;
  std::optional<buffer<element, E>> aligned_;
};

/// The cuts that spread data dictates to a call: those of the first that is spread; nothing for host data alone, which any fit.
inline std::vector<std::size_t> dictated_cuts() { return {}; }
template <class In, class... Rest>
std::vector<std::size_t> dictated_cuts(In const& in, Rest const&... rest) {
  if constexpr (In::spread)
    return in.cuts();
  else
    return dictated_cuts(rest...);
}

/// Brings all spread data to the same cuts.
template <class E, class... In>
void align_all(mpi_cluster<E> const& cluster, std::vector<std::size_t> const& cuts, In&... in) {
  auto const align = [&](auto& one) {
    if constexpr (std::remove_reference_t<decltype(one)>::spread) one.align(cluster, cuts);
  };
  (align(in), ...);
}

}}} // namespace trireme::v1::detail
