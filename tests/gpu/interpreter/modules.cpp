/// @file modules.cpp
/// What a program registers before main: its PTX, kernels and variables.
#include "runtime.hpp"

#include <cstdio>
#include <cstring>
#include <unordered_map>

namespace interpreter {

static std::unordered_map<const void*, Kernel*>& kernels() {
  static std::unordered_map<const void*, Kernel*> m;
  return m;
}
static std::set<Kernel*>& kernel_set() {
  static std::set<Kernel*> s;
  return s;
}
Kernel* kernel_of(const void* p) {
  auto it = kernels().find(p);
  if (it != kernels().end()) return it->second;
  auto* k = (Kernel*)const_cast<void*>(p);
  return kernel_set().count(k) ? k : nullptr;
}
static Module* module_of(FatModule* f) {
  if (!f->m) f->m = parse_module(f->text);
  return f->m.get();
}
Func* func_of(Kernel* k) {
  if (!k->f) {
    auto& fs = module_of(k->mod)->funcs;
    auto it = fs.find(k->name);
    if (it == fs.end()) return nullptr;
    k->f = it->second.get();
  }
  return k->f;
}

struct Var {
  FatModule* m;
  std::string name;
};
static std::unordered_map<const void*, Var>& vars() {
  static std::unordered_map<const void*, Var> v;
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
  LOCK;
  struct Wrap {
    int magic, version;
    const char* data;
    void* file;
  };
  auto* w = (Wrap*)p;
  auto* m = new FatModule;
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
  LOCK;
  auto* k = new Kernel{(FatModule*)h, name};
  kernels()[host] = k;
  kernel_set().insert(k);
}
API void __cudaRegisterVar(void** h, char* host, char*, const char* name, int, size_t, int, int) {
  LOCK;
  vars()[host] = {(FatModule*)h, name};
}
API void __cudaRegisterManagedVar(void**, void**, char*, const char* name, int, size_t, int, int) {
  fprintf(stderr, "interpreter: managed variable %s is not supported\n", name);
}
API cudaError_t __cudaGetKernel(cudaKernel_t* k, const void* f) {
  LOCK;
  auto* x = kernel_of(f);
  *k = (cudaKernel_t)x;
  return x ? cudaSuccess : cudaErrorInvalidDeviceFunction;
}
API cudaError_t cudaGetKernel(cudaKernel_t* k, const void* f) { return __cudaGetKernel(k, f); }

} // extern "C"
