/// @file executors.hpp
/// Executors of all kinds and some widths, the types that are tried on each, and the options of calls.
#pragma once
#include <trireme/core/limits.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "elements.hpp"
#include "harness.hpp"
#if defined(__linux__)
#include <trireme/processes/executor.hpp>
#endif

#include "../far_executor.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace testing {

template <class F>
void on_some_executor(random_call& call, F const& f) {
  static trireme::thread_pool const one(1), two(2), five(5);
#if defined(__linux__)
  static trireme::process_pool const alone(1), three(3);
  constexpr std::size_t kinds = 4;
#else
  constexpr std::size_t kinds = 3;
#endif
  switch (call.below(kinds)) {
    case 0: call.note("inline"); return f(trireme::inline_executor{});
    case 1: {
      auto const& pool = *call.one_of({&one, &two, &five});
      call.note("threads:", pool.concurrency());
      return f(pool);
    }
    case 2: {
      auto const when = call.one_of({far_executor::eager, far_executor::lazy});
      call.note("far, ", when == far_executor::lazy ? "lazy" : "eager");
      return f(far_executor(when, 1 + call.below(4)));
    }
    default:
#if defined(__linux__)
      auto const& pool = *call.one_of({&alone, &three});
      call.note("processes:", pool.concurrency());
      return f(pool);
#endif
  }
}

/// A number of elements, of so many bytes: mostly around the edges of lanes, segments and tiles.
inline std::size_t some_size(random_call& call, std::size_t bytes_each) {
  std::size_t const most = bytes_each > 64 ? (std::size_t{6} << 20) / bytes_each : 70'000;
  std::size_t const near = call.one_of<std::size_t>({0, 32, 128, 256, 4096, 8192, 12288, 32768, 65536});
  std::size_t n = call.once_in(3) ? call.below(call.one_of<std::size_t>({10, 1000, 20'000})) : near + call.below(5);
  n -= n >= 2 && near != 0 ? 2 : 0;
  n = std::min(n, most);
  call.note(n, " elements,");
  return n;
}

template <class T>
std::vector<T> some_elements(random_call& call) {
  std::size_t const n = some_size(call, sizeof(T));
  call.note(name_of<T>(), ',');
  std::uint64_t const first = call.word(), few = call.once_in(4) ? 1 + call.below(20) : 0;
  std::vector<T> out;
  out.reserve(n);
  for (std::size_t i = 0; i < n; ++i) out.push_back(made<T>(scramble(first + (few != 0 ? scramble(i) % few : i))));
  return out;
}

/// Follows what a call tells of its progress.
class follower {
public:
  trireme::progress_callback callback() {
    return [this](trireme::progress p) {
      right_ = right_ && p.done >= last_.done && (p.total == 0 || p.done <= p.total);
      last_ = p;
    };
  }
  [[nodiscard]] bool right(std::size_t n) const { return right_ && (last_.done == n || last_.done == 0); }

private:
  trireme::progress last_;
  bool right_ = true;
};

inline std::stop_source const nobody; // asks for a stop

/// Sets options that all calls have and that don't change the result.
template <class Options>
void some_options(random_call& call, Options& o, follower& watch) {
  if (call.once_in(4)) {
    o.stop = nobody.get_token();
    call.note("stop,");
  }
  if (call.once_in(4)) {
    o.progress = watch.callback();
    call.note("progress,");
  }
  if (call.once_in(8)) {
    o.timeout = std::chrono::hours(1 + call.below(10));
    call.note("timeout,");
  }
}

} // namespace testing
