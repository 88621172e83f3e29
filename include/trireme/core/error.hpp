/// @file error.hpp
/// The library's own exceptions. What a kernel throws is not wrapped: it arrives as itself.
#pragma once
#include <stdexcept>
#include <string>

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
};

}} // namespace trireme::v1
