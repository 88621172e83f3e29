/// @file processes/forked_copy.hpp
/// A worker whose kernel forks: the copy that comes back out of the kernel is no worker, and must not act as one.
#pragma once
#include <trireme/processes/arena.hpp>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>

namespace trireme { inline namespace v1 { namespace detail {

/// Known by a page that the system wipes in every copy of this process. What a copy writes to the pool's memory it writes to
/// pages of its own, so that what is left of its kernel's loop does not happen twice.
class forked_copy {
public:
  /// In a new worker.
  static void watch(shared_region const& region) noexcept {
    region_ = &region;
    void* const wiped = ::mmap(nullptr, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (wiped != MAP_FAILED && ::madvise(wiped, page, MADV_WIPEONFORK) == 0) mark_ = static_cast<unsigned char*>(wiped);
    *mark_ = 1;
    ::pthread_atfork(nullptr, nullptr, [] {
      if (region_ != nullptr) region_->make_private();
      *mark_ = 0; // where nothing wipes it
    });
  }
  /// In a new supervisor, which may be one of a kernel's own pool, and has other things to do.
  static void forget() noexcept { region_ = nullptr; }

  /// When a kernel has returned: a copy ends here, with nothing written and nothing destroyed.
  static void leave_if_one() noexcept {
    if (*mark_ == 0) ::_exit(0);
  }

private:
  static constexpr std::size_t page = 4096;
  static inline unsigned char here_ = 1;
  static inline unsigned char volatile* mark_ = &here_;
  static inline shared_region const* region_ = nullptr;
};

}}} // namespace trireme::v1::detail
