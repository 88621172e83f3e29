/// @file lay.hpp
/// Random words laid ready for 32 samples at a time, by the widest vectors that the machine has: chosen when the program
/// runs, so that a build for any machine keeps the speed.
#pragma once

#include <trireme/random/philox.hpp>
#include <trireme/simd/lanes.hpp>

#include <cstddef>
#include <cstdint>

namespace trireme { inline namespace v1 { namespace detail {

/// Which words: lane j of 32 reads the blocks index, index + 1, … of subsequence `sample` + j; or, if not of Streams, the
/// blocks index + j, index + j + 32, … of subsequence 0 (the layout of draws<N>).
struct word_source {
  std::uint64_t seed, index, sample = 0;

  template <bool Streams>
  constexpr void skip(std::size_t rows) noexcept {
    index += (Streams ? 1 : sample_lanes) * rows;
  }
};

/// Philox of N counters, each word in the lower half of a 64-bit lane; what is above it comes and goes.
template <std::size_t N>
[[gnu::always_inline]] inline void philox_lanes(pack<std::uint64_t, N> (&c)[4], std::uint64_t seed) noexcept {
  using P = pack<std::uint64_t, N>;
  auto k0 = static_cast<std::uint32_t>(seed);
  auto k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < 10; ++round, k0 += philox_w0, k1 += philox_w1) {
    P const a = mul_low(c[0], P(std::uint64_t{philox_m0}));
    P const b = mul_low(c[2], P(std::uint64_t{philox_m1}));
    c[0] = (b >> 32) ^ (c[1] ^ P(std::uint64_t{k0}));
    c[1] = b;
    c[2] = (a >> 32) ^ (c[3] ^ P(std::uint64_t{k1}));
    c[3] = a;
  }
}

template <bool Streams, std::size_t N>
[[gnu::always_inline]] inline void set_counter(pack<std::uint64_t, N> (&c)[4], word_source const& from,
                                               pack<std::uint64_t, N> const& lanes) noexcept {
  using P = pack<std::uint64_t, N>;
  c[0] = Streams ? P(from.index) : lanes + from.index;
  c[1] = c[0] >> 32;
  c[2] = Streams ? lanes + from.sample : P(std::uint64_t{0});
  c[3] = c[2] >> 32;
}

/// The keys of the ten rounds, as broadcasts read them.
struct round_keys {
  std::uint64_t k0[10], k1[10];
  explicit constexpr round_keys(std::uint64_t seed) noexcept : k0{}, k1{} {
    for (std::uint32_t i = 0; i < 10; ++i) {
      k0[i] = static_cast<std::uint32_t>(seed) + i * philox_w0;
      k1[i] = static_cast<std::uint32_t>(seed >> 32) + i * philox_w1;
    }
  }
};

/// Fills rows of blocks: the words of a row are four rows of 32 lanes, out[(4 r + w) 32 + j] being word w of row r and lane
/// j. If Wide, pairs of them, the first one high, are one number of 64 bits: two rows of 32 such.
template <bool Wide, bool Streams, std::size_t n = (native_lanes < 4 ? 4 : native_lanes)>
inline void lay_portable(std::uint32_t* out, std::size_t rows, word_source from) noexcept {
  using P = pack<std::uint64_t, n>;
  std::uint64_t ids[n];
  for (std::size_t j = 0; j < n; ++j) ids[j] = j;
  P const lanes = P::load(ids);
  for (std::size_t r = 0; r < rows; ++r, from.skip<Streams>(1), out += 4 * sample_lanes) {
    for (std::size_t j = 0; j < sample_lanes; j += n) {
      P c[4];
      set_counter<Streams>(c, from, lanes + std::uint64_t{j});
      philox_lanes(c, from.seed);
      for (std::size_t w = 0; w < 4; w += 2) {
        if constexpr (Wide) {
          P const both = (c[w] << 32) | (c[w + 1] & std::uint64_t{0xffffffff});
          both.store(reinterpret_cast<std::uint64_t*>(out + sample_lanes * w + 2 * j));
        } else {
          convert<std::uint32_t>(c[w]).store(out + sample_lanes * w + j);
          convert<std::uint32_t>(c[w + 1]).store(out + sample_lanes * (w + 1) + j);
        }
      }
    }
  }
}

#if defined(__x86_64__) && defined(__GNUC__)

/// Two chains of four blocks are in flight: the sixteen registers hold no more.
struct avx2_words {
  typedef std::uint64_t v __attribute__((vector_size(32)));
  struct chain {
    v c0, c1, c2, c3;
  };
  [[gnu::target("avx2"), gnu::always_inline]] static inline void round(chain& c, v const& m0, v const& m1, v const& k0,
                                                                       v const& k1) noexcept {
    v const a = (v)_mm256_mul_epu32((__m256i)c.c0, (__m256i)m0);
    v const b = (v)_mm256_mul_epu32((__m256i)c.c2, (__m256i)m1);
    c = {(b >> 32) ^ (c.c1 ^ k0), b, (a >> 32) ^ (c.c3 ^ k1), a};
  }
  [[gnu::target("avx2"), gnu::always_inline]] static inline void merge(std::uint32_t* to, v const& low, v const& high) noexcept {
    __m256i const up = _mm256_shuffle_epi32((__m256i)high, 0xa0);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_blend_epi32((__m256i)low, up, 0xaa));
  }

