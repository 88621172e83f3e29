/// @file modules.cpp
/// What a program registers before main: its PTX, kernels and variables.
#include "runtime.hpp"

#include <cstdio>
#include <cstring>
#include <unordered_map>

namespace interpreter {

static std::unordered_map<const void*, kernel_entry*>& kernels() {
  static std::unordered_map<const void*, kernel_entry*> m;
  return m;
}
static std::set<kernel_entry*>& kernel_set() {
  static std::set<kernel_entry*> s;
  return s;
}
kernel_entry* kernel_of(const void* p) {
  auto it = kernels().find(p);
  if (it != kernels().end()) return it->second;
  auto* k = (kernel_entry*)const_cast<void*>(p);
  return kernel_set().count(k) ? k : nullptr;
}
static ptx_module* module_of(fat_binary* f) {
  if (!f->m) f->m = parse_module(f->text);
  return f->m.get();
}
ptx_function* func_of(kernel_entry* k) {
  if (!k->f) {
    auto& fs = module_of(k->mod)->funcs;
    auto it = fs.find(k->name);
    if (it == fs.end()) return nullptr;
    k->f = it->second.get();
  }
  return k->f;
}

struct module_variable {
  fat_binary* m;
  std::string name;
};
static std::unordered_map<const void*, module_variable>& vars() {
  static std::unordered_map<const void*, module_variable> v;
  return v;
}
u64 symbol(const void* s) {
  auto it = vars().find(s);
  if (it == vars().end()) return 0;
  auto& m = *module_of(it->second.m);
  auto y = m.symbols.find(it->second.name);
  return y == m.symbols.end() ? 0 : y->second.addr;
}

} // namespace interpreter

using namespace interpreter;

extern "C" {

API void** __cudaRegisterFatBinary(void* p) {
  LOCK_RUNTIME;
  struct Wrap {
    int magic, version;
    const char* data;
    void* file;
  };
  auto* w = (Wrap*)p;
  auto* m = new fat_binary;
  const char* d = w->data;
  u32 magic;
  memcpy(&magic, d, 4);
  u16 hs;
  memcpy(&hs, d + 6, 2);
  u64 size;
  memcpy(&size, d + 8, 8);
  if (magic != 0xBA55ED50u) {
    fprintf(stderr, "interpreter: unknown fat binary\n");
    return (void**)m;
  }
  const char* e = d + hs;
  const char* end = e + size;
  int best = -1;
  while (e + 64 <= end) {
    u16 kind;
    memcpy(&kind, e, 2);
    u32 h;
    memcpy(&h, e + 4, 4);
    u64 n;
    memcpy(&n, e + 8, 8);
    u32 arch;
    memcpy(&arch, e + 28, 4);
    u64 flags;
    memcpy(&flags, e + 40, 8);
    if (kind == 1) {
      const char* t = e + h;
      size_t len = strnlen(t, n);
      std::string s(t, len);
      if (s.find(".version") == std::string::npos)
        fprintf(stderr, "interpreter: the PTX is compressed: compile with --no-compress\n");
      else if ((int)arch > best) {
        best = (int)arch;
        m->text = s;
      }
    }
    e += h + n;
  }
  if (best < 0)
    fprintf(stderr, "interpreter: no PTX in a fat binary: compile with -gencode arch=compute_90,code=compute_90 --no-compress\n");
  return (void**)m;
}
API void __cudaRegisterFatBinaryEnd(void**) {}
API void __cudaUnregisterFatBinary(void**) {}
API char __cudaInitModule(void**) { return 1; }
API void __cudaRegisterFunction(void** h, const char* host, char*, const char* name, int, uint3*, uint3*, dim3*, dim3*, int*) {
  LOCK_RUNTIME;
  auto* k = new kernel_entry{(fat_binary*)h, name};
  kernels()[host] = k;
  kernel_set().insert(k);
}
API void __cudaRegisterVar(void** h, char* host, char*, const char* name, int, size_t, int, int) {
  LOCK_RUNTIME;
  vars()[host] = {(fat_binary*)h, name};
}
API void __cudaRegisterManagedVar(void**, void**, char*, const char* name, int, size_t, int, int) {
  fprintf(stderr, "interpreter: managed variable %s is not supported\n", name);
}
API cudaError_t __cudaGetKernel(cudaKernel_t* k, const void* f) {
  LOCK_RUNTIME;
  auto* x = kernel_of(f);
  *k = (cudaKernel_t)x;
  return x ? cudaSuccess : cudaErrorInvalidDeviceFunction;
}
API cudaError_t cudaGetKernel(cudaKernel_t* k, const void* f) { return __cudaGetKernel(k, f); }

} // extern "C"
