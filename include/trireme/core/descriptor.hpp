/// @file core/descriptor.hpp
/// File descriptors of the library's own stay off 0 to 2, which are the program's standard streams, open or closed: what
/// is printed to a closed one must not end in what the library happened to open there.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

namespace trireme { inline namespace v1 { namespace detail {

/// A descriptor that was just made, or -1 and errno: the same, or a copy of it at 3 or above, closed on exec. Where there
/// is no room for one: -1 and errno.
inline int beyond_streams(int descriptor) noexcept {
  if (descriptor < 0 || descriptor > STDERR_FILENO) return descriptor;
  int const moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  int const why = errno;
  ::close(descriptor);
  errno = why;
  return moved;
}

/// While it lives, closed standard streams lead to /dev/null: for calls of other libraries that open descriptors.
class streams_held {
public:
  streams_held() noexcept {
    for (int stream = 0; stream <= STDERR_FILENO; ++stream) {
      if (::fcntl(stream, F_GETFD) >= 0) continue;
      int const opened = ::open("/dev/null", O_RDWR | O_CLOEXEC); // takes the lowest that is free
      if (opened > STDERR_FILENO) ::close(opened);
      if (opened >= 0 && opened <= STDERR_FILENO) held_[static_cast<std::size_t>(opened)] = true;
    }
  }
  streams_held(streams_held const&) = delete;
  streams_held& operator=(streams_held const&) = delete;
  ~streams_held() {
    for (int stream = 0; stream <= STDERR_FILENO; ++stream)
      if (held_[static_cast<std::size_t>(stream)]) ::close(stream);
  }
  /// For a process of the library's own: they stay as they are for as long as it lives, in what it executes too.
  void keep() noexcept {
    for (int stream = 0; stream <= STDERR_FILENO; ++stream)
      if (held_[static_cast<std::size_t>(stream)]) ::fcntl(stream, F_SETFD, 0);
    held_ = {};
  }

private:
  std::array<bool, STDERR_FILENO + 1> held_{};
};

}}} // namespace trireme::v1::detail
