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

  /// Called once, behind all of it.
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

/// A kernel, whose completed indices are counted: nvcc turns a `throw` and a call of a host function into an early end
/// of the thread, without a word.
class cuda_launch final : public cuda_work {
public:
  cuda_launch(std::shared_ptr<cuda_context> context, std::size_t expected)
      : cuda_work(std::move(context)), slot_(this->context().take_slot()), expected_(expected) {}
  ~cuda_launch() override {
    settle();
    if (counted_ == expected_) context().give_slot(slot_); // another's counters may not be at zero
  }
  [[nodiscard]] launch_slot const& slot() const noexcept { return slot_; }

private:
  void finish() override {
    cuda_work::finish();
    counted_ = *static_cast<unsigned long long volatile*>(slot_.host);
    if (counted_ == expected_) return;
    std::string const done = counted_ == launch_slot::unset ? "fewer" : std::to_string(counted_);
    throw cuda_error(static_cast<int>(cudaErrorLaunchFailure), "incomplete", "kernel",
                     "of " + std::to_string(expected_) + " indices " + done +
                         " were completed: the kernel throws, or calls a "
                         "function that only the host has (a draws<N> kernel: it called rng more than N times)");
  }

  launch_slot slot_;
  unsigned long long expected_, counted_ = launch_slot::unset;
};

/// A copy to host memory that is not pinned: through pinned blocks, from which who waits copies on.
class cuda_download final : public cuda_work {
public:
  cuda_download(std::shared_ptr<cuda_context> context, void const* from, void* to, std::size_t bytes)
      : cuda_work(std::move(context)), from_(static_cast<char const*>(from)), to_(static_cast<char*>(to)), bytes_(bytes) {
    try {
      start_more();
      record(this->context().down());
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
    if (started_ != bytes_) settle(); // some of it has not been enqueued yet
    cuda_work::precede(stream);
  }
  bool ready() noexcept override {
    if (started_ != bytes_ || !cuda_work::ready()) return false;
    settle(); // a copy, not a wait
    return true;
  }

private:
  struct part {
    std::unique_ptr<staging_block> block;
    std::size_t first, size;
  };

  void start_more() {
    for (; started_ < bytes_; started_ += parts_.back().size) {
      auto block = context().take_staging_down();
      if (!block) return;
      start(std::move(block));
    }
  }
  void start(std::unique_ptr<staging_block> block) {
    std::size_t const size = std::min(staging_block::size, bytes_ - started_);
    cudaStream_t const stream = context().down();
    cuda_check(cudaMemcpyAsync(block->memory.get(), from_ + started_, size, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
    cuda_check(cudaEventRecord(block->copied.get(), stream), "cudaEventRecord");
    parts_.push_back({std::move(block), started_, size});
  }
  void finish() override {
    for (std::size_t k = 0; k < parts_.size() || started_ < bytes_; ++k) {
      if (k == parts_.size()) { // all blocks are lent to others, who may be waiting for us: the driver has its own
        cuda_check(cudaMemcpyAsync(to_ + started_, from_ + started_, bytes_ - started_, cudaMemcpyDeviceToHost, context().down()),
                   "cudaMemcpyAsync");
        cuda_check(cudaStreamSynchronize(context().down()), "cudaStreamSynchronize");
        started_ = bytes_;
        break;
      }
      part& done = parts_[k];
      cuda_check(cudaEventSynchronize(done.block->copied.get()), "cudaEventSynchronize");
      std::memcpy(to_ + done.first, done.block->memory.get(), done.size);
      auto block = std::move(done.block);
      if (started_ == bytes_) {
        context().give_staging_down(std::move(block));
      } else {
        start(std::move(block));
        started_ += parts_.back().size;
      }
    }
  }
  void give_all() noexcept {
    for (auto& p : parts_)
      if (p.block) context().give_staging_down(std::move(p.block));
  }

  char const* from_;
  char* to_;
  std::size_t bytes_, started_ = 0;
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
