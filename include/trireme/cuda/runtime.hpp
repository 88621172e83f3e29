/// @file cuda/runtime.hpp
/// CUDA's runtime with every call checked, and what it gives out given back.
#pragma once
#include <trireme/core/descriptor.hpp>
#include <trireme/core/error.hpp>

#include <cuda_runtime.h>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

namespace trireme { inline namespace v1 {

/// How many CUDA devices there are; 0 where there is no driver. Never throws. Cost: the first call opens the driver.
[[nodiscard]] inline int cuda_device_count() noexcept {
  detail::streams_held().keep(); // the driver opens descriptors: closed standard streams lead to /dev/null from now on
  int n = 0;
  if (cudaGetDeviceCount(&n) == cudaSuccess) return n;
  static_cast<void>(cudaGetLastError()); // not to be found by who asks next
  return 0;
}

/// Whether there is a CUDA device. Never throws.
[[nodiscard]] inline bool cuda_available() noexcept { return cuda_device_count() > 0; }

namespace detail {

/// Whether the error ends the process's use of the device: nothing but a new process helps.
inline bool ends_context(cudaError_t code) noexcept {
  switch (code) {
    case cudaErrorIllegalAddress:
    case cudaErrorLaunchTimeout:
    case cudaErrorAssert:
    case cudaErrorHardwareStackError:
    case cudaErrorIllegalInstruction:
    case cudaErrorMisalignedAddress:
    case cudaErrorInvalidAddressSpace:
    case cudaErrorInvalidPc:
    case cudaErrorLaunchFailure: return true;
    default: return false;
  }
}

[[noreturn]] inline void throw_cuda(cudaError_t code, char const* call, std::string text = {}) {
  static_cast<void>(cudaGetLastError());
  text = cudaGetErrorString(code) + (text.empty() ? text : "; " + text);
  if (ends_context(code)) text += "; a kernel did what it must not, and this process can't use the device any more";
  throw cuda_error(static_cast<int>(code), cudaGetErrorName(code), call, text);
}

inline void cuda_check(cudaError_t code, char const* call) {
  if (code != cudaSuccess) throw_cuda(code, call);
}

/// Makes a device the current one of this thread, for as long as it lives.
class on_device {
public:
  explicit on_device(int ordinal) {
    cuda_check(cudaGetDevice(&before_), "cudaGetDevice");
    if (before_ != ordinal) cuda_check(cudaSetDevice(ordinal), "cudaSetDevice");
    changed_ = before_ != ordinal;
  }
  on_device(on_device const&) = delete;
  on_device& operator=(on_device const&) = delete;
  ~on_device() {
    if (changed_) static_cast<void>(cudaSetDevice(before_));
  }

private:
  int before_ = 0;
  bool changed_ = false;
};

struct destroy_cuda {
  void operator()(cudaStream_t s) const noexcept { static_cast<void>(cudaStreamDestroy(s)); }
  void operator()(cudaEvent_t e) const noexcept { static_cast<void>(cudaEventDestroy(e)); }
  void operator()(cudaMemPool_t p) const noexcept { static_cast<void>(cudaMemPoolDestroy(p)); }
};
template <class Handle>
using cuda_handle = std::unique_ptr<std::remove_pointer_t<Handle>, destroy_cuda>;

inline cuda_handle<cudaStream_t> make_stream() {
  cudaStream_t s = nullptr;
  cuda_check(cudaStreamCreateWithFlags(&s, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
  return cuda_handle<cudaStream_t>(s);
}
inline cuda_handle<cudaEvent_t> make_event() {
  cudaEvent_t e = nullptr;
  cuda_check(cudaEventCreateWithFlags(&e, cudaEventDisableTiming), "cudaEventCreateWithFlags");
  return cuda_handle<cudaEvent_t>(e);
}

struct free_pinned {
  void operator()(void* p) const noexcept { static_cast<void>(cudaFreeHost(p)); }
};
/// Host memory that the device copies from and to by itself.
template <class T>
using pinned = std::unique_ptr<T[], free_pinned>;
template <class T>
pinned<T> make_pinned(std::size_t n) {
  void* p = nullptr;
  cuda_check(cudaHostAlloc(&p, n * sizeof(T), cudaHostAllocPortable), "cudaHostAlloc");
  return pinned<T>(static_cast<T*>(p));
}

} // namespace detail
}} // namespace trireme::v1
