/// @file api_errors.cpp
/// Errors: of a call, of this thread, and those that end the use of the device.
#include "runtime.hpp"

#include <cstdio>

namespace interpreter {

std::recursive_mutex& lock() {
  static std::recursive_mutex m;
  return m;
}
thread_local cudaError_t t_last = cudaSuccess;
cudaError_t g_sticky = cudaSuccess;
cudaError_t ret(cudaError_t e) {
  if (e != cudaSuccess) t_last = e;
  return e;
}
cudaError_t api(const char* what, cudaError_t e) {
  if (g_sticky != cudaSuccess) e = g_sticky;
  if (e != cudaSuccess && e != cudaErrorNotReady && g_verbose)
    fprintf(stderr, "interpreter: %s gives %s\n", what, cudaGetErrorName(e));
  return ret(e);
}

} // namespace interpreter

using namespace interpreter;

extern "C" {

API cudaError_t cudaGetLastError() {
  cudaError_t e = t_last;
  t_last = cudaSuccess;
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return g_sticky;
  return e;
}
API cudaError_t cudaPeekAtLastError() {
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return g_sticky;
  return t_last;
}
#define ERRORS(X)                                                                                                                \
  X(cudaSuccess, "no error")                                                                                                     \
  X(cudaErrorInvalidValue, "invalid argument")                                                                                   \
  X(cudaErrorMemoryAllocation, "out of memory")                                                                                  \
  X(cudaErrorInvalidConfiguration, "invalid configuration argument")                                                             \
  X(cudaErrorInvalidDevice, "invalid device ordinal") X(cudaErrorNoDevice, "no CUDA-capable device is detected") X(              \
      cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version")                               \
      X(cudaErrorInvalidDeviceFunction, "invalid device function") X(cudaErrorInvalidResourceHandle, "invalid resource handle")  \
          X(cudaErrorNotReady, "device not ready") X(cudaErrorIllegalAddress, "an illegal memory access was encountered")        \
              X(cudaErrorLaunchOutOfResources, "too many resources requested for launch")                                        \
                  X(cudaErrorLaunchTimeout, "the launch timed out and was terminated")                                           \
                      X(cudaErrorAssert, "device-side assert triggered") X(cudaErrorHardwareStackError, "hardware stack error")  \
                          X(cudaErrorIllegalInstruction, "an illegal instruction was encountered")                               \
                              X(cudaErrorMisalignedAddress, "misaligned address")                                                \
                                  X(cudaErrorInvalidAddressSpace, "operation not supported on global/shared address space")      \
                                      X(cudaErrorInvalidPc, "invalid program counter")                                           \
                                          X(cudaErrorLaunchFailure, "unspecified launch failure")                                \
                                              X(cudaErrorNotSupported, "operation not supported") X(cudaErrorNotPermitted,       \
                                                                                                    "operation not permitted")   \
                                                  X(cudaErrorMissingConfiguration, "__global__ function call is not configured") \
                                                      X(cudaErrorUnknown, "unknown error")
API const char* cudaGetErrorName(cudaError_t e) {
  switch (e) {
#define X(n, t)                                                                                                                  \
  case n: return #n;
    ERRORS(X)
#undef X
    default: return "cudaErrorUnnamed";
  }
}
API const char* cudaGetErrorString(cudaError_t e) {
  switch (e) {
#define X(n, t)                                                                                                                  \
  case n: return t;
    ERRORS(X)
#undef X
    default: return "unrecognized error code";
  }
}

} // extern "C"
