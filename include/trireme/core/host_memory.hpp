/// @file host_memory.hpp
/// The memory half of an executor whose memory is the caller's: what inline_executor and thread_pool share.
#pragma once
#include <trireme/core/executor.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

namespace trireme { inline namespace v1 { namespace detail {

/// Base of a host executor. "Uploading" is a copy within one memory, done before the call returns.
template <class Completion>
struct host_memory {
  using completion_type = Completion;
  static constexpr bool shares_host_memory = true;

  /// Uninitialised memory, aligned to at least a cache line, which is also the widest vector register.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t align) const {
    std::size_t const a = std::max(align, std::size_t{64});
    constexpr std::size_t largest = std::numeric_limits<std::ptrdiff_t>::max();
    if (bytes > largest - a) throw std::bad_alloc{};
    void* const p = std::aligned_alloc(a, std::max((bytes + a - 1) / a * a, a));
    if (p == nullptr) throw std::bad_alloc{};
    return p;
  }
  void deallocate(void* p, std::size_t) const noexcept { std::free(p); }

  Completion upload(void const* from, void* to, std::size_t bytes, copy_options<Completion> o = {}) const {
    if (o.after) o.after->settle();
    if (bytes != 0) std::memcpy(to, from, bytes);
    return {};
  }
  Completion download(void const* from, void* to, std::size_t bytes, copy_options<Completion> o = {}) const {
    return upload(from, to, bytes, o);
  }

  friend bool operator==(host_memory const&, host_memory const&) = default;
};

}}} // namespace trireme::v1::detail
