/// @file api_launch.cpp
/// Launches, and what is asked about kernels.
#include "runtime.hpp"

#include <algorithm>
#include <cstdio>
#include <cstring>

namespace interpreter {

struct launch_configuration {
  dim3 g, b;
  size_t s;
  cudaStream_t st;
};
static thread_local std::vector<launch_configuration> t_configs;

static cudaError_t launch(const void* func, dim3 g, dim3 b, void** args, size_t dyn, cudaStream_t st) {
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return api("launch", g_sticky);
  kernel_entry* k = kernel_of(func);
  if (!k) {
    diag("launch of an unknown function");
    return api("launch", cudaErrorInvalidDeviceFunction);
  }
  ptx_function* f = func_of(k);
  if (!f) {
    diag("no PTX for the kernel %s", k->name.c_str());
    return api("launch", cudaErrorInvalidDeviceFunction);
  }
  work_stream* s = stream_of(st);
  if (!s) return api("launch", cudaErrorInvalidResourceHandle);
  if (s->dev >= 0 && s->dev != t_device) {
    diag("a launch on a stream of device %d while %d is the current one", s->dev, t_device);
    return api("launch", cudaErrorInvalidResourceHandle);
  }
  int const dev = t_device;
  u64 threads = (u64)b.x * b.y * b.z;
  if (!g.x || !g.y || !g.z || !threads || g.x > 0x7fffffffu || g.y > 65535 || g.z > 65535 || threads > 1024 || b.z > 64) {
    diag("launch of %s with grid %u %u %u, block %u %u %u", k->name.c_str(), g.x, g.y, g.z, b.x, b.y, b.z);
    return api("launch", cudaErrorInvalidConfiguration);
  }
  if (f->maxntid && threads > f->maxntid) {
    diag("launch of %s with %llu threads a block, of %u at most", k->name.c_str(), (unsigned long long)threads, f->maxntid);
    return api("launch", cudaErrorLaunchOutOfResources);
  }
  if (!f->decoded) decode(*f);
  if (f->shared_bytes + dyn > 227 * 1024 || dyn > 227 * 1024 || f->shared_bytes > 48 * 1024) {
    diag("launch of %s with %u + %zu bytes of shared memory", k->name.c_str(), f->shared_bytes, dyn);
    return api("launch", cudaErrorInvalidValue);
  }
  std::vector<char> params(f->param_bytes);
  for (size_t i = 0; i < f->params.size(); ++i) memcpy(params.data() + f->params[i].offset, args[i], f->params[i].size);
  if (g_verbose)
    fprintf(stderr, "interpreter: launch %s grid %u block %u stream %llu\n", k->name.c_str(), g.x, b.x,
            (unsigned long long)s->id);
  push(s, "kernel", [=, params = std::move(params)] {
    u32 gg[3] = {g.x, g.y, g.z}, bb[3] = {b.x, b.y, b.z};
    double t0 = now();
    u64 n0 = g_thread_instructions;
    execute(*f, dev, gg, bb, (u32)dyn, params);
    if (g_verbose > 1)
      fprintf(stderr, "interpreter: ran %s: %.3f s, %.1f M thread instructions\n", f->name.c_str(), now() - t0,
              (double)(g_thread_instructions - n0) * 1e-6);
  });
  return api("launch", cudaSuccess);
}

} // namespace interpreter

using namespace interpreter;

extern "C" {

API unsigned __cudaPushCallConfiguration(dim3 g, dim3 b, size_t s, cudaStream_t st) {
  t_configs.push_back({g, b, s, st});
  return 0;
}
API cudaError_t __cudaPopCallConfiguration(dim3* g, dim3* b, size_t* s, void* st) {
  if (t_configs.empty()) return cudaErrorMissingConfiguration;
  auto c = t_configs.back();
  t_configs.pop_back();
  *g = c.g;
  *b = c.b;
  *s = c.s;
  *(cudaStream_t*)st = c.st;
  return cudaSuccess;
}
API cudaError_t __cudaLaunchKernel(cudaKernel_t k, dim3 g, dim3 b, void** args, size_t s, cudaStream_t st) {
  return launch(k, g, b, args, s, st);
}
API cudaError_t __cudaLaunchKernel_ptsz(cudaKernel_t k, dim3 g, dim3 b, void** args, size_t s, cudaStream_t st) {
  return launch(k, g, b, args, s, st);
}
API cudaError_t cudaLaunchKernel(const void* f, dim3 g, dim3 b, void** args, size_t s, cudaStream_t st) {
  return launch(f, g, b, args, s, st);
}
API cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* c, const void* f, void** args) {
  for (unsigned i = 0; i < c->numAttrs; ++i)
    if (c->attrs[i].id == cudaLaunchAttributeClusterDimension) warn_once("cluster", "a launch with clusters");
  return launch(f, c->gridDim, c->blockDim, args, c->dynamicSmemBytes, c->stream);
}
API cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, const void* f) {
  LOCK_RUNTIME;
  kernel_entry* k = kernel_of(f);
  if (!k || !func_of(k)) return api("cudaFuncGetAttributes", cudaErrorInvalidDeviceFunction);
  ptx_function* x = func_of(k);
  if (!x->decoded) decode(*x);
  memset(a, 0, sizeof *a);
  a->sharedSizeBytes = x->shared_bytes;
  a->localSizeBytes = x->local_bytes;
  a->maxThreadsPerBlock = x->maxntid ? (int)x->maxntid : 1024;
  a->numRegs = 32;
  a->ptxVersion = a->binaryVersion = x->module->target;
  a->maxDynamicSharedSizeBytes = 49152 - (int)x->shared_bytes;
  return api("cudaFuncGetAttributes", cudaSuccess);
}
API cudaError_t cudaFuncSetAttribute(const void* f, cudaFuncAttribute, int) {
  LOCK_RUNTIME;
  return api("cudaFuncSetAttribute", kernel_of(f) ? cudaSuccess : cudaErrorInvalidDeviceFunction);
}
API cudaError_t cudaFuncSetCacheConfig(const void*, cudaFuncCache) { return cudaSuccess; }
API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, const void* f, int threads, size_t dyn, unsigned) {
  LOCK_RUNTIME;
  kernel_entry* k = kernel_of(f);
  if (!k || !func_of(k)) return api("occupancy", cudaErrorInvalidDeviceFunction);
  ptx_function* x = func_of(k);
  if (!x->decoded) decode(*x);
  size_t sh = x->shared_bytes + dyn;
  int a = threads_per_multiprocessor() / std::max(threads, 1);
  if (sh) a = std::min<int>(a, (int)(227 * 1024 / sh));
  *n = std::min(a, 32);
  return api("occupancy", cudaSuccess);
}
API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* n, const void* f, int threads, size_t dyn) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(n, f, threads, dyn, 0);
}

} // extern "C"
