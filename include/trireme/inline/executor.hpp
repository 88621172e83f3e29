/// @file inline/executor.hpp
/// The reference executor: a loop on the calling thread. Every other executor must give its bits.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/host_memory.hpp>
#include <trireme/core/task_state.hpp>

#include <cstddef>
#include <exception>
#include <stop_token>
#include <string_view>
#include <utility>

namespace trireme { inline namespace v1 {

/// The completion of work that was done before the call returned.
class [[nodiscard]] inline_completion {
public:
  inline_completion() = default;
  explicit inline_completion(std::exception_ptr failure) noexcept : failure_(std::move(failure)) {}
  inline_completion(inline_completion&&) noexcept = default;
  inline_completion& operator=(inline_completion&&) noexcept = default;
  ~inline_completion() = default;

  [[nodiscard]] bool ready() const noexcept { return true; }
  void wait() {
    if (failure_) std::rethrow_exception(failure_);
  }
  void settle() const noexcept {} ///< wait() without the exception

private:
  std::exception_ptr failure_;
};

/// Runs everything on the calling thread, in order, during the call. All of them are equal.
class inline_executor : public detail::host_memory<inline_completion> {
public:
  [[nodiscard]] std::size_t concurrency() const noexcept { return 1; }

  /// One run after the other. Without a stop token and a grain that is the single run [0, n).
  template <class F>
  inline_completion bulk(count<"n"> indices, F const& f, bulk_options<inline_completion> o = {}) const try {
    detail::check_run_kernel<F>();
    std::size_t const n = indices, grain = o.grain;
    std::size_t const step = grain != 0 ? grain : o.stop.stop_possible() ? runs_between_stops : n;
    for (std::size_t first = 0; first < n;) {
      if (o.stop.stop_requested()) throw cancelled{};
      std::size_t const last = n - first > step ? first + step : n;
      f(first, last);
      first = last;
    }
    return {};
  } catch (...) {
    return inline_completion{std::current_exception()};
  }

  /// The executor that `text` names, for with_executor: "inline".
  static bool matches(std::string_view text) noexcept { return text == "inline"; }
  static inline_executor named(std::string_view) { return {}; }
  static constexpr std::string_view names = "inline";

  /// Tasks run where they become ready: in the call of submit.
  friend detail::host_ref tasks_of(inline_executor const&) noexcept { return {}; }

  friend bool operator==(inline_executor const&, inline_executor const&) = default;

private:
  static constexpr std::size_t runs_between_stops = 64;
};

static_assert(host_executor<inline_executor>);

}} // namespace trireme::v1
