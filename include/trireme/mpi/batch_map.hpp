/// @file mpi/batch_map.hpp
/// batch_map on a cluster: every rank reads the range, and computes its part of each batch.
#pragma once
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/operand.hpp>
#include <trireme/mpi/result.hpp>
#include <trireme/mpi/timed_call.hpp>
#include <trireme/mpi/transform.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// The batches of a host range that every rank reads.
template <class E, class R>
class cluster_batches {
public:
  using value_type = typename batch_reader<R>::value_type;

  cluster_batches(mpi_cluster<E> const&, std::remove_reference_t<R>& in, std::size_t) : in_(in) {}
  void fetch(std::size_t) const {}
  std::span<value_type const> next(std::size_t most) {
    if (!reader_) reader_.emplace(in_);
    return reader_->next(most, room_);
  }
  [[nodiscard]] std::size_t total() const { return reader_->total(); }

private:
  std::remove_reference_t<R>& in_;
  std::optional<batch_reader<R>> reader_;
  gathered<value_type> room_;
};

/// Those of a spread buffer, each of which goes to all ranks.
template <class E, any_buffer R>
class cluster_batches<E, R> {
public:
  using value_type = typename std::remove_cvref_t<R>::value_type;

  cluster_batches(mpi_cluster<E> const& cluster, std::remove_reference_t<R>& in, std::size_t most)
      : cluster_(cluster), cuts_(in.cuts()), data_(cluster, in) {
    link_of(cluster).together([&] {
      room_.emplace(std::min(most, total()));
      bounds_.resize(cuts_.size());
      return total();
    });
  }
  /// Collective.
  void fetch(std::size_t most) {
    std::size_t const first = last_;
    last_ += std::min(most, total() - last_);
    for (std::size_t r = 0; r < bounds_.size(); ++r) bounds_[r] = std::clamp(cuts_[r], first, last_) - first;
    mpi_link const& link = link_of(cluster_);
    link.together([&] {
      share const mine = share_of(bounds_, cluster_.rank());
      if (mine.size() != 0) {
        auto const from = data_.part({first + mine.first, first + mine.last});
        cluster_.inner().download(from.data(), room_->data() + mine.first, mine.size() * sizeof(value_type), {}).wait();
      }
      return last_;
    });
    link.gather(room_->data(), sizeof(value_type), bounds_);
  }
  std::span<value_type const> next(std::size_t) { return {room_->data(), bounds_.back()}; }
  [[nodiscard]] std::size_t total() const { return cuts_.back(); }

private:
  mpi_cluster<E> cluster_;
  std::vector<std::size_t> cuts_, bounds_;
  cluster_input<E, R> data_;
  std::optional<arrivals<value_type>> room_;
  std::size_t last_ = 0;
};

/// Each batch's results go to the sink before the next is read. Whatever the user's code throws, it does in a part of the
/// call that ends with an agreement.
template <class T, class E, class R, class F, class Sink>
void batches_together(mpi_cluster<E> const& cluster, R& in, F const& f, Sink& sink, batch_options const& options) {
  std::size_t const most = options.batch_size;
  if (most == 0) throw std::invalid_argument("trireme: batch_map: batch_size must be at least 1");
  check_timeout("batch_map", options.timeout);
  mpi_link const& link = link_of(cluster);
  timed_call<batch_options> const timed(link, "batch_map", typeid(T).name(), options);

  cluster_batches<E, R&> reader(cluster, in, most);
  std::optional<shared_results<T>> out;
  std::span<T const> ready;
  std::size_t done = 0, read = 0;
  do {
    reader.fetch(most);
    auto const work = [&] {
      if (!ready.empty()) {
        sink(ready);
        done += ready.size();
        if (options.progress) options.progress({done, reader.total()});
      }
      timed.within_time([&](batch_options const& limited) {
        if (limited.stop.stop_requested()) throw cancelled{};
        auto const batch = reader.next(most);
        read = batch.size();
        out.emplace(link, even_cuts(read, link.size()));
        part_of_whole{done, 1, done + read}([&] {
          cluster_input<E, decltype((batch))> data(cluster, batch);
          data.read();
          transform_share(cluster, *out, read, f, {.chunk_size = 0, .stop = limited.stop}, data);
        });
      });
      return read;
    };
    timed.together(work);
    out->gather(link);
    ready = out->all();
  } while (read != 0);
}

/// The results of spread data, which stay spread.
template <class T, class E, class R, class F>
buffer<T, mpi_cluster<E>> batches_in_place(mpi_cluster<E> const& cluster, R& in, F const& f, batch_options const& options) {
  std::optional<spread_results<T, E>> out;
  cluster_input<E, R&> data(cluster, in);
  data.align(cluster, cluster.cuts(data.size()));
  auto const work = [&] {
    out.emplace(cluster, data.size());
    share const mine = out->mine();
    auto const part = data.part(mine);
    part_of_whole{mine.first, 1, data.size()}([&] { out->place() = trireme::batch_map(cluster.inner(), part, f, options); });
    return data.size();
  };
  link_of(cluster).together(work, call_limit("batch_map", options.timeout, 0, typeid(T).name()));
  return out->finish();
}

template <class E, class R, class F>
consteval bool accepts_cluster_batches() {
  if constexpr (accepts_batches<E, inner_t<E, R>, F>())
    return accepts_traveller<batch_result_t<inner_t<E, R>, F>>();
  else
    return false;
}

} // namespace detail

/// f of every element, in input order, batch by batch; on every rank, each finished batch goes to sink(std::span<R const>).
/// Neither the input nor the results need fit into memory. `in` gives the same elements on every rank, each of which reads all of it,
/// or is a spread buffer, whose batches travel to all ranks.
/// @throws as on one executor, what one rank throws on all ranks.
/// Cost: for each batch one allreduce of three words and one allgather of its results. Reading, computing and the sink take turns.
template <executor E, class R, class F, class Sink>
  requires(!std::convertible_to<Sink, batch_options>)
void batch_map(mpi_cluster<E> const& cluster, R&& in, F f, Sink&& sink, batch_options options = {}) {
  if constexpr (detail::accepts_sink<E, detail::inner_t<E, R>, F, Sink>()) {
    if constexpr (detail::accepts_cluster_batches<E, R, F>())
      detail::batches_together<detail::batch_result_t<detail::inner_t<E, R>, F>>(cluster, in, f, sink, options);
  }
}

/// The same, returning all results: on every rank a std::vector, or a vector of Eigen for one; of a spread buffer one, whose
/// parts are computed where they are.
template <executor E, class R, class F>
[[nodiscard]] auto batch_map(mpi_cluster<E> const& cluster, R&& in, F f, batch_options options = {}) {
  if constexpr (detail::accepts_cluster_batches<E, R, F>()) {
    using result = detail::batch_result_t<detail::inner_t<E, R>, F>;
    if constexpr (any_buffer<R>) {
      return detail::batches_in_place<result>(cluster, in, f, options);
    } else {
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
    }
  } else {
    return detail::refused{};
  }
}

}} // namespace trireme::v1
