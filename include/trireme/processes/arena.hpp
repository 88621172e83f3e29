/// @file processes/arena.hpp
/// Memory that the parent and all workers of a pool see at the same address.
#pragma once
#include <trireme/core/descriptor.hpp>
#include <trireme/core/error.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

/// A sparse file in memory without a name, mapped shared: what a process makes in it later is seen by all. Untouched
/// parts cost nothing. It goes when the last process that has it does.
class shared_region {
public:
  static constexpr std::string_view owner = "process_pool"; // for check_kernel
  static constexpr std::string_view advice = "the pool's memory, which its workers can't see: use a tri::buffer of the pool";

  static constexpr std::size_t largest = std::size_t{1} << (sizeof(void*) == 8 ? 40 : 29);

  shared_region() = default;

  /// A new one of up to `most` bytes, at an address that is free in every process: outside of where the system puts
  /// programs, libraries, heaps and stacks, and where the sanitizers keep theirs. Half of it, and so on, where a limit of
  /// the process forbids so much.
  /// @throws std::bad_alloc; error where all places are taken; std::system_error where the limit of file sizes leaves too
  /// little, or there are no more files.
  explicit shared_region(std::size_t most) {
    if (rlimit files{}; ::getrlimit(RLIMIT_FSIZE, &files) == 0 && files.rlim_cur < most) { // going over it raises a signal
      most = static_cast<std::size_t>(files.rlim_cur) / page * page;
      if (most < smallest)
        throw std::system_error(EFBIG, std::generic_category(), "trireme: process_pool: the limit of file sizes, ulimit -f");
    }
    file_ = beyond_streams(::memfd_create("trireme", MFD_CLOEXEC));
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "trireme: process_pool: memfd_create");
    // The more there are the smaller: so that there is room for hundreds.
    std::size_t const others = alive().fetch_add(1);
    if (most > smallest) most = std::max(smallest, std::min(most, largest >> std::bit_width(others / 16)));
    bool limited = false;
    int why = 0;
    for (std::size_t size = most; size >= smallest; size /= 2) {
      std::size_t const step = std::max(least_step, std::bit_ceil(size));
      for (std::uintptr_t place = first_place; place <= last_place - size; place += step) {
        void* const at = reinterpret_cast<void*>(place);
        void* const got = map(at, size, file_);
        if (got == at) {
          base_ = static_cast<char*>(at);
          size_ = size;
          break;
        }
        why = got == MAP_FAILED ? errno : EEXIST;
        if (got != MAP_FAILED) ::munmap(got, size); // a system that does not know MAP_FIXED_NOREPLACE
        if (why == ENOMEM) break;                   // too much, anywhere
      }
      if (base_ == nullptr) {
        limited = limited || why == ENOMEM;
        continue;
      }
      if (limited) { // leave the other half of what there is to the program
        ::munmap(base_ + size / 2, size - size / 2);
        size_ = size / 2;
      }
      counted_ = ::ftruncate(file_, static_cast<off_t>(size_)) == 0;
      if (counted_) return;
      ::munmap(base_, size_);
      base_ = nullptr;
    }
    ::close(file_);
    alive().fetch_sub(1);
    if (why == ENOMEM) throw std::bad_alloc{};
    throw error("trireme: process_pool: there is no room in the address space for one more pool beside the " +
                std::to_string(others) + " that are alive");
  }

  /// The one that another process made, at its address. @returns whether that worked.
  bool attach(void* base, std::size_t size, int file) noexcept {
    if (map(base, size, file) != base) return false;
    base_ = static_cast<char*>(base);
    size_ = size;
    file_ = file;
    ::madvise(base_, size_, MADV_DONTDUMP); // a core file of a worker tells about the worker
    return true;
  }

  shared_region(shared_region&& other) noexcept
      : base_(std::exchange(other.base_, nullptr)), size_(std::exchange(other.size_, 0)), file_(std::exchange(other.file_, -1)),
        counted_(std::exchange(other.counted_, false)) {}
  shared_region& operator=(shared_region&&) = delete;
  ~shared_region() {
    if (base_ != nullptr) ::munmap(base_, size_);
    if (file_ >= 0) ::close(file_);
    if (counted_) alive().fetch_sub(1);
  }

  [[nodiscard]] char* base() const noexcept { return base_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] int file() const noexcept { return file_; }
  [[nodiscard]] std::size_t offset(void const* p) const noexcept {
    return static_cast<std::size_t>(static_cast<char const*>(p) - base_);
  }
  /// Whether [p, p + bytes) lies in it.
  [[nodiscard]] bool contains(void const* p, std::size_t bytes) const noexcept {
    auto const first = reinterpret_cast<std::uintptr_t>(p), begin = reinterpret_cast<std::uintptr_t>(base_);
    return first >= begin && first - begin <= size_ && bytes <= size_ - (first - begin);
  }

  /// Takes the memory of these bytes from the system now, so that no process gets SIGBUS there later.
  [[nodiscard]] bool commit(std::size_t first, std::size_t bytes) const noexcept {
    int result = 0;
    do result = ::fallocate(file_, 0, static_cast<off_t>(first), static_cast<off_t>(bytes));
    while (result != 0 && errno == EINTR);
    return result == 0;
  }
  /// Gives the memory of whole pages back to the system.
  void decommit(std::size_t first, std::size_t bytes) const noexcept {
    ::fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(first), static_cast<off_t>(bytes));
  }

  /// For a process that only has a copy: from now on it sees what is there, and writes to pages of its own.
  void make_private() const noexcept {
    ::mmap(base_, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, file_, 0);
  }

private:
  static constexpr bool wide = sizeof(void*) == 8;
  // From where the address sanitizer's shadow ends to where position-independent programs begin.
  static constexpr std::uintptr_t first_place = std::uintptr_t{wide ? 17u : 4u} << (wide ? 40 : 28);
  static constexpr std::uintptr_t last_place = std::uintptr_t{wide ? 85u : 8u} << (wide ? 40 : 28);
  static constexpr std::size_t least_step = std::size_t{1} << (wide ? 34 : 26);
  static constexpr std::size_t page = 4096;
  static constexpr std::size_t smallest = std::size_t{1} << 24;

  /// How many this process has.
  static std::atomic<std::size_t>& alive() noexcept {
    static std::atomic<std::size_t> count{0};
    return count;
  }

  static void* map(void* at, std::size_t size, int file) noexcept {
    return ::mmap(at, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, file, 0);
  }

  char* base_ = nullptr;
  std::size_t size_ = 0;
  int file_ = -1;
  bool counted_ = false; ///< among those alive
};

}}} // namespace trireme::v1::detail
