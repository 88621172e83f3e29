/// @file testing.hpp
/// Catch2 for every test, major 2 and 3 alike.
///
/// Beside Catch2's own macros and floating-point matchers, whose names agree in both majors, tests use only
/// what is named here: `contains`, `message_contains`, `Approx`.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace testing {

#if __has_include(<catch2/catch_all.hpp>)
using Catch::Approx;
template <class T>
using matcher_base = Catch::Matchers::MatcherBase<T>;
#else
using Catch::Detail::Approx;
template <class T>
using matcher_base = Catch::Matchers::Impl::MatcherBase<T>;
#endif

/// Matches a string that holds a text: CHECK_THAT(s, contains("…")), CHECK_THROWS_WITH(f(), contains("…")).
class contains final : public matcher_base<std::string> {
public:
  explicit contains(std::string text) : text_(std::move(text)) {}
  bool match(std::string const& s) const override { return s.find(text_) != std::string::npos; }
  std::string describe() const override { return "contains \"" + text_ + '"'; }

private:
  std::string text_;
};

/// Matches an exception by its text: CHECK_THROWS_MATCHES(f(), std::invalid_argument, message_contains("…")).
class message_contains final : public matcher_base<std::exception> {
public:
  explicit message_contains(std::string text) : text_(std::move(text)) {}
  bool match(std::exception const& e) const override { return std::string_view(e.what()).find(text_) != std::string_view::npos; }
  std::string describe() const override { return "has a message that contains \"" + text_ + '"'; }

private:
  std::string text_;
};

} // namespace testing
