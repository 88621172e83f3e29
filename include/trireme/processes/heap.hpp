/// @file processes/heap.hpp
/// The parent's allocator for a part of a shared region. What it knows about the memory lies in the parent alone, so that
/// a kernel that writes where it must not can't lead the parent astray.
#pragma once
#include <trireme/processes/arena.hpp>
#include <trireme/processes/memory.hpp>

#include <sys/sysinfo.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Small blocks come from lists, one for each power of two; large ones are runs of pages, the lowest that fit, so that
/// pages which were touched before are used again.
class shared_heap {
public:
  shared_heap(shared_region const& region, std::size_t first, std::size_t last) : region_(region) {
    free_.emplace(first, last - first);
    struct sysinfo info{};
    if (::sysinfo(&info) == 0) kept_most_ = std::size_t{info.totalram} * info.mem_unit / 8;
  }

  /// At least 64-aligned. @throws std::bad_alloc where the region or the system has no more.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t align) {
    std::size_t const size = std::max({bytes, align, std::size_t{64}});
    std::lock_guard const lock(mutex_);
    if (size <= largest_small) return small(static_cast<std::size_t>(std::bit_width(size - 1)));
    return region_.base() + large(size, align);
  }

  void deallocate(void* p) noexcept {
    std::size_t const at = region_.offset(p);
    std::lock_guard const lock(mutex_);
    auto const run = std::prev(used_.upper_bound(at));
    if (run->second.list != 0)
      lists_[run->second.list].push_back(at);
    else
      release(run);
  }

private:
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t unit = std::size_t{1} << 16; ///< what is asked of the system at once
  static constexpr std::size_t largest_small = std::size_t{1} << 14;
  static constexpr std::size_t slab = std::size_t{1} << 16;
  static constexpr std::size_t worth_asking = std::size_t{1} << 24; ///< every so often: look first, since the system would kill

  struct used_run {
    std::size_t size;
    std::size_t list; ///< of a slab of small blocks: their size's logarithm; else 0
  };
  using used_map = std::map<std::size_t, used_run>;

  void* small(std::size_t list) {
    auto& blocks = lists_[list];
    if (blocks.empty()) {
      std::size_t const size = std::size_t{1} << list;
      blocks.reserve(blocks.capacity() + slab / size); // so that deallocate needs no memory
      std::size_t const at = large(slab, std::max(size, page));
      used_.find(at)->second.list = list;
      for (std::size_t k = slab / size; k-- > 0;) blocks.push_back(at + k * size);
    }
    std::size_t const at = blocks.back();
    blocks.pop_back();
    return region_.base() + at;
  }

  std::size_t large(std::size_t bytes, std::size_t align) {
    if (bytes > region_.size()) throw std::bad_alloc{};
    std::size_t const size = (bytes + page - 1) / page * page;
    for (auto run = free_.begin(); run != free_.end(); ++run) {
      auto const [begin, length] = *run;
      std::size_t const at = align > page ? (begin + align - 1) / align * align : begin;
      if (at - begin > length || length - (at - begin) < size) continue;
      auto const used = used_.emplace(at, used_run{size, 0}).first;
      try {
        commit(at, size);
        if (begin + length != at + size) free_.emplace(at + size, begin + length - at - size);
      } catch (...) {
        used_.erase(used);
        throw;
      }
      if (at == begin)
        free_.erase(run);
      else
        run->second = at - begin;
      return at;
    }
    throw std::bad_alloc{};
  }

  void release(used_map::iterator run) noexcept {
    auto const [at, what] = *run;
    std::size_t begin = at, end = at + what.size;
    kept_ += what.size;
    if (kept_ > kept_most_) {
      // Whole units only: their neighbours may be in use.
      std::size_t const from = (begin + unit - 1) / unit, to = end / unit;
      if (from < to) {
        region_.decommit(from * unit, (to - from) * unit);
        std::fill(committed_.begin() + index(from), committed_.begin() + index(to), false);
        kept_ -= std::min(kept_, (to - from) * unit);
      }
    }
    used_.erase(run);
    auto next = free_.lower_bound(begin);
    if (next != free_.end() && next->first == end) {
      end += next->second;
      next = free_.erase(next);
    }
    if (next != free_.begin()) {
      if (auto const before = std::prev(next); before->first + before->second == begin) {
        before->second = end - before->first;
        return;
      }
    }
    free_.emplace_hint(next, begin, end - begin);
  }

  /// Makes sure that the system has given memory for [at, at + size).
  void commit(std::size_t at, std::size_t size) {
    std::size_t const from = at / unit, to = (at + size + unit - 1) / unit;
    if (committed_.size() < to) committed_.resize(to);
    std::size_t missing = 0;
    for (std::size_t u = from; u < to; ++u) missing += committed_[u] ? 0 : 1;
    kept_ -= std::min(kept_, size);
    if (missing == 0) return;
    unasked_ += missing * unit;
    if (unasked_ > worth_asking) {
      std::size_t const rest = size > slab ? worth_asking : worth_asking / 8; // so that work on what there is goes on
      if (missing * unit + rest > available_memory()) throw std::bad_alloc{};
      unasked_ = 0;
    }
    for (std::size_t u = from; u < to;) { // one call for each stretch that is missing
      if (committed_[u]) {
        ++u;
        continue;
      }
      std::size_t end = u;
      while (end < to && !committed_[end]) ++end;
      if (!region_.commit(u * unit, std::min((end - u) * unit, region_.size() - u * unit))) throw std::bad_alloc{};
      std::fill(committed_.begin() + index(u), committed_.begin() + index(end), true);
      u = end;
    }
  }
  static std::ptrdiff_t index(std::size_t u) { return static_cast<std::ptrdiff_t>(u); }

  shared_region const& region_;
  std::mutex mutex_;
  std::map<std::size_t, std::size_t> free_; ///< runs of pages: offset and size
  used_map used_;
  std::array<std::vector<std::size_t>, 15> lists_;
  std::vector<bool> committed_; ///< for each unit of the region
  std::size_t unasked_ = 0;     ///< bytes committed since the system was asked what it has
  std::size_t kept_ = 0;        ///< bytes that are free here, but not given back
  std::size_t kept_most_ = std::numeric_limits<std::size_t>::max();
};

}}} // namespace trireme::v1::detail
