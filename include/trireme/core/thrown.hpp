/// @file thrown.hpp
/// Exceptions that cross from one process to another: what is written down there, and made of it here.
#pragma once
#include <trireme/core/error.hpp>

#include <cxxabi.h>

#include <algorithm>
#include <any>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

namespace trireme { inline namespace v1 { namespace detail {

/// Those that are made of their text alone, and those that have none of their own. The code of one is its place here.
using text_exceptions =
    std::tuple<std::logic_error, std::invalid_argument, std::domain_error, std::length_error, std::out_of_range,
               std::runtime_error, std::range_error, std::overflow_error, std::underflow_error, error>;
using plain_exceptions = std::tuple<std::exception, std::bad_alloc, std::bad_array_new_length, std::bad_cast, std::bad_typeid,
                                    std::bad_exception, std::bad_any_cast, std::bad_function_call, std::bad_optional_access,
                                    std::bad_variant_access, std::bad_weak_ptr, cancelled>;

struct thrown_code {
  static constexpr int text = 0, plain = 100, system = 200, ios = 201, filesystem = 202, future = 203, regex = 204, remote = 205,
                       lost = 206, late = 207, other = 208;
};

inline std::string readable_name(char const* mangled) {
  std::unique_ptr<char, void (*)(void*)> const name(abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), std::free);
  return name ? name.get() : mangled;
}

/// An exception as it travels: its code, a number, and texts.
struct exception_parts {
  int code = thrown_code::other;
  int value = 0;
  std::string name; ///< of its type, or of its error category
  std::string text;
  std::array<std::string, 2> more{}; ///< paths, or indices

