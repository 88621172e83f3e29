/// @file pack.hpp
/// Several numbers side by side, computed with one instruction: what a kernel under tri::simd is called with. Made of
/// GNU vectors as wide as the build's vector unit.
#pragma once

#include <trireme/simd/arithmetic.hpp>
#include <trireme/simd/native.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

template <class T>
concept lane = real<T> || std::same_as<T, int> || std::same_as<T, unsigned> || std::same_as<T, long> ||
               std::same_as<T, unsigned long> || std::same_as<T, long long> || std::same_as<T, unsigned long long>;

template <std::size_t Bytes>
using lane_mask_t = std::conditional_t<Bytes == 4, std::int32_t, std::int64_t>;

/// Whether numbers of type S can meet lanes of type T as in a scalar kernel, where the result stays a T.
template <class T, class S>
concept joins = std::is_arithmetic_v<S> && std::same_as<decltype(T{} + S{}), T>;

template <class T, class S>
consteval bool check_joins() {
  constexpr bool wider = std::same_as<T, float> && std::floating_point<S> && !joins<T, S>;
  static_assert(!wider, "trireme: a pack of floats meets a double, where a scalar kernel would go on in double: write 0.5f, an "
                        "integer, or convert<double>(pack)");
  static_assert(wider || joins<T, S>, "trireme: a pack meets a number of another type, where a scalar kernel would go on in "
                                      "that type: convert one of them by tri::convert<type>(x)");
  return joins<T, S>;
}

/// Each register of a pack on its own: P{op(a₀…), op(a₁…)}.
template <class P, class Op, class... A>
[[gnu::always_inline]] inline P each(Op op, A const&... a) noexcept {
  P out;
  out.part[0] = op(a.part[0]...);
  if constexpr (P::parts == 2) out.part[1] = op(a.part[1]...);
  return out;
}

template <class V, std::size_t Parts>
[[gnu::always_inline]] inline void copy_parts(V (&to)[Parts], V const (&from)[Parts]) noexcept {
  to[0] = from[0];
  if constexpr (Parts == 2) to[1] = from[1];
}

template <class V, class T, std::size_t... I>
[[gnu::always_inline]] inline V splat(T x, std::index_sequence<I...>) noexcept {
  return V{((void)I, x)...};
}

} // namespace detail

/// The truth of a comparison in each of N lanes of so many bytes. An `if` can't take it: use select, any or all.
template <std::size_t Bytes, std::size_t N>
struct mask {
  static constexpr std::size_t parts = Bytes / 4;
  using vector = detail::vec<detail::lane_mask_t<Bytes>, 4 * N>;
  vector part[parts]; ///< all bits of a lane, or none

  mask() = default;
  [[gnu::always_inline]] mask(mask const& m) noexcept { detail::copy_parts(part, m.part); }
  [[gnu::always_inline]] mask& operator=(mask const& m) noexcept {
    detail::copy_parts(part, m.part);
    return *this;
  }

  [[nodiscard]] bool operator[](std::size_t i) const noexcept { return part[i / (N / parts)][i % (N / parts)] != 0; }

  /// A mask for lanes of another size.
  template <std::size_t Other>
  [[nodiscard, gnu::always_inline]] mask<Other, N> as() const noexcept {
    if constexpr (Other == Bytes) {
      return *this;
    } else {
      mask<Other, N> out;
      if constexpr (Other == 8)
        detail::unit<4 * N>::widen(part[0], out.part[0], out.part[1]);
      else
        detail::unit<4 * N>::narrow(part[0], part[1], out.part[0]);
      return out;
    }
  }

  template <class T>
  explicit operator T() const {
    static_assert(!std::same_as<T, bool>, "trireme: an `if`, && or ?: on a pack, whose lanes may differ: use tri::select");
    return T{};
  }

  [[gnu::always_inline]] friend mask operator!(mask const& a) noexcept {
    return detail::each<mask>([](auto const& x) { return ~x; }, a);
  }
  template <std::size_t B>
  [[gnu::always_inline]] friend mask operator&&(mask const& a, mask<B, N> const& b) noexcept {
    return detail::each<mask>([](auto const& x, auto const& y) { return x & y; }, a, b.template as<Bytes>());
  }
  template <std::size_t B>
  [[gnu::always_inline]] friend mask operator||(mask const& a, mask<B, N> const& b) noexcept {
    return detail::each<mask>([](auto const& x, auto const& y) { return x | y; }, a, b.template as<Bytes>());
  }
};

/// N numbers of type T. Operators and the functions of simd/math.hpp work lane by lane; a plain number stands for N of
/// the same. What would have another type in a scalar kernel is refused: a pack of floats with a double, of ints with a
/// float. The scalar and the pack then give the same bits.
template <class T, std::size_t N = native_lanes>
struct pack {
  static_assert(detail::lane<T>, "trireme: a pack has lanes of float, double, or integers of 32 or 64 bits");
  using value_type = T;
  static constexpr std::size_t size = N;
  static constexpr std::size_t parts = sizeof(T) / 4; ///< registers, each of 4 N bytes
  using vector = detail::vec<T, 4 * N>;
  vector part[parts];

  pack() = default;
  // Register by register: g++ copies a struct of several through memory, in smaller pieces.
  [[gnu::always_inline]] pack(pack const& p) noexcept { detail::copy_parts(part, p.part); }
  [[gnu::always_inline]] pack& operator=(pack const& p) noexcept {
    detail::copy_parts(part, p.part);
    return *this;
  }
  template <class S>
    requires std::is_arithmetic_v<S>
  [[gnu::always_inline]] pack(S x) noexcept {
    if constexpr (detail::check_joins<T, S>())
      for (auto& p : part) p = detail::splat<vector>(static_cast<T>(x), std::make_index_sequence<N / parts>{});
  }

