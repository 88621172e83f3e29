/// @file submit.hpp
/// Call a function once, elsewhere.      Definition for host executors; override: processes/submit.hpp.
#pragma once
#include <trireme/core/accepts.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/future.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// An argument as the task keeps it: by value. Text that lies elsewhere is kept as a string.
template <class A>
using kept_t = std::conditional_t<std::is_convertible_v<std::decay_t<A>, std::string_view> && !std::is_class_v<std::decay_t<A>>,
                                  std::string, std::decay_t<A>>;

template <class F, class... A>
using task_result_t = std::decay_t<std::invoke_result_t<F const&, kept_t<A>...>>;

/// A task that sees the caller's memory.
template <class E, class R, class F, class... A>
class host_task final : public future_state<R> {
public:
  template <class... From>
  explicit host_task(E const& ex, F const& f, From&&... args) : f_(f), arguments_(std::forward<From>(args)...) {
    work_ = ex.bulk(1, call{this});
  }
  bool ready() noexcept override { return work_.ready(); }
  void settle() noexcept override { work_.settle(); }
  R take() override {
    work_.wait();
    if constexpr (!std::is_void_v<R>) return std::move(*result_);
  }

private:
  struct call {
    host_task* task;
    void operator()(std::size_t, std::size_t) const {
      if constexpr (std::is_void_v<R>)
        std::apply(task->f_, std::move(task->arguments_));
      else
        task->result_.emplace(std::apply(task->f_, std::move(task->arguments_)));
    }
  };

  F const f_;
  std::tuple<A...> arguments_;
  std::optional<std::conditional_t<std::is_void_v<R>, char, R>> result_;
  completion_t<E> work_; // last: waited for before the rest goes
};

} // namespace detail

/// f(args...) as a task of ex.
template <host_executor E, class F, class... A>
auto on_submit(E const& ex, F const& f, A&&... args) {
  using result = detail::task_result_t<F, A...>;
  return future<result>(std::make_unique<detail::host_task<E, result, F, detail::kept_t<A>...>>(ex, f, std::forward<A>(args)...));
}

/// Calls f(args...) once, on a worker; returns at once, with a future of the result.
///
/// The arguments are kept by value, and text as a std::string; f is called as const, with them as rvalues.
/// @param f  portable_kernel where ex does not see host memory; its arguments and result are then copied to the worker
/// and back: byte by byte where they are trivially copyable, or vectors, strings or Eigen's matrices of such; else by
/// cereal, which the standard library's types can do, and your own that have a `serialize`.
/// @throws std::invalid_argument where a pointer or a span among the arguments leads to memory that a worker can't see;
/// std::bad_alloc. What f throws comes from get().
template <executor E, class F, class... A>
auto submit(E const& ex, F f, A&&... args) {
  if constexpr (detail::accepts_kernel<E, F, detail::kept_t<A>...>()) return on_submit(ex, f, std::forward<A>(args)...);
}

}} // namespace trireme::v1
