/// @file with_executor.hpp
/// An executor chosen at run time, by its name.
#pragma once
#include <trireme/core/cluster.hpp>

#include <array>
#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace trireme { inline namespace v1 {

/// An executor that knows its own name: `E::matches(text)`, `E::named(text)`, and `E::names` for messages: the name, and
/// in brackets what may follow it.
template <class E>
concept named_executor = executor_or_cluster<E> && requires(std::string_view text) {
  { E::matches(text) } -> std::same_as<bool>;
  { E::named(text) } -> std::same_as<E>;
  { E::names } -> std::convertible_to<std::string_view>;
};

namespace detail {
template <class First, class... Rest, class Visitor>
decltype(auto) visit_named(std::string_view text, Visitor&& visitor, std::string listed) {
  if (First::matches(text)) {
    First const ex = First::named(text);
    return std::forward<Visitor>(visitor)(ex);
  }
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

/// The names of the candidates, without what may follow them: "inline", "threads", …
template <named_executor First, named_executor... Rest>
[[nodiscard]] constexpr auto executor_names() {
  constexpr auto name = [](std::string_view names) { return names.substr(0, names.find('[')); };
  return std::array{name(First::names), name(Rest::names)...};
}

}} // namespace trireme::v1
