/// @file mpi/timed_call.hpp
/// The time limit of a call that is made of parts, between which ranks meet.
#pragma once
#include <trireme/core/limits.hpp>

#include <algorithm>
#include <chrono>

namespace trireme { inline namespace v1 { namespace detail {

/// A call's time, of which each part of the call has what is left: a part ends on every rank with an agreement, and no time
/// limit ends anything between two of them.
class timed_call {
public:
  timed_call(char const* call, std::chrono::nanoseconds timeout) : call_(call), timeout_(timeout) {}

  /// f(options), as within() has it. @throws timed_out; std::invalid_argument for a negative timeout.
  template <class Options, class F>
  decltype(auto) part(Options options, F const& f) const {
    if (timeout_.count() > 0)
      options.timeout = std::max(std::chrono::nanoseconds(1), timeout_ - (std::chrono::steady_clock::now() - begun_));
    return within(call_, options, f);
  }

private:
  char const* call_;
  std::chrono::nanoseconds timeout_;
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}}} // namespace trireme::v1::detail
