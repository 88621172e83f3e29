/// @file refused.hpp
/// What a call returns that was refused by a static_assert.
#pragma once
#include <cstddef>

namespace trireme { inline namespace v1 { namespace detail {

/// Stands for a result of any kind, so that the line that says why is the only one: what the program goes on to do
/// with the result must not fail as well. Nothing is defined, since no such program is ever built.
struct refused {
  template <class T>
  operator T() const;
  refused operator[](std::size_t) const;
  refused to_host() const;
  refused get() const;
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] refused const* begin() const;
  [[nodiscard]] refused const* end() const;
  template <class Stream>
  friend Stream& operator<<(Stream& stream, refused const&);
};

}}} // namespace trireme::v1::detail
