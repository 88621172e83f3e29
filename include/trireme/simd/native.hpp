/// @file native.hpp
/// The vector unit that a build may use: how wide it is, and the few operations that a GNU vector type can't express.
/// Each has a portable definition; a unit overrides it only where it has better.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace trireme { inline namespace v1 {

/// Lanes of a pack in this build: as many as a register has room for 4 bytes. 16 with AVX-512, 8 with AVX2, 4 with SSE2
/// or NEON. Where there is no vector unit a pack is one element, the scalar itself; so it is on a device, where algorithms
/// see to it (a host and a device must agree on types, and so on this number).
#if defined(__AVX512F__)
inline constexpr std::size_t native_lanes = 16;
#elif defined(__AVX2__)
inline constexpr std::size_t native_lanes = 8;
#elif defined(__SSE2__) || defined(__ARM_NEON)
inline constexpr std::size_t native_lanes = 4;
#else
inline constexpr std::size_t native_lanes = 1;
#endif

namespace detail {

template <class T, std::size_t Bytes>
struct vector_of {
  typedef T type __attribute__((vector_size(Bytes)));
};
/// One register of lanes T.
template <class T, std::size_t Bytes>
using vec = typename vector_of<T, Bytes>::type;

/// The definitions that hold everywhere. Bytes is the size of a register.
template <std::size_t Bytes>
struct portable_unit {
  static constexpr std::size_t words = Bytes / 4, longs = Bytes / 8;
  using f32 = vec<float, Bytes>;
  using f64 = vec<double, Bytes>;
  using i32 = vec<std::int32_t, Bytes>;
  using u32 = vec<std::uint32_t, Bytes>;
  using i64 = vec<std::int64_t, Bytes>;
  using u64 = vec<std::uint64_t, Bytes>;

