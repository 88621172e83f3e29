/// @file progress.cpp
/// progress_bar: what it writes to a file and to a terminal.
#include <trireme/core/progress.hpp>

#include "testing.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#if defined(__linux__)
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>
#endif

namespace tri = trireme;

namespace {
struct close_file {
  void operator()(std::FILE* f) const { std::fclose(f); }
};
using file = std::unique_ptr<std::FILE, close_file>;

std::string text_of(std::FILE* f) {
  std::fflush(f);
  std::rewind(f);
  std::string text;
  for (int c = std::fgetc(f); c != EOF; c = std::fgetc(f)) text += static_cast<char>(c);
  return text;
}
} // namespace

TEST_CASE("progress_bar: is a progress callback, copies share one bar") {
  STATIC_REQUIRE(std::is_convertible_v<tri::progress_bar, tri::progress_callback>);
  STATIC_REQUIRE(tri::progress{}.done == 0);
  STATIC_REQUIRE(tri::progress{}.total == 0);
}

TEST_CASE("progress_bar: a file gets nothing of a short call") {
  file const f(std::tmpfile());
  REQUIRE(f != nullptr);
  {
    tri::progress_bar const bar("short", f.get());
    for (std::size_t i = 0; i <= 1000; ++i) bar({i, 1000});
  }
  CHECK(text_of(f.get()).empty());
}

TEST_CASE("progress_bar: a file gets a line every five seconds, and a last one") {
  file const f(std::tmpfile());
  REQUIRE(f != nullptr);
  tri::progress_callback const bar = tri::progress_bar("long", f.get());
  auto const copy = bar;
  bar({1, 100});
  std::this_thread::sleep_for(std::chrono::milliseconds(5050));
  copy({50, 100});
  bar({60, 100});
  bar({100, 100});
  bar({100, 100});
  std::string const text = text_of(f.get());
  CAPTURE(text);
  CHECK(text.find("long  50 %") == 0);
  CHECK(text.find("60 %") == std::string::npos);
  CHECK(text.find("\nlong 100 %") != std::string::npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 2);
  CHECK(text.back() == '\n');
  CHECK(text.find('\r') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
}

#if defined(__linux__)
TEST_CASE("progress_bar: a terminal gets one line that is drawn again") {
  int const terminal = posix_openpt(O_RDWR | O_NOCTTY);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0) {
    WARN("this system gives no pseudo-terminal");
    return;
  }
  setenv("TERM", "xterm", 1);
  std::string seen;
  {
    file const f(std::fopen(ptsname(terminal), "w"));
    REQUIRE(f != nullptr);
    termios settings{};
    tcgetattr(fileno(f.get()), &settings);
    settings.c_oflag &= ~static_cast<tcflag_t>(OPOST);
    tcsetattr(fileno(f.get()), TCSANOW, &settings);
    tri::progress_bar const bar("work", f.get());
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    bar({30, 90});
    bar({31, 90}); // within a tenth of a second: not drawn
    std::this_thread::sleep_for(std::chrono::milliseconds(110));
    bar({45, 90});
    bar({90, 90}); // the end is drawn at once
    bar({90, 90});
    char part[4096];
    seen.assign(part, static_cast<std::size_t>(read(terminal, part, sizeof part)));
    while (seen.find('\n') == std::string::npos) {
      auto const got = read(terminal, part, sizeof part);
      REQUIRE(got > 0);
      seen.append(part, static_cast<std::size_t>(got));
    }
  }
  close(terminal);
  CAPTURE(seen);
  CHECK(std::count(seen.begin(), seen.end(), '\r') == 3);
  CHECK(seen.find("work [##########....................]  33 %") != std::string::npos);
  CHECK(seen.find("work [###############...............]  50 %") != std::string::npos);
  CHECK(seen.find("work [##############################] 100 %") != std::string::npos);
  CHECK(std::count(seen.begin(), seen.end(), '\n') == 1);
  CHECK(seen.back() == '\n');
}
#endif
