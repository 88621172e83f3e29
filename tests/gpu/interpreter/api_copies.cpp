/// @file api_copies.cpp
/// Copies and fills.
#include "runtime.hpp"

#include <cstring>
#include <memory>
#include <vector>

namespace interpreter {

static bool whole(u64 p, size_t n, const char* what) {
  allocation* a = find_alloc(p);
  if (a && p + n <= a->lo + a->size) return true;
  if (!a && !in_arena(p)) return true;
  diag("%s: %zu bytes at 0x%llx are not (all) allocated", what, n, (unsigned long long)p);
  return false;
}
static void copy_now(void* to, const void* from, size_t n, bool pinned_to = false, bool pinned_from = false) {
  if (!n) return;
  if ((pinned_to && !find_alloc((u64)to)) || (pinned_from && !find_alloc((u64)from))) {
    diag("pinned memory was freed before the copy that uses it");
    fault(cudaErrorIllegalAddress, "a copy of %zu bytes", n);
  }
  if (!whole((u64)to, n, "copy to") || !whole((u64)from, n, "copy from"))
    fault(cudaErrorIllegalAddress, "a copy of %zu bytes", n);
  memmove(host_of((u64)to), host_of((u64)from), n);
}
static cudaError_t copy_async(void* to, const void* from, size_t n, cudaMemcpyKind k, cudaStream_t st) {
  LOCK_RUNTIME;
  if (g_sticky != cudaSuccess) return api("cudaMemcpyAsync", g_sticky);
  work_stream* s = stream_of(st);
  if (!s) return api("cudaMemcpyAsync", cudaErrorInvalidResourceHandle);
  if (!n) return api("cudaMemcpyAsync", cudaSuccess);
  allocation *a = find_any((u64)to), *b = find_any((u64)from);
  bool td = in_arena((u64)to), fd = in_arena((u64)from);
  if ((td && !a) || (fd && !b) || (a && (u64)to + n > a->lo + a->size) || (b && (u64)from + n > b->lo + b->size)) {
    diag("copy beyond an allocation, or of what is freed: to %p from %p, %zu bytes", to, from, n);
    return api("cudaMemcpyAsync", cudaErrorInvalidValue);
  }
  if ((k == cudaMemcpyHostToDevice && (!td || fd)) || (k == cudaMemcpyDeviceToHost && (td || !fd)) ||
      (k == cudaMemcpyDeviceToDevice && (!td || !fd))) {
    diag("copy of a kind %d that the addresses are not", (int)k);
    return api("cudaMemcpyAsync", cudaErrorInvalidValue);
  }
  bool const pageable_from = !fd && !(b && b->kind == 2), pageable_to = !td && !(a && a->kind == 2);
  if (pageable_from && td) {
    auto data = std::make_shared<std::vector<char>>((const char*)from, (const char*)from + n);
    push(s, "copy", [=] { copy_now(to, data->data(), n); });
  } else {
    bool const pt = a && a->kind == 2, pf = b && b->kind == 2;
    push(s, "copy", [=] { copy_now(to, from, n, pt, pf); });
    if (pageable_to) drain(s);
  }
  return api("cudaMemcpyAsync", cudaSuccess);
}

} // namespace interpreter

using namespace interpreter;

extern "C" {

API cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t n, cudaMemcpyKind k, cudaStream_t st) {
  return copy_async(to, from, n, k, st);
}
API cudaError_t cudaMemcpy(void* to, const void* from, size_t n, cudaMemcpyKind k) {
  LOCK_RUNTIME;
  cudaError_t e = copy_async(to, from, n, k, nullptr);
  drain(null_stream());
  return e ? e : api("cudaMemcpy", cudaSuccess);
}
API cudaError_t cudaMemsetAsync(void* p, int v, size_t n, cudaStream_t st) {
  LOCK_RUNTIME;
  work_stream* s = stream_of(st);
  if (!s) return api("cudaMemsetAsync", cudaErrorInvalidResourceHandle);
  push(s, "memset", [=] {
    if (!n) return;
    if (!in_arena((u64)p) || !whole((u64)p, n, "memset")) fault(cudaErrorIllegalAddress, "a memset");
    memset(host_of((u64)p), v, n);
  });
  return api("cudaMemsetAsync", cudaSuccess);
}
API cudaError_t cudaMemset(void* p, int v, size_t n) {
  cudaError_t e = cudaMemsetAsync(p, v, n, nullptr);
  LOCK_RUNTIME;
  drain(null_stream());
  return e;
}
API cudaError_t cudaGetSymbolAddress(void** p, const void* s) {
  LOCK_RUNTIME;
  u64 a = symbol(s);
  *p = (void*)a;
  return api("cudaGetSymbolAddress", a ? cudaSuccess : cudaErrorInvalidValue);
}
API cudaError_t cudaMemcpyToSymbol(const void* s, const void* from, size_t n, size_t off, cudaMemcpyKind k) {
  LOCK_RUNTIME;
  u64 a = symbol(s);
  if (!a) return api("cudaMemcpyToSymbol", cudaErrorInvalidValue);
  return cudaMemcpy((void*)(a + off), from, n, k);
}
API cudaError_t cudaMemcpyFromSymbol(void* to, const void* s, size_t n, size_t off, cudaMemcpyKind k) {
  LOCK_RUNTIME;
  u64 a = symbol(s);
  if (!a) return api("cudaMemcpyFromSymbol", cudaErrorInvalidValue);
  return cudaMemcpy(to, (void*)(a + off), n, k);
}

API void* __cudaInterpretedHostOf(void const* p, size_t n, char const* what) {
  LOCK_RUNTIME;
  allocation* a = find_alloc((u64)p);
  if (!a || (u64)p + n > a->lo + a->size) {
    diag("%s: %zu bytes at %p are not (all) allocated", what, n, p);
    if (g_sticky == cudaSuccess) g_sticky = cudaErrorIllegalAddress;
    return nullptr;
  }
  return host_of((u64)p);
}

} // extern "C"
