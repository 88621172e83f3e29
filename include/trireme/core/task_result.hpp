/// @file task_result.hpp
/// The shared state of a task whose result has a type, and of one that is a call.
#pragma once
#include <trireme/core/task_state.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// Room for a T, which is made and destroyed by hand. What its destructor throws is dropped: nobody could catch it.
template <class T>
class room_for {
public:
  room_for() noexcept {}
  room_for(room_for const&) = delete;
  room_for& operator=(room_for const&) = delete;
  ~room_for() noexcept {} // whatever T's does
  template <class Make>
  void make(Make&& make_value) {
    ::new (static_cast<void*>(std::addressof(value))) T(std::forward<Make>(make_value)()); // in place: nothing is moved
  }
  void destroy() noexcept {
    try {
      value.~T();
    } catch (...) {
    }
  }
  union {
    T value;
  };
};

struct no_value {};

template <class R>
using value_of_t = std::conditional_t<std::is_void_v<R>, no_value, R>;

/// A task with a result: a value of R, or an exception.
template <class R>
class task_result : public task_state {
public:
  using value_type = value_of_t<R>;
  using task_state::task_state;

  [[nodiscard]] std::exception_ptr const& exception() const noexcept { return exception_; } ///< when done

  /// The result, moved out; or throws. Once, when done.
  R take() {
    if (exception_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<R>) return std::move(value_.value);
  }
  /// The result where it lies; or throws. When done.
  std::add_lvalue_reference_t<R const> look() const {
    if (exception_) std::rethrow_exception(exception_);
    if constexpr (!std::is_void_v<R>) return value_.value;
  }

protected:
  ~task_result() override {
    if (has_value_) value_.destroy();
  }
  void set_exception(std::exception_ptr const& e) noexcept override { exception_ = e; }

  /// The result is what f returns or throws.
  template <class F>
  void set_from(F&& f) noexcept {
    try {
      if constexpr (std::is_void_v<R>) {
        std::forward<F>(f)();
      } else {
        value_.make(std::forward<F>(f));
        has_value_ = true;
      }
    } catch (...) {
      exception_ = std::current_exception();
    }
  }

private:
  room_for<value_type> value_;
  std::exception_ptr exception_;
  bool has_value_ = false;
};

/// A function and its arguments, for one call.
template <class F, class... A>
struct call_once {
  F f;
  std::tuple<A...> arguments;
  template <class... First>
  decltype(auto) operator()(First&&... first) {
    return std::apply(
        [&](A&... a) -> decltype(auto) { return std::invoke(std::move(f), std::forward<First>(first)..., std::move(a)...); },
        arguments);
  }
};

/// Whether f is to be given a std::stop_token in front of its arguments: only where it can't be called without.
template <class F, class... A>
inline constexpr bool takes_stop_token = !std::invocable<F, A...> && std::invocable<F, std::stop_token, A...>;

template <class F, class... A>
struct called {
  using type = std::invoke_result<F, A...>;
};
template <class F, class... A>
  requires takes_stop_token<F, A...>
struct called<F, A...> {
  using type = std::invoke_result<F, std::stop_token, A...>;
};
/// What a task f(args...) results in.
template <class F, class... A>
struct called_type {
  using type = std::decay_t<typename called<F, A...>::type::type>;
};
template <class F, class... A>
using called_t = typename called_type<F, A...>::type;

/// A stop source where there is use for one: it allocates.
template <bool Some>
struct task_stop {
  void request() noexcept {}
};
template <>
struct task_stop<true> {
  std::stop_source source;
  void request() noexcept { source.request_stop(); }
};

/// A task that is a call: of f, with arguments that it keeps until then.
template <class R, class F, class... A>
class call_task final : public task_result<R> {
public:
  template <class G, class... From>
  call_task(std::uint32_t references, host_ref host, G&& f, From&&... args) : task_result<R>(references, host, true) {
    call_.make([&] { return call_type{std::forward<G>(f), std::tuple<A...>(std::forward<From>(args)...)}; });
  }

private:
  using call_type = call_once<F, A...>;
  static constexpr bool stoppable = takes_stop_token<F, A...>;

  void run() noexcept override {
    this->set_from([this]() -> decltype(auto) {
      if constexpr (stoppable)
        return call_.value(stop_.source.get_token());
      else
        return call_.value();
    });
    drop(); // before anybody learns of the end: nothing of the task is left then
    this->finish();
  }
  void drop() noexcept override { call_.destroy(); }
  void ask_to_stop() noexcept override { stop_.request(); }

  room_for<call_type> call_;
  [[no_unique_address]] task_stop<stoppable> stop_;
};

}}} // namespace trireme::v1::detail
