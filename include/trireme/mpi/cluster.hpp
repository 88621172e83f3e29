/// @file mpi/cluster.hpp
/// Many machines as one: an executor on each rank of MPI.
#pragma once
#include <trireme/core/cluster.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/tiles.hpp>
#include <trireme/core/with_executor.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

inline constexpr std::string_view cluster_prefix = "mpi:";

/// E::names behind the prefix; nothing for an executor without names.
template <class E>
struct cluster_names {
  static constexpr std::string_view value{};
};
template <named_executor E>
struct cluster_names<E> {
  static constexpr std::string_view inner = E::names;
  static constexpr auto text = [] {
    std::array<char, cluster_prefix.size() + inner.size()> all{};
    std::copy(inner.begin(), inner.end(), std::copy(cluster_prefix.begin(), cluster_prefix.end(), all.begin()));
    return all;
  }();
  static constexpr std::string_view value{text.data(), text.size()};
};

} // namespace detail

/// All ranks of a communicator, each of which computes its share on an executor of its own, `inner`.
///
/// A single program runs on all ranks and makes the same calls, in the same order, with the same arguments; a host range has
/// the same elements everywhere, and the result arrives everywhere. The bits are those of inline_executor, at any number of ranks.
/// A handle: copies are cheap, equal, and talk through one communicator, a duplicate of `comm`, one call at a time. The last copy frees it, which
/// all ranks have to do.
///
/// `.timeout` also limits how long ranks wait for each other. The call throws timed_out on all ranks, as on one executor, where all of them
/// come to an agreement: each has, after its timeout, as long again (a second at least) for a kernel to come to the end of its run.
/// Where one does not come, as it never made the call, or hangs, the job ends: one line on stderr names the rank, and
/// MPI_Abort ends the others. MPI has no calls without a rank that is part of them, and a process that dies takes the job with it: a program
/// that has to outlive its processes gives each machine a process_pool, or saves its work. Without `.timeout` ranks wait for
/// ever, but not for a rank whose program has ended, as where it returned early from main: then the call throws an error that names it, and
/// so do later calls. (In the first cluster of all ranks, of a program
/// that leaves MPI's beginning and end to the library.) The limit is on agreeing; the results that follow are on their way without one.
///
/// `.schedule = tri::guided` hands out loops and transforms of host ranges in pieces, to whichever rank asks next: for elements that take unequally
/// long, or unequal machines. Rank 0 answers on a thread of its own, or between its own pieces where MPI may be called by one thread only;
/// each piece costs a message there and one back, and the results are copied once more. `.progress` then tells how far all
/// ranks are. What is spread over the ranks stays where it is.
///
/// Where the program has not initialised MPI, the first cluster does, and the end of the program finalises it.
///
/// It models `executor_cluster`, and not `executor`: no kernel sees all of its memory.
template <executor E>
class mpi_cluster {
public:
  using inner_type = E;

  /// Collective. Ranks may bring executors of different widths.
  /// @throws std::invalid_argument for MPI_COMM_NULL or an intercommunicator, std::logic_error after MPI_Finalize, mpi_error.
  explicit mpi_cluster(E inner, MPI_Comm comm = MPI_COMM_WORLD)
      : mpi_cluster(std::move(inner), std::make_shared<detail::mpi_link const>(comm)) {}

  /// The cluster of all of the program's ranks that `text` names, for with_executor: "mpi:" and the name of the executor of
  /// each, as "mpi:threads:8". Collective. @throws what E::named throws on one rank, on all ranks.
  static bool matches(std::string_view text) noexcept
    requires named_executor<E>
  {
    return text.starts_with(detail::cluster_prefix) && E::matches(text.substr(detail::cluster_prefix.size()));
  }
  static mpi_cluster named(std::string_view text)
    requires named_executor<E>
  {
    auto link = std::make_shared<detail::mpi_link const>(MPI_COMM_WORLD);
    std::optional<E> inner;
    link->together([&] {
      inner.emplace(E::named(text.substr(detail::cluster_prefix.size())));
      return std::uint64_t{0};
    });
    return mpi_cluster(*inner, std::move(link));
  }
  static constexpr std::string_view names = detail::cluster_names<E>::value;

  [[nodiscard]] int rank() const noexcept { return link_->rank(); }               ///< of this process, from 0
  [[nodiscard]] int size() const noexcept { return link_->size(); }               ///< how many ranks there are
  [[nodiscard]] std::size_t concurrency() const noexcept { return concurrency_; } ///< of all ranks' executors together
  [[nodiscard]] E const& inner() const noexcept { return inner_; }                ///< this rank's executor
  /// Which of n elements are whose: rank r owns [cuts[r], cuts[r + 1]), whole tiles.
  [[nodiscard]] std::vector<std::size_t> cuts(std::size_t n) const {
    auto cuts = detail::tile_cuts(tile_count(n), size());
    for (auto& cut : cuts) cut = cut * tile_size < n ? cut * tile_size : n;
    return cuts;
  }

  friend detail::mpi_link const& link_of(mpi_cluster const& cluster) noexcept { return *cluster.link_; }
  friend bool operator==(mpi_cluster const& a, mpi_cluster const& b) noexcept { return a.link_ == b.link_; }

private:
  mpi_cluster(E inner, std::shared_ptr<detail::mpi_link const> link) : inner_(std::move(inner)), link_(std::move(link)) {
    std::uint64_t const mine = inner_.concurrency();
    std::uint64_t all = 0;
    detail::check_mpi(MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, link_->comm()), "MPI_Allreduce");
    concurrency_ = static_cast<std::size_t>(all);
  }

  E inner_;
  std::shared_ptr<detail::mpi_link const> link_;
  std::size_t concurrency_ = 0;
};

static_assert(executor_cluster<mpi_cluster<inline_executor>> && named_executor<mpi_cluster<inline_executor>>);

}} // namespace trireme::v1
