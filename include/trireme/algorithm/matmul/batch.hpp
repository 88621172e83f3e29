/// @file algorithm/matmul/batch.hpp
/// What lies between `batch_matmul` and `on_batch_matmul`: the checks, and matrices brought to the executor's memory.
#pragma once
#include <trireme/algorithm/matmul/operands.hpp>
#include <trireme/algorithm/matmul/pairs.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/matrix.hpp>
#include <trireme/core/matrix_view.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <ranges>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

// ---- Checks ----

template <class E, class As, class Bs>
consteval bool accepts_batch() {
  constexpr bool ranges = std::ranges::input_range<As> && std::ranges::input_range<Bs>;
  static_assert(ranges, "trireme: batch_matmul: as and bs must be ranges of matrices");
  if constexpr (ranges)
    return accepts<E, std::ranges::range_reference_t<As>, std::ranges::range_reference_t<Bs>>();
  else
    return false;
}
template <class As, class Bs, class Cs>
consteval bool accepts_batch_into() {
  constexpr bool range = std::ranges::random_access_range<Cs>;
  static_assert(range, "trireme: batch_matmul: into needs a random-access range of matrices");
  if constexpr (range)
    return accepts_into<std::ranges::range_reference_t<As>, std::ranges::range_reference_t<Bs>,
                        std::ranges::range_reference_t<Cs>>();
  else
    return false;
}

/// Stands for no storage where the results are new.
struct no_storage {};

template <class E, class As, class Bs, class Cs>
void check_batch(E const& ex, As const& as, Bs const& bs, Cs const& cs) {
  constexpr bool stored = !std::same_as<Cs, no_storage>;
  if (as.size() != bs.size())
    throw std::invalid_argument("trireme: batch_matmul: as has " + std::to_string(as.size()) + " matrices, bs " +
                                std::to_string(bs.size()));
  if constexpr (stored)
    if (as.size() != cs.size())
      throw std::invalid_argument("trireme: batch_matmul: into: the storage has " + std::to_string(cs.size()) +
                                  " matrices, where " + std::to_string(as.size()) + " are needed");
  bool fits = true; // all in one go, without branches; only then which of them does not
  for (std::size_t i = 0; i < as.size(); ++i) {
    auto&& a = as[i];
    auto&& b = bs[i];
    fits &= std::cmp_equal(a.cols(), b.rows());
    if constexpr (stored) {
      auto&& c = cs[i];
      fits &= std::cmp_equal(a.rows(), c.rows());
      fits &= std::cmp_equal(b.cols(), c.cols());
    }
  }
  for (std::size_t i = 0; !fits && i < as.size(); ++i) {
    check_shapes(as[i], bs[i], "batch_matmul", i);
    if constexpr (stored) check_output(as[i], bs[i], cs[i], "batch_matmul", i);
  }
  if constexpr (any_matrix<decltype(as[0])> && !host_executor<E>)
    for (std::size_t i = 0; i < as.size(); ++i) {
      check_place(ex, as[i]);
      check_place(ex, bs[i]);
      if constexpr (stored) check_place(ex, cs[i]);
    }
}

template <class M>
concept owns_elements = any_matrix<M> || (eigen_matrix<M> && std::is_lvalue_reference_v<M> &&
                                          std::same_as<std::remove_cvref_t<M>, typename std::remove_cvref_t<M>::PlainObject>);