  /// The texts in one, and from it. Only the last one may hold a zero.
  [[nodiscard]] std::string joined() const { return name + '\0' + more[0] + '\0' + more[1] + '\0' + text; }
  void split(std::string_view all) {
    for (std::string* to : {&name, &more[0], &more[1]}) {
      auto const cut = std::min(all.find('\0'), all.size());
      *to = all.substr(0, cut);
      all.remove_prefix(std::min(cut + 1, all.size()));
    }
    text = all;
  }
};

/// A failure's text without the indices at its end.
template <class E>
std::string text_before_indices(E const& e) {
  std::string text = e.what();
  text.resize(text.size() - at_indices(e.first(), e.last()).text().size());
  return text;
}

template <class... T>
int place_of(std::type_info const& type, std::tuple<T...> const*) {
  int at = -1, k = 0;
  ((type == typeid(T) ? static_cast<void>(at = k) : void(), ++k), ...);
  return at;
}

/// The category of that name, of those which every program has.
inline std::error_category const* standard_category(std::string_view name) {
  for (auto const* category :
       {&std::generic_category(), &std::system_category(), &std::iostream_category(), &std::future_category()})
    if (name == category->name()) return category;
  return nullptr;
}

/// The parts of an error code and of the text before it, where every program has its category.
inline bool take_apart_code(std::system_error const& e, exception_parts& parts, int code) {
  auto const& category = e.code().category();
  if (standard_category(category.name()) != &category) return false;
  parts = {code, e.code().value(), category.name(), e.std::system_error::what()};
  // The constructor adds this again.
  std::string const added = e.code().message();
  if (parts.text.ends_with(added)) parts.text.resize(parts.text.size() - added.size());
  if (parts.text.ends_with(": ")) parts.text.resize(parts.text.size() - 2);
  return true;
}

inline exception_parts take_apart(std::exception const& e) {
  std::type_info const& type = typeid(e);
  exception_parts parts{thrown_code::other, 0, readable_name(type.name()), e.what()};
  auto const indices = [](auto const& failure) -> std::array<std::string, 2> {
    return {std::to_string(failure.first()), std::to_string(failure.last())};
  };
  if (int const k = place_of(type, static_cast<text_exceptions*>(nullptr)); k >= 0) {
    parts.code = thrown_code::text + k;
  } else if (int const p = place_of(type, static_cast<plain_exceptions*>(nullptr)); p >= 0) {
    parts.code = thrown_code::plain + p;
  } else if (type == typeid(std::future_error)) {
    auto const& code = static_cast<std::future_error const&>(e).code();
    if (code.category() == std::future_category()) parts = {thrown_code::future, code.value(), {}, {}};
  } else if (type == typeid(std::system_error)) {
    take_apart_code(static_cast<std::system_error const&>(e), parts, thrown_code::system);
  } else if (type == typeid(std::ios_base::failure)) {
    take_apart_code(static_cast<std::ios_base::failure const&>(e), parts, thrown_code::ios);
  } else if (type == typeid(std::filesystem::filesystem_error)) {
    auto const& failure = static_cast<std::filesystem::filesystem_error const&>(e);
    if (take_apart_code(failure, parts, thrown_code::filesystem)) parts.more = {failure.path1(), failure.path2()};
  } else if (type == typeid(std::regex_error)) {
    parts.code = thrown_code::regex;
    parts.value = static_cast<int>(static_cast<std::regex_error const&>(e).code());
  } else if (type == typeid(remote_error)) { // through a second pool
    auto const& failure = static_cast<remote_error const&>(e);
    parts = {thrown_code::remote, 0, failure.type_name(), failure.text()};
  } else if (type == typeid(worker_lost)) {
    auto const& failure = static_cast<worker_lost const&>(e);
    int const how = failure.signal() != 0 ? failure.signal() : -failure.status();
    parts = {thrown_code::lost, how, {}, text_before_indices(failure), indices(failure)};
  } else if (type == typeid(timed_out)) {
    auto const& failure = static_cast<timed_out const&>(e);
    parts = {thrown_code::late, 0, {}, text_before_indices(failure), indices(failure)};
  }
  return parts;
}

/// Of the exception that is being handled.
inline exception_parts take_apart_current() {
  try {
    throw;
  } catch (std::exception const& e) {
    return take_apart(e);
  } catch (std::string const& text) {
    return {thrown_code::other, 0, "std::string", text};
  } catch (char const* text) {
    return {thrown_code::other, 0, "char const*", text};
  } catch (...) {
    auto const* const type = abi::__cxa_current_exception_type();
    return {thrown_code::other, 0, type != nullptr ? readable_name(type->name()) : "an exception of another language", {}};
  }
}

template <class... T>
std::exception_ptr make_from_text(int k, std::string const& text, std::tuple<T...> const*) {
  std::exception_ptr made;
  ((k-- == 0 ? static_cast<void>(made = std::make_exception_ptr(T(text))) : void()), ...);
  return made;
}
template <class... T>
std::exception_ptr make_plain(int k, std::tuple<T...> const*) {
  std::exception_ptr made;
  ((k-- == 0 ? static_cast<void>(made = std::make_exception_ptr(T())) : void()), ...);
  return made;
}

inline std::exception_ptr put_together_code(exception_parts const& parts, std::error_code code) {
  switch (parts.code) {
    case thrown_code::system:
      return std::make_exception_ptr(parts.text.empty() ? std::system_error(code) : std::system_error(code, parts.text));
    case thrown_code::ios: return std::make_exception_ptr(std::ios_base::failure(parts.text, code));
    case thrown_code::filesystem:
      return std::make_exception_ptr(std::filesystem::filesystem_error(parts.text, parts.more[0], parts.more[1], code));
    default: return nullptr;
  }
}

inline std::exception_ptr put_together(exception_parts const& parts) {
  auto const index = [&](std::size_t k) -> std::size_t {
    std::size_t value = 0;
    std::from_chars(parts.more[k].data(), parts.more[k].data() + parts.more[k].size(), value);
    return value;
  };
  std::exception_ptr made;
  if (parts.code >= thrown_code::text && parts.code < thrown_code::plain) {
    made = make_from_text(parts.code - thrown_code::text, parts.text, static_cast<text_exceptions*>(nullptr));
  } else if (parts.code >= thrown_code::plain && parts.code < thrown_code::system) {
    made = make_plain(parts.code - thrown_code::plain, static_cast<plain_exceptions*>(nullptr));
  } else if (parts.code == thrown_code::future) {
    made = std::make_exception_ptr(std::future_error(static_cast<std::future_errc>(parts.value)));
  } else if (parts.code == thrown_code::regex) {
    std::regex_error failure(static_cast<std::regex_constants::error_type>(parts.value));
    static_cast<std::runtime_error&>(failure) = std::runtime_error(parts.text); // which says more than the code does
    made = std::make_exception_ptr(failure);
  } else if (parts.code == thrown_code::lost) {
    int const signal = std::max(parts.value, 0), status = std::max(-parts.value, 0);
    made = std::make_exception_ptr(worker_lost(parts.text, signal, status, index(0), index(1)));
  } else if (parts.code == thrown_code::late) {
    made = std::make_exception_ptr(timed_out(parts.text, index(0), index(1)));
  } else if (auto const* const category = standard_category(parts.name); category != nullptr) {
    made = put_together_code(parts, std::error_code(parts.value, *category));
  }
  return made ? made : std::make_exception_ptr(remote_error(parts.name, parts.text));
}

}}} // namespace trireme::v1::detail
