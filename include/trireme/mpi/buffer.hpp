/// @file mpi/buffer.hpp
/// Elements that are spread over the ranks of a cluster.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/range.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/redistribute.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <ios>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

inline void check_not_moved(std::vector<std::size_t> const& cuts) {
  if (cuts.empty()) throw std::invalid_argument("trireme: the spread buffer was moved from");
}

[[noreturn]] inline void file_failed(char const* call, std::filesystem::path const& path) {
  throw std::filesystem::filesystem_error(std::string("trireme: ") + call, path, std::make_error_code(std::errc::io_error));
}

} // namespace detail

/// A part of a spread buffer: does not own it, must not outlive it, and is taken wherever a buffer is.
template <class T, executor E>
class buffer_view<T, mpi_cluster<E>> {
public:
  using value_type = std::remove_cv_t<T>;
  using executor_type = mpi_cluster<E>;

  /// @param cuts  whose the elements are: rank r has [cuts[r], cuts[r + 1]).
  buffer_view(mpi_cluster<E> const& cluster, std::vector<std::size_t> cuts, buffer_view<T, E> local)
      : cluster_(cluster), cuts_(std::move(cuts)), local_(local) {}

  [[nodiscard]] std::size_t size() const noexcept { return cuts_.back(); } ///< of all ranks together
  [[nodiscard]] std::vector<std::size_t> const& cuts() const noexcept { return cuts_; }
  /// This rank's elements, from the cuts()[rank]-th.
  [[nodiscard]] buffer_view<T, E> local() const { return local_; }
  [[nodiscard]] mpi_cluster<E> const& executor() const noexcept { return cluster_; }

  /// The n elements from the i-th; no message. @throws std::out_of_range where the view has fewer.
  [[nodiscard]] buffer_view subspan(count<"i"> i, count<"n"> n) const {
    if (i > size() || n > size() - i)
      throw std::out_of_range("trireme: subspan: elements " + std::to_string(i) + " to " + std::to_string(i) + " + " +
                              std::to_string(n) + " of " + std::to_string(size()));
    std::vector<std::size_t> cuts(cuts_.size());
    for (std::size_t r = 0; r < cuts.size(); ++r) cuts[r] = std::clamp<std::size_t>(cuts_[r], i, i + n) - i;
    auto const mine = detail::share_of(cuts, cluster_.rank());
    std::size_t const begin = mine.size() == 0 ? 0 : mine.first + i - detail::share_of(cuts_, cluster_.rank()).first;
    return {cluster_, std::move(cuts), local_.subspan(begin, mine.size())};
  }

  /// A copy of all elements on the host of every rank. Collective.
  /// Cost: every rank gets the elements of all others.
  [[nodiscard]] std::vector<value_type> to_host() const {
    auto const& link = link_of(cluster_);
    std::optional<detail::arrivals<value_type>> out;
    link.together(
        [&] {
          out.emplace(size());
          download(out->data() + cuts_[static_cast<std::size_t>(cluster_.rank())]);
          return size();
        },
        detail::call_limit("to_host", {}, 0, typeid(value_type).name()));
    link.gather(out->data(), sizeof(T), cuts_);
    return out->finish();
  }

  /// The same on one rank; the others get nothing. Collective. @throws std::invalid_argument where there is no such rank.
  [[nodiscard]] std::vector<value_type> to_host(int rank) const {
    auto const& link = link_of(cluster_);
    std::optional<detail::arrivals<value_type>> mine, all;
    std::optional<detail::redistribution> move;
    link.together(
        [&] {
          auto const to = detail::all_on(rank, size(), cluster_.size());
          mine.emplace(local_.size());
          all.emplace(detail::share_of(to, cluster_.rank()).size());
          move.emplace(link, cuts_, to, sizeof(T));
          download(mine->data());
          return size();
        },
        detail::call_limit("to_host", {}, 0, typeid(value_type).name()));
    move->run(mine->data(), all->data());
    return all->finish();
  }

  /// Writes the bytes of all elements to a file, which is replaced. Every rank writes its own, at once: the file lies where
  /// all of them see it. Collective. @throws std::filesystem::filesystem_error.
  void to_file(std::filesystem::path const& path) const {
    auto const& link = link_of(cluster_);
    link.together([&] {
      if (cluster_.rank() != 0) return size();
      std::ofstream const made(path, std::ios::binary | std::ios::trunc);
      if (!made) detail::file_failed("to_file", path);
      return size();
    });
    link.together([&] {
      detail::arrivals<value_type> mine(local_.size());
      download(mine.data());
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekp(static_cast<std::streamoff>(cuts_[static_cast<std::size_t>(cluster_.rank())] * sizeof(T)));
      file.write(reinterpret_cast<char const*>(mine.data()), static_cast<std::streamsize>(local_.size() * sizeof(T)));
      file.close();
      if (!file) detail::file_failed("to_file", path);
      return size();
    });
  }

private:
  void download(value_type* to) const { cluster_.inner().download(local_.data(), to, local_.size() * sizeof(T), {}).wait(); }

