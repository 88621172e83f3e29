/// @file main.cpp
/// What is an option on next winter's heating degree days in Seattle and New York worth, and how sure are we?
///
/// The same work on every backend that is asked for: daily degree days by batch_map, correlations by matmul,
/// prices by monte_carlo, the season's distribution by simulate.
#include <trireme/trireme.hpp>

#include "../backends.hpp"
#include "../command_line.hpp"
#include "../ranks.hpp"
#include "model.hpp"
#include "report.hpp"
#include "weather.hpp"

#include <CLI/CLI.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct options {
  std::string backend = "all";
  std::string data = WEATHER_RISK_DATA;
  question ask{.samples = 4'000'000, .seed = 42, .tick = 20, .cap = 200, .strikes = {}};
};

void read_strikes(options& o, std::vector<std::string> const& texts) {
  std::array<double, underlyings> strikes{};
  if (texts.size() != 1 && texts.size() != underlyings) throw CLI::ValidationError("--strike", "takes one number, or three");
  for (std::size_t k = 0; k < underlyings; ++k) strikes[k] = number("--strike", texts.size() == 1 ? texts[0] : texts[k], 0.0);
  o.ask.strikes = strikes;
}

/// What the command line fills o from.
void add_options(CLI::App& app, options& o) {
  add_backend(app, o.backend, "inline runs too, to compare with");
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
  app.add_option("--data", o.data, "CSV file: location,date,precipitation,temp_max,temp_min,wind, in mm, °C and m/s")->capture_default_str();
}

backend_run run_on(std::string const& backend, weather const& data, question const& ask) {
  return with_backend(backend, [&](auto const& ex) {
    tri::progress_callback progress;
    if (tri::progress_bar::on_terminal()) progress = tri::progress_bar("pricing on " + backend);
    return backend_run{backend, ex.concurrency(), evaluate(ex, data, ask, progress)};
  });
}

void run(options const& o) {
  auto const backends = chosen_backends(o.backend);
  weather data;
  on_every_rank([&] { data = read_weather(o.data); });
  std::vector<backend_run> runs;
  for (auto const& backend : backends) runs.push_back(run_on(backend, data, o.ask));

  answers const& found = runs.front().result.found;
  check_numbers(found);
  print_history(data, found.hdd);
  print_correlations(found.correlation);
  print_prices(data, found);
  print_words(data, found);
  print_backends(runs);
  for (auto const& r : runs)
    if (r.result.found.bits() != found.bits()) throw std::runtime_error(r.name + " gave other bits than inline");
}

} // namespace

int main(int argc, char** argv) {
  options o;
  CLI::App app("What an option on next winter's heating degree days is worth, on every backend of Trireme.");
  add_options(app, o);
  return run_program(app, "weather_risk", argc, argv, [&] { run(o); });
}
