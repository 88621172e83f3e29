/// @file mpi/batch_map.hpp
/// batch_map on a cluster: every rank reads the range, and computes its part of each batch.
#pragma once
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/share.hpp>
#include <trireme/mpi/transform.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// A call's time, of which parts of the call have what is left.
class call_deadline {
public:
  call_deadline(char const* call, std::chrono::nanoseconds timeout) : call_(call), timeout_(timeout) { check_timeout(call, timeout); }

  /// f(options), as within() has it. @throws timed_out.
  template <class F>
  void part(batch_options options, F const& f) const {
    if (timeout_.count() != 0)
      options.timeout = std::max(std::chrono::nanoseconds(1), timeout_ - (std::chrono::steady_clock::now() - begun_));
    within(call_, options, f);
  }

private:
  char const* call_;
  std::chrono::nanoseconds timeout_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

/// Each batch's results go to the sink before the next is read. Whatever the user's code throws, it does in a part of the
/// call that ends with an agreement.
template <class T, class E, class R, class F, class Sink>
void batches_together(mpi_cluster<E> const& cluster, R& in, F const& f, Sink& sink, batch_options const& options) {
  std::size_t const most = options.batch_size;
  if (most == 0) throw std::invalid_argument("trireme: batch_map: batch_size must be at least 1");
  call_deadline const deadline("batch_map", options.timeout);
  mpi_link const& link = link_of(cluster);

  using element = typename batch_reader<R>::value_type;
  std::optional<batch_reader<R>> reader;
  gathered<element> room;
  std::optional<shared_results<T, std::vector<int>>> out;
  std::span<T const> ready;
  std::size_t done = 0, read = 0;
  do {
    link.together([&] {
      if (!reader) reader.emplace(in);
      if (!ready.empty()) {
        sink(ready);
        done += ready.size();
        if (options.progress) options.progress({done, reader->total()});
      }
      deadline.part(options, [&](batch_options const& limited) {
        if (limited.stop.stop_requested()) throw cancelled{};
        std::span<element const> batch = reader->next(most, room);
        read = batch.size();
        part_of_whole{done, 1, done + read}([&] {
          transform_share(cluster, out, [&](std::size_t n) { out.emplace(link, n); }, f, {.chunk_size = 0, .stop = limited.stop}, batch);
        });
      });
      return read;
    });
    ready = out->gather(link);
  } while (read != 0);
}

template <class E, class R, class F>
consteval bool accepts_cluster_batches() {
  if constexpr (accepts_batches<E, R, F>())
    return accepts_traveller<batch_result_t<R, F>>();
  else
    return false;
}

} // namespace detail

/// f of every element, in input order, batch by batch; on every rank, each finished batch goes to sink(std::span<R const>).
/// Neither the input nor the results need fit into memory. `in` gives the same elements on every rank, each of which reads all of it.
/// @throws as on one executor, what one rank throws on all ranks.
/// Cost: for each batch one allreduce of three words and one allgather of its results. Reading, computing and the sink take turns.
template <executor E, class R, class F, class Sink>
  requires(!std::convertible_to<Sink, batch_options>)
void batch_map(mpi_cluster<E> const& cluster, R&& in, F f, Sink&& sink, batch_options options = {}) {
  if constexpr (detail::accepts_sink<E, R, F, Sink>()) {
    if constexpr (detail::accepts_cluster_batches<E, R, F>())
      detail::batches_together<detail::batch_result_t<R, F>>(cluster, in, f, sink, options);
  }
}

/// The same, returning all results on every rank: a std::vector, or a vector of Eigen for one.
template <executor E, class R, class F>
[[nodiscard]] auto batch_map(mpi_cluster<E> const& cluster, R&& in, F f, batch_options options = {}) {
  if constexpr (detail::accepts_cluster_batches<E, R, F>()) {
    using result = detail::batch_result_t<R, F>;
    std::vector<result> all;
    auto const sink = [&](std::span<result const> batch) { all.insert(all.end(), batch.begin(), batch.end()); };
    detail::batches_together<result>(cluster, in, f, sink, options);
    if constexpr (detail::eigen_vector<std::remove_cvref_t<R>>) {
      auto out = detail::host_vector<result, R>(all.size());
      std::copy(all.begin(), all.end(), out.data());
      return out;
    } else {
      return all;
    }
  } else {
    return detail::refused{};
  }
}

}} // namespace trireme::v1
