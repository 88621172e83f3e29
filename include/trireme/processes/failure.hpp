/// @file processes/failure.hpp
/// What a failed job ends in, for the parent.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/thrown.hpp>
#include <trireme/processes/board.hpp>
#include <trireme/processes/outbox.hpp>

#include <cstddef>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <system_error>

namespace trireme { inline namespace v1 { namespace detail {

/// The exception that a failed job ends in, for the parent. Takes the message out of the outbox.
inline std::exception_ptr failure_of(board& b, failure_record const& record) {
  std::size_t const first = record.first, last = record.last;
  switch (record.what) {
    case failure_record::thrown: {
      exception_parts parts{record.code, record.value, {}, {}};
      bool const readable = record.text != 0 && record.text < b.region_size && record.text_size <= b.region_size - record.text;
      std::string_view const texts(b.base() + (readable ? record.text : 0), readable ? record.text_size : 0);
      parts.split(texts);
      if (readable) outbox::release(b, record.text, record.text_size);
      return put_together(parts);
    }
    case failure_record::late:
      return std::make_exception_ptr(timed_out("trireme: a kernel ran for longer than its pool's timeout,", first, last));
    case failure_record::stopped: return std::make_exception_ptr(cancelled{});
    case failure_record::unwatched:
      return std::make_exception_ptr(
          worker_lost("trireme: the workers were lost with the process that watches over them,", record.value, 0, first, last));
    case failure_record::unstarted:
      if (record.value != 0)
        return std::make_exception_ptr(
            std::system_error(record.value, std::generic_category(), "trireme: process_pool: a worker could not be started"));
      return std::make_exception_ptr(error("trireme: process_pool: the workers end before they can work: look at what the "
                                           "program's static initialisation does, and at its limits"));
    default: break;
  }
  std::string how = "exited with status " + std::to_string(record.value);
  if (record.code != 0) {
    char const* const name = ::sigabbrev_np(record.value);
    how = "was ended by " + (name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(record.value));
  }
  return std::make_exception_ptr(worker_lost("trireme: a worker process " + how, record.code != 0 ? record.value : 0,
                                             record.code != 0 ? 0 : record.value, first, last));
}

}}} // namespace trireme::v1::detail
