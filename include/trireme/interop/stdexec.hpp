/// @file stdexec.hpp
/// A thread_pool as a scheduler of P2300, with the stdexec library.
///
/// To be included by programs that have stdexec: `#include <trireme/interop/stdexec.hpp>`, then `pool.get_scheduler()`.
#pragma once
#include <trireme/core/task_state.hpp>
#include <trireme/threads/executor.hpp>

#if !__has_include(<stdexec/execution.hpp>)
#error "trireme: interop/stdexec.hpp needs <stdexec/execution.hpp>, which is not in the include path"
#endif
#include <stdexec/execution.hpp>

#include <cstddef>
#include <exception>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

class pool_scheduler;

namespace detail {

/// The start of a chain of senders, as a task.
template <class Receiver>
class schedule_task final : public task_state {
public:
  schedule_task(host_ref host, Receiver receiver) : task_state(1, host, false), receiver_(std::move(receiver)) {}

private:
  void run() noexcept override {
    if (stdexec::get_stop_token(stdexec::get_env(receiver_)).stop_requested())
      stdexec::set_stopped(std::move(receiver_));
    else
      stdexec::set_value(std::move(receiver_));
  }
  void drop() noexcept override {}
  void set_exception(std::exception_ptr const&) noexcept override { stdexec::set_stopped(std::move(receiver_)); } // the pool went
  Receiver receiver_;
};

template <class Receiver>
class schedule_operation {
public:
  schedule_operation(thread_pool const& pool, Receiver receiver)
      : task_(new schedule_task<Receiver>(tasks_of(pool).name(), std::move(receiver))) {}
  schedule_operation(schedule_operation&&) = delete;
  void start() & noexcept {
    task_->retain(); // the queue's reference
    task_.get()->enqueue();
  }

private:
  state_ptr<schedule_task<Receiver>> task_;
};

/// What bulk becomes on a pool: its loop, in which the worker takes part.
struct pool_domain : stdexec::default_domain {
  template <class Sender, class Env>
    requires stdexec::__sender_for<Sender, stdexec::bulk_chunked_t>
  static auto transform_sender(stdexec::set_value_t, Sender&& sender, Env const& env);
};

} // namespace detail

/// Schedules onto a pool, of which it keeps a handle.
class pool_scheduler {
public:
  using scheduler_concept = stdexec::scheduler_t;
  explicit pool_scheduler(thread_pool pool) noexcept : pool_(std::move(pool)) {}

  class sender {
  public:
    using sender_concept = stdexec::sender_t;
    explicit sender(thread_pool pool) noexcept : pool_(std::move(pool)) {}
    template <class, class...>
    static consteval auto get_completion_signatures() noexcept {
      return stdexec::completion_signatures<stdexec::set_value_t(), stdexec::set_stopped_t()>{};
    }
    template <class Receiver>
    auto connect(Receiver receiver) const {
      return detail::schedule_operation<Receiver>(pool_, std::move(receiver));
    }
    [[nodiscard]] sender const& get_env() const noexcept { return *this; }
    template <class Tag>
    [[nodiscard]] pool_scheduler query(stdexec::get_completion_scheduler_t<Tag>) const noexcept {
      return pool_scheduler(pool_);
    }
    template <class Tag>
    [[nodiscard]] detail::pool_domain query(stdexec::get_completion_domain_t<Tag>) const noexcept {
      return {};
    }

  private:
    thread_pool pool_;
  };
  [[nodiscard]] sender schedule() const noexcept { return sender(pool_); }
  [[nodiscard]] thread_pool const& pool() const noexcept { return pool_; }

  [[nodiscard]] stdexec::forward_progress_guarantee query(stdexec::get_forward_progress_guarantee_t) const noexcept {
    return stdexec::forward_progress_guarantee::parallel;
  }
  template <class Tag>
  [[nodiscard]] pool_scheduler query(stdexec::get_completion_scheduler_t<Tag>) const noexcept {
    return *this;
  }
  template <class Tag>
  [[nodiscard]] detail::pool_domain query(stdexec::get_completion_domain_t<Tag>) const noexcept {
    return {};
  }
  bool operator==(pool_scheduler const&) const noexcept = default;

private:
  thread_pool pool_;
};

template <class Sender, class Env>
  requires stdexec::__sender_for<Sender, stdexec::bulk_chunked_t>
auto detail::pool_domain::transform_sender(stdexec::set_value_t, Sender&& sender, Env const& env) {
  auto&& [tag, data, child] = std::forward<Sender>(sender);
  auto&& [policy, shape, f] = data;
  auto const scheduler = stdexec::get_completion_scheduler<stdexec::set_value_t>(stdexec::get_env(child), env);
  return stdexec::let_value(child, [pool = scheduler.pool(), n = shape, run = f](auto&... values) mutable {
    using index = decltype(n);
    auto const kernel = [&](std::size_t first, std::size_t last) {
      run(static_cast<index>(first), static_cast<index>(last), values...);
    };
    on_bulk(pool, static_cast<std::size_t>(n), kernel, {});
    return stdexec::just(std::move(values)...);
  });
}

template <class>
auto thread_pool::get_scheduler() const {
  return pool_scheduler(*this);
}

}} // namespace trireme::v1
