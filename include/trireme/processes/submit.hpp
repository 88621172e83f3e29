/// @file processes/submit.hpp
/// Tasks on a process_pool: arguments and result travel through the pool's memory.
#pragma once
#include <trireme/algorithm/submit.hpp>
#include <trireme/processes/executor.hpp>
#include <trireme/processes/forked_copy.hpp>
#include <trireme/processes/job.hpp>
#include <trireme/processes/wire.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <tuple>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// What a task is: its result, its kernel, and behind it the arguments. Small results need no message.
template <class F>
struct task_payload {
  static constexpr std::size_t small = 32;
  std::uint64_t result = 0, result_size = 0; ///< a message; or 0 and the size of what lies here:
  alignas(16) char result_here[small]{};
  std::uint64_t arguments_size = 0;
  alignas(F) std::byte kernel[sizeof(F)];
};

template <class F>
constexpr std::size_t arguments_at() {
  return (sizeof(task_payload<F>) + 15) / 16 * 16;
}

/// Called by the worker.
template <class R, class F, class... A>
void run_task(worker_side& worker, job&, void* payload, std::size_t, std::size_t) {
  auto& task = *static_cast<task_payload<F>*>(payload);
  wire_reader in(static_cast<char const*>(payload) + arguments_at<F>(), task.arguments_size);
  std::tuple<A...> arguments{read_value<A>(in)...}; // in this order, for the braces
  F const& f = *std::launder(reinterpret_cast<F const*>(task.kernel));
  if constexpr (std::is_void_v<R>) {
    std::apply(f, std::move(arguments));
  } else {
    R const result = std::apply(f, std::move(arguments));
    forked_copy::leave_if_one(); // what follows writes to the pool's memory
    wire_writer measure;
    write_value(measure, result);
    task.result_size = measure.size();
    bool const here = measure.size() <= task_payload<F>::small;
    char* const to = here ? task.result_here : worker.message(measure.size());
    wire_writer out(to, measure.size());
    write_value(out, result);
    task.result = here ? 0 : worker.offset(to);
  }
}

template <class R, class F, class... A>
class process_task final : public task_result<R>, open_task {
public:
  template <class... From>
  process_task(std::shared_ptr<process_crew> const& crew, F const& f, From const&... args)
      : process_task(measured(crew->region(), args...), crew, f, args...) {}

  bool ready() noexcept override { return this->done() || collect_if_complete(); }
  void settle() noexcept override {
    if (!this->done()) collect();
  }
  bool settle_until(std::chrono::steady_clock::time_point deadline) noexcept override {
    if (this->done()) return true;
    blocking const here;
    if (!job_.wait_until(deadline.time_since_epoch() / std::chrono::nanoseconds(1))) return false;
    take_result();
    return true;
  }
  bool cancel() noexcept override { return end_before_begun(std::make_exception_ptr(cancelled{})); }
  host_ref host() override { return job_.crew().tasks().callbacks().name(); }

private:
  // ---- As an open task ----

  bool collect_if_complete() noexcept override {
    if (job_.ready()) take_result();
    return this->done();
  }
  void collect() noexcept override {
    {
      blocking const here;
      job_.wait();
    }
    take_result();
    task_result<R>::settle(); // where another thread is at it
  }
  void break_if_waiting() noexcept override { end_before_begun(std::make_exception_ptr(broken_promise{})); }
  void keep() noexcept override { this->retain(); }
  void let_go() noexcept override { this->release(); }

  /// False where a worker has begun it. The job stays until its turn comes, when the worker passes it over.
  bool end_before_begun(std::exception_ptr const& why) noexcept {
    job_.get().stop.store(1);
    if (claim::of(job_.get().claims()[0].load()) != claim::free || !this->begin()) return false;
    this->fail(why);
    return true;
  }
  /// When the job is complete.
  void take_result() noexcept {
    if (collected_.exchange(true)) return;
    if (this->begin()) { // else it was cancelled before
      this->set_from([this] { return result(); });
      drop_message();
      this->finish();
    }
    job_.crew().tasks().remove(*this); // with its reference; the caller has one
  }
  R result() {
    if (auto const failure = job_.failure()) std::rethrow_exception(failure);
    if constexpr (!std::is_void_v<R>) {
      auto& task = payload();
      board& b = job_.crew().shared();
      bool const here = task.result == 0;
      if (here ? task.result_size > task.small : !job_.crew().region().contains(b.base() + task.result, task.result_size))
        throw error("trireme: submit: the result was overwritten");
      wire_reader in(here ? task.result_here : b.base() + task.result, task.result_size);
      if constexpr (flat<R>) {
        R const result = read_value<R>(in);
        check_argument(job_.crew().region(), 0, result);
        return result;
      } else {
        return read_value<R>(in);
      }
    }
  }
  void run() noexcept override {}  // the workers do
  void drop() noexcept override {} // the job keeps what there is
  void watch() noexcept override { job_.crew().tasks().watch(); }

