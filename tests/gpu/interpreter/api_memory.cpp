/// @file api_memory.cpp
/// Memory of devices, also in the order of a stream, and pinned memory.
#include "runtime.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace interpreter {

struct memory_pool {
  u64 id;
  std::set<u64> live;
  u64 threshold = 0;
  int dev = 0;
};
static std::set<memory_pool*>& pools() {
  static std::set<memory_pool*> s;
  return s;
}
static memory_pool* default_pool() {
  static memory_pool* p = [] {
    auto x = new memory_pool{};
    pools().insert(x);
    return x;
  }();
  return p;
}

static cudaError_t allocate(void** p, size_t n) {
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return api("malloc", g_sticky);
  if (!n) {
    *p = nullptr;
    return cudaSuccess;
  }
  u64 a = device_alloc(n, true, nullptr, t_device);
  *p = (void*)a;
  return api("cudaMalloc", a ? cudaSuccess : cudaErrorMemoryAllocation);
}

static cudaError_t pinned(void** p, size_t n) {
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return api("host alloc", g_sticky);
  if (!n) {
    *p = nullptr;
    return cudaSuccess;
  }
  void* q = nullptr;
  if (posix_memalign(&q, 4096, n)) return api("host alloc", cudaErrorMemoryAllocation);
  memset(q, 0xA5, n);
  g_allocs[(u64)q] = {(u64)q, n, 2, true, nullptr};
  ++g_memgen;
  *p = q;
  return api("host alloc", cudaSuccess);
}

// work_stream-ordered memory: there from its place in the stream on, and up to that of its end.
static cudaError_t pool_alloc(void** p, size_t n, memory_pool* pool, cudaStream_t st) {
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return api("cudaMallocAsync", g_sticky);
  work_stream* s = stream_of(st);
  if (!s || !pools().count(pool)) return api("cudaMallocAsync", cudaErrorInvalidResourceHandle);
  if (!n) {
    *p = nullptr;
    return api("cudaMallocAsync", cudaSuccess);
  }
  if (s->dev >= 0 && s->dev != pool->dev) {
    diag("memory of device %d is asked for on a stream of device %d", pool->dev, s->dev);
    return api("cudaMallocAsync", cudaErrorInvalidValue);
  }
  u64 a = device_alloc(n, false, pool, pool->dev);
  if (!a) {
    drain(s);
    a = device_alloc(n, false, pool, pool->dev);
  }
  if (!a) return api("cudaMallocAsync", cudaErrorMemoryAllocation);
  pool->live.insert(a);
  *p = (void*)a;
  push(s, "malloc", [=] {
    auto it = g_allocs.find(a);
    if (it != g_allocs.end()) {
      it->second.live = true;
      ++g_memgen;
    }
  });
  return api("cudaMallocAsync", cudaSuccess);
}

} // namespace interpreter

using namespace interpreter;