  template <bool Streams>
  [[gnu::target("avx2"), gnu::always_inline]] static inline chain start(word_source const& from, v const& lanes) noexcept {
    v const index = Streams ? v{} + from.index : lanes + from.index, sample = Streams ? lanes + from.sample : v{};
    return {index, index >> 32, sample, sample >> 32};
  }

  template <bool Wide, bool Streams>
  [[gnu::target("avx2"), gnu::noinline]] static void lay(std::uint32_t* out, std::size_t rows, word_source from) noexcept {
    round_keys const keys(from.seed);
    v const m0 = v{} + philox_m0, m1 = v{} + philox_m1;
    v const ids = Wide ? v{0, 1, 2, 3} : v{0, 2, 4, 6};
    for (std::size_t r = 0; r < rows; ++r, from.skip<Streams>(1), out += 4 * sample_lanes) {
      for (std::uint64_t j = 0; j < sample_lanes; j += 8) {
        chain a = start<Streams>(from, ids + j), b = start<Streams>(from, ids + (j + (Wide ? 4U : 1U)));
        for (int i = 0; i < 10; ++i) {
          v const key0 = v{} + keys.k0[i], key1 = v{} + keys.k1[i];
          round(a, m0, m1, key0, key1);
          round(b, m0, m1, key0, key1);
        }
        if constexpr (Wide) {
          merge(out + 2 * j, a.c1, a.c0);
          merge(out + 2 * j + 8, b.c1, b.c0);
          merge(out + 2 * (sample_lanes + j), a.c3, a.c2);
          merge(out + 2 * (sample_lanes + j) + 8, b.c3, b.c2);
        } else {
          merge(out + j, a.c0, b.c0);
          merge(out + sample_lanes + j, a.c1, b.c1);
          merge(out + 2 * sample_lanes + j, a.c2, b.c2);
          merge(out + 3 * sample_lanes + j, a.c3, b.c3);
        }
      }
    }
  }
};

/// Four chains of eight blocks: a multiplication takes three to five cycles, and the next round waits for it.
struct avx512_words {
  typedef std::uint64_t v __attribute__((vector_size(64)));
  struct chain {
    v c0, c1, c2, c3;
  };
  [[gnu::target("avx512f"), gnu::always_inline]] static inline void round(chain& c, v const& m0, v const& m1, v const& k0,
                                                                          v const& k1) noexcept {
    v const a = (v)_mm512_maskz_mul_epu32(0xff, (__m512i)c.c0, (__m512i)m0);
    v const b = (v)_mm512_maskz_mul_epu32(0xff, (__m512i)c.c2, (__m512i)m1);
    v const upper_a = a >> 32, upper_b = b >> 32;
    c = {(v)_mm512_ternarylogic_epi64((__m512i)upper_b, (__m512i)c.c1, (__m512i)k0, 0x96), b,
         (v)_mm512_ternarylogic_epi64((__m512i)upper_a, (__m512i)c.c3, (__m512i)k1, 0x96), a};
  }
  [[gnu::target("avx512f"), gnu::always_inline]] static inline void merge(std::uint32_t* to, v const& low,
                                                                          v const& high) noexcept {
    _mm512_storeu_si512(to, _mm512_mask_shuffle_epi32((__m512i)low, 0xaaaa, (__m512i)high, _MM_PERM_CCAA));
  }
  template <bool Wide>
  [[gnu::target("avx512f"), gnu::always_inline]] static inline void merge(std::uint32_t* to, chain const& a,
                                                                          chain const& b) noexcept {
    if constexpr (Wide) {
      merge(to, a.c1, a.c0);
      merge(to + 16, b.c1, b.c0);
      merge(to + 2 * sample_lanes, a.c3, a.c2);
      merge(to + 2 * sample_lanes + 16, b.c3, b.c2);
    } else {
      merge(to, a.c0, b.c0);
      merge(to + sample_lanes, a.c1, b.c1);
      merge(to + 2 * sample_lanes, a.c2, b.c2);
      merge(to + 3 * sample_lanes, a.c3, b.c3);
    }
  }

