/// @file cuda/context.hpp
/// What all handles of one cuda_device share: its streams, its memory, and what is lent to work under way.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/cuda/failure.hpp>
#include <trireme/cuda/runtime.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Of one launch: where the device counts and fails, and where the host reads the count, in pinned memory.
struct launch_slot {
  launch_record* device = nullptr;
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
    up_blocks_.reserve(blocks_each_way);
    down_blocks_.reserve(blocks_each_way);
    std::uint64_t keep = std::numeric_limits<std::uint64_t>::max();
    cuda_check(cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &keep), "cudaMemPoolSetAttribute");
  }
  cuda_context(cuda_context const&) = delete;
  cuda_context& operator=(cuda_context const&) = delete;
  /// Everything ends on its own device, whichever was current, and what works on a stream before the stream.
  ~cuda_context() {
    try {
      on_device const here(ordinal_);
      close();
    } catch (cuda_error const&) { // the process can't use the device any more, or the driver has gone
      close();
    }
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
      slot_block block{static_cast<launch_record*>(allocate(n * sizeof(launch_record))), make_pinned<unsigned long long>(n)};
      slot_blocks_.reserve(slot_blocks_.size() + 1);
      slots_.reserve(slots_.size() + n);
      cudaError_t const cleared = cudaMemsetAsync(block.device, 0, n * sizeof(launch_record), memory_.get());
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
  /// Takes back the slot of a launch that has ended and has left zeros.
  void give_slot(launch_slot slot) noexcept { give(slots_, slot); }
  /// What a launch that has ended wrote into its slot, which is zeros again afterwards.
  launch_record read_and_clear(launch_slot const& slot) {
    launch_record record{};
    cuda_check(cudaMemcpyAsync(&record, slot.device, sizeof record, cudaMemcpyDeviceToHost, memory_.get()), "cudaMemcpyAsync");
    cuda_check(cudaMemsetAsync(slot.device, 0, sizeof record, memory_.get()), "cudaMemsetAsync");
    cuda_check(cudaStreamSynchronize(memory_.get()), "cudaStreamSynchronize");
    return record;
  }

  /// A block for data on its way up, for the borrower alone until it is given back, with its event recorded behind the copy
  /// from it; what was copied from it before has left it. Waits where all are lent, as they are for no longer than a memcpy.
  std::unique_ptr<staging_block> take_staging_up() {
    std::unique_ptr<staging_block> block;
    {
      std::unique_lock lock(mutex_);
      if (up_blocks_.empty() && up_made_ < blocks_each_way) {
        block = std::make_unique<staging_block>();
        ++up_made_;
        return block;
      }
      up_given_.wait(lock, [&] { return !up_blocks_.empty(); });
      block = std::move(up_blocks_.front()); // the one that was given back first
      up_blocks_.erase(up_blocks_.begin());
    }
    cudaError_t const left = cudaEventSynchronize(block->copied.get());
    if (left != cudaSuccess) give_staging_up(std::move(block));
    cuda_check(left, "cudaEventSynchronize");
    return block;
  }
  void give_staging_up(std::unique_ptr<staging_block> block) noexcept {
    {
      std::lock_guard const lock(mutex_);
      up_blocks_.push_back(std::move(block)); // there is room for all that are made
    }
    up_given_.notify_one();
  }
  /// One for data on its way down, which is kept until it was read. Where all are lent: null, or one more for who `insists`.
  std::unique_ptr<staging_block> take_staging_down(bool insists) {
    std::lock_guard const lock(mutex_);
    if (!down_blocks_.empty()) {
      auto block = std::move(down_blocks_.back());
      down_blocks_.pop_back();
      return block;
    }
    if (down_made_ >= blocks_each_way && !insists) return nullptr;
    auto block = std::make_unique<staging_block>();
    ++down_made_;
    return block;
  }
  void give_staging_down(std::unique_ptr<staging_block> block) noexcept {
    std::lock_guard const lock(mutex_);
    if (down_made_ > blocks_each_way)
      --down_made_; // one more than are kept
    else
      down_blocks_.push_back(std::move(block));
  }

private:
  static constexpr std::size_t blocks_each_way = 8;
  struct slot_block {
    launch_record* device;
    pinned<unsigned long long> host;
  };

  void close() noexcept {
    library.handle.reset();
    for (auto const& block : slot_blocks_) static_cast<void>(cudaFreeAsync(block.device, memory_.get()));
    for (auto* const stream : {&compute_, &up_, &down_, &memory_}) static_cast<void>(cudaStreamSynchronize(stream->get()));
    up_blocks_.clear();
    down_blocks_.clear();
    slot_blocks_.clear();
    events_.clear();
    for (auto* const stream : {&compute_, &up_, &down_, &memory_}) stream->reset();
    pool_.reset();
  }

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
  std::vector<std::unique_ptr<staging_block>> up_blocks_, down_blocks_; ///< those that are not lent
  std::size_t up_made_ = 0, down_made_ = 0;
  std::condition_variable up_given_;
};

/// A block for one piece on its way up, given back at the end, also where the copy fails.
class lent_staging {
public:
  explicit lent_staging(cuda_context& context) : context_(context), block_(context.take_staging_up()) {}
  lent_staging(lent_staging const&) = delete;
  lent_staging& operator=(lent_staging const&) = delete;
  ~lent_staging() { context_.give_staging_up(std::move(block_)); }
  staging_block* operator->() const noexcept { return block_.get(); }

private:
  cuda_context& context_;
  std::unique_ptr<staging_block> block_;
};

}}} // namespace trireme::v1::detail
