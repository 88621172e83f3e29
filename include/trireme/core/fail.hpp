/// @file fail.hpp
/// How a kernel says that it can't go on, in one way on every executor.
#pragma once
#include <trireme/core/error.hpp>
#if defined(__CUDACC__)
#include <trireme/cuda/failure.hpp>
#endif

namespace trireme { inline namespace v1 {

namespace detail {

#if defined(__CUDACC__)
#define TRIREME_HOST_DEVICE __host__ __device__
#else
#define TRIREME_HOST_DEVICE
#endif

/// Throws E(why). On a device, where nothing can be thrown, it is fail_on_device(why).
template <class E>
[[noreturn]] TRIREME_HOST_DEVICE constexpr void fail_as(char const* why) {
#if defined(__CUDA_ARCH__)
  fail_on_device(why);
#else
  throw E(why);
#endif
}

#undef TRIREME_HOST_DEVICE

} // namespace detail

/// Ends the kernel that calls it as failed: on the host it throws `error` with the text `why`, which travels from worker
/// processes and ranks as itself; on a device it ends the thread, and the call that asked for the work throws a `cuda_error`
/// that contains `why`, of the thread that failed first. (A `throw` is undefined there: nvcc takes it for unreachable, and
/// deletes the condition that leads to it.) For kernels that the library runs; other ones on a device must not call it.
/// @param why  up to 495 bytes of it arrive from a device. Not null.
[[noreturn]] constexpr void fail(char const* why) { detail::fail_as<error>(why); }

}} // namespace trireme::v1
