/// @file core/deadline.hpp
/// Times from users, of any unit and size: what is longer than the clock can say is for ever.
#pragma once
#include <chrono>
#include <compare>
#include <type_traits>

namespace trireme { inline namespace v1 {

/// A std::chrono::nanoseconds that is filled from any duration: the nearest that it can hold.
class time_span {
public:
  constexpr time_span() = default;
  template <class Rep, class Period>
  constexpr time_span(std::chrono::duration<Rep, Period> const& d) noexcept : value_(nearest(d)) {}
  constexpr operator std::chrono::nanoseconds() const noexcept { return value_; }
  friend constexpr bool operator==(time_span a, time_span b) noexcept { return a.value_ == b.value_; }
  friend constexpr auto operator<=>(time_span a, time_span b) noexcept { return a.value_.count() <=> b.value_.count(); }
  [[nodiscard]] constexpr std::chrono::nanoseconds::rep count() const noexcept { return value_.count(); }

private:
  using nanoseconds = std::chrono::nanoseconds;

  template <class Rep, class Period>
  static constexpr nanoseconds nearest(std::chrono::duration<Rep, Period> const& d) noexcept {
    if constexpr (std::is_same_v<std::chrono::duration<Rep, Period>, nanoseconds>) {
      return d;
    } else {
      using seconds = std::chrono::duration<long double>;
      constexpr long double most = seconds(nanoseconds::max()).count();
      long double const s = seconds(d).count();
      if (s >= most) return nanoseconds::max();
      if (s <= -most) return nanoseconds::min();
      if (!(s == s)) return nanoseconds::zero(); // not a number
      return std::chrono::ceil<nanoseconds>(d);
    }
  }
  nanoseconds value_{0};
};

namespace detail {

/// The longest time that is added to a clock: sums of a few of them are times too.
inline constexpr std::chrono::nanoseconds longest_time = std::chrono::hours(24 * 365 * 50);

/// The steady clock's time that far from now; nothing is too far.
inline std::chrono::steady_clock::time_point after(time_span d) noexcept {
  using clock = std::chrono::steady_clock;
  std::chrono::nanoseconds const span = d;
  if (span >= longest_time) return clock::time_point::max();
  return clock::now() + (span < span.zero() ? span.zero() : span);
}

/// The steady clock's time for a time point of any clock; the time of a clock that is set may come later than this says.
template <class Clock, class Duration>
std::chrono::steady_clock::time_point steady_time(std::chrono::time_point<Clock, Duration> const& t) noexcept {
  using seconds = std::chrono::duration<long double>;
  return after(seconds(t.time_since_epoch()) - seconds(Clock::now().time_since_epoch()));
}

} // namespace detail

}} // namespace trireme::v1
