/// @file error.hpp
/// The library's own exceptions. What a kernel throws is not wrapped: it arrives as itself.
#pragma once
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

namespace trireme { inline namespace v1 {

/// Base of every exception that the library itself throws. Bad arguments are the standard library's
/// std::invalid_argument, std::out_of_range and std::logic_error.
class error : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// The work was left unfinished because its std::stop_token asked for it.
class cancelled : public error {
public:
  cancelled() : error("trireme: the work was stopped by its stop token before it was complete") {}

protected:
  using error::error;
};

/// The task never ran: its executor went while the task was queued, so that nobody will ever bring a result.
class broken_promise : public cancelled {
public:
  broken_promise() : cancelled("trireme: the executor went before this task had begun: keep a handle of it until then") {}
};

/// An exception that was thrown in another process and can't be thrown again as itself here: its type and its text.
class remote_error : public error {
public:
  remote_error(std::string type_name, std::string text)
      : error(text.empty() ? type_name : type_name + ": " + text), type_name_(std::move(type_name)),
        text_(std::move(text)) {}
  [[nodiscard]] std::string const& type_name() const noexcept { return type_name_; } ///< as it is written in C++
  [[nodiscard]] std::string const& text() const noexcept { return text_; }           ///< its what(), if it had one

private:
  std::string type_name_, text_;
};

/// A worker process ended while it ran a kernel: it crashed, left or was killed. The indices [first(), last()) were lost.
class worker_lost : public error {
public:
  worker_lost(std::string const& text, int signal, int status, std::size_t first, std::size_t last)
      : error(text), signal_(signal), status_(status), first_(first), last_(last) {}
  [[nodiscard]] int signal() const noexcept { return signal_; } ///< the signal that ended it, or 0
  [[nodiscard]] int status() const noexcept { return status_; } ///< its exit status, where there was no signal
  [[nodiscard]] std::size_t first() const noexcept { return first_; }
  [[nodiscard]] std::size_t last() const noexcept { return last_; }

private:
  int signal_, status_;
  std::size_t first_, last_;
};

/// Out of time: a kernel ran for longer than its executor's `timeout`, and was stopped at the indices [first(), last());
/// or a call or a wait took longer than it was given, and there are no such indices.
class timed_out : public error {
public:
  explicit timed_out(std::string const& text) : timed_out(text, 0, 0) {}
  timed_out(std::string const& text, std::size_t first, std::size_t last) : error(text), first_(first), last_(last) {}
  [[nodiscard]] std::size_t first() const noexcept { return first_; }
  [[nodiscard]] std::size_t last() const noexcept { return last_; }

private:
  std::size_t first_, last_;
};

}} // namespace trireme::v1