  mpi_cluster<E> cluster_;
  std::vector<std::size_t> cuts_;
  buffer_view<T, E> local_;
};

/// n elements spread over the ranks: each has a run of whole tiles, in the memory of its inner executor. Algorithms work on
/// each where it lies, and a result stays spread. Move-only; one that was moved from can only be destroyed, assigned to, and asked for
/// its size, which is 0: anything else is std::invalid_argument. What makes one and what reads it is collective.
template <class T, executor E>
class buffer<T, mpi_cluster<E>> {
public:
  using value_type = T;
  using executor_type = mpi_cluster<E>;

  /// n elements, uninitialised. @throws std::invalid_argument for a negative n, std::bad_alloc; on all ranks.
  buffer(mpi_cluster<E> const& cluster, count<"n"> n) : buffer(cluster) {
    link_of(cluster).together(
        [&] { return own(n, [&](detail::share mine) { return buffer<T, E>(cluster.inner(), mine.size()); }); },
        detail::call_limit("buffer", {}, 0, typeid(T).name()));
  }

  /// A range that is the same on every rank: each rank keeps its run of it. No element travels.
  template <host_data R>
  buffer(mpi_cluster<E> const& cluster, R&& range) : buffer(cluster) {
    link_of(cluster).together(
        [&] {
          detail::contiguous_elements<T, R> const all(std::forward<R>(range));
          return own(all.view().size(),
                     [&](detail::share mine) { return made_of(cluster, all.view().subspan(mine.first, mine.size())); });
        },
        detail::call_limit("buffer", {}, 0, typeid(T).name()));
  }

  /// This rank's elements of a spread buffer of n, made by a call on all ranks.
  /// @throws std::invalid_argument where they are not cluster.cuts(n)'s, or not in the memory of cluster.inner().
  buffer(mpi_cluster<E> const& cluster, count<"n"> n, buffer<T, E>&& local)
      : cluster_(cluster), cuts_(cluster.cuts(n)), local_(std::move(local)) {
    detail::check_same_size(local_.size(), detail::share_of(cuts_, cluster.rank()).size(), "buffer: local");
    if (!(local_.executor() == cluster.inner()))
      throw std::invalid_argument("trireme: buffer: local lives on another executor than this rank's of the cluster");
  }

  /// The elements that each rank brings, in the order of ranks. Those that are another's by cuts() travel there.
  template <host_data R>
  [[nodiscard]] static buffer from_local(mpi_cluster<E> const& cluster, R&& part) {
    auto const& link = link_of(cluster);
    std::optional<detail::contiguous_elements<T, R>> brought;
    std::vector<std::uint64_t> sizes;
    link.together(
        [&] {
          brought.emplace(std::forward<R>(part));
          sizes.resize(static_cast<std::size_t>(cluster.size()));
          return std::size_t{0};
        },
        detail::call_limit("from_local", {}, 0, typeid(T).name()));
    std::uint64_t const mine = brought->view().size();
    detail::check_mpi(MPI_Allgather(&mine, 1, MPI_UINT64_T, sizes.data(), 1, MPI_UINT64_T, link.comm()), "MPI_Allgather");
    std::optional<detail::arrivals<T>> there;
    std::optional<detail::redistribution> move;
    std::vector<std::size_t> to;
    link.together([&] {
      std::vector<std::size_t> from{0};
      for (auto const size : sizes) from.push_back(from.back() + static_cast<std::size_t>(size));
      to = cluster.cuts(from.back());
      there.emplace(detail::share_of(to, cluster.rank()).size());
      move.emplace(link, from, to, sizeof(T));
      return from.back();
    });
    move->run(brought->view().data(), there->data());
    buffer out(cluster);
    link.together(
        [&] { return out.own(to.back(), [&](detail::share) { return made_of(cluster, {there->data(), there->size()}); }); });
    return out;
  }

