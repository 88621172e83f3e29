/// @file when.hpp
/// One future of several.
#pragma once
#include <trireme/core/ends.hpp>

#include <atomic>
#include <cstddef>
#include <exception>
#include <ranges>
#include <stdexcept>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// A future's state as an input of when_all: a future gives it away, a shared one shows its result.
template <class R, bool Shared>
struct input_state {
  state_ptr<task_result<R>> state;
  decltype(auto) result() const {
    if constexpr (Shared)
      return state->look();
    else
      return state->take();
  }
};
template <any_future F>
auto as_input(F& f) {
  using type = std::remove_cvref_t<F>;
  using result = typename type::value_type;
  if constexpr (std::is_same_v<type, shared_future<result>>)
    return input_state<result, true>{future_access::keep(f)};
  else
    return input_state<result, false>{future_access::take(f)};
}

/// Ends when all its inputs have. Inputs: for_each(f) calls f with each, results() makes an R of all.
template <class R, class Inputs>
class all_task final : public task_result<R> {
public:
  all_task(Inputs inputs, std::size_t n, host_ref host)
      : task_result<R>(2, host, false), inputs_(std::move(inputs)), ends_(*this, n), open_(n + 1) {} // a reference for the last

  void start() noexcept {
    std::size_t k = 0;
    inputs_.for_each([&](auto const& input) { input.state->attach_or_fire(ends_[k++]); });
    ended(k);
  }
  void ended(std::size_t) noexcept {
    if (open_.fetch_sub(1) != 1) return;
    if (this->begin()) {
      this->set_from([this] { return inputs_.results(); });
      this->finish();
    }
    this->release();
  }
  bool cancel() noexcept override {
    bool const first = task_result<R>::cancel();
    inputs_.for_each([](auto const& input) { input.state->cancel(); });
    return first;
  }
  bool help() noexcept override {
    bool helped = false;
    inputs_.for_each([&](auto const& input) { helped = (!input.state->done() && input.state->help()) || helped; });
    return helped;
  }

private:
  void run() noexcept override {}
  void drop() noexcept override {}

  Inputs inputs_;
  ends<all_task> ends_;
  std::atomic<std::size_t> open_;
};

/// Inputs of one type. The results are taken in order: so the exception is the first one's in that order.
template <class R, bool Shared>
struct many_inputs {
  std::vector<input_state<R, Shared>> all;
  using result_type = std::conditional_t<std::is_void_v<R>, void, std::vector<value_of_t<R>>>;
  template <class F>
  void for_each(F const& f) const {
    for (auto const& input : all) f(input);
  }
  result_type results() const {
    if constexpr (std::is_void_v<R>) {
      for (auto const& input : all) input.result();
    } else {
      result_type out;
      out.reserve(all.size());
      for (auto const& input : all) out.push_back(input.result());
      return out;
    }
  }
};

/// Inputs of different types.
template <class... Input>
struct some_inputs {
  std::tuple<Input...> all;
  template <class F>
  void for_each(F const& f) const {
    std::apply([&](auto const&... input) { (f(input), ...); }, all);
  }
  template <class I>
  static auto value(I const& input) {
    if constexpr (std::is_void_v<decltype(input.result())>) {
      input.result();
      return std::monostate{};
    } else {
      return input.result();
    }
  }
  using result_type = std::tuple<decltype(value(std::declval<Input const&>()))...>;
  result_type results() const {
    return std::apply([](auto const&... input) { return result_type{value(input)...}; }, all);
  }
};

template <class Inputs>
auto all_of(Inputs inputs, std::size_t n) {
  using result = typename Inputs::result_type;
  host_ref host;
  bool first = true;
  inputs.for_each([&](auto const& input) {
    if (std::exchange(first, false)) host = input.state->host();
  });
  auto* const task = new all_task<result, Inputs>(std::move(inputs), n, host);
  state_ptr<task_result<result>> state(task);
  task->start();
  return future_access::make<task_result<result>, future<result>>(std::move(state));
}

