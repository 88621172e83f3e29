/// @file cuda/completion.hpp
/// Work that a CUDA device was given.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/cuda/context.hpp>
#include <trireme/cuda/runtime.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {
namespace detail {

/// Work on a stream, up to an event.
class cuda_work {
public:
  explicit cuda_work(std::shared_ptr<cuda_context> context) : context_(std::move(context)), event_(context_->take_event()) {}
  cuda_work(cuda_work const&) = delete;
  cuda_work& operator=(cuda_work const&) = delete;
  virtual ~cuda_work() { context_->give_event(std::move(event_)); }

  /// Called behind all of it, and again behind what is added.
  void record(cudaStream_t stream) { cuda_check(cudaEventRecord(event_.get(), stream), "cudaEventRecord"); }

  /// What is enqueued on the stream from now on comes after it.
  virtual void precede(cudaStream_t stream) {
    cuda_check(cudaStreamWaitEvent(stream, event_.get(), cudaEventWaitDefault), "cudaStreamWaitEvent");
  }
  [[nodiscard]] virtual bool ready() noexcept {
    cudaError_t const result = cudaEventQuery(event_.get());
    if (result == cudaErrorNotReady) static_cast<void>(cudaGetLastError());
    return result != cudaErrorNotReady;
  }
  /// Returns when it is complete. @throws what it failed with, each time.
  void wait() {
    std::call_once(once_, [&] {
      try {
        on_device const here(context_->ordinal());
        finish();
      } catch (...) {
        failure_ = std::current_exception();
      }
    });
    if (failure_) std::rethrow_exception(failure_);
  }
  void settle() noexcept {
    try {
      wait();
    } catch (...) { // kept for who waits and wants to know
    }
  }

protected:
  virtual void finish() { cuda_check(cudaEventSynchronize(event_.get()), "cudaEventSynchronize"); }
  [[nodiscard]] cuda_context& context() noexcept { return *context_; }
  [[nodiscard]] cudaEvent_t event() const noexcept { return event_.get(); }

private:
  std::shared_ptr<cuda_context> context_;
  cuda_handle<cudaEvent_t> event_;
  std::once_flag once_;
  std::exception_ptr failure_;
};

/// @throws cuda_error where a thread of the launch failed, with its reason.
inline void throw_if_failed(launch_record const& record) {
  if (record.failed != 0) throw cuda_error(static_cast<int>(cudaErrorLaunchFailure), "failed", "kernel", record.why);
}

/// A kernel, whose completed indices are counted, so that a thread that ends early is noticed, however that comes about.
class cuda_launch final : public cuda_work {
public:
  cuda_launch(std::shared_ptr<cuda_context> context, std::size_t expected)
      : cuda_work(std::move(context)), slot_(this->context().take_slot()), expected_(expected) {}
  ~cuda_launch() override {
    settle();
    if (clean_) context().give_slot(slot_);
  }
  [[nodiscard]] launch_slot const& slot() const noexcept { return slot_; }

private:
  void finish() override {
    cuda_work::finish();
    counted_ = *static_cast<unsigned long long volatile*>(slot_.host);
    clean_ = counted_ == expected_;
    if (clean_) return;
    launch_record const record = context().read_and_clear(slot_);
    clean_ = true;
    throw_if_failed(record);
    std::string const done = counted_ == launch_slot::unset ? "fewer" : std::to_string(counted_);
    throw cuda_error(static_cast<int>(cudaErrorLaunchFailure), "incomplete", "kernel",
                     "of " + std::to_string(expected_) + " indices " + done + " were completed: threads ended early");
  }

  launch_slot slot_;
  unsigned long long expected_, counted_ = launch_slot::unset;
  bool clean_ = false; ///< whether the slot is at zeros again
};

/// A copy to host memory that is not pinned: through pinned blocks, from which who waits copies on, or who asks whether it is
/// ready. What did not find a block at once is started by them as well.
class cuda_download final : public cuda_work {
public:
  cuda_download(std::shared_ptr<cuda_context> context, void const* from, void* to, std::size_t bytes)
      : cuda_work(std::move(context)), from_(static_cast<char const*>(from)), to_(static_cast<char*>(to)), bytes_(bytes) {
    try {
      start_more(false);
    } catch (...) {
      give_all();
      throw;
    }
  }
  ~cuda_download() override {
    settle();
    give_all();
  }

