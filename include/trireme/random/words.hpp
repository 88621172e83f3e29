/// @file words.hpp
/// The words of 32 samples at a time, laid ready by random/lay.hpp, as the rng of one sample or of a pack reads them.
#pragma once

#include <trireme/random/lay.hpp>
#include <trireme/random/philox.hpp>
#include <trireme/simd/lanes.hpp>

#include <cstddef>
#include <cstdint>

namespace trireme { inline namespace v1 { namespace detail {

/// U, or a pack of such, from rows of 32.
template <class U>
[[gnu::always_inline]] inline U read_row(scalar_t<U> const* from) noexcept {
  if constexpr (any_pack<U>)
    return U::load(from);
  else
    return *from;
}

/// The bits of at most Calls calls, laid ready: for one sample, or a pack of them, if U is one. `first` is its place in the
/// first row.
template <class U, std::size_t Calls>
class laid_words {
public:
  [[gnu::always_inline]] explicit laid_words(scalar_t<U> const* first) noexcept : at_(first) {}
  [[gnu::always_inline]] U bits() {
    if (used_ == Calls) [[unlikely]]
      too_many_draws();
    return read_row<U>(at_ + sample_lanes * used_++);
  }

private:
  scalar_t<U> const* at_;
  std::size_t used_ = 0;
};

/// The blocks that 32 samples read, laid as far as the samples before them went, and further where they go further.
template <class Bits, bool Streams>
class growing_rows {
public:
  static constexpr std::size_t per_block = 16 / sizeof(Bits), room = 128; ///< calls of a block; blocks

  /// From the first block of 32 samples on.
  void start(word_source const& from) noexcept {
    from_ = next_ = from;
    std::size_t const ahead = blocks_;
    blocks_ = 0;
    lay(ahead);
  }
  [[nodiscard]] word_source const& source() const noexcept { return from_; }
  /// How many calls are laid, and their bits.
  [[nodiscard]] std::size_t calls() const noexcept { return blocks_ * per_block; }
  [[nodiscard]] Bits const* data() const noexcept { return bits_; }
  /// One block more, where there is room.
  bool grow() noexcept {
    if (blocks_ == room) return false;
    lay(1);
    return true;
  }

private:
  void lay(std::size_t blocks) noexcept {
    auto* const to = reinterpret_cast<std::uint32_t*>(bits_ + per_block * sample_lanes * blocks_);
    lay_words<sizeof(Bits) == 8, Streams>(to, blocks, next_);
    next_.template skip<Streams>(blocks);
    blocks_ += blocks;
  }

  word_source from_{}, next_{};
  std::size_t blocks_ = 1;
  alignas(64) Bits bits_[per_block * sample_lanes * room];
};

/// The bits of one sample, or of a pack of them if U is one, from growing rows; beyond their room, its own. At most Calls of
/// them, unless that is 0: then the samples are streams.
template <class U, std::size_t Calls>
class growing_words {
  using bits_type = scalar_t<U>;
  static constexpr bool streams = Calls == 0;

public:
  using rows_type = growing_rows<bits_type, streams>;

  /// Of the lanes from `lane` on, where the first `skip` calls' bits of the first block belong to the sample before.
  growing_words(rows_type& rows, std::size_t lane, std::size_t skip) noexcept
      : rows_(rows), lane_(lane), skip_(skip), at_(skip) {}

  [[gnu::always_inline]] U bits() noexcept(streams) {
    if constexpr (!streams)
      if (at_ == Calls + skip_) [[unlikely]]
        too_many_draws();
    if (at_ >= rows_.calls()) [[unlikely]]
      return further();
    return read_row<U>(rows_.data() + lane_ + sample_lanes * at_++);
  }

private:
  [[gnu::noinline]] U further() noexcept {
    if (rows_.grow()) return read_row<U>(rows_.data() + lane_ + sample_lanes * at_++);
    constexpr std::size_t per_block = rows_type::per_block;
    if (at_ % per_block == 0) make(at_ / per_block);
    if constexpr (any_pack<U>)
      return U::load(own_ + at_++ % per_block * lanes);
    else
      return own_[at_++ % per_block];
  }
  void make(std::size_t number) noexcept {
    word_source from = rows_.source();
    from.skip<streams>(number);
    for (std::size_t j = 0; j < lanes; ++j) {
      std::uint64_t const id = lane_ + j;
      auto const words =
          streams ? philox_block(from.seed, from.sample + id, from.index) : philox_block(from.seed, 0, from.index + id);
      for (std::size_t w = 0; w < rows_type::per_block; ++w) {
        if constexpr (sizeof(bits_type) == 4)
          own_[w * lanes + j] = words[w];
        else
          own_[w * lanes + j] = std::uint64_t{words[2 * w]} << 32 | words[2 * w + 1];
      }
    }
  }

  static constexpr std::size_t lanes = sizeof(U) / sizeof(bits_type);
  rows_type& rows_;
  std::size_t lane_, skip_, at_;
  bits_type own_[lanes * rows_type::per_block];
};

}}} // namespace trireme::v1::detail