extern "C" {

API cudaError_t cudaMalloc(void** p, size_t n) { return allocate(p, n); }
API cudaError_t cudaFree(void* p) {
  LOCK_RUNTIME;
  if (!p) return api("cudaFree", cudaSuccess);
  cudaDeviceSynchronize();
  allocation* a = find_any((u64)p);
  if (!a || a->lo != (u64)p || a->kind != 1) {
    diag("cudaFree of what is not allocated");
    return api("cudaFree", cudaErrorInvalidValue);
  }
  device_release((u64)p);
  return api("cudaFree", cudaSuccess);
}
API cudaError_t cudaHostAlloc(void** p, size_t n, unsigned) { return pinned(p, n); }
API cudaError_t cudaMallocHost(void** p, size_t n) { return pinned(p, n); }
API cudaError_t cudaFreeHost(void* p) {
  LOCK_RUNTIME;
  if (!p) return cudaSuccess;
  allocation* a = find_any((u64)p);
  if (!a || a->lo != (u64)p || a->kind != 2) {
    diag("cudaFreeHost of what is not pinned");
    return api("cudaFreeHost", cudaErrorInvalidValue);
  }
  // The real one waits for nothing that is promised; work that still uses it would be wrong
  for (auto* s : streams())
    if (!s->q.empty()) {
      u64 lo = a->lo;
      (void)lo;
      break;
    }
  device_release((u64)p);
  free(p);
  return api("cudaFreeHost", cudaSuccess);
}
API cudaError_t cudaMallocManaged(void** p, size_t, unsigned) {
  *p = nullptr;
  return ret(cudaErrorNotSupported);
}
API cudaError_t cudaMemGetInfo(size_t* f, size_t* t) {
  LOCK_RUNTIME;
  *t = memory_total();
  *f = memory_total() - memory_used();
  return api("cudaMemGetInfo", cudaSuccess);
}
API cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* a, const void* p) {
  LOCK_RUNTIME;
  memset(a, 0, sizeof *a);
  allocation* x = find_any((u64)p);
  if (!x) {
    a->type = cudaMemoryTypeUnregistered;
    a->device = -2;
    a->hostPointer = const_cast<void*>(p);
  } else if (x->kind == 1) {
    a->type = cudaMemoryTypeDevice;
    a->device = std::max(0, x->dev);
    a->devicePointer = const_cast<void*>(p);
  } else {
    a->type = cudaMemoryTypeHost;
    a->device = 0;
    a->devicePointer = a->hostPointer = const_cast<void*>(p);
  }
  return api("cudaPointerGetAttributes", cudaSuccess);
}
API cudaError_t cudaMallocFromPoolAsync(void** p, size_t n, cudaMemPool_t pool, cudaStream_t st) {
  return pool_alloc(p, n, (memory_pool*)pool, st);
}
API cudaError_t cudaMallocAsync(void** p, size_t n, cudaStream_t st) { return pool_alloc(p, n, default_pool(), st); }
API cudaError_t cudaFreeAsync(void* p, cudaStream_t st) {
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return api("cudaFreeAsync", g_sticky);
  work_stream* s = stream_of(st);
  if (!s) return api("cudaFreeAsync", cudaErrorInvalidResourceHandle);
  allocation* a = find_any((u64)p);
  if (!a || a->lo != (u64)p || a->kind != 1) {
    diag("cudaFreeAsync of what is not allocated: %p", p);
    return api("cudaFreeAsync", cudaErrorInvalidValue);
  }
  push(s, "free", [=] {
    auto it = g_allocs.find((u64)p);
    if (it == g_allocs.end()) {
      diag("memory is freed twice");
      return;
    }
    if (it->second.pool) ((memory_pool*)it->second.pool)->live.erase((u64)p);
    device_release((u64)p);
  });
  return api("cudaFreeAsync", cudaSuccess);
}
API cudaError_t cudaMemPoolCreate(cudaMemPool_t* p, const cudaMemPoolProps* props) {
  LOCK_RUNTIME;
  auto* x = new memory_pool{};
  x->dev = props->location.id;
  pools().insert(x);
  *p = (cudaMemPool_t)x;
  return api("cudaMemPoolCreate", cudaSuccess);
}
API cudaError_t cudaMemPoolDestroy(cudaMemPool_t p) {
  LOCK_RUNTIME;
  auto* x = (memory_pool*)p;
  if (!pools().erase(x)) return api("cudaMemPoolDestroy", cudaErrorInvalidValue);
  if (!x->live.empty()) diag("a pool ends with %zu allocations that were not freed", x->live.size());
  return api("cudaMemPoolDestroy", cudaSuccess);
}
API cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) {
  return api("cudaMemPoolSetAttribute", cudaSuccess);
}
API cudaError_t cudaMemPoolTrimTo(cudaMemPool_t, size_t) { return cudaSuccess; }
API cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* p, int) {
  *p = (cudaMemPool_t)default_pool();
  return cudaSuccess;
}

} // extern "C"