  /// The bytes of a file as elements; every rank reads its own, at once: the file lies where all of them see it.
  /// @throws std::filesystem::filesystem_error, std::invalid_argument where the file is not of whole elements.
  [[nodiscard]] static buffer from_file(mpi_cluster<E> const& cluster, std::filesystem::path const& path) {
    buffer out(cluster);
    link_of(cluster).together([&] {
      std::uintmax_t const bytes = std::filesystem::file_size(path);
      if (bytes % sizeof(T) != 0)
        throw std::invalid_argument("trireme: from_file: " + path.string() + " has " + std::to_string(bytes) +
                                    " bytes, which are not whole elements of " + std::to_string(sizeof(T)));
      return out.own(static_cast<std::size_t>(bytes / sizeof(T)), [&](detail::share mine) {
        detail::arrivals<T> elements(mine.size());
        std::ifstream file(path, std::ios::binary);
        file.seekg(static_cast<std::streamoff>(mine.first * sizeof(T)));
        file.read(reinterpret_cast<char*>(elements.data()), static_cast<std::streamsize>(mine.size() * sizeof(T)));
        if (!file) detail::file_failed("from_file", path);
        return made_of(cluster, {elements.data(), elements.size()});
      });
    });
    return out;
  }

  buffer(buffer&& other) noexcept
      : cluster_(other.cluster_), cuts_(std::exchange(other.cuts_, {})), local_(std::move(other.local_)) {}
  buffer& operator=(buffer&& other) noexcept {
    cluster_ = other.cluster_;
    cuts_ = std::exchange(other.cuts_, {});
    local_ = std::move(other.local_);
    return *this;
  }
  ~buffer() = default;

  [[nodiscard]] std::size_t size() const noexcept { return cuts_.empty() ? 0 : cuts_.back(); } ///< of all ranks together
  [[nodiscard]] std::vector<std::size_t> const& cuts() const noexcept {
    return cuts_;
  } ///< whose they are: executor().cuts(size())
  /// This rank's elements, from the cuts()[rank]-th.
  [[nodiscard]] buffer<T, E>& local() noexcept { return local_; }
  [[nodiscard]] buffer<T, E> const& local() const noexcept { return local_; }
  [[nodiscard]] mpi_cluster<E> const& executor() const noexcept { return cluster_; }

  [[nodiscard]] buffer_view<T, mpi_cluster<E>> subspan(count<"i"> i, count<"n"> n) { return whole(*this).subspan(i, n); }
  [[nodiscard]] buffer_view<T const, mpi_cluster<E>> subspan(count<"i"> i, count<"n"> n) const {
    return whole(*this).subspan(i, n);
  }
  [[nodiscard]] std::vector<T> to_host() const { return whole(*this).to_host(); }
  [[nodiscard]] std::vector<T> to_host(int rank) const { return whole(*this).to_host(rank); }
  void to_file(std::filesystem::path const& path) const { whole(*this).to_file(path); }

  /// Replaces the elements by those of a range of the same size, which is the same on every rank.
  /// @throws std::invalid_argument where the sizes differ; the buffer is then unchanged.
  template <host_data R>
  void assign(R&& range) {
    link_of(cluster_).together([&] {
      detail::check_not_moved(cuts_);
      detail::contiguous_elements<T, R> const from(std::forward<R>(range));
      detail::check_same_size(from.view().size(), size(), "assign: range");
      auto const mine = detail::share_of(cuts_, cluster_.rank());
      local_.assign(from.view().subspan(mine.first, mine.size()));
      return size();
    });
  }

private:
  /// None yet.
  explicit buffer(mpi_cluster<E> const& cluster) : cluster_(cluster), local_(cluster.inner(), 0) {}

  /// Owns its share of n elements, local(share). @returns n.
  template <class Local>
  std::size_t own(std::size_t n, Local const& local) {
    cuts_ = cluster_.cuts(n);
    local_ = local(detail::share_of(cuts_, cluster_.rank()));
    return n;
  }
  static buffer<T, E> made_of(mpi_cluster<E> const& cluster, std::span<T const> elements) {
    return buffer<T, E>(cluster.inner(), elements);
  }
  template <class B>
  static auto whole(B& b) {
    detail::check_not_moved(b.cuts_);
    using element = std::conditional_t<std::is_const_v<B>, T const, T>;
    return buffer_view<element, mpi_cluster<E>>(b.cluster_, b.cuts_, {b.cluster_.inner(), b.local_.data(), b.local_.size()});
  }

  mpi_cluster<E> cluster_;
  std::vector<std::size_t> cuts_;
  buffer<T, E> local_;
};

/// A spread buffer of the elements that each rank brings, in the order of ranks. Collective.
template <executor E, host_data R>
[[nodiscard]] auto from_local(mpi_cluster<E> const& cluster, R&& part) {
  return buffer<element_t<R>, mpi_cluster<E>>::from_local(cluster, std::forward<R>(part));
}

}} // namespace trireme::v1
