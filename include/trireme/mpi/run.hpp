/// @file mpi/run.hpp
/// A run of host data, as a range that executors take.
#pragma once
#include <trireme/mpi/cuts.hpp>

#include <compare>
#include <cstddef>
#include <iterator>
#include <span>
#include <type_traits>
#include <utility>

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
    iterator& operator+=(std::ptrdiff_t i) {
      at_ += i;
      return *this;
    }
    iterator& operator-=(std::ptrdiff_t i) {
      at_ -= i;
      return *this;
    }
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

}}} // namespace trireme::v1::detail
