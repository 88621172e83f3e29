/// @file command_line.hpp
/// What the command lines of examples have in common: numbers that are checked, --backend, and one line for what fails.
#pragma once
#include "backends.hpp"
#include "output.hpp"
#include "ranks.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>

/// The number that text is, wholly. @throws CLI::ValidationError where it is none, or less than `least`.
template <class T>
T number(std::string const& option, std::string const& text, T least) {
  T value{};
  auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool const whole = failure == std::errc{} && end == text.data() + text.size();
  bool const finite = value - value == T{}; // from_chars reads "inf" and "nan", too
  if (!whole || !finite || value < least) {
    std::string const kind = std::integral<T> ? "whole number" : "number";
    throw CLI::ValidationError(option, '"' + text + "\" is no " + kind + " of " + std::to_string(int(least)) + " or more");
  }
  return value;
}

template <class T>
void add_number(CLI::App& app, std::string const& name, T& value, T least, std::string const& description) {
  app.add_option_function<std::string>(
         name, [&value, name, least](std::string const& text) { value = number(name, text, least); }, description)
      ->default_str(std::to_string(static_cast<std::int64_t>(value)))
      ->type_name("NUMBER");
}

/// --backend; `compared` says with what.
inline void add_backend(CLI::App& app, std::string& backend, std::string const& compared) {
  std::string backends;
  for (auto const& name : all_backends()) backends += name + ", ";
  app.add_option("--backend", backend, backends + "one with its width as threads:8, or all; " + compared)->capture_default_str();
}

/// Parses the command line and runs the program. What fails is told in one line, output that can't be written too. Of several ranks only the first speaks.
/// @returns the exit status.
template <class Run>
int run_program(CLI::App& app, std::string const& name, int argc, char** argv, Run const& run) {
  bool speaks = true;
  auto const tell = [&](char const* what) {
    if (speaks) std::fprintf(stderr, "%s: %s\n", name.c_str(), what);
    std::fflush(stdout); // a rank that ends with an error may end the others
    return 1;
  };
  try {
    check_output();
    speaks = prints();
    app.parse(argc, argv);
    run();
    flush_output();
    return 0;
  } catch (CLI::Success const& help) {
    app.exit(help);
    return finished(name.c_str());
  } catch (std::bad_alloc const&) {
    return tell("not enough memory");
  } catch (std::exception const& e) {
    return tell(e.what());
  }
}
