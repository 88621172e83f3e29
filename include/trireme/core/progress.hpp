/// @file progress.hpp
/// How far a long call is, and a bar that shows it.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#if defined(__unix__) || defined(__APPLE__)
#include <unistd.h>
#endif

namespace trireme { inline namespace v1 {

/// What a progress callback is given: elements or samples done, and in all; total is 0 where nobody knows it.
struct progress {
  std::size_t done = 0;
  std::size_t total = 0;
};

/// A progress option: any callable that takes a `progress`. Called by the thread that called the algorithm, between
/// pieces of work; what it throws ends the call. One that takes long is called less often, so that it takes a tenth of the time; the
/// last call, with done == total, is never left out.
using progress_callback = std::function<void(progress)>;

namespace detail {

/// Tells a callback how far a call is: not between two pieces of work where it has just had its share of the time.
class progress_teller {
public:
  explicit progress_teller(progress_callback const& callback) noexcept : callback_(callback) {}
  explicit operator bool() const noexcept { return static_cast<bool>(callback_); }

  void operator()(progress p) { tell(p, p.done == p.total); }
  /// `last`: of a call of which nobody knows the total.
  void tell(progress p, bool last) {
    if (!callback_) return;
    auto const begun = clock::now();
    if (begun < next_ && !last) return;
    callback_(p);
    auto const ended = clock::now();
    next_ = ended + 9 * (ended - begun);
  }

private:
  using clock = std::chrono::steady_clock;
  progress_callback const& callback_;
  clock::time_point next_ = clock::time_point::min();
};

} // namespace detail

/// The ready progress callback, written to stderr: on a terminal a bar with rate and time left, redrawn at most ten
/// times a second; elsewhere a line every five seconds. Copies share one bar. It begins when it is made.
class progress_bar {
public:
  explicit progress_bar(std::string label, std::FILE* stream = stderr)
      : state_(std::make_shared<state>(std::move(label), stream)) {}

  void operator()(progress p) const { state_->show(p); }

  /// Whether the bar would be drawn on a terminal, rather than written line by line.
  [[nodiscard]] static bool on_terminal([[maybe_unused]] std::FILE* stream = stderr) {
#if defined(__unix__) || defined(__APPLE__)
    char const* const kind = std::getenv("TERM");
    return isatty(fileno(stream)) == 1 && kind != nullptr && std::string(kind) != "dumb";
#else
    return false;
#endif
  }

private:
  using clock = std::chrono::steady_clock;

  struct state {
    state(std::string text, std::FILE* to)
        : label(std::move(text)), stream(to), terminal(on_terminal(to)), begun(clock::now()), shown(begun) {}
    ~state() {
      if (terminal && drawn && !finished) std::fputc('\n', stream);
    }

    void show(progress p) {
      auto const now = clock::now();
      bool const last = p.total != 0 && p.done >= p.total;
      auto const pause = terminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(5000);
      if (finished || (now - shown < pause && !(last && (terminal || drawn)))) return;
      shown = now;
      drawn = true;
      finished = last;
      std::string const line = text(p, std::chrono::duration<double>(now - begun).count());
      // The carriage return redraws the line; the escape clears what a longer one left.
      std::fprintf(stream, terminal ? "\r%s\x1b[K%s" : "%s%s", line.c_str(), terminal && !last ? "" : "\n");
      std::fflush(stream);
    }

    [[nodiscard]] std::string text(progress p, double seconds) const {
      double const rate = seconds > 0 ? static_cast<double>(p.done) / seconds : 0;
      char figures[96];
      std::string out = label + ' ';
      if (p.total == 0) {
        std::snprintf(figures, sizeof figures, "%zu, %.3g/s", p.done, rate);
        return out + figures;
      }
      double const part = static_cast<double>(p.done) / static_cast<double>(p.total);
      if (terminal) {
        std::size_t const full = static_cast<std::size_t>(part * bar_width);
        out += '[' + std::string(full, '#') + std::string(bar_width - full, '.') + "] ";
      }
      std::snprintf(figures, sizeof figures, "%3.0f %%, %.3g/s, %.0f s left", part * 100, rate,
                    rate > 0 ? static_cast<double>(p.total - p.done) / rate : 0.0);
      return out + figures;
    }

    static constexpr std::size_t bar_width = 30;
    std::string label;
    std::FILE* stream;
    bool terminal;
    clock::time_point begun, shown;
    bool drawn = false, finished = false;
  };

  std::shared_ptr<state> state_;
};

}} // namespace trireme::v1