  /// The products of the lower halves of the lanes: 32 x 32 bits to 64.
  [[gnu::always_inline]] static inline u64 mul_low(u64 const& a, u64 const& b) noexcept {
    return (a & 0xffffffffU) * (b & 0xffffffffU);
  }
  template <class V>
  [[gnu::always_inline]] static inline V sqrt(V v) noexcept {
    for (std::size_t i = 0; i < Bytes / sizeof v[0]; ++i) {
      if constexpr (sizeof v[0] == 8)
        v[i] = __builtin_sqrt(v[i]);
      else
        v[i] = __builtin_sqrtf(v[i]);
    }
    return v;
  }
  /// Whether there is scale(v, n): v · 2ⁿ for whole n, rounded once.
  static constexpr bool scales = false;
  /// a where the mask's lane has all bits, b where it has none. By bits: a select may become a branch for each lane.
  template <class M, class V>
  [[gnu::always_inline]] static inline V blend(M const& mask, V const& a, V const& b) noexcept {
    return (V)((mask & (M)a) | (~mask & (M)b));
  }
  /// Whether a mask, of lanes of all bits or none, has a lane that is set.
  template <class V>
  [[gnu::always_inline]] static inline bool any(V const& mask) noexcept {
    std::uint64_t parts[longs];
    std::memcpy(parts, &mask, sizeof mask);
    std::uint64_t set = 0;
    for (std::uint64_t const part : parts) set |= part;
    return set != 0;
  }
  /// Stores at an address that is a multiple of Bytes, past the caches where the unit can; then fence() before anybody reads.
  template <class V>
  [[gnu::always_inline]] static inline void stream(void* to, V const& v) noexcept {
    std::memcpy(to, &v, sizeof v);
  }
  [[gnu::always_inline]] static inline void fence() noexcept {}
  /// The lanes of one register, converted to the lanes of two: the first half and the second.
  template <class V, class W>
  [[gnu::always_inline]] static inline void widen(V const& v, W& first, W& second) noexcept {
    for (std::size_t i = 0; i < longs; ++i) {
      first[i] = static_cast<std::remove_reference_t<decltype(first[i] + 0)>>(v[i]);
      second[i] = static_cast<std::remove_reference_t<decltype(first[i] + 0)>>(v[longs + i]);
    }
  }
  /// The inverse of widen: rounded where lanes are real, cut off where they are integers.
  template <class V, class W>
  [[gnu::always_inline]] static inline void narrow(W const& first, W const& second, V& v) noexcept {
    for (std::size_t i = 0; i < longs; ++i) {
      v[i] = static_cast<std::remove_reference_t<decltype(v[i] + 0)>>(first[i]);
      v[longs + i] = static_cast<std::remove_reference_t<decltype(v[i] + 0)>>(second[i]);
    }
  }
};

template <std::size_t Bytes>
struct unit : portable_unit<Bytes> {};

#if defined(__SSE2__)
template <>
struct unit<16> : portable_unit<16> {
  [[gnu::always_inline]] static inline u64 mul_low(u64 const& a, u64 const& b) noexcept {
    return (u64)_mm_mul_epu32((__m128i)a, (__m128i)b);
  }
  [[gnu::always_inline]] static inline f32 sqrt(f32 const& v) noexcept { return (f32)_mm_sqrt_ps((__m128)v); }
  [[gnu::always_inline]] static inline f64 sqrt(f64 const& v) noexcept { return (f64)_mm_sqrt_pd((__m128d)v); }
  template <class V>
  [[gnu::always_inline]] static inline bool any(V const& mask) noexcept {
    return _mm_movemask_epi8((__m128i)mask) != 0;
  }
  template <class V>
  [[gnu::always_inline]] static inline void stream(void* to, V const& v) noexcept {
    _mm_stream_si128(static_cast<__m128i*>(to), (__m128i)v);
  }
  [[gnu::always_inline]] static inline void fence() noexcept { _mm_sfence(); }
  using portable_unit<16>::widen;
  [[gnu::always_inline]] static inline void widen(f32 const& v, f64& first, f64& second) noexcept {
    first = (f64)_mm_cvtps_pd((__m128)v);
    second = (f64)_mm_cvtps_pd(_mm_movehl_ps((__m128)v, (__m128)v));
  }
  [[gnu::always_inline]] static inline void widen(i32 const& v, f64& first, f64& second) noexcept {
    first = (f64)_mm_cvtepi32_pd((__m128i)v);
    second = (f64)_mm_cvtepi32_pd(_mm_shuffle_epi32((__m128i)v, 0xee));
  }
  [[gnu::always_inline]] static inline void widen(u32 const& v, u64& first, u64& second) noexcept {
    first = (u64)_mm_unpacklo_epi32((__m128i)v, _mm_setzero_si128());
    second = (u64)_mm_unpackhi_epi32((__m128i)v, _mm_setzero_si128());
  }
  [[gnu::always_inline]] static inline void widen(i32 const& v, i64& first, i64& second) noexcept {
    __m128i const sign = _mm_srai_epi32((__m128i)v, 31);
    first = (i64)_mm_unpacklo_epi32((__m128i)v, sign);
    second = (i64)_mm_unpackhi_epi32((__m128i)v, sign);
  }
  using portable_unit<16>::narrow;
  [[gnu::always_inline]] static inline void narrow(f64 const& first, f64 const& second, f32& v) noexcept {
    v = (f32)_mm_movelh_ps(_mm_cvtpd_ps((__m128d)first), _mm_cvtpd_ps((__m128d)second));
  }
  [[gnu::always_inline]] static inline void narrow(i64 const& first, i64 const& second, i32& v) noexcept {
    v = (i32)_mm_shuffle_ps((__m128)first, (__m128)second, 0x88);
  }
};
#endif

#if defined(__AVX2__)
template <>
struct unit<32> : portable_unit<32> {
  [[gnu::always_inline]] static inline u64 mul_low(u64 const& a, u64 const& b) noexcept {
    return (u64)_mm256_mul_epu32((__m256i)a, (__m256i)b);
  }
  [[gnu::always_inline]] static inline f32 sqrt(f32 const& v) noexcept { return (f32)_mm256_sqrt_ps((__m256)v); }
  [[gnu::always_inline]] static inline f64 sqrt(f64 const& v) noexcept { return (f64)_mm256_sqrt_pd((__m256d)v); }
  template <class M, class V>
  [[gnu::always_inline]] static inline V blend(M const& mask, V const& a, V const& b) noexcept {
    return (V)_mm256_blendv_epi8((__m256i)b, (__m256i)a, (__m256i)mask);
  }
  template <class V>
  [[gnu::always_inline]] static inline bool any(V const& mask) noexcept {
    return _mm256_movemask_epi8((__m256i)mask) != 0;
  }
  template <class V>
  [[gnu::always_inline]] static inline void stream(void* to, V const& v) noexcept {
    _mm256_stream_si256(static_cast<__m256i*>(to), (__m256i)v);
  }
  [[gnu::always_inline]] static inline void fence() noexcept { _mm_sfence(); }
  using portable_unit<32>::widen;
  [[gnu::always_inline]] static inline void widen(f32 const& v, f64& first, f64& second) noexcept {
    first = (f64)_mm256_cvtps_pd(_mm256_castps256_ps128((__m256)v));
    second = (f64)_mm256_cvtps_pd(_mm256_extractf128_ps((__m256)v, 1));
  }
  [[gnu::always_inline]] static inline void widen(i32 const& v, f64& first, f64& second) noexcept {
    first = (f64)_mm256_cvtepi32_pd(_mm256_castsi256_si128((__m256i)v));
    second = (f64)_mm256_cvtepi32_pd(_mm256_extracti128_si256((__m256i)v, 1));
  }
  [[gnu::always_inline]] static inline void widen(u32 const& v, u64& first, u64& second) noexcept {
    first = (u64)_mm256_cvtepu32_epi64(_mm256_castsi256_si128((__m256i)v));
    second = (u64)_mm256_cvtepu32_epi64(_mm256_extracti128_si256((__m256i)v, 1));
  }
  [[gnu::always_inline]] static inline void widen(i32 const& v, i64& first, i64& second) noexcept {
    first = (i64)_mm256_cvtepi32_epi64(_mm256_castsi256_si128((__m256i)v));
    second = (i64)_mm256_cvtepi32_epi64(_mm256_extracti128_si256((__m256i)v, 1));
  }
  using portable_unit<32>::narrow;
  [[gnu::always_inline]] static inline void narrow(f64 const& first, f64 const& second, f32& v) noexcept {
    v = (f32)_mm256_set_m128(_mm256_cvtpd_ps((__m256d)second), _mm256_cvtpd_ps((__m256d)first));
  }
  [[gnu::always_inline]] static inline void narrow(i64 const& first, i64 const& second, i32& v) noexcept {
    __m256 const halves = _mm256_shuffle_ps((__m256)first, (__m256)second, 0x88); // 0 1 4 5 2 3 6 7
    v = (i32)_mm256_permute4x64_epi64((__m256i)halves, 0xd8);
  }
};
#endif

#if defined(__AVX512F__)
template <>
struct unit<64> : portable_unit<64> { // by maskz of all lanes: g++ 12 takes the plain ones for uninitialised (GCC bug 105593)
  [[gnu::always_inline]] static inline u64 mul_low(u64 const& a, u64 const& b) noexcept {
    return (u64)_mm512_maskz_mul_epu32(0xff, (__m512i)a, (__m512i)b);
  }
  [[gnu::always_inline]] static inline f32 sqrt(f32 const& v) noexcept { return (f32)_mm512_maskz_sqrt_ps(0xffff, (__m512)v); }
  [[gnu::always_inline]] static inline f64 sqrt(f64 const& v) noexcept { return (f64)_mm512_maskz_sqrt_pd(0xff, (__m512d)v); }
  static constexpr bool scales = true;
  [[gnu::always_inline]] static inline f32 scale(f32 const& v, f32 const& n) noexcept {
    return (f32)_mm512_maskz_scalef_ps(0xffff, (__m512)v, (__m512)n);
  }
  [[gnu::always_inline]] static inline f64 scale(f64 const& v, f64 const& n) noexcept {
    return (f64)_mm512_maskz_scalef_pd(0xff, (__m512d)v, (__m512d)n);
  }
  template <class M, class V>
  [[gnu::always_inline]] static inline V blend(M const& mask, V const& a, V const& b) noexcept {
    return mask ? a : b; // together with the comparison before: there are registers for masks
  }
  template <class V>
  [[gnu::always_inline]] static inline bool any(V const& mask) noexcept {
    return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
  }
  template <class V>
  [[gnu::always_inline]] static inline void stream(void* to, V const& v) noexcept {
    _mm512_stream_si512(static_cast<__m512i*>(to), (__m512i)v);
  }
  [[gnu::always_inline]] static inline void fence() noexcept { _mm_sfence(); }
  using portable_unit<64>::widen;
  [[gnu::always_inline]] static inline void widen(f32 const& v, f64& first, f64& second) noexcept {
    first = (f64)_mm512_maskz_cvtps_pd(0xff, (__m256)_mm512_maskz_extractf64x4_pd(0xf, (__m512d)v, 0));
    second = (f64)_mm512_maskz_cvtps_pd(0xff, (__m256)_mm512_maskz_extractf64x4_pd(0xf, (__m512d)v, 1));
  }
  [[gnu::always_inline]] static inline void widen(i32 const& v, f64& first, f64& second) noexcept {
    first = (f64)_mm512_maskz_cvtepi32_pd(0xff, _mm512_maskz_extracti64x4_epi64(0xf, (__m512i)v, 0));
    second = (f64)_mm512_maskz_cvtepi32_pd(0xff, _mm512_maskz_extracti64x4_epi64(0xf, (__m512i)v, 1));
  }
  [[gnu::always_inline]] static inline void widen(u32 const& v, u64& first, u64& second) noexcept {
    first = (u64)_mm512_maskz_cvtepu32_epi64(0xff, _mm512_maskz_extracti64x4_epi64(0xf, (__m512i)v, 0));
    second = (u64)_mm512_maskz_cvtepu32_epi64(0xff, _mm512_maskz_extracti64x4_epi64(0xf, (__m512i)v, 1));
  }
  [[gnu::always_inline]] static inline void widen(i32 const& v, i64& first, i64& second) noexcept {
    first = (i64)_mm512_maskz_cvtepi32_epi64(0xff, _mm512_maskz_extracti64x4_epi64(0xf, (__m512i)v, 0));
    second = (i64)_mm512_maskz_cvtepi32_epi64(0xff, _mm512_maskz_extracti64x4_epi64(0xf, (__m512i)v, 1));
  }
  using portable_unit<64>::narrow;
  [[gnu::always_inline]] static inline void narrow(f64 const& first, f64 const& second, f32& v) noexcept {
    __m512d const low = _mm512_castps_pd(_mm512_castps256_ps512(_mm512_maskz_cvtpd_ps(0xff, (__m512d)first)));
    v = (f32)_mm512_maskz_insertf64x4(0xff, low, (__m256d)_mm512_maskz_cvtpd_ps(0xff, (__m512d)second), 1);
  }
  [[gnu::always_inline]] static inline void narrow(i64 const& first, i64 const& second, i32& v) noexcept {
    __m512i const low = _mm512_castsi256_si512(_mm512_maskz_cvtepi64_epi32(0xff, (__m512i)first));
    v = (i32)_mm512_maskz_inserti64x4(0xff, low, _mm512_maskz_cvtepi64_epi32(0xff, (__m512i)second), 1);
  }
};
#endif

} // namespace detail
}} // namespace trireme::v1
