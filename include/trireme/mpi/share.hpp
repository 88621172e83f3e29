/// @file mpi/share.hpp
/// Which elements are a rank's, and results of which each rank computes its share.
#pragma once
#include <trireme/core/fn.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/range.hpp>
#include <trireme/core/result.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/mpi/cuts.hpp>
#include <trireme/mpi/link.hpp>

#include <compare>
#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A run of a view that can be indexed, as a random access range.
template <class View>
class run_of {
public:
  class iterator {
  public:
    using reference = decltype(std::declval<View const&>()[std::size_t{}]);
    using value_type = std::remove_cvref_t<reference>;
    using difference_type = std::ptrdiff_t;
    using iterator_concept = std::random_access_iterator_tag;
    using iterator_category = std::input_iterator_tag; // the reference may be a value

    iterator() = default;
    iterator(View view, std::size_t at) : view_(view), at_(static_cast<std::ptrdiff_t>(at)) {}
    reference operator*() const { return view_[static_cast<std::size_t>(at_)]; }
    reference operator[](std::ptrdiff_t i) const { return *(*this + i); }
    iterator& operator++() { return *this += 1; }
    iterator& operator--() { return *this -= 1; }
    iterator operator++(int) { return std::exchange(*this, *this + 1); }
    iterator operator--(int) { return std::exchange(*this, *this - 1); }
    iterator& operator+=(std::ptrdiff_t i) { at_ += i; return *this; }
    iterator& operator-=(std::ptrdiff_t i) { at_ -= i; return *this; }
    friend iterator operator+(iterator a, std::ptrdiff_t i) { return a += i; }
    friend iterator operator+(std::ptrdiff_t i, iterator a) { return a += i; }
    friend iterator operator-(iterator a, std::ptrdiff_t i) { return a -= i; }
    friend std::ptrdiff_t operator-(iterator const& a, iterator const& b) { return a.at_ - b.at_; }
    friend bool operator==(iterator const& a, iterator const& b) { return a.at_ == b.at_; }
    friend auto operator<=>(iterator const& a, iterator const& b) { return a.at_ <=> b.at_; }

  private:
    View view_{};
    std::ptrdiff_t at_ = 0;
  };

  run_of(View view, share part) : view_(view), part_(part) {}
  [[nodiscard]] iterator begin() const { return {view_, part_.first}; }
  [[nodiscard]] iterator end() const { return {view_, part_.last}; }

private:
  View view_;
  share part_;
};

/// The same, contiguous where the view is.
template <class View>
run_of<View> run(View view, share part) {
  return {view, part};
}
template <class T>
std::span<T> run(std::span<T> view, share part) {
  return view.subspan(part.first, part.size());
}

/// Host data as every rank reads it, of which each hands runs to its executor.
template <class R>
using host_input = input<inline_executor, R>;

/// Whether results of this type can go from rank to rank.
template <class T>
consteval bool accepts_traveller() {
  static_assert(transferable<T>, "trireme: results go from rank to rank as bytes, so that they must be trivially copyable, or "
                                 "tuples, pairs or arrays of such");
  return transferable<T>;
}

/// n new results of type T, a vector of Eigen for one. Each rank computes its own; then all have all.
template <class T, class Like>
class shared_results {
public:
  shared_results(mpi_link const& link, std::size_t n) : cuts_(even_cuts(n, link.size())), mine_(share_of(cuts_, link.rank())), values_(make(n)) {}

  [[nodiscard]] share mine() const noexcept { return mine_; }
  /// Where this rank's results go.
  [[nodiscard]] std::span<T> place() { return {values_.data() + mine_.first, mine_.size()}; }
  [[nodiscard]] std::span<T> gather(mpi_link const& link) {
    link.gather(values_.data(), sizeof(T), cuts_);
    return {values_.data(), cuts_.back()};
  }
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

/// Results of type T in the storage that `into` names. They go there at once where its elements lie side by side, and can
/// travel; else by way of results of our own.
template <class T, class Out>
class placed_results {
  using stored = existing<inline_executor, Out>;
  using view_type = decltype(std::declval<stored&>().view());
  static constexpr bool direct = takes_messages<view_type>;

public:
  /// @throws std::invalid_argument where the storage has another size than n.
  placed_results(mpi_link const& link, into_type<Out>& place, std::size_t n) : out_(inline_executor{}, place, n), own_(link, direct ? 0 : n) {
    if constexpr (direct) {
      cuts_ = even_cuts(n, link.size());
      mine_ = share_of(cuts_, link.rank());
    } else {
      mine_ = own_.mine();
    }
  }
  [[nodiscard]] share mine() const noexcept { return mine_; }
  [[nodiscard]] auto place() {
    if constexpr (direct)
      return run(out_.view(), mine_);
    else
      return own_.place();
  }
  void gather(mpi_link const& link) {
    auto const to = out_.view();
    if constexpr (direct) {
      link.gather(to.data(), sizeof(to[0]), cuts_);
    } else {
      auto const from = own_.gather(link);
      for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i];
    }
  }

private:
  stored out_;
  shared_results<T, std::vector<int>> own_;
  std::vector<std::size_t> cuts_;
  share mine_{0, 0};
};

}}} // namespace trireme::v1::detail