/// Whether a matrix of cs may share memory with one of as.
template <class As, class Cs>
bool batches_overlap(As const& as, Cs const& cs) {
  using A = decltype(as[0]);
  using C = decltype(cs[0]);
  if constexpr (!stored_matrix<A> && !any_matrix<A>) {
    return true; // expressions: what they read is not known, and a result may be read by a later pair
  } else {
    if (as.size() == 0) return false;
    if constexpr (owns_elements<A> && owns_elements<C>) {
      // Two of these share elements only if they are one object: then their arrays overlap.
      if constexpr (requires { as.data(), cs.data(); }) {
        auto const before = [](auto const& x, auto const& y) {
          return std::less_equal<void const*>{}(x.data() + x.size(), y.data());
        };
        if (before(as, cs) || before(cs, as)) return false;
      }
    }
    using stretch = std::pair<void const*, void const*>;
    std::vector<stretch> taken;
    for (std::size_t i = 0; i < cs.size(); ++i)
      if (auto&& c = cs[i]; c.size() != 0) taken.push_back(stretch_of(view_of(c)));
    std::sort(taken.begin(), taken.end(), [](auto const& x, auto const& y) { return std::less<>{}(x.first, y.first); });
    void const* furthest = nullptr; // so that the ends ascend as well
    for (auto& [first, last] : taken) last = furthest = std::less<>{}(last, furthest) ? furthest : last;
    for (std::size_t i = 0; i < as.size(); ++i) {
      auto&& a = as[i];
      if (a.size() == 0) continue;
      auto const [first, last] = stretch_of(view_of(a));
      // The last stretch that begins before a ends.
      auto const after = std::upper_bound(taken.begin(), taken.end(), last,
                                          [](void const* p, stretch const& s) { return std::less<>{}(p, s.first); });
      if (after != taken.begin() && std::less_equal<>{}(first, std::prev(after)->second)) return true;
    }
    return false;
  }
}

// ---- Matrices in the memory of an executor ----

template <class T, class Ms>
std::vector<matrix_view<T>> views_of(Ms const& ms) {
  std::vector<matrix_view<T>> out;
  out.reserve(ms.size());
  for (std::size_t i = 0; i < ms.size(); ++i) out.push_back(view_of(ms[i]));
  return out;
}

/// A batch of host matrices as one buffer, column-major, one after the other.
template <class T, class E>
class uploaded {
  using host_matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;

public:
  template <class Ms>
  uploaded(E const& ex, Ms const& ms) : elements_(ex, gather(ms)) {
    place(elements_.data());
  }
  /// Room for the products of two batches.
  template <class As, class Bs>
  uploaded(E const& ex, As const& as, Bs const& bs) : elements_(ex, layout(as, bs)) {
    place(elements_.data());
  }

  [[nodiscard]] std::vector<matrix_view<T>> const& places() const { return places_; }
  [[nodiscard]] std::vector<matrix_view<T const>> const& views() const { return views_; }

  template <class Ms>
  void download(Ms const& ms) const {
    std::vector<T> const values = elements_.to_host();
    T const* from = values.data();
    for (std::size_t i = 0; i < ms.size(); ++i) {
      decltype(auto) m = ms[i];
      m = Eigen::Map<host_matrix const>(from, places_[i].rows, places_[i].cols);
      from += places_[i].rows * places_[i].cols;
    }
  }

private:
  std::size_t append(std::ptrdiff_t rows, std::ptrdiff_t cols) {
    places_.push_back({nullptr, rows, cols, 1, rows});
    return static_cast<std::size_t>(rows * cols);
  }
  template <class As, class Bs>
  std::size_t layout(As const& as, Bs const& bs) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < as.size(); ++i) n += append(as[i].rows(), bs[i].cols());
    return n;
  }
  template <class Ms>
  std::vector<T> gather(Ms const& ms) {
    std::size_t n = 0;
    for (std::size_t i = 0; i < ms.size(); ++i) n += append(ms[i].rows(), ms[i].cols());
    std::vector<T> values(n);
    T* to = values.data();
    for (std::size_t i = 0; i < ms.size(); ++i) {
      Eigen::Map<host_matrix>(to, places_[i].rows, places_[i].cols) = ms[i];
      to += places_[i].rows * places_[i].cols;
    }
    return values;
  }
  void place(T* data) {
    for (auto& v : places_) {
      v.data = data;
      data += v.rows * v.cols;
      views_.push_back(v);
    }
  }

  std::vector<matrix_view<T>> places_;
  std::vector<matrix_view<T const>> views_;
  buffer<T, E> elements_;
};

}}}} // namespace trireme::v1::detail::gemm
