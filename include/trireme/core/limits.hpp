/// @file limits.hpp
/// How a long call may be watched, stopped and limited in time.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/fn.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/timer.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

namespace trireme { inline namespace v1 {

/// Options of the calls that have no others.
struct call_options {
  std::stop_token stop = {};           ///< a request leaves the rest undone and throws `cancelled`
  progress_callback progress = {};     ///< called by the calling thread between pieces of work
  std::chrono::nanoseconds timeout{0}; ///< for the whole call: then it leaves the rest undone and throws `timed_out`; 0: none
};

namespace detail {

inline void check_timeout(char const* call, std::chrono::nanoseconds timeout) {
  if (timeout.count() < 0) throw std::invalid_argument(std::string("trireme: ") + call + ": timeout must not be negative");
}

/// f(options), where their stop token is one that also the time limit asks. Options: any that have .stop and .timeout.
/// @throws timed_out where f threw `cancelled` for that reason.
template <class Options, class F>
decltype(auto) within(char const* call, Options const& options, F const& f) {
  if (options.timeout.count() == 0) return f(options);
  check_timeout(call, options.timeout);
  auto const both = std::make_shared<std::stop_source>();
  std::stop_callback const forward(options.stop, [&] { both->request_stop(); });
  struct alarm {
    shared_future<void> time;
    ~alarm() { time.cancel(); }
  } const alarm{sleep_for(options.timeout).share()};
  static_cast<void>(alarm.time.then([both] { both->request_stop(); }));
  Options limited = options;
  limited.stop = both->get_token();
  limited.timeout = {};
  try {
    return f(std::as_const(limited));
  } catch (cancelled const&) {
    if (options.stop.stop_requested() || !both->stop_requested()) throw;
    throw timed_out(std::string("trireme: ") + call + ": it took longer than its timeout");
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

/// on_bulk for n elements, Unit of them an index, in one piece, or where somebody watches in pieces of some hundredths of
/// a second.
template <std::size_t Unit = 1, executor E, class Run>
void watched_bulk(E const& ex, std::size_t n, Run const& run, bulk_options<completion_t<E>> const& options,
                  progress_callback const& progress) {
  using clock = std::chrono::steady_clock;
  std::size_t const units = n / Unit + (n % Unit != 0);
  if (!progress) return part_of_whole{0, Unit, n}([&] { on_bulk(ex, units, run, options); });
  std::size_t piece = ex.concurrency();
  for (std::size_t done = 0; done < units;) {
    auto const begun = clock::now();
    std::size_t const size = std::min(piece, units - done);
    part_of_whole{done * Unit, Unit, n}([&] { on_bulk(ex, size, shifted_run<Run>{run, done}, options); });
    done += size;
    progress({std::min(n, done * Unit), n});
    auto const time = clock::now() - begun;
    if (time < std::chrono::milliseconds(25)) piece *= 2;
    if (time > std::chrono::milliseconds(100)) piece = std::max(piece / 2, ex.concurrency());
  }
}

} // namespace detail

}} // namespace trireme::v1
