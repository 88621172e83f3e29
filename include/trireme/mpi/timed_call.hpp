/// @file mpi/timed_call.hpp
/// The time limit of a call that is made of parts, between which ranks meet.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/mpi/call_limit.hpp>
#include <trireme/mpi/link.hpp>

#include <chrono>
#include <string>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// A call's options, and how much of its time is left: a part of the call that is stopped ends with an agreement of all ranks.
template <class Options>
class timed_call {
public:
  /// @param type  of the values that travel, typeid's name: the same on all ranks.
  timed_call(mpi_link const& link, char const* call, char const* type, Options options)
      : link_(link), limit_(call, options.timeout, 0, type), call_(call), options_(std::move(options)) {}

  /// As that of the link, where each rank waits for the others as the call's time allows.
  template <class Work>
  void together(Work const& work) const {
    link_.together(work, limit_);
  }
  /// work(options), stopped when the call's time is over. @throws timed_out; std::invalid_argument for a negative timeout.
  template <class Work>
  void within_time(Work const& work) const {
    check_timeout(call_, options_.timeout);
    Options limited = options_;
    if (limit_) {
      limited.timeout = limit_.left();
      if (limited.timeout.count() <= 1) throw timed_out(std::string("trireme: ") + call_ + ": it took longer than its timeout");
    }
    within(call_, limited, work);
  }

private:
  mpi_link const& link_;
  call_limit limit_;
  char const* call_;
  Options options_;
};

}}} // namespace trireme::v1::detail
