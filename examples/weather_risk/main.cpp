/// @file main.cpp
/// What is an option on next winter's heating degree days in Seattle and New York worth, and how sure are we?
///
/// The same work on every backend that is asked for: daily degree days by batch_map, correlations by matmul, prices by
/// monte_carlo, the season's distribution by simulate.
#include <trireme/trireme.hpp>

#include "model.hpp"
#include "report.hpp"
#include "weather.hpp"

#include <CLI/CLI.hpp>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct options {
  std::string backend = "all";
  std::string data = WEATHER_RISK_DATA;
  question ask{.samples = 4'000'000, .seed = 42, .tick = 20, .cap = 200, .strikes = {}};
};

/// What `--backend all` stands for.
std::vector<std::string> const all_backends{"inline", "threads"};

std::string not_negative(std::string const& text) {
  double value = 0;
  if (!CLI::detail::lexical_cast(text, value) || !std::isfinite(value) || value < 0)
    return '"' + text + "\" is no number of 0 or more";
  return {};
}

std::string at_least_one(std::string const& text) {
  std::int64_t value = 0;
  if (!CLI::detail::lexical_cast(text, value) || value < 1)
    return '"' + text + "\" is no whole number of 1 or more";
  return {};
}

/// Fills o from the command line. @throws CLI::ParseError, also to ask for the help text.
void parse(CLI::App& app, options& o, int argc, char** argv) {
  std::vector<double> strikes;
  app.add_option("--backend", o.backend,
                 "inline, threads, threads:N, or all; inline runs too, to compare with")
      ->capture_default_str();
  app.add_option("--samples", o.ask.samples, "winters to sample")->check(at_least_one)->capture_default_str();
  app.add_option("--seed", o.ask.seed, "of the random numbers")->capture_default_str();
  app.add_option(
         "--strike", strikes,
         "degree days of the season above which an option pays: one for all, or three for Seattle, New York\n"
         "and their basket, as 1600,2200,1900 [near their historical means: to the nearest ten for the "
         "cities]")
      ->delimiter(',')
      ->check(not_negative);
  app.add_option("--tick", o.ask.tick, "dollars for a degree day")
      ->check(not_negative)
      ->capture_default_str();
  app.add_option("--cap", o.ask.cap, "most degree days that are paid for")
      ->check(not_negative)
      ->capture_default_str();
  app.add_option("--data", o.data, "CSV file: location,date,precipitation,temp_max,temp_min,wind")
      ->capture_default_str();
  app.parse(argc, argv);
  if (strikes.size() == 1) strikes.resize(underlyings, strikes.front());
  if (strikes.size() == underlyings)
    o.ask.strikes = {strikes[0], strikes[1], strikes[2]};
  else if (!strikes.empty())
    throw CLI::ValidationError("--strike", "takes one number, or three");
}

/// The backends to run, inline first. @throws std::invalid_argument where one is unknown, before any work.
std::vector<std::string> chosen(std::string const& backend) {
  if (backend == "all") return all_backends;
  tri::with_executor(backend, [](auto const&) {});
  return backend == "inline" ? std::vector<std::string>{backend}
                             : std::vector<std::string>{"inline", backend};
}

backend_run run_on(std::string const& backend, weather const& data, question const& ask) {
  return tri::with_executor(backend, [&](auto const& ex) {
    tri::progress_callback progress;
    if (isatty(STDERR_FILENO) == 1) progress = tri::progress_bar("pricing on " + backend);
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
  print_words(found);
  print_backends(runs);
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