  template <bool Streams>
  [[gnu::target("avx512f"), gnu::always_inline]] static inline chain start(word_source const& from, v const& lanes) noexcept {
    v const index = Streams ? v{} + from.index : lanes + from.index, sample = Streams ? lanes + from.sample : v{};
    return {index, index >> 32, sample, sample >> 32};
  }

  template <bool Wide, bool Streams>
  [[gnu::target("avx512f"), gnu::noinline]] static void lay(std::uint32_t* out, std::size_t rows, word_source from) noexcept {
    round_keys const keys(from.seed);
    v const m0 = v{} + philox_m0, m1 = v{} + philox_m1;
    v const ids = Wide ? v{0, 1, 2, 3, 4, 5, 6, 7} : v{0, 2, 4, 6, 8, 10, 12, 14};
    for (std::size_t r = 0; r < rows; ++r, from.skip<Streams>(1), out += 4 * sample_lanes) {
      constexpr std::uint64_t next = Wide ? 8 : 1;
      chain a = start<Streams>(from, ids), b = start<Streams>(from, ids + next);
      chain c = start<Streams>(from, ids + 16U), d = start<Streams>(from, ids + (16 + next));
#if !defined(__EDG__)
#pragma GCC unroll 10
#endif
      for (int i = 0; i < 10; ++i) {
        v const key0 = v{} + keys.k0[i], key1 = v{} + keys.k1[i];
        round(a, m0, m1, key0, key1);
        round(b, m0, m1, key0, key1);
        round(c, m0, m1, key0, key1);
        round(d, m0, m1, key0, key1);
      }
      merge<Wide>(out, a, b);
      merge<Wide>(out + (Wide ? 32 : 16), c, d);
    }
  }
};

#endif

/// The same by the best of them here.
template <bool Wide, bool Streams>
inline void lay_words(std::uint32_t* out, std::size_t rows, word_source from) noexcept {
#if defined(__x86_64__) && defined(__GNUC__)
  if (__builtin_cpu_supports("avx512f")) return avx512_words::lay<Wide, Streams>(out, rows, from);
  if (__builtin_cpu_supports("avx2")) return avx2_words::lay<Wide, Streams>(out, rows, from);
#endif
  lay_portable<Wide, Streams>(out, rows, from);
}

}}} // namespace trireme::v1::detail
