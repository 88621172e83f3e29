/// @file main.cpp
/// What is an option on next winter's heating degree days in Seattle and New York worth, and how sure are we?
///
/// The same work on every backend that is asked for: daily degree days by batch_map, correlations by matmul,
/// prices by monte_carlo, the season's distribution by simulate.
#include <trireme/trireme.hpp>

#include "../backends.hpp"
#include "model.hpp"
#include "report.hpp"
#include "weather.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

namespace {

struct options {
  std::string backend = "all";
  std::string data = WEATHER_RISK_DATA;
  question ask{.samples = 4'000'000, .seed = 42, .tick = 20, .cap = 200, .strikes = {}};
};

/// The number that text is, wholly. @throws CLI::ValidationError where it is none, or less than `least`.
template <class T>
T number(std::string const& option, std::string const& text, T least) {
  T value{};
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const whole = failure == std::errc{} && end == text.data() + text.size();
  bool const finite = value - value == T{}; // from_chars reads "inf" and "nan", too
  if (!whole || !finite || value < least) {
    std::string const kind = std::integral<T> ? "whole number" : "number";
    throw CLI::ValidationError(option, '"' + text + "\" is no " + kind + " of " + std::to_string(int(least)) +
                                           " or more");
  }
  return value;
}

template <class T>
void add_number(CLI::App& app, std::string const& name, T& value, T least, std::string const& description) {
  app.add_option_function<std::string>(
         name, [&value, name, least](std::string const& text) { value = number(name, text, least); },
         description)
      ->default_str(std::to_string(static_cast<std::int64_t>(value)))
      ->type_name("NUMBER");
}

void read_strikes(options& o, std::vector<std::string> const& texts) {
  std::array<double, underlyings> strikes{};
  if (texts.size() != 1 && texts.size() != underlyings)
    throw CLI::ValidationError("--strike", "takes one number, or three");
  for (std::size_t k = 0; k < underlyings; ++k)
    strikes[k] = number("--strike", texts.size() == 1 ? texts[0] : texts[k], 0.0);
  o.ask.strikes = strikes;
}

/// Fills o from the command line. @throws CLI::ParseError, also to ask for the help text.
void parse(CLI::App& app, options& o, int argc, char** argv) {
  std::string backends;
  for (auto const& name : all_backends()) backends += name + ", ";
  app.add_option("--backend", o.backend,
                 backends + "one with its width as threads:8, or all; inline runs too, to compare with")
      ->capture_default_str();
  add_number<std::int64_t>(app, "--samples", o.ask.samples, 1, "winters to sample");
  add_number<std::uint64_t>(app, "--seed", o.ask.seed, 0, "of the random numbers");
  app.add_option_function<std::vector<std::string>>(
         "--strike", [&o](std::vector<std::string> const& texts) { read_strikes(o, texts); },
         "degree days of the season above which an option pays: one for all, or three, as 1600,2200,1900, "
         "for\n"
         "Seattle, New York and their basket [the cities' historical means to the nearest ten, and their "
         "mean]")
      ->delimiter(',')
      ->type_name("NUMBER");
  add_number<double>(app, "--tick", o.ask.tick, 0, "dollars for a degree day");
  add_number<double>(app, "--cap", o.ask.cap, 0, "most degree days that are paid for");
  app.add_option("--data", o.data, "CSV file: location,date,precipitation,temp_max,temp_min,wind")
      ->capture_default_str();
  app.parse(argc, argv);
}

/// The backends to run, inline first. @throws std::invalid_argument where one is unknown, before any work.
std::vector<std::string> chosen(std::string const& backend) {
  if (backend == "all") return all_backends();
  with_backend(backend, [](auto const&) {});
  return backend == "inline" ? std::vector<std::string>{backend}
                             : std::vector<std::string>{"inline", backend};
}

backend_run run_on(std::string const& backend, weather const& data, question const& ask) {
  return with_backend(backend, [&](auto const& ex) {
    tri::progress_callback progress;
    if (tri::progress_bar::on_terminal()) progress = tri::progress_bar("pricing on " + backend);
    return backend_run{backend, ex.concurrency(), evaluate(ex, data, ask, progress)};
  });
}

void run(options const& o) {
  auto const backends = chosen(o.backend);
  weather const data = read_weather(o.data);
  std::vector<backend_run> runs;
  for (auto const& backend : backends) runs.push_back(run_on(backend, data, o.ask));

  answers const& found = runs.front().result.found;
  print_history(data, found.hdd);
  print_correlations(found.correlation);
  print_prices(data, found);
  print_words(data, found);
  print_backends(runs);
  for (auto const& r : runs)
    if (r.result.found.bits() != found.bits())
      throw std::runtime_error(r.name + " gave other bits than inline");
}

} // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("What an option on next winter's heating degree days is worth, on every backend of Trireme.");
  try {
    parse(app, o, argc, argv);
    run(o);
    return 0;
  } catch (CLI::Success const& help) {
    return app.exit(help);
  } catch (std::bad_alloc const&) {
    std::fprintf(stderr, "weather_risk: not enough memory\n");
  } catch (std::exception const& e) {
    std::fprintf(stderr, "weather_risk: %s\n", e.what());
  }
  return 1;
}
