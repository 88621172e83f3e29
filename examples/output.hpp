/// @file output.hpp
/// What a program has found out must reach its reader: output that is lost, and results that are no numbers, are errors.
#pragma once
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>
#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <unistd.h>
#endif

/// @throws std::system_error where the program was started without stdout: the next file that it opens would take that place.
inline void check_output() {
#if defined(__unix__) || defined(__APPLE__)
  if (::fcntl(STDOUT_FILENO, F_GETFD) == -1) throw std::system_error(errno, std::generic_category(), "stdout can't be written");
#endif
}

/// @throws std::system_error where something that was printed so far can't be written, as to a full disk.
inline void flush_output() {
  errno = 0;
  bool const streamed = std::cout.flush().good();
  bool const written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (!streamed || !written)
    throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), "stdout can't be written");
}

/// The exit status of a program that has printed everything: 1, and a line on stderr, where it can't be written.
inline int finished(char const* program) {
  try {
    flush_output();
    return 0;
  } catch (std::system_error const& e) {
    std::fprintf(stderr, "%s: %s\n", program, e.what());
    return 1;
  }
}

/// @throws std::runtime_error where x, which is called `what`, is infinite or NaN.
inline void check_number(double x, std::string const& what) {
  if (!std::isfinite(x)) throw std::runtime_error(what + (std::isnan(x) ? " is not a number" : " is infinite"));
}
