/// @file with_executor.hpp
/// An executor chosen at run time, by its name.
#pragma once
#include <trireme/core/executor.hpp>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace trireme { inline namespace v1 {

/// An executor that knows its own name: `E::matches(text)`, `E::named(text)`, and `E::names` for messages.
template <class E>
concept named_executor = executor<E> && requires(std::string_view text) {
  { E::matches(text) } -> std::same_as<bool>;
  { E::named(text) } -> std::same_as<E>;
  { E::names } -> std::convertible_to<std::string_view>;
};

namespace detail {
template <class First, class... Rest, class Visitor>
decltype(auto) visit_named(std::string_view text, Visitor&& visitor, std::string listed) {
  if (First::matches(text)) return std::forward<Visitor>(visitor)(First::named(text));
  listed += listed.empty() ? "" : ", ";
  listed += First::names;
  if constexpr (sizeof...(Rest) != 0)
    return visit_named<Rest...>(text, std::forward<Visitor>(visitor), std::move(listed));
  else
    throw std::invalid_argument("trireme: no executor is named \"" + std::string(text) + "\"; there are " + listed);
}
} // namespace detail

/// visitor(ex), ex being the one of the candidates that `text` names: "inline", "threads", "threads:8", …
/// The visitor is compiled for every candidate, and returns the same type for each.
/// @throws std::invalid_argument that lists the candidates, where none of them has that name.
template <named_executor First, named_executor... Rest, class Visitor>
decltype(auto) with_executor(std::string_view text, Visitor&& visitor) {
  return detail::visit_named<First, Rest...>(text, std::forward<Visitor>(visitor), {});
}

}} // namespace trireme::v1
