/// @file future.hpp
/// The result of a task that may still be under way.
#pragma once
#include <memory>
#include <stdexcept>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// What an executor keeps for a task. Destroyed, it waits for the task.
template <class R>
class future_state {
public:
  future_state() = default;
  future_state(future_state const&) = delete;
  future_state& operator=(future_state const&) = delete;
  virtual ~future_state() = default;
  [[nodiscard]] virtual bool ready() noexcept = 0;
  virtual void settle() noexcept = 0; ///< returns when it is ready
  virtual R take() = 0;               ///< called once: the result, or what the task threw
};

} // namespace detail

/// The result of a task, as `submit` returns it. Move-only; the destructor waits for the task, and drops a result or an
/// exception that nobody asked for.
template <class R>
class [[nodiscard]] future {
public:
  future() = default;
  explicit future(std::unique_ptr<detail::future_state<R>> state) noexcept : state_(std::move(state)) {}

  /// Whether there is a result to wait for: false when default-constructed, moved from, or after get().
  [[nodiscard]] bool valid() const noexcept { return state_ != nullptr; }
  /// Whether get() would return at once.
  [[nodiscard]] bool ready() const { return state().ready(); }
  /// Returns when the task has ended, however it did.
  void wait() const { state().settle(); }
  /// Waits; returns the result or throws what the task threw. Once: the future is then no longer valid.
  R get() {
    state();
    auto const taken = std::move(state_);
    taken->settle();
    return taken->take();
  }

private:
  detail::future_state<R>& state() const {
    if (!state_) throw std::logic_error("trireme: future: it has no result, or the result was taken");
    return *state_;
  }
  std::unique_ptr<detail::future_state<R>> state_;
};

}} // namespace trireme::v1
