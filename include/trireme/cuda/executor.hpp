/// @file cuda/executor.hpp
/// A CUDA device.
#pragma once
#include <trireme/core/accepts.hpp>
#include <trireme/core/bound.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/cuda/completion.hpp>
#include <trireme/cuda/context.hpp>
#include <trireme/cuda/launch.hpp>
#include <trireme/cuda/overloads.hpp>
#include <trireme/cuda/runtime.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// A lambda that is marked `__host__ __device__`, which nvcc can copy to a device with what it has captured.
template <class T>
#if defined(__CUDACC_EXTENDED_LAMBDA__)
inline constexpr bool is_marked_lambda = __nv_is_extended_host_device_lambda_closure_type(T);
#else
inline constexpr bool is_marked_lambda = false;
#endif

} // namespace detail

template <class T>
  requires detail::is_marked_lambda<T>
inline constexpr bool enable_transferable<T> = true;

class cuda_device;

namespace detail {

template <class T>
  requires is_marked_lambda<T>
inline constexpr bool allows_captures<cuda_device, T> = true;

/// What kernels on a device can reach: its own memory, managed memory, and the host's where that is pinned.
struct device_memory {
  static constexpr std::string_view owner = "cuda_device";
  static constexpr std::string_view advice = "what the device can read: use a tri::buffer on it";
  int ordinal;

  [[nodiscard]] bool contains(void const* p, std::size_t bytes) const {
    return reaches(p) && (bytes <= 1 || reaches(static_cast<char const*>(p) + (bytes - 1)));
  }

private:
  [[nodiscard]] bool reaches(void const* p) const {
    cudaPointerAttributes is{};
    cuda_check(cudaPointerGetAttributes(&is, p), "cudaPointerGetAttributes");
    return is.type == cudaMemoryTypeManaged || (is.type == cudaMemoryTypeDevice && is.device == ordinal) ||
           (is.type == cudaMemoryTypeHost && is.devicePointer == p);
  }
};

/// @throws std::invalid_argument where what is bound in f leads to memory that the device can't read.
template <class F>
void check_on_device(int ordinal, F const& f) {
  constexpr bool opaque = any_part<F>([]<class T>(std::type_identity<T>) { return is_marked_lambda<T>; });
  if constexpr (!opaque) // what a lambda has captured can't be looked at
    check_kernel(device_memory{ordinal}, f, [](auto const&) {
      throw std::invalid_argument("trireme: cuda_device: a pointer to a function of the host can't be called: use tri::fn");
    });
}

/// A call that has failed before anything was enqueued; told by wait().
class cuda_refusal final : public cuda_work {
public:
  cuda_refusal(std::shared_ptr<cuda_context> context, std::exception_ptr why)
      : cuda_work(std::move(context)), why_(std::move(why)) {
    record(this->context().compute());
  }

private:
  void finish() override { std::rethrow_exception(why_); }
  std::exception_ptr why_;
};

} // namespace detail

/// A CUDA device, with streams and memory of its own: nothing runs on the default stream, and nothing waits but where it
/// says so. Copies are handles of the same device; two made separately have streams each, and are not equal.
///
/// Kernels are portable ones, or lambdas that are marked `__host__ __device__`. They may use values, tables of their own,
/// IEEE operations, Trireme's mathematics and tri::fail, which ends as a `cuda_error`. A `throw`, and a call of a function that
/// only the host has, are undefined: nvcc takes them for unreachable, and deletes the condition that leads to them.
class cuda_device {
public:
  using completion_type = cuda_completion;

  /// @throws cuda_error where there is no such device, or no driver for it; std::invalid_argument for a negative ordinal.
  explicit cuda_device(count<"ordinal"> ordinal = 0) : context_(open(ordinal)) {}

  /// How many threads the device holds at once.
  [[nodiscard]] std::size_t concurrency() const noexcept { return context_->resident_threads(); }
  [[nodiscard]] int ordinal() const noexcept { return context_->ordinal(); }

  /// Asynchronous; one thread for an index, and so f is called with runs of one: `grain` is not needed. The stop token is
  /// asked before the launch, and not after it.
  /// @throws std::invalid_argument that names a bound argument which leads to memory that the device can't read; then
  /// nothing is launched. cuda_error.
  template <class F>
  cuda_completion bulk(count<"n"> n, F const& f, bulk_options<cuda_completion> o = {}) const {
    if constexpr (detail::accepts_kernel<cuda_device, F, std::size_t, std::size_t>()) {
      detail::check_on_device(ordinal(), f);
      return run(0, n, f, o);
    } else {
      return {};
    }
  }

  /// bulk, and the wait for it. Where a stop may be asked for, also by a time limit, the indices are launched in pieces of
  /// some hundredths of a second.
  template <class F>
  friend void on_bulk(cuda_device const& ex, std::size_t n, F const& f, bulk_options<cuda_completion> const& o) {
    using clock = std::chrono::steady_clock;
    std::size_t piece = o.stop.stop_possible() ? ex.concurrency() : n;
    if (piece >= n) return ex.bulk(n, f, o).wait();
    detail::check_on_device(ex.ordinal(), f);
    for (std::size_t first = 0; first < n;) {
      auto const begun = clock::now();
      std::size_t const last = first + std::min(piece, n - first);
      ex.run(first, last, f, o).wait();
      first = last;
      auto const time = clock::now() - begun;
      if (time < std::chrono::milliseconds(25)) piece *= 2;
      if (time > std::chrono::milliseconds(100)) piece = std::max(piece / 2, ex.concurrency());
    }
  }

