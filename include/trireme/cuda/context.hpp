/// @file cuda/context.hpp
/// What all handles of one cuda_device share: its streams, its memory, and what is lent to work under way.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/cuda/runtime.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Where the threads of one launch count the indices that they completed. Thread blocks add to `done`; the last of them
/// hands the sum to the host and leaves zeros for the next launch, so that nothing else needs to be enqueued.
struct launch_count {
  unsigned long long done;
  unsigned int blocks;
};

/// Of one launch: where the device counts, and where the host reads, in pinned memory.
struct launch_slot {
  launch_count* device = nullptr;
  unsigned long long* host = nullptr;
  static constexpr unsigned long long unset = std::numeric_limits<unsigned long long>::max();
};

/// A piece of pinned memory that data passes through, where the caller's own is not pinned.
struct staging_block {
  static constexpr std::size_t size = std::size_t{1} << 22;
  pinned<char> memory = make_pinned<char>(size);
  cuda_handle<cudaEvent_t> copied = make_event();
};

class cuda_context {
public:
  explicit cuda_context(int ordinal) : ordinal_(ordinal) {
    on_device const here(ordinal);
    int supported = 0, processors = 0, threads = 0;
    cuda_check(cudaDeviceGetAttribute(&supported, cudaDevAttrMemoryPoolsSupported, ordinal), "cudaDeviceGetAttribute");
    if (supported == 0) throw_cuda(cudaErrorNotSupported, "cuda_device", "it has no stream-ordered memory");
    cuda_check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, ordinal), "cudaDeviceGetAttribute");
    cuda_check(cudaDeviceGetAttribute(&threads, cudaDevAttrMaxThreadsPerMultiProcessor, ordinal), "cudaDeviceGetAttribute");
    processors_ = static_cast<std::size_t>(processors);
    resident_ = processors_ * static_cast<std::size_t>(threads);
    compute_ = make_stream();
    up_ = make_stream();
    down_ = make_stream();
    memory_ = make_stream();
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.location = {cudaMemLocationTypeDevice, ordinal};
    cudaMemPool_t pool = nullptr;
    cuda_check(cudaMemPoolCreate(&pool, &properties), "cudaMemPoolCreate");
    pool_.reset(pool);
    std::uint64_t keep = std::numeric_limits<std::uint64_t>::max();
    cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep), "cudaMemPoolSetAttribute");
  }
  cuda_context(cuda_context const&) = delete;
  cuda_context& operator=(cuda_context const&) = delete;
  ~cuda_context() {
    for (auto const& block : slot_blocks_) static_cast<void>(cudaFreeAsync(block.device, memory_.get()));
    static_cast<void>(cudaStreamSynchronize(memory_.get()));
  }

  [[nodiscard]] int ordinal() const noexcept { return ordinal_; }
  [[nodiscard]] std::size_t processors() const noexcept { return processors_; }
  [[nodiscard]] std::size_t resident_threads() const noexcept { return resident_; }
  [[nodiscard]] cudaStream_t compute() const noexcept { return compute_.get(); }
  [[nodiscard]] cudaStream_t up() const noexcept { return up_.get(); }
  [[nodiscard]] cudaStream_t down() const noexcept { return down_.get(); }

  /// Memory that all streams may use at once: nothing but allocations are ever on the stream that they are ordered by, so
  /// that the wait for it is short.
  void* allocate(std::size_t bytes) {
    on_device const here(ordinal_);
    void* p = nullptr;
    cudaError_t const result = cudaMallocFromPoolAsync(&p, bytes, pool_.get(), memory_.get());
    if (result == cudaErrorMemoryAllocation) {
      static_cast<void>(cudaGetLastError());
      std::size_t free = 0, total = 0;
      cuda_check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
      throw_cuda(result, "cudaMallocFromPoolAsync",
                 std::to_string(bytes) + " bytes were asked for, and of " + std::to_string(total) + " some " +
                     std::to_string(free) + " are free");
    }
    cuda_check(result, "cudaMallocFromPoolAsync");
    cuda_check(cudaStreamSynchronize(memory_.get()), "cudaStreamSynchronize");
    return p;
  }
  void deallocate(void* p) noexcept { static_cast<void>(cudaFreeAsync(p, memory_.get())); }

  /// A handle of a library that works on the compute stream, made by who needs it, and used under the mutex.
  struct library_handle {
    std::mutex mutex;
    std::shared_ptr<void> handle;
  } library;

  // ---- Lent to work under way, and taken back ----

  cuda_handle<cudaEvent_t> take_event() {
    std::lock_guard const lock(mutex_);
    if (events_.empty()) return make_event();
    auto event = std::move(events_.back());
    events_.pop_back();
    return event;
  }
  void give_event(cuda_handle<cudaEvent_t> event) noexcept { give(events_, std::move(event)); }

  launch_slot take_slot() {
    std::lock_guard const lock(mutex_);
    if (slots_.empty()) {
      constexpr std::size_t n = 256;
      slot_block block{static_cast<launch_count*>(allocate(n * sizeof(launch_count))), make_pinned<unsigned long long>(n)};
      slot_blocks_.reserve(slot_blocks_.size() + 1);
      slots_.reserve(slots_.size() + n);
      cudaError_t const cleared = cudaMemsetAsync(block.device, 0, n * sizeof(launch_count), memory_.get());
      if (cleared == cudaSuccess) static_cast<void>(cudaStreamSynchronize(memory_.get()));
      for (std::size_t k = 0; k < n; ++k) slots_.push_back({block.device + k, block.host.get() + k});
      slot_blocks_.push_back(std::move(block));
      cuda_check(cleared, "cudaMemsetAsync");
    }
    launch_slot const slot = slots_.back();
    slots_.pop_back();
    *slot.host = launch_slot::unset;
    return slot;
  }
  void give_slot(launch_slot slot) noexcept { give(slots_, slot); }

  /// The next block for data on its way up; what was copied from it before has left it.
  staging_block& staging_up() {
    std::lock_guard const lock(mutex_);
    if (up_blocks_.size() < blocks_each_way) {
      return *up_blocks_.emplace_back(std::make_unique<staging_block>());
    }
    staging_block& block = *up_blocks_[up_turn_++ % blocks_each_way];
    cuda_check(cudaEventSynchronize(block.copied.get()), "cudaEventSynchronize");
    return block;
  }
  /// One for data on its way down, which is kept until it was read; null where all are lent.
  std::unique_ptr<staging_block> take_staging_down() {
    std::lock_guard const lock(mutex_);
    if (!down_blocks_.empty()) {
      auto block = std::move(down_blocks_.back());
      down_blocks_.pop_back();
      return block;
    }
    if (down_made_ == blocks_each_way) return nullptr;
    auto block = std::make_unique<staging_block>();
    ++down_made_;
    return block;
  }
  void give_staging_down(std::unique_ptr<staging_block> block) noexcept { give(down_blocks_, std::move(block)); }

private:
  static constexpr std::size_t blocks_each_way = 8;
  struct slot_block {
    launch_count* device;
    pinned<unsigned long long> host;
  };

  template <class T>
  void give(std::vector<T>& to, T what) noexcept {
    std::lock_guard const lock(mutex_);
    try {
      to.push_back(std::move(what));
    } catch (...) { // no memory for the list: one less to lend
    }
  }

  int ordinal_;
  std::size_t processors_ = 0, resident_ = 0;
  cuda_handle<cudaMemPool_t> pool_;
  cuda_handle<cudaStream_t> compute_, up_, down_, memory_;
  std::mutex mutex_; ///< over the rest
  std::vector<cuda_handle<cudaEvent_t>> events_;
  std::vector<slot_block> slot_blocks_;
  std::vector<launch_slot> slots_;
  std::vector<std::unique_ptr<staging_block>> up_blocks_, down_blocks_;
  std::size_t up_turn_ = 0, down_made_ = 0;
};

}}} // namespace trireme::v1::detail
