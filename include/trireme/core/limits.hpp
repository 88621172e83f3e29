/// @file limits.hpp
/// How a long call may be watched, stopped and limited in time.
#pragma once
#include <trireme/core/deadline.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace trireme { inline namespace v1 {

/// Options of the calls that have no others. Those that have put their own first, and these in the same order.
struct call_options {
  progress_callback progress = {};     ///< called by the calling thread between pieces of work
  std::stop_token stop = {};           ///< a request leaves the rest undone and throws `cancelled`
  time_span timeout = {};              ///< for the whole call: then it leaves the rest undone and throws `timed_out`; 0: none
};

namespace detail {

inline void check_timeout(char const* call, std::chrono::nanoseconds timeout) {
  if (timeout.count() < 0) throw std::invalid_argument(std::string("trireme: ") + call + ": timeout must not be negative");
}

/// From now on asks for a stop when the caller does, or when the time has passed.
class time_limit {
public:
  time_limit(char const* call, std::chrono::nanoseconds timeout, std::stop_token const& stop) : call_(call), caller_(stop) {
    check_timeout(call, timeout);
    forward_.emplace(stop, request{both_});
    alarm_ = sleep_for(timeout).share();
    static_cast<void>(alarm_.then(request{both_}));
  }
  time_limit(time_limit const&) = delete;
  time_limit& operator=(time_limit const&) = delete;
  ~time_limit() { alarm_.cancel(); }

  [[nodiscard]] std::stop_token token() const { return both_->get_token(); }

  /// In a handler of `cancelled`: throws that again, or timed_out where the time was the reason.
  [[noreturn]] void rethrow() const {
    if (caller_.stop_requested() || !both_->stop_requested()) throw;
    throw timed_out(std::string("trireme: ") + call_ + ": it took longer than its timeout");
  }

private:
  struct request {
    std::shared_ptr<std::stop_source> of;
    void operator()() const { of->request_stop(); }
  };
  char const* call_;
  std::stop_token caller_;
  std::shared_ptr<std::stop_source> both_ = std::make_shared<std::stop_source>();
  std::optional<std::stop_callback<request>> forward_;
  shared_future<void> alarm_;
};

/// f(options), where their stop token is one that also the time limit asks. Options: any that have .stop and .timeout.
/// @throws timed_out where f threw `cancelled` for that reason.
template <class Options, class F>
decltype(auto) within(char const* call, Options const& options, F const& f) {
  if (options.timeout.count() == 0) return f(options);
  time_limit const limit(call, options.timeout, options.stop);
  Options limited = options;
  limited.stop = limit.token();
  limited.timeout = {};
  try {
    return f(std::as_const(limited));
  } catch (cancelled const&) {
    limit.rethrow();
  }
}

/// A kernel for indices that begin elsewhere.
template <class Run>
struct shifted_run {
  using parts = parts_of<Run>;
  Run run;
  std::size_t base;
  constexpr void operator()(std::size_t first, std::size_t last) const { run(base + first, base + last); }
};

/// Calls part(first, last) for [0, n) in pieces of some hundredths of a second, of `least` units or more, and then tells who watches,
/// whose own time says nothing of the work.
inline void in_watched_pieces(std::size_t n, std::size_t unit, std::size_t least, progress_callback const& progress,
                              run_ref part) {
  using clock = std::chrono::steady_clock;
  std::size_t const units = n / unit + (n % unit != 0);
  std::size_t piece = least;
  progress_teller tell(progress);
  for (std::size_t done = 0; done < units;) {
    auto const begun = clock::now();
    std::size_t const size = std::min(piece, units - done);
    part(done, done + size);
    auto const time = clock::now() - begun;
    done += size;
    tell({done == units ? n : done * unit, n});
    if (time < std::chrono::milliseconds(25) && piece < units) piece *= 2;
    if (time > std::chrono::milliseconds(100)) piece = std::max(piece / 2, least);
  }
}

/// on_bulk for n elements, Unit of them an index, in one piece, or in many where somebody watches.
template <std::size_t Unit = 1, executor E, class Run>
void watched_bulk(E const& ex, std::size_t n, Run const& run, bulk_options<completion_t<E>> const& options,
                  progress_callback const& progress) {
  auto const part = [&](std::size_t first, std::size_t last) {
    part_of_whole{first * Unit, Unit, n}([&] {
      if constexpr (host_executor<E>)
        on_bulk(ex, last - first, run_ref(run, first), options);
      else
        on_bulk(ex, last - first, shifted_run<Run>{run, first}, options);
    });
  };
  std::size_t const workers = ex.concurrency(), grain = std::max<std::size_t>(1, options.grain);
  if (progress) // a grain of indices for each worker, if there are so many
    in_watched_pieces(n, Unit, grain > n / workers ? std::max<std::size_t>(1, n) : workers * grain, progress, run_ref(part));
  else
    part(0, n / Unit + (n % Unit != 0));
}

} // namespace detail

}} // namespace trireme::v1
