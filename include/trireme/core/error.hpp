/// @file error.hpp
/// The library's own exceptions. What a kernel throws is not wrapped: it arrives as itself.
#pragma once
#include <algorithm>
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
      : error(text.empty() ? type_name : type_name + ": " + text), type_name_(std::move(type_name)), text_(std::move(text)) {}
  [[nodiscard]] std::string const& type_name() const noexcept { return type_name_; } ///< as it is written in C++
  [[nodiscard]] std::string const& text() const noexcept { return text_; }           ///< its what(), if it had one

private:
  std::string type_name_, text_;
};

/// What CUDA reported, or what was noticed of a kernel: its code as a number and by name, and the call that told.
class cuda_error : public error {
public:
  cuda_error(int code, std::string name, std::string call, std::string const& text)
      : error("trireme: " + call + ": " + name + ": " + text), code_(code), name_(std::move(name)), call_(std::move(call)) {}
  [[nodiscard]] int code() const noexcept { return code_; }
  [[nodiscard]] std::string const& name() const noexcept { return name_; }
  [[nodiscard]] std::string const& call() const noexcept { return call_; }

private:
  int code_;
  std::string name_, call_;
};

namespace detail {

/// The indices [first, last) that a failure is about.
class at_indices {
public:
  at_indices(std::size_t first, std::size_t last) noexcept : first_(first), last_(last) {}
  [[nodiscard]] std::size_t first() const noexcept { return first_; }
  [[nodiscard]] std::size_t last() const noexcept { return last_; }

  [[nodiscard]] std::string text() const {
    if (last_ == first_) return {};
    return last_ - first_ == 1 ? " at index " + std::to_string(first_)
                               : " at the indices " + std::to_string(first_) + " to " + std::to_string(last_ - 1);
  }

private:
  std::size_t first_, last_;
};

} // namespace detail

/// A worker process ended while it ran a kernel: it crashed, left or was killed. The indices [first(), last()) were lost:
/// of elements, samples or whatever the call counts.
class worker_lost : detail::at_indices, public error {
public:
  worker_lost(std::string const& how, int signal, int status, std::size_t first, std::size_t last)
      : at_indices(first, last), error(how + text()), how_(how), signal_(signal), status_(status) {}
  using detail::at_indices::first;
  using detail::at_indices::last;
  [[nodiscard]] int signal() const noexcept { return signal_; } ///< the signal that ended it, or 0
  [[nodiscard]] int status() const noexcept { return status_; } ///< its exit status, where there was no signal
  /// The same failure, at other indices.
  [[nodiscard]] worker_lost at(std::size_t first, std::size_t last) const { return {how_, signal_, status_, first, last}; }

private:
  std::string how_;
  int signal_, status_;
};

/// Out of time: a kernel ran for longer than its executor's `timeout`, and was stopped at the indices [first(), last());
/// or a call, or a wait, took longer than it was given, and then these are [0, 0).
class timed_out : detail::at_indices, public error {
public:
  explicit timed_out(std::string const& text) : at_indices(0, 0), error(text), how_(text) {}
  timed_out(std::string const& how, std::size_t first, std::size_t last)
      : at_indices(first, last), error(how + text()), how_(how) {}
  using detail::at_indices::first;
  using detail::at_indices::last;
  [[nodiscard]] timed_out at(std::size_t first, std::size_t last) const { return {how_, first, last}; }

private:
  std::string how_;
};

namespace detail {

/// Where work is handed out in parts: index i of a part stands for `size` elements from base + i · size, of n in all.
struct part_of_whole {
  std::size_t base, size, n;

  /// Calls work(); a failure that names indices of the part then names the elements.
  template <class Work>
  void operator()(Work const& work) const {
    try {
      work();
    } catch (...) {
      rethrow();
    }
  }

private:
  [[noreturn]] void rethrow() const {
    try {
      throw;
    } catch (worker_lost const& e) {
      throw e.at(element(e.first()), element(e.last()));
    } catch (timed_out const& e) {
      throw e.at(element(e.first()), element(e.last()));
    }
  }
  [[nodiscard]] std::size_t element(std::size_t i) const { return i <= (n - base) / size ? base + i * size : n; }
};

} // namespace detail

}} // namespace trireme::v1
