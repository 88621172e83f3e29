/// @file processes/wire_archive.hpp
/// Bytes to write to and to read from, and archives of cereal on them for the types that have functions for it.
#pragma once
#include <trireme/core/fn.hpp>

#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/bitset.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/complex.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/forward_list.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/memory.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/queue.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/stack.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// The bytes are the value.
template <class T>
concept flat = enable_transferable<T>;

/// Counts what is written, or writes it to memory of that size.
class wire_writer {
public:
  wire_writer() = default;
  wire_writer(char* to, std::size_t size) : to_(to), room_(size) {}
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void put(void const* from, std::size_t bytes) {
    if (to_ != nullptr) {
      if (bytes > room_ - size_)
        throw std::runtime_error("trireme: submit: a value was serialised to more bytes the second time");
      if (bytes != 0) std::memcpy(to_ + size_, from, bytes);
    }
    size_ += bytes;
  }

private:
  char* to_ = nullptr;
  std::size_t room_ = 0, size_ = 0;
};

/// Reads from memory that another process wrote: nothing in it is believed before it was looked at.
class wire_reader {
public:
  wire_reader(char const* from, std::size_t size) : from_(from), left_(size) {}

  /// The next bytes, in place.
  char const* take(std::size_t bytes) {
    if (bytes > left_) damaged();
    left_ -= bytes;
    return std::exchange(from_, from_ + bytes);
  }
  /// The next n elements of that size, in place.
  char const* take(std::size_t n, std::size_t size) {
    if (n > std::numeric_limits<std::size_t>::max() / size) damaged();
    return take(n * size);
  }
  template <class N>
  N number() {
    N n{};
    std::memcpy(&n, take(sizeof n), sizeof n);
    return n;
  }
  [[nodiscard]] std::size_t left() const noexcept { return left_; }
  [[noreturn]] static void damaged() { throw std::runtime_error("trireme: submit: a value ended before it was whole"); }

private:
  char const* from_;
  std::size_t left_;
};

/// cereal's archives on these. A type whose bytes are its value needs no function.
class wire_output : public cereal::OutputArchive<wire_output> {
public:
  explicit wire_output(wire_writer& out) : OutputArchive(this), out_(out) {}
  void put(void const* from, std::size_t bytes) { out_.put(from, bytes); }

private:
  wire_writer& out_;
};
class wire_input : public cereal::InputArchive<wire_input> {
public:
  explicit wire_input(wire_reader& in) : InputArchive(this), in_(in) {}
  void get(void* to, std::size_t bytes) {
    if (bytes != 0) std::memcpy(to, in_.take(bytes), bytes);
  }
  [[nodiscard]] std::size_t left() const noexcept { return in_.left(); }

private:
  wire_reader& in_;
};

/// Numbers, and what cereal has no function for; an empty class takes a byte, so that a count can be compared with what is left.
template <class T>
concept archived_as_bytes =
    std::is_arithmetic_v<T> || (flat<T> && !std::is_enum_v<T> && !std::is_pointer_v<T> &&
                                !cereal::traits::is_output_serializable<T, cereal::BinaryOutputArchive>::value &&
                                !cereal::traits::is_input_serializable<T, cereal::BinaryInputArchive>::value);

template <archived_as_bytes T>
void CEREAL_SAVE_FUNCTION_NAME(wire_output& archive, T const& x) {
  archive.put(static_cast<void const*>(std::addressof(x)), sizeof x);
}
template <archived_as_bytes T>
void CEREAL_LOAD_FUNCTION_NAME(wire_input& archive, T& x) {
  archive.get(static_cast<void*>(std::addressof(x)), sizeof x);
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(wire_output& archive, cereal::BinaryData<T> const& data) {
  archive.put(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(wire_input& archive, cereal::BinaryData<T>& data) {
  archive.get(data.data, static_cast<std::size_t>(data.size));
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(wire_output& archive, cereal::SizeTag<T> const& n) {
  archive(static_cast<std::uint64_t>(n.size));
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(wire_input& archive, cereal::SizeTag<T>& n) {
  std::uint64_t size = 0;
  archive(size);
  if (size / 8 > archive.left()) wire_reader::damaged(); // eight elements take a byte, or more
  n.size = static_cast<std::remove_reference_t<T>>(size);
}
template <class T>
void CEREAL_SAVE_FUNCTION_NAME(wire_output& archive, cereal::NameValuePair<T> const& x) {
  archive(x.value);
}
template <class T>
void CEREAL_LOAD_FUNCTION_NAME(wire_input& archive, cereal::NameValuePair<T>& x) {
  archive(x.value);
}

}}} // namespace trireme::v1::detail

CEREAL_REGISTER_ARCHIVE(trireme::detail::wire_output)
CEREAL_REGISTER_ARCHIVE(trireme::detail::wire_input)
CEREAL_SETUP_ARCHIVE_TRAITS(trireme::detail::wire_input, trireme::detail::wire_output)
