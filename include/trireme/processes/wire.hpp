/// @file processes/wire.hpp
/// Values that travel between processes: as their bytes where that is right, else by cereal.
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
#include <istream>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <streambuf>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// The bytes are the value.
template <class T>
concept flat = enable_transferable<T>;

/// A vector or a string of such.
template <class T>
inline constexpr bool is_flat_sequence = false;
template <class T, class A>
inline constexpr bool is_flat_sequence<std::vector<T, A>> = flat<T> && !std::is_same_v<T, bool>;
template <class C, class T, class A>
inline constexpr bool is_flat_sequence<std::basic_string<C, T, A>> = true;

/// A matrix, vector or array of Eigen, with elements of its own.
template <class T>
concept eigen_dense = requires(T& m, T const& c) {
  requires std::is_same_v<typename T::PlainObject, T>;
  requires flat<typename T::Scalar>;
  m.resize(c.rows(), c.cols());
  c.data();
};

/// Counts what is written, or writes it to memory of that size.
class wire_writer : public std::streambuf {
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

protected:
  std::streamsize xsputn(char const* from, std::streamsize n) override {
    put(from, static_cast<std::size_t>(n));
    return n;
  }
  int_type overflow(int_type c) override {
    char const byte = traits_type::to_char_type(c);
    put(&byte, 1);
    return c;
  }

private:
  char* to_ = nullptr;
  std::size_t room_ = 0, size_ = 0;
};

class wire_reader : public std::streambuf {
public:
  wire_reader(char const* from, std::size_t size) : from_(from), left_(size) {}

  /// The next bytes, in place.
  char const* take(std::size_t bytes) {
    if (bytes > left_) throw std::runtime_error("trireme: submit: a value ended before it was whole");
    left_ -= bytes;
    return std::exchange(from_, from_ + bytes);
  }

protected:
  std::streamsize xsgetn(char* to, std::streamsize n) override {
    if (n > 0) std::memcpy(to, take(static_cast<std::size_t>(n)), static_cast<std::size_t>(n));
    return n;
  }
  int_type uflow() override { return left_ == 0 ? traits_type::eof() : traits_type::to_int_type(*take(1)); }
  int_type underflow() override { return left_ == 0 ? traits_type::eof() : traits_type::to_int_type(*from_); }

private:
  char const* from_;
  std::size_t left_;
};

template <class T>
consteval bool travels() {
  if constexpr (flat<T> || is_flat_sequence<T> || eigen_dense<T>)
    return true;
  else
    return cereal::traits::is_output_serializable<T, cereal::BinaryOutputArchive>::value &&
           cereal::traits::is_input_serializable<T, cereal::BinaryInputArchive>::value && std::is_default_constructible_v<T>;
}

template <class T>
void write_value(wire_writer& out, T const& x) {
  if constexpr (flat<T>) {
    if constexpr (!std::is_empty_v<T>) out.put(static_cast<void const*>(std::addressof(x)), sizeof x);
  } else if constexpr (is_flat_sequence<T>) {
    std::uint64_t const n = x.size();
    out.put(&n, sizeof n);
    out.put(x.data(), n * sizeof(typename T::value_type));
  } else if constexpr (eigen_dense<T>) {
    std::int64_t const shape[2]{x.rows(), x.cols()};
    out.put(shape, sizeof shape);
    out.put(x.data(), static_cast<std::size_t>(x.size()) * sizeof(typename T::Scalar));
  } else {
    std::ostream stream(&out);
    stream.exceptions(std::ios::badbit); // what `put` throws
    cereal::BinaryOutputArchive archive(stream);
    archive(x);
  }
}

template <class T>
T read_value(wire_reader& in) {
  if constexpr (flat<T>) {
    alignas(T) std::byte bytes[sizeof(T)]{};
    if constexpr (!std::is_empty_v<T>) std::memcpy(bytes, in.take(sizeof(T)), sizeof(T));
    return *std::launder(reinterpret_cast<T*>(bytes));
  } else if constexpr (is_flat_sequence<T>) {
    using element = typename T::value_type;
    std::uint64_t n = 0;
    std::memcpy(&n, in.take(sizeof n), sizeof n);
    char const* const from = in.take(n * sizeof(element));
    if (reinterpret_cast<std::uintptr_t>(from) % alignof(element) == 0) {
      auto const* const first = reinterpret_cast<element const*>(from); // one pass, with nothing zeroed before
      return T(first, first + n);
    }
    if constexpr (std::is_default_constructible_v<element>) {
      T x(n, element());
      if (n != 0) std::memcpy(static_cast<void*>(x.data()), from, n * sizeof(element));
      return x;
    } else {
      T x;
      x.reserve(n);
      for (std::uint64_t k = 0; k < n; ++k) {
        wire_reader one(from + k * sizeof(element), sizeof(element));
        x.push_back(read_value<element>(one));
      }
      return x;
    }
  } else if constexpr (eigen_dense<T>) {
    std::int64_t shape[2]{};
    std::memcpy(shape, in.take(sizeof shape), sizeof shape);
    T x;
    x.resize(shape[0], shape[1]);
    std::size_t const bytes = static_cast<std::size_t>(x.size()) * sizeof(typename T::Scalar);
    if (bytes != 0) std::memcpy(static_cast<void*>(x.data()), in.take(bytes), bytes);
    return x;
  } else {
    T x{};
    std::istream stream(&in);
    cereal::BinaryInputArchive archive(stream);
    archive(x);
    return x;
  }
}

}}} // namespace trireme::v1::detail

namespace cereal {

/// Eigen's matrices inside of other types.
template <class Archive, trireme::detail::eigen_dense T>
void save(Archive& archive, T const& m) {
  archive(static_cast<std::int64_t>(m.rows()), static_cast<std::int64_t>(m.cols()));
  archive(binary_data(m.data(), static_cast<std::size_t>(m.size()) * sizeof(typename T::Scalar)));
}
template <class Archive, trireme::detail::eigen_dense T>
void load(Archive& archive, T& m) {
  std::int64_t rows = 0, cols = 0;
  archive(rows, cols);
  m.resize(rows, cols);
  archive(binary_data(m.data(), static_cast<std::size_t>(m.size()) * sizeof(typename T::Scalar)));
}

} // namespace cereal
