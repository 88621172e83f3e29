/// @file api_devices.cpp
/// Devices and their properties.
#include "runtime.hpp"

#include <cstdio>
#include <cstring>

namespace interpreter {

static int const g_sms = (int)env("SMS", 2);
int threads_per_multiprocessor() {
  static int const n = (int)env("THREADS_PER_SM", 1024);
  return n;
}
thread_local int t_device = 0;
int device_count() {
  static int const n = (int)env("DEVICES", 1);
  return n;
}
static bool g_none() {
  static bool n = env("NONE", 0) != 0;
  return n;
}

} // namespace interpreter

using namespace interpreter;

extern "C" {

API cudaError_t cudaGetDeviceCount(int* n) {
  LOCK_RUNTIME;
  if (g_none()) {
    *n = 0;
    return ret(cudaErrorNoDevice);
  }
  *n = device_count();
  return api("cudaGetDeviceCount", cudaSuccess);
}
API cudaError_t cudaGetDevice(int* d) {
  *d = t_device;
  return g_none() ? ret(cudaErrorNoDevice) : cudaSuccess;
}
API cudaError_t cudaSetDevice(int d) {
  if (d < 0 || d >= device_count()) return ret(cudaErrorInvalidDevice);
  t_device = d;
  return ret(cudaSuccess);
}
API cudaError_t cudaDeviceGetAttribute(int* v, cudaDeviceAttr a, int d) {
  if (d < 0 || d >= device_count()) return ret(cudaErrorInvalidDevice);
  LOCK_RUNTIME;
  switch (a) {
    case cudaDevAttrMultiProcessorCount: *v = g_sms; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *v = threads_per_multiprocessor(); break;
    case cudaDevAttrMemoryPoolsSupported: *v = 1; break;
    case cudaDevAttrComputeCapabilityMajor: *v = 9; break;
    case cudaDevAttrComputeCapabilityMinor: *v = 0; break;
    case cudaDevAttrWarpSize: *v = 32; break;
    case cudaDevAttrMaxThreadsPerBlock: *v = 1024; break;
    case cudaDevAttrMaxSharedMemoryPerBlock: *v = 49152; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *v = 232448; break;
    case cudaDevAttrMaxSharedMemoryPerMultiprocessor: *v = 233472; break;
    case cudaDevAttrMaxBlocksPerMultiprocessor: *v = 32; break;
    case cudaDevAttrMaxGridDimX: *v = 0x7fffffff; break;
    case cudaDevAttrMaxGridDimY:
    case cudaDevAttrMaxGridDimZ: *v = 65535; break;
    case cudaDevAttrMaxBlockDimX:
    case cudaDevAttrMaxBlockDimY: *v = 1024; break;
    case cudaDevAttrMaxBlockDimZ: *v = 64; break;
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrManagedMemory: *v = 1; break;
    case cudaDevAttrL2CacheSize: *v = 50 << 20; break;
    case cudaDevAttrClockRate: *v = 1000000; break;
    default: *v = 0; warn_once(("attr" + std::to_string(a)).c_str(), "device attribute %d is told as 0", (int)a);
  }
  return api("cudaDeviceGetAttribute", cudaSuccess);
}
API cudaError_t cudaGetDeviceProperties(cudaDeviceProp* p, int d) {
  if (d < 0 || d >= device_count()) return ret(cudaErrorInvalidDevice);
  memset(p, 0, sizeof *p);
  snprintf(p->name, sizeof p->name, "PTX interpreter");
  p->major = 9;
  p->minor = 0;
  p->multiProcessorCount = g_sms;
  p->maxThreadsPerMultiProcessor = threads_per_multiprocessor();
  p->warpSize = 32;
  p->totalGlobalMem = memory_total();
  p->maxThreadsPerBlock = 1024;
  p->sharedMemPerBlock = 49152;
  return api("cudaGetDeviceProperties", cudaSuccess);
}
API cudaError_t cudaRuntimeGetVersion(int* v) {
  *v = 13000;
  return cudaSuccess;
}
API cudaError_t cudaDriverGetVersion(int* v) {
  *v = 13000;
  return cudaSuccess;
}
API cudaError_t cudaDeviceSynchronize() {
  LOCK_RUNTIME;
  for (auto* s : std::set<work_stream*>(streams())) drain(s);
  return api("cudaDeviceSynchronize", cudaSuccess);
}
API cudaError_t cudaDeviceReset() { return cudaSuccess; }
API cudaError_t cudaDeviceGetStreamPriorityRange(int* a, int* b) {
  *a = 0;
  *b = 0;
  return cudaSuccess;
}

} // extern "C"