  /// Memory of the device. It may be freed when the work on it is complete.
  /// @throws cuda_error where there is not enough, with the bytes that were asked for and that are free.
  /// Cost: some microseconds; what was freed before is used again.
  [[nodiscard]] void* allocate(std::size_t bytes, std::size_t align) const {
    if (align > 256) throw std::invalid_argument("trireme: cuda_device: align may be at most 256");
    return context_->allocate(std::max<std::size_t>(bytes, 1));
  }
  void deallocate(void* p, std::size_t) const noexcept {
    if (p != nullptr) context_->deallocate(p);
  }

  /// Asynchronous. Pinned memory is read until the copy is complete; other memory has been read when this returns.
  cuda_completion upload(void const* from, void* to, std::size_t bytes, copy_options<cuda_completion> o = {}) const {
    if (bytes == 0 && !o.after) return {};
    detail::on_device const here(ordinal());
    follow(o.after, context_->up());
    if (is_pinned(from)) return direct(from, to, bytes, cudaMemcpyHostToDevice, context_->up());
    for (std::size_t done = 0; done < bytes;) {
      detail::lent_staging const block(*context_);
      std::size_t const size = std::min(bytes - done, detail::staging_block::size);
      std::memcpy(block->memory.get(), static_cast<char const*>(from) + done, size);
      detail::cuda_check(
          cudaMemcpyAsync(static_cast<char*>(to) + done, block->memory.get(), size, cudaMemcpyHostToDevice, context_->up()),
          "cudaMemcpyAsync");
      detail::cuda_check(cudaEventRecord(block->copied.get(), context_->up()), "cudaEventRecord");
      done += size;
    }
    return recorded(context_->up());
  }

  /// Asynchronous. What is not pinned is written by who waits for it.
  cuda_completion download(void const* from, void* to, std::size_t bytes, copy_options<cuda_completion> o = {}) const {
    if (bytes == 0 && !o.after) return {};
    detail::on_device const here(ordinal());
    follow(o.after, context_->down());
    if (is_pinned(to)) return direct(from, to, bytes, cudaMemcpyDeviceToHost, context_->down());
    return cuda_completion(std::make_shared<detail::cuda_download>(context_, from, to, bytes));
  }

  /// The device that `text` names, for with_executor: "cuda" or "cuda:1". @throws cuda_error where there is none.
  static bool matches(std::string_view text) noexcept { return text == "cuda" || ordinal_in(text).has_value(); }
  static cuda_device named(std::string_view text) { return cuda_device(text == "cuda" ? 0 : ordinal_in(text).value()); }
  static constexpr std::string_view names = "cuda[:N]";

  friend bool operator==(cuda_device const& a, cuda_device const& b) noexcept { return a.context_ == b.context_; }

  /// The inside, for what the library builds on it.
  [[nodiscard]] std::shared_ptr<detail::cuda_context> const& context() const noexcept { return context_; }

private:
  static std::shared_ptr<detail::cuda_context> open(std::size_t ordinal) {
    detail::streams_held().keep();
    int n = 0;
    detail::cuda_check(cudaGetDeviceCount(&n), "cuda_device: cudaGetDeviceCount");
    if (ordinal >= static_cast<std::size_t>(n))
      detail::throw_cuda(cudaErrorInvalidDevice, "cuda_device",
                         "ordinal " + std::to_string(ordinal) + " of " + std::to_string(n) + " devices");
    return std::make_shared<detail::cuda_context>(static_cast<int>(ordinal));
  }

  template <class F>
  cuda_completion run(std::size_t first, std::size_t last, F const& f, bulk_options<cuda_completion> const& o) const {
    if (first == last && !o.after) return {};
    detail::on_device const here(ordinal());
    if (o.stop.stop_requested()) return cuda_completion(refusal(cancelled{}));
    follow(o.after, context_->compute());
    return cuda_completion(detail::launch(context_, last - first, last - first, detail::index_body<F>{f, first, last}));
  }
  static void follow(after_ref<cuda_completion> after, cudaStream_t stream) {
    if (after && after->work_) after->work_->precede(stream);
  }
  static bool is_pinned(void const* p) {
    cudaPointerAttributes is{};
    detail::cuda_check(cudaPointerGetAttributes(&is, p), "cudaPointerGetAttributes");
    return is.type != cudaMemoryTypeUnregistered;
  }
  cuda_completion direct(void const* from, void* to, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) const {
    detail::cuda_check(cudaMemcpyAsync(to, from, bytes, kind, stream), "cudaMemcpyAsync");
    return recorded(stream);
  }
  cuda_completion recorded(cudaStream_t stream) const {
    auto work = std::make_shared<detail::cuda_work>(context_);
    work->record(stream);
    return cuda_completion(std::move(work));
  }
  template <class Failure>
  std::shared_ptr<detail::cuda_work> refusal(Failure const& failure) const {
    return std::make_shared<detail::cuda_refusal>(context_, std::make_exception_ptr(failure));
  }

  /// N in "cuda:N".
  static std::optional<int> ordinal_in(std::string_view text) noexcept {
    constexpr std::string_view prefix = "cuda:";
    if (!text.starts_with(prefix)) return {};
    text.remove_prefix(prefix.size());
    int ordinal = 0;
    auto const [end, failure] = std::from_chars(text.data(), text.data() + text.size(), ordinal);
    if (failure != std::errc{} || end != text.data() + text.size() || ordinal < 0) return {};
    return ordinal;
  }

  std::shared_ptr<detail::cuda_context> context_;
};

static_assert(executor<cuda_device> && !host_executor<cuda_device>);

}} // namespace trireme::v1