/// Ends with the first of its inputs, and results in that one's position.
class any_task final : public task_result<std::size_t> {
public:
  any_task(std::vector<state_ptr<task_state>> inputs, host_ref host)
      : task_result<std::size_t>(static_cast<std::uint32_t>(inputs.size() + 1), host, false), inputs_(std::move(inputs)),
        ends_(*this, inputs_.size()) {}
  void start() noexcept {
    for (std::size_t k = 0; k < inputs_.size(); ++k) {
      inputs_[k]->attach_or_fire(ends_[k]);
      std::atomic_thread_fence(std::memory_order_seq_cst);
      if (done()) leave(k); // or leave_all finds it
    }
  }
  void ended(std::size_t index) noexcept {
    if (begin()) {
      set_from([&] { return index; });
      finish();
      leave_all();
    }
    release();
  }
  bool cancel() noexcept override {
    bool const first = task_result<std::size_t>::cancel();
    if (first) leave_all();
    return first;
  }
  bool help() noexcept override {
    for (auto const& input : inputs_)
      if (!done() && !input->done() && input->help()) return true;
    return false;
  }

private:
  void run() noexcept override {}
  void drop() noexcept override {}
  /// An input that goes on for long, or for ever, keeps nothing of those who asked for the first of several.
  void leave(std::size_t k) noexcept {
    if (inputs_[k]->detach(ends_[k])) release();
  }
  void leave_all() noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    for (std::size_t k = 0; k < inputs_.size(); ++k) leave(k);
  }
  std::vector<state_ptr<task_state>> inputs_;
  ends<any_task> ends_;
};

inline future<std::size_t> any_of(std::vector<state_ptr<task_state>> inputs) {
  if (inputs.empty()) throw std::invalid_argument("trireme: when_any: there must be at least one future");
  host_ref const host = inputs.front()->host();
  auto* const task = new any_task(std::move(inputs), host);
  state_ptr<task_result<std::size_t>> state(task);
  task->start();
  return future_access::make<task_result<std::size_t>, future<std::size_t>>(std::move(state));
}

} // namespace detail

/// A future of all results, as a std::vector in the order of the futures, or of nothing where these are of nothing. It ends
/// when all have ended; its exception is that of the first one that has one. The futures are then no longer valid; shared
/// ones stay. Cancelling it cancels them. What `then` adds runs on the first one's executor.
/// @throws std::logic_error where a future is not valid, std::bad_alloc; then the futures are lost.
template <detail::futures R>
[[nodiscard]] auto when_all(R&& futures) {
  using input = decltype(detail::as_input(*std::ranges::begin(futures)));
  return [&]<class T, bool Shared>(std::type_identity<detail::input_state<T, Shared>>) {
    detail::many_inputs<T, Shared> inputs;
    for (auto& f : futures) inputs.all.push_back(detail::as_input(f));
    std::size_t const n = inputs.all.size();
    return detail::all_of(std::move(inputs), n);
  }(std::type_identity<input>{});
}

/// The same for futures of different types: a future of a std::tuple, with std::monostate for those of nothing.
template <detail::any_future... F>
[[nodiscard]] auto when_all(F&&... futures) {
  return detail::all_of(detail::some_inputs<decltype(detail::as_input(futures))...>{{detail::as_input(futures)...}},
                        sizeof...(F));
}

/// A future of the position of the first future to end, however it does. The futures stay as they are. For each to come one
/// after the other, there is as_completed.
/// @throws std::invalid_argument where there is none, std::logic_error where one is not valid.
template <detail::futures R>
[[nodiscard]] future<std::size_t> when_any(R&& futures) {
  std::vector<detail::state_ptr<detail::task_state>> inputs;
  for (auto& f : futures) inputs.emplace_back(detail::future_access::keep(f));
  return detail::any_of(std::move(inputs));
}
template <detail::any_future... F>
[[nodiscard]] future<std::size_t> when_any(F&&... futures) {
  std::vector<detail::state_ptr<detail::task_state>> inputs;
  (inputs.emplace_back(detail::future_access::keep(futures)), ...);
  return detail::any_of(std::move(inputs));
}

}} // namespace trireme::v1