  struct wire_size {
    std::size_t bytes;
  };
  template <class... From>
  process_task(wire_size size, std::shared_ptr<process_crew> const& crew, F const& f, From const&... args)
      : task_result<R>(1, {}, false), job_(crew, job_plan{.chunks = 1, .n = 1, .chunk_size = 1, .run_size = 1, .after = 0},
                                           reinterpret_cast<void const*>(&run_task<R, F, A...>),
                                           arguments_at<F>() + size.bytes, alignof(task_payload<F>), [&](char* to) {
                                             auto* const task = new (to) task_payload<F>;
                                             task->arguments_size = size.bytes;
                                             copy_kernel(*crew, f, reinterpret_cast<char*>(task->kernel));
                                             wire_writer out(to + arguments_at<F>(), size.bytes);
                                             (write_value<A>(out, as_kept<A>(args)), ...);
                                           }) {
    job_.publish();
    crew->tasks().sweep();
    crew->tasks().add(*this);
  }

  template <class... From>
  static wire_size measured(shared_region const& region, From const&... args) {
    std::size_t position = 0;
    wire_writer measure;
    auto const look_at = [&]<class T>(T const& x) {
      ++position;
      if constexpr (flat<T>) check_argument(region, position, x); // others take along what they own
      write_value(measure, x);
    };
    (look_at(as_kept<A>(args)), ...);
    static_cast<void>(look_at);
    static_cast<void>(position);
    return {measure.size()};
  }
  /// The argument itself where it is of that type already.
  template <class T, class From>
  static decltype(auto) as_kept(From const& x) {
    if constexpr (std::is_same_v<T, From>)
      return (x);
    else
      return T(x);
  }

  task_payload<F>& payload() noexcept {
    return *std::launder(reinterpret_cast<task_payload<F>*>(job_.crew().shared().base() + job_.get().payload));
  }
  void drop_message() noexcept {
    if (job_.crew().overwritten()) return;
    if (auto const& task = payload(); task.result != 0) outbox::release(job_.crew().shared(), task.result, task.result_size);
  }

  std::atomic<bool> collected_{false};
  process_job job_;
};

/// The compiler's note behind the message says which type.
template <class Argument>
consteval bool argument_travels() {
  static_assert(travels<Argument>(), "trireme: submit: an argument can't travel to another process: give its type a serialize "
                                     "function for cereal, and a default constructor");
  return travels<Argument>();
}
template <class Result>
consteval bool result_travels() {
  if constexpr (std::is_void_v<Result>) {
    return true;
  } else {
    static_assert(travels<Result>(), "trireme: submit: the result can't travel from another process: give its type a serialize "
                                     "function for cereal, and a default constructor");
    return travels<Result>();
  }
}
template <class R, class... A>
consteval bool can_travel() {
  bool const arguments[]{true, argument_travels<A>()...};
  bool all = result_travels<R>();
  for (bool const a : arguments) all = all && a;
  return all;
}

} // namespace detail

/// f(args...) in a worker process. Cost: some microseconds, and two copies of what travels.
template <class F, class... A, class R = detail::task_result_t<F, A...>>
future<R> on_submit(process_pool const& pool, F const& f, A const&... args) {
  if constexpr (detail::can_travel<R, detail::kept_t<A>...>())
    return detail::future_access::make<detail::task_result<R>, future<R>>(detail::state_ptr<detail::task_result<R>>(
        new detail::process_task<R, F, detail::kept_t<A>...>(detail::crew_of(pool)->shared_from_this(), f, args...)));
  else
    return {}; // refused above: the message stands alone where the caller finds the type that it expects
}

}} // namespace trireme::v1
