/// @file ends.hpp
/// The ends of several tasks, and what may be asked of several futures.
#pragma once
#include <trireme/core/future.hpp>

#include <cstddef>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

template <class T>
inline constexpr bool is_future = false;
template <class R>
inline constexpr bool is_future<future<R>> = true;
template <class R>
inline constexpr bool is_future<shared_future<R>> = true;

/// A future, or a shared one.
template <class F>
concept any_future = is_future<std::remove_cvref_t<F>>;
template <class R>
concept futures = std::ranges::input_range<R> && any_future<std::ranges::range_reference_t<R>>;

/// The end of one of several tasks, of which Owner has ended(index).
template <class Owner>
struct end_of_one final : continuation {
  Owner* owner = nullptr;
  std::size_t index = 0;
  void fire() noexcept override { owner->ended(index); }
};

/// A fixed number of them.
template <class Owner>
class ends {
public:
  ends(Owner& owner, std::size_t n) : all_(std::make_unique<end_of_one<Owner>[]>(n)) {
    for (std::size_t k = 0; k < n; ++k) {
      all_[k].owner = &owner;
      all_[k].index = k;
    }
  }
  [[nodiscard]] continuation& operator[](std::size_t k) noexcept { return all_[k]; }

private:
  std::unique_ptr<end_of_one<Owner>[]> all_;
};

}}} // namespace trireme::v1::detail
