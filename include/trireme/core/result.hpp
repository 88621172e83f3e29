/// @file result.hpp
/// Where the results of an algorithm go: new memory of the kind that the input is of, or what `into` names.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/range.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Writes T where there is none yet: through optionals, for a T that has no default.
template <class T>
struct optional_view {
  std::optional<T>* first;
  std::size_t count;
  constexpr std::optional<T>& operator[](std::size_t i) const { return first[i]; }
  [[nodiscard]] constexpr std::size_t size() const { return count; }
};

/// A vector of n elements T on the host: Eigen's for a vector of Eigen, else std::vector.
template <class T, class Like>
auto host_vector(std::size_t n) {
  if constexpr (eigen_vector<std::remove_cvref_t<Like>>) {
    using cast = decltype(std::declval<std::remove_cvref_t<Like> const&>().template cast<T>());
    typename std::remove_cvref_t<cast>::PlainObject out;
    out.resize(static_cast<std::ptrdiff_t>(n));
    return out;
  } else {
    return std::vector<T>(n);
  }
}

/// Results of workers that don't see the caller's memory.
template <executor E, class T, class Like>
class passing_results {
public:
  passing_results(E const& ex, std::size_t n) : values_(make(n)), passenger_(ex, std::span<T>(values_.data(), n)) {}
  passing_results(passing_results const&) = delete; // the passenger leads into it
  passing_results& operator=(passing_results const&) = delete;

  [[nodiscard]] auto view() { return passenger_.view(); }
  [[nodiscard]] auto const& passenger() const { return passenger_; }
  [[nodiscard]] auto finish() {
    passenger_.finish();
    if constexpr (for_eigen)
      return std::move(values_);
    else
      return values_.finish();
  }

private:
  static constexpr bool for_eigen = eigen_vector<std::remove_cvref_t<Like>>;
  static auto make(std::size_t n) {
    if constexpr (for_eigen)
      return host_vector<T, Like>(n);
    else
      return arrivals<T>(n);
  }

  decltype(make(0)) values_;
  detail::passenger<E, T, std::span<T>, passage::out> passenger_;
};

/// n new results of type T. `finish()` returns them as what fits the input Like: a buffer for a buffer, a vector of
/// Eigen for one, else a std::vector.
template <class E, class T, class Like>
class fresh {
  static constexpr bool boxed = host_executor<E> && !any_buffer<Like> && !std::is_default_constructible_v<T>;

public:
  static constexpr bool passes = has_to_pass<E, Like>;

  fresh(E const& ex, std::size_t n) : held_(make(ex, n)), size_(n) {}
  [[nodiscard]] std::size_t size() const { return size_; }

  [[nodiscard]] auto view() {
    if constexpr (boxed)
      return optional_view<T>{held_.data(), held_.size()};
    else if constexpr (passes)
      return held_.view();
    else
      return std::span<T>(held_.data(), size_);
  }
  [[nodiscard]] auto const& passenger() const { return held_.passenger(); }

  [[nodiscard]] auto finish() {
    if constexpr (boxed) {
      std::vector<T> out;
      out.reserve(held_.size());
      for (auto& x : held_) out.push_back(std::move(*x));
      return out;
    } else if constexpr (passes) {
      return held_.finish();
    } else {
      return std::move(held_);
    }
  }

private:
  static auto make(E const& ex, std::size_t n) {
    if constexpr (boxed)
      return std::vector<std::optional<T>>(n);
    else if constexpr (passes)
      return passing_results<E, T, Like>(ex, n);
    else if constexpr (any_buffer<Like>)
      return buffer<T, E>(ex, n);
    else
      return host_vector<T, Like>(n);
  }

  decltype(make(std::declval<E const&>(), std::size_t{})) held_;
  std::size_t size_;
};

/// Results in the storage that `into` names.
template <class E, class Out>
class existing : public storage<E, Out, false> {
  using base = storage<E, Out, false>;

public:
  existing(E const& ex, into_type<Out>& place, std::size_t n) : base(ex, place.out) {
    check_same_size(this->size(), n, "into: the storage");
  }
};

}}} // namespace trireme::v1::detail
