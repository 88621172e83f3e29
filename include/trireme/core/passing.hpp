/// @file passing.hpp
/// Host data on its way through the memory of an executor that does not see it.
#pragma once
#include <trireme/core/buffer.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/core/range.hpp>

#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// The first of elements that lie side by side, so that they can be copied at once; null where they do not.
template <class T>
constexpr T* side_by_side(std::span<T> v) {
  return v.data();
}
template <class T>
constexpr T* side_by_side(strided_view<T> v) {
  return v.stride == 1 ? v.first : nullptr;
}
template <class T, class View>
constexpr T* side_by_side(View const&) {
  return nullptr;
}

enum class passage { in, out, both };

/// Host elements, of which one piece at a time has a place in the executor's memory, as values of T.
template <executor E, class T, class View, passage Way>
class passing {
public:
  passing(E const& ex, View all, std::size_t most) : ex_(ex), all_(all), there_(ex, most) {}

  /// Names the piece, and brings it in unless it only goes out.
  completion_t<E> enter(std::size_t first, std::size_t count, after_ref<completion_t<E>> after = {}) {
    first_ = first;
    count_ = count;
    if constexpr (Way == passage::out) {
      return {};
    } else {
      if (auto const* const from = side_by_side<T const>(all_)) return upload(from + first, after);
      gathered_.clear();
      gathered_.reserve(count);
      for (std::size_t i = first; i < first + count; ++i) gathered_.push_back(static_cast<T>(all_[i]));
      return upload(gathered_.data(), after);
    }
  }

  /// Where workers find the piece.
  [[nodiscard]] auto view() { return std::span<std::conditional_t<Way == passage::in, T const, T>>(there_.data(), count_); }

  /// Takes the piece out, unless it only goes in. It is where it belongs when this is complete and settle() was called.
  completion_t<E> leave(after_ref<completion_t<E>> after = {}) {
    if constexpr (Way == passage::in) {
      return {};
    } else {
      if (auto* const to = side_by_side<T>(all_)) return download(to + first_, after);
      if (!arrived_) arrived_ = std::make_unique<arrivals<T>>(there_.size());
      return download(arrived_->data(), after);
    }
  }
  void settle() {
    if constexpr (Way != passage::in)
      if (side_by_side<T>(all_) == nullptr)
        for (std::size_t i = 0; i < count_; ++i) all_[first_ + i] = arrived_->data()[i];
  }

private:
  completion_t<E> upload(void const* from, after_ref<completion_t<E>> after) {
    return ex_.upload(from, there_.data(), count_ * sizeof(T), {.after = after});
  }
  completion_t<E> download(void* to, after_ref<completion_t<E>> after) {
    return ex_.download(there_.data(), to, count_ * sizeof(T), {.after = after});
  }

  E ex_;
  View all_;
  buffer<T, E> there_;
  gathered<T> gathered_;
  std::unique_ptr<arrivals<T>> arrived_;
  std::size_t first_ = 0, count_ = 0;
};

/// Host data that is to pass, as a whole or in pieces.
template <executor E, class T, class View, passage Way>
class passenger {
public:
  using place = passing<E, T, View, Way>;
  static constexpr std::size_t element_size = sizeof(T);

  passenger(E const& ex, View all) : ex_(ex), all_(all) {}

  [[nodiscard]] place in_pieces(std::size_t most) const { return {ex_, all_, most}; }

  /// All of it, brought there.
  [[nodiscard]] auto view() {
    if (!whole_) {
      whole_ = std::make_unique<place>(ex_, all_, all_.size());
      whole_->enter(0, all_.size()).wait();
    }
    return whole_->view();
  }
  /// Takes out what view() showed.
  void finish() {
    if (!whole_) return;
    whole_->leave().wait();
    whole_->settle();
  }

private:
  E ex_;
  View all_;
  std::unique_ptr<place> whole_;
};

/// The same of a range of type R.
template <executor E, class R, passage Way>
class passing_range : host_operand<R>, public passenger<E, element_t<R>, decltype(std::declval<host_operand<R>&>().view()), Way> {
  using operand = host_operand<R>;

public:
  passing_range(E const& ex, R&& r)
      : operand(std::forward<R>(r)), passing_range::passenger(ex, static_cast<operand&>(*this).view()) {}
  passing_range(passing_range const&) = delete; // the view leads into it
  passing_range& operator=(passing_range const&) = delete;
  using operand::size;
  using passing_range::passenger::view;
};

}}} // namespace trireme::v1::detail