  /// N elements that lie side by side, however aligned.
  [[nodiscard, gnu::always_inline]] static pack load(T const* from) noexcept {
    pack out;
    for (std::size_t k = 0; k < parts; ++k) out.part[k] = *reinterpret_cast<anywhere const*>(from + k * (N / parts));
    return out;
  }
  /// The first n ≤ N of them; the other lanes are 0.
  [[nodiscard]] static pack load(T const* from, std::size_t n) noexcept {
    T lanes[N] = {};
    for (std::size_t i = 0; i < n; ++i) lanes[i] = from[i];
    return load(lanes);
  }
  [[gnu::always_inline]] void store(T* to) const noexcept {
    for (std::size_t k = 0; k < parts; ++k) *reinterpret_cast<anywhere*>(to + k * (N / parts)) = part[k];
  }
  void store(T* to, std::size_t n) const noexcept {
    for (std::size_t i = 0; i < n; ++i) to[i] = (*this)[i];
  }
  [[nodiscard]] T operator[](std::size_t i) const noexcept { return part[i / (N / parts)][i % (N / parts)]; }

  template <class B>
  [[gnu::always_inline]] pack& operator+=(B const& b) noexcept {
    return *this = *this + b;
  }
  template <class B>
  [[gnu::always_inline]] pack& operator-=(B const& b) noexcept {
    return *this = *this - b;
  }
  template <class B>
  [[gnu::always_inline]] pack& operator*=(B const& b) noexcept {
    return *this = *this * b;
  }
  template <class B>
  [[gnu::always_inline]] pack& operator/=(B const& b) noexcept {
    return *this = *this / b;
  }

private:
  // One move for each register: a memcpy of several goes in pieces of other sizes, for which loads then wait.
  typedef T anywhere __attribute__((vector_size(4 * N), aligned(sizeof(T)), may_alias));
};

namespace detail {

template <class T, std::size_t N>
struct scalar_of<pack<T, N>> {
  using type = T;
};

template <class T, std::size_t N>
struct bits_of<pack<T, N>> {
  using type = pack<typename format<T>::bits, N>;
};

template <class P>
inline constexpr bool is_pack = false;
template <class T, std::size_t N>
inline constexpr bool is_pack<pack<T, N>> = true;

template <class P>
concept any_pack = is_pack<P>;
template <class P>
concept real_pack = any_pack<P> && real<scalar_t<P>>;

/// The pack that A and B, one of them a pack, are brought to.
template <class A, class B>
struct joined;
template <any_pack A, class B>
struct joined<A, B> {
  using type = A;
};
template <class A, any_pack B>
  requires(!any_pack<A>)
struct joined<A, B> {
  using type = B;
};
template <any_pack A, any_pack B>
struct joined<A, B> {
  static_assert(std::same_as<A, B>, "trireme: packs of two types meet: convert one of them by tri::convert<type>(x)");
  using type = A;
};
template <class A, class B>
using joined_t = typename joined<A, B>::type;

template <class A, class B>
concept pack_and = (any_pack<A> && (any_pack<B> || std::is_arithmetic_v<B>)) || (any_pack<B> && std::is_arithmetic_v<A>);

template <class P>
using mask_of = mask<sizeof(scalar_t<P>), P::size>;

template <class Op, class A, class B>
[[gnu::always_inline]] inline auto zip(Op op, A const& a, B const& b) noexcept {
  using P = joined_t<A, B>;
  return each<P>(op, P(a), P(b));
}
template <class Op, class A, class B>
[[gnu::always_inline]] inline auto compare(Op op, A const& a, B const& b) noexcept {
  using P = joined_t<A, B>;
  using M = mask_of<P>;
  return each<M>([op](auto const& x, auto const& y) { return (typename M::vector)op(x, y); }, P(a), P(b));
}

} // namespace detail

template <detail::any_pack P>
[[gnu::always_inline]] inline P operator-(P const& a) noexcept {
  return detail::each<P>([](auto const& x) { return -x; }, a);
}
template <detail::any_pack P>
[[gnu::always_inline]] inline P operator~(P const& a) noexcept {
  return detail::each<P>([](auto const& x) { return ~x; }, a);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator+(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x + y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator-(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x - y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator*(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x * y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator/(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x / y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator%(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x % y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator&(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x & y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator|(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x | y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator^(A const& a, B const& b) noexcept {
  return detail::zip([](auto const& x, auto const& y) { return x ^ y; }, a, b);
}
template <detail::any_pack P>
[[gnu::always_inline]] inline P operator<<(P const& a, int bits) noexcept {
  return detail::each<P>([bits](auto const& x) { return x << bits; }, a);
}
template <detail::any_pack P>
[[gnu::always_inline]] inline P operator>>(P const& a, int bits) noexcept {
  return detail::each<P>([bits](auto const& x) { return x >> bits; }, a);
}

template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator<(A const& a, B const& b) noexcept {
  return detail::compare([](auto const& x, auto const& y) { return x < y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator>(A const& a, B const& b) noexcept {
  return detail::compare([](auto const& x, auto const& y) { return x > y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator<=(A const& a, B const& b) noexcept {
  return detail::compare([](auto const& x, auto const& y) { return x <= y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator>=(A const& a, B const& b) noexcept {
  return detail::compare([](auto const& x, auto const& y) { return x >= y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator==(A const& a, B const& b) noexcept {
  return detail::compare([](auto const& x, auto const& y) { return x == y; }, a, b);
}
template <class A, class B>
  requires detail::pack_and<A, B>
[[gnu::always_inline]] inline auto operator!=(A const& a, B const& b) noexcept {
  return detail::compare([](auto const& x, auto const& y) { return x != y; }, a, b);
}

}} // namespace trireme::v1