  void precede(cudaStream_t stream) override {
    if (!all_started()) settle();
    cuda_work::precede(stream);
  }
  bool ready() noexcept override {
    try {
      on_device const here(context().ordinal());
      std::unique_lock const lock(mutex_, std::try_to_lock);
      if (!lock || !advance(false) || !cuda_work::ready()) return false; // without the lock: somebody is waiting for it
    } catch (...) {                                                      // told by wait(), which meets it as well
    }
    settle(); // a copy, not a wait
    return true;
  }

private:
  struct part {
    std::unique_ptr<staging_block> block;
    std::size_t first, size;
  };

  [[nodiscard]] bool all_started() {
    std::lock_guard const lock(mutex_);
    return started_ == bytes_;
  }
  void finish() override {
    std::lock_guard const lock(mutex_);
    advance(true);
    cuda_work::finish();
  }
  /// Copies on what has arrived and starts more in its place, until all is there: then true. Does not wait, unless it may.
  bool advance(bool may_wait) {
    for (; copied_ < bytes_; ++next_) {
      if (next_ == parts_.size()) start_more(true); // others have all blocks, and may be waiting for us
      part& p = parts_[next_];
      if (may_wait) {
        cuda_check(cudaEventSynchronize(p.block->copied.get()), "cudaEventSynchronize");
      } else if (cudaError_t const there = cudaEventQuery(p.block->copied.get()); there == cudaErrorNotReady) {
        static_cast<void>(cudaGetLastError());
        return false;
      } else {
        cuda_check(there, "cudaEventQuery");
      }
      std::memcpy(to_ + p.first, p.block->memory.get(), p.size);
      copied_ += p.size;
      auto block = std::move(p.block);
      if (started_ == bytes_) {
        context().give_staging_down(std::move(block));
      } else {
        start(std::move(block));
        record(context().down());
      }
    }
    return true;
  }
  /// As many parts as there are blocks for; at least one where it insists.
  void start_more(bool insists) {
    for (; started_ < bytes_; insists = false) {
      auto block = context().take_staging_down(insists);
      if (!block) break;
      start(std::move(block));
    }
    record(context().down());
  }
  void start(std::unique_ptr<staging_block> block) {
    std::size_t const size = std::min(staging_block::size, bytes_ - started_);
    cudaStream_t const stream = context().down();
    parts_.push_back({std::move(block), started_, size});
    staging_block const& to = *parts_.back().block;
    cuda_check(cudaMemcpyAsync(to.memory.get(), from_ + started_, size, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
    cuda_check(cudaEventRecord(to.copied.get(), stream), "cudaEventRecord");
    started_ += size;
  }
  void give_all() noexcept {
    for (auto& p : parts_)
      if (p.block) context().give_staging_down(std::move(p.block));
  }

  char const* from_;
  char* to_;
  std::size_t bytes_;
  std::mutex mutex_;                                ///< over the rest
  std::size_t started_ = 0, copied_ = 0, next_ = 0; ///< bytes, bytes, and a part
  std::vector<part> parts_;
};

} // namespace detail

/// Work that a cuda_device was given.
class [[nodiscard]] cuda_completion {
public:
  cuda_completion() = default;
  explicit cuda_completion(std::shared_ptr<detail::cuda_work> work) noexcept : work_(std::move(work)) {}
  cuda_completion(cuda_completion&&) noexcept = default;
  cuda_completion& operator=(cuda_completion&& other) noexcept {
    if (work_) work_->settle();
    work_ = std::move(other.work_);
    return *this;
  }
  ~cuda_completion() {
    if (work_) work_->settle();
  }

  [[nodiscard]] bool ready() const noexcept { return !work_ || work_->ready(); }
  void wait() {
    if (work_) work_->wait();
  }

private:
  friend class cuda_device;
  std::shared_ptr<detail::cuda_work> work_;
};

}} // namespace trireme::v1
