// interpreter: CUDA's runtime API over the emulator: memory, streams that run late on purpose, events, errors, launches.
#include "emu.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdarg>
#include <deque>
#include <functional>
#include <set>

// ---- Settings ----
long env(const char* name, long otherwise) {
  const char* s = getenv(name);
  return s && *s ? strtol(s, nullptr, 0) : otherwise;
}
int g_verbose = (int)env("INTERPRETER_VERBOSE", 0);
static std::set<std::string>& warned() {
  static std::set<std::string> s;
  return s;
}
void warn_once(const char* key, const char* fmt, ...) {
  if (!warned().insert(key).second) return;
  char b[3000];
  va_list l;
  va_start(l, fmt);
  vsnprintf(b, sizeof b, fmt, l);
  va_end(l);
  fprintf(stderr, "interpreter: note: %s\n", b);
}
static int const g_sms = (int)env("INTERPRETER_SMS", 2), g_threads_per_sm = (int)env("INTERPRETER_THREADS_PER_SM", 1024);
static u64 const g_total = (u64)env("INTERPRETER_MEMORY_MB", 8192) << 20;
enum { EAGER, LAZY, RANDOM };
static int mode() {
  static int m = [] {
    const char* s = getenv("INTERPRETER_MODE");
    return !s ? LAZY : !strcmp(s, "eager") ? EAGER : !strcmp(s, "random") ? RANDOM : LAZY;
  }();
  return m;
}
static u64 rng() {
  static u64 s = 0x2545F4914F6CDD1Dull + (u64)env("INTERPRETER_SEED", 0) * 0x9e3779b97f4a7c15ull;
  s ^= s << 13;
  s ^= s >> 7;
  s ^= s << 17;
  return s;
}

static int const g_devices = (int)env("INTERPRETER_DEVICES", 1); // they look alike
static thread_local int t_device = 0;
static std::recursive_mutex& lock() {
  static std::recursive_mutex m;
  return m;
}
#define LOCK std::lock_guard<std::recursive_mutex> guard_(lock())

// ---- Memory ----
std::map<u64, Alloc> g_allocs;
u64 g_memgen = 1, g_arena, g_arena_size;
s64 g_delta;
static u64 g_next, g_used;
static int g_fd = -1;
static void init_arena() {
  if (g_arena) return;
  g_fd = memfd_create("interpreter", 0);
  u64 size = 1ull << env("INTERPRETER_ARENA_BITS", 38); // addresses are not used twice
  if (g_fd < 0 || ftruncate(g_fd, (off_t)size)) {
    perror("interpreter: memfd");
    abort();
  }
  void* a = mmap(nullptr, size, PROT_NONE, MAP_SHARED | MAP_NORESERVE, g_fd, 0); // the host can't touch it: as on a device
  void* b = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, g_fd, 0);
  if (a == MAP_FAILED || b == MAP_FAILED) {
    perror("interpreter: mmap");
    abort();
  }
  g_delta = (s64)((u64)b - (u64)a);
  g_arena_size = size;
  g_next = (u64)a + (1 << 20);
  g_arena = (u64)a;
}
Alloc* find_alloc(u64 p) {
  auto it = g_allocs.upper_bound(p);
  if (it == g_allocs.begin()) return nullptr;
  --it;
  Alloc& a = it->second;
  return a.live && p - a.lo < a.size ? &a : nullptr;
}
static Alloc* find_any(u64 p) {
  auto it = g_allocs.upper_bound(p);
  if (it == g_allocs.begin()) return nullptr;
  --it;
  return p - it->second.lo < it->second.size ? &it->second : nullptr;
}
u64 device_alloc(u64 size, bool live, void* pool, int dev) {
  init_arena();
  if (g_used + size > g_total) return 0;
  u64 p = g_next;
  g_next = (g_next + size + 4096 + 4095) & ~4095ull;
  if (g_next > g_arena + g_arena_size) {
    fprintf(stderr, "interpreter: the arena's addresses are used up\n");
    return 0;
  }
  g_used += size;
  g_allocs[p] = {p, size, 1, live, pool, dev};
  ++g_memgen;
  memset(host_of(p), 0xA5, size); // what a device leaves in memory is nothing to build on
  return p;
}
void device_release(u64 p) {
  auto it = g_allocs.find(p);
  if (it == g_allocs.end()) return;
  Alloc const a = it->second;
  g_allocs.erase(it);
  ++g_memgen;
  if (a.kind == 1) {
    g_used -= a.size;
    u64 off = a.lo - g_arena, len = (a.size + 4095) & ~4095ull;
    fallocate(g_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)off, (off_t)len);
  }
}

// ---- Errors ----
static thread_local cudaError_t t_last = cudaSuccess;
static cudaError_t g_sticky = cudaSuccess;
static cudaError_t ret(cudaError_t e) {
  if (e != cudaSuccess) t_last = e;
  return e;
}
static cudaError_t api(const char* what, cudaError_t e) {
  if (g_sticky != cudaSuccess) e = g_sticky;
  if (e != cudaSuccess && e != cudaErrorNotReady && g_verbose)
    fprintf(stderr, "interpreter: %s gives %s\n", what, cudaGetErrorName(e));
  return ret(e);
}
static void diag(const char* fmt, ...) {
  char b[3000];
  va_list l;
  va_start(l, fmt);
  vsnprintf(b, sizeof b, fmt, l);
  va_end(l);
  fprintf(stderr, "interpreter: DIAG: %s\n", b);
}

// ---- Streams and events ----
struct Stream;
struct Mark {
  bool done = false;
  Stream* s = nullptr;
  double time = 0;
};
struct Op {
  std::function<void()> act;
  std::shared_ptr<Mark> wait;
  const char* what;
};
struct Stream {
  std::deque<Op> q;
  bool blocking = true;
  u64 id;
  bool running = false;
  int dev = -1;
};
struct Event {
  std::shared_ptr<Mark> mark;
  unsigned flags;
  int dev = 0;
};
static std::set<Stream*>& streams() {
  static std::set<Stream*> s;
  return s;
}
static std::set<Event*>& events() {
  static std::set<Event*> s;
  return s;
}
static Stream* null_stream() {
  static Stream* s = [] {
    auto x = new Stream;
    x->id = 0;
    streams().insert(x);
    return x;
  }();
  return s;
}
static u64 g_stream_ids = 0;
static double now() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void advance_to(std::shared_ptr<Mark> m);
static bool step(Stream* s) { // runs one; false where there is none
  if (s->q.empty() || s->running) return false;
  if (s->q.front().wait && !s->q.front().wait->done) advance_to(s->q.front().wait);
  Op op = std::move(s->q.front());
  s->q.pop_front();
  if (op.wait) return true;
  s->running = true;
  if (g_sticky == cudaSuccess || !strcmp(op.what, "record")) {
    try {
      op.act();
    } catch (Fault const& f) {
      if (g_sticky == cudaSuccess) {
        g_sticky = f.code;
        fprintf(stderr, "interpreter: FAULT %s: %s\n", cudaGetErrorName(f.code), f.text.c_str());
      }
    }
  }
  s->running = false;
  return true;
}
static void drain(Stream* s) {
  while (step(s)) {
  }
}
static void advance_to(std::shared_ptr<Mark> m) {
  while (!m->done && m->s && step(m->s)) {
  }
  if (!m->done) {
    diag("an event that nothing completes");
    m->done = true;
  }
}
static void progress_some(int most) { // other orders than the asked-for: some work of any stream
  for (int k = 0; k < most; ++k) {
    std::vector<Stream*> v;
    for (auto* s : streams())
      if (!s->q.empty() && !s->running && (!s->q.front().wait || s->q.front().wait->done)) v.push_back(s);
    if (v.empty()) return;
    step(v[rng() % v.size()]);
  }
}
static void push(Stream* s, const char* what, std::function<void()> f, std::shared_ptr<Mark> wait = nullptr) {
  if (s == null_stream())
    for (auto* o : std::set<Stream*>(streams()))
      if (o->blocking && o != s) drain(o);
  s->q.push_back({std::move(f), std::move(wait), what});
  if (s == null_stream() || mode() == EAGER)
    drain(s);
  else if (mode() == RANDOM)
    progress_some((int)(rng() % 4));
}
static Stream* stream_of(cudaStream_t s) {
  if (s == nullptr || s == cudaStreamLegacy || s == cudaStreamPerThread) return null_stream();
  auto* x = reinterpret_cast<Stream*>(s);
  if (!streams().count(x)) {
    diag("a stream that there is not");
    return nullptr;
  }
  return x;
}

struct Pool {
  u64 id;
  std::set<u64> live;
  u64 threshold = 0;
  int dev = 0;
};
static std::set<Pool*>& pools() {
  static std::set<Pool*> s;
  return s;
}
static Pool* default_pool() {
  static Pool* p = [] {
    auto x = new Pool{};
    pools().insert(x);
    return x;
  }();
  return p;
}

// ---- Modules and kernels ----
struct FatModule {
  std::string text;
  std::unique_ptr<Module> m;
  std::vector<std::pair<const void*, std::string>> vars;
};
struct Kernel {
  FatModule* mod;
  std::string name;
  Func* f = nullptr;
};
static std::unordered_map<const void*, Kernel*>& kernels() {
  static std::unordered_map<const void*, Kernel*> m;
  return m;
}
static std::set<Kernel*>& kernel_set() {
  static std::set<Kernel*> s;
  return s;
}
static Kernel* kernel_of(const void* p) {
  auto it = kernels().find(p);
  if (it != kernels().end()) return it->second;
  auto* k = (Kernel*)const_cast<void*>(p);
  return kernel_set().count(k) ? k : nullptr;
}
static Module* module_of(FatModule* f) {
  if (!f->m) f->m = parse_module(f->text);
  return f->m.get();
}
static Func* func_of(Kernel* k) {
  if (!k->f) {
    auto& fs = module_of(k->mod)->funcs;
    auto it = fs.find(k->name);
    if (it == fs.end()) return nullptr;
    k->f = it->second.get();
  }
  return k->f;
}

static cudaError_t launch(const void* func, dim3 g, dim3 b, void** args, size_t dyn, cudaStream_t st) {
  LOCK;
  if (g_sticky != cudaSuccess) return api("launch", g_sticky);
  Kernel* k = kernel_of(func);
  if (!k) {
    diag("launch of an unknown function");
    return api("launch", cudaErrorInvalidDeviceFunction);
  }
  Func* f = func_of(k);
  if (!f) {
    diag("no PTX for the kernel %s", k->name.c_str());
    return api("launch", cudaErrorInvalidDeviceFunction);
  }
  Stream* s = stream_of(st);
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
    fprintf(stderr, "interpreter: launch %s grid %u block %u stream %llu\n", k->name.c_str(), g.x, b.x, (unsigned long long)s->id);
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

extern "C" {
#define API __attribute__((visibility("default")))

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
struct Var {
  FatModule* m;
  std::string name;
};
static std::unordered_map<const void*, Var>& vars() {
  static std::unordered_map<const void*, Var> v;
  return v;
}
API void __cudaRegisterVar(void** h, char* host, char*, const char* name, int, size_t, int, int) {
  LOCK;
  vars()[host] = {(FatModule*)h, name};
}
API void __cudaRegisterManagedVar(void**, void**, char*, const char* name, int, size_t, int, int) {
  fprintf(stderr, "interpreter: managed variable %s is not supported\n", name);
}
struct Config {
  dim3 g, b;
  size_t s;
  cudaStream_t st;
};
static thread_local std::vector<Config> t_configs;
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
API cudaError_t __cudaGetKernel(cudaKernel_t* k, const void* f) {
  LOCK;
  auto* x = kernel_of(f);
  *k = (cudaKernel_t)x;
  return x ? cudaSuccess : cudaErrorInvalidDeviceFunction;
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
API cudaError_t cudaGetKernel(cudaKernel_t* k, const void* f) { return __cudaGetKernel(k, f); }

// ---- Devices ----
static bool g_none() {
  static bool n = env("INTERPRETER_NONE", 0) != 0;
  return n;
}
API cudaError_t cudaGetDeviceCount(int* n) {
  LOCK;
  if (g_none()) {
    *n = 0;
    return ret(cudaErrorNoDevice);
  }
  *n = g_devices;
  return api("cudaGetDeviceCount", cudaSuccess);
}
API cudaError_t cudaGetDevice(int* d) {
  *d = t_device;
  return g_none() ? ret(cudaErrorNoDevice) : cudaSuccess;
}
API cudaError_t cudaSetDevice(int d) {
  if (d < 0 || d >= g_devices) return ret(cudaErrorInvalidDevice);
  t_device = d;
  return ret(cudaSuccess);
}
API cudaError_t cudaDeviceGetAttribute(int* v, cudaDeviceAttr a, int d) {
  if (d < 0 || d >= g_devices) return ret(cudaErrorInvalidDevice);
  LOCK;
  switch (a) {
    case cudaDevAttrMultiProcessorCount: *v = g_sms; break;
    case cudaDevAttrMaxThreadsPerMultiProcessor: *v = g_threads_per_sm; break;
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
  if (d < 0 || d >= g_devices) return ret(cudaErrorInvalidDevice);
  memset(p, 0, sizeof *p);
  snprintf(p->name, sizeof p->name, "PTX interpreter");
  p->major = 9;
  p->minor = 0;
  p->multiProcessorCount = g_sms;
  p->maxThreadsPerMultiProcessor = g_threads_per_sm;
  p->warpSize = 32;
  p->totalGlobalMem = g_total;
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
  LOCK;
  for (auto* s : std::set<Stream*>(streams())) drain(s);
  return api("cudaDeviceSynchronize", cudaSuccess);
}
API cudaError_t cudaDeviceReset() { return cudaSuccess; }
API cudaError_t cudaDeviceGetStreamPriorityRange(int* a, int* b) {
  *a = 0;
  *b = 0;
  return cudaSuccess;
}
API cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* a, const void* f) {
  LOCK;
  Kernel* k = kernel_of(f);
  if (!k || !func_of(k)) return api("cudaFuncGetAttributes", cudaErrorInvalidDeviceFunction);
  Func* x = func_of(k);
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
  LOCK;
  return api("cudaFuncSetAttribute", kernel_of(f) ? cudaSuccess : cudaErrorInvalidDeviceFunction);
}
API cudaError_t cudaFuncSetCacheConfig(const void*, cudaFuncCache) { return cudaSuccess; }
API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(int* n, const void* f, int threads, size_t dyn, unsigned) {
  LOCK;
  Kernel* k = kernel_of(f);
  if (!k || !func_of(k)) return api("occupancy", cudaErrorInvalidDeviceFunction);
  Func* x = func_of(k);
  if (!x->decoded) decode(*x);
  size_t sh = x->shared_bytes + dyn;
  int a = g_threads_per_sm / std::max(threads, 1);
  if (sh) a = std::min<int>(a, (int)(227 * 1024 / sh));
  *n = std::min(a, 32);
  return api("occupancy", cudaSuccess);
}
API cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* n, const void* f, int threads, size_t dyn) {
  return cudaOccupancyMaxActiveBlocksPerMultiprocessorWithFlags(n, f, threads, dyn, 0);
}

// ---- Errors ----
API cudaError_t cudaGetLastError() {
  cudaError_t e = t_last;
  t_last = cudaSuccess;
  LOCK;
  if (g_sticky != cudaSuccess) return g_sticky;
  return e;
}
API cudaError_t cudaPeekAtLastError() {
  LOCK;
  if (g_sticky != cudaSuccess) return g_sticky;
  return t_last;
}
#define ERRORS(X)                                                                                                                \
  X(cudaSuccess, "no error")                                                                                                     \
  X(cudaErrorInvalidValue, "invalid argument") X(cudaErrorMemoryAllocation, "out of memory")                                     \
      X(cudaErrorInvalidConfiguration, "invalid configuration argument") X(cudaErrorInvalidDevice, "invalid device ordinal")     \
          X(cudaErrorNoDevice, "no CUDA-capable device is detected")                                                             \
              X(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version")                     \
                  X(cudaErrorInvalidDeviceFunction, "invalid device function")                                                   \
                      X(cudaErrorInvalidResourceHandle, "invalid resource handle") X(cudaErrorNotReady, "device not ready")      \
                          X(cudaErrorIllegalAddress, "an illegal memory access was encountered")                                 \
                              X(cudaErrorLaunchOutOfResources, "too many resources requested for launch")                        \
                                  X(cudaErrorLaunchTimeout, "the launch timed out and was terminated")                           \
                                      X(cudaErrorAssert, "device-side assert triggered")                                         \
                                          X(cudaErrorHardwareStackError, "hardware stack error")                                 \
                                              X(cudaErrorIllegalInstruction, "an illegal instruction was encountered")           \
                                                  X(cudaErrorMisalignedAddress, "misaligned address")                            \
                                                      X(cudaErrorInvalidAddressSpace,                                            \
                                                        "operation not supported on global/shared address space")                \
                                                          X(cudaErrorInvalidPc, "invalid program counter")                       \
                                                              X(cudaErrorLaunchFailure, "unspecified launch failure")            \
                                                                  X(cudaErrorNotSupported, "operation not supported")            \
                                                                      X(cudaErrorNotPermitted, "operation not permitted")        \
                                                                          X(cudaErrorMissingConfiguration,                       \
                                                                            "__global__ function call is not configured")        \
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

// ---- Memory ----
static cudaError_t allocate(void** p, size_t n) {
  LOCK;
  if (g_sticky != cudaSuccess) return api("malloc", g_sticky);
  if (!n) {
    *p = nullptr;
    return cudaSuccess;
  }
  u64 a = device_alloc(n, true, nullptr, t_device);
  *p = (void*)a;
  return api("cudaMalloc", a ? cudaSuccess : cudaErrorMemoryAllocation);
}
API cudaError_t cudaMalloc(void** p, size_t n) { return allocate(p, n); }
API cudaError_t cudaFree(void* p) {
  LOCK;
  if (!p) return api("cudaFree", cudaSuccess);
  cudaDeviceSynchronize();
  Alloc* a = find_any((u64)p);
  if (!a || a->lo != (u64)p || a->kind != 1) {
    diag("cudaFree of what is not allocated");
    return api("cudaFree", cudaErrorInvalidValue);
  }
  device_release((u64)p);
  return api("cudaFree", cudaSuccess);
}
static cudaError_t pinned(void** p, size_t n) {
  LOCK;
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
API cudaError_t cudaHostAlloc(void** p, size_t n, unsigned) { return pinned(p, n); }
API cudaError_t cudaMallocHost(void** p, size_t n) { return pinned(p, n); }
API cudaError_t cudaFreeHost(void* p) {
  LOCK;
  if (!p) return cudaSuccess;
  Alloc* a = find_any((u64)p);
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
  LOCK;
  *t = g_total;
  *f = g_total - g_used;
  return api("cudaMemGetInfo", cudaSuccess);
}
API cudaError_t cudaPointerGetAttributes(cudaPointerAttributes* a, const void* p) {
  LOCK;
  memset(a, 0, sizeof *a);
  Alloc* x = find_any((u64)p);
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
static bool whole(u64 p, size_t n, const char* what) {
  Alloc* a = find_alloc(p);
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
  LOCK;
  if (g_sticky != cudaSuccess) return api("cudaMemcpyAsync", g_sticky);
  Stream* s = stream_of(st);
  if (!s) return api("cudaMemcpyAsync", cudaErrorInvalidResourceHandle);
  if (!n) return api("cudaMemcpyAsync", cudaSuccess);
  Alloc *a = find_any((u64)to), *b = find_any((u64)from);
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
API cudaError_t cudaMemcpyAsync(void* to, const void* from, size_t n, cudaMemcpyKind k, cudaStream_t st) {
  return copy_async(to, from, n, k, st);
}
API cudaError_t cudaMemcpy(void* to, const void* from, size_t n, cudaMemcpyKind k) {
  LOCK;
  cudaError_t e = copy_async(to, from, n, k, nullptr);
  drain(null_stream());
  return e ? e : api("cudaMemcpy", cudaSuccess);
}
API cudaError_t cudaMemsetAsync(void* p, int v, size_t n, cudaStream_t st) {
  LOCK;
  Stream* s = stream_of(st);
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
  LOCK;
  drain(null_stream());
  return e;
}
static u64 symbol(const void* s) {
  auto it = vars().find(s);
  if (it == vars().end()) return 0;
  auto& m = *module_of(it->second.m);
  auto y = m.symbols.find(it->second.name);
  return y == m.symbols.end() ? 0 : y->second.addr;
}
API cudaError_t cudaGetSymbolAddress(void** p, const void* s) {
  LOCK;
  u64 a = symbol(s);
  *p = (void*)a;
  return api("cudaGetSymbolAddress", a ? cudaSuccess : cudaErrorInvalidValue);
}
API cudaError_t cudaMemcpyToSymbol(const void* s, const void* from, size_t n, size_t off, cudaMemcpyKind k) {
  LOCK;
  u64 a = symbol(s);
  if (!a) return api("cudaMemcpyToSymbol", cudaErrorInvalidValue);
  return cudaMemcpy((void*)(a + off), from, n, k);
}
API cudaError_t cudaMemcpyFromSymbol(void* to, const void* s, size_t n, size_t off, cudaMemcpyKind k) {
  LOCK;
  u64 a = symbol(s);
  if (!a) return api("cudaMemcpyFromSymbol", cudaErrorInvalidValue);
  return cudaMemcpy(to, (void*)(a + off), n, k);
}

// Stream-ordered memory: there from its place in the stream on, and up to that of its end.
static cudaError_t pool_alloc(void** p, size_t n, Pool* pool, cudaStream_t st) {
  LOCK;
  if (g_sticky != cudaSuccess) return api("cudaMallocAsync", g_sticky);
  Stream* s = stream_of(st);
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
API cudaError_t cudaMallocFromPoolAsync(void** p, size_t n, cudaMemPool_t pool, cudaStream_t st) {
  return pool_alloc(p, n, (Pool*)pool, st);
}
API cudaError_t cudaMallocAsync(void** p, size_t n, cudaStream_t st) { return pool_alloc(p, n, default_pool(), st); }
API cudaError_t cudaFreeAsync(void* p, cudaStream_t st) {
  LOCK;
  if (g_sticky != cudaSuccess) return api("cudaFreeAsync", g_sticky);
  Stream* s = stream_of(st);
  if (!s) return api("cudaFreeAsync", cudaErrorInvalidResourceHandle);
  Alloc* a = find_any((u64)p);
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
    if (it->second.pool) ((Pool*)it->second.pool)->live.erase((u64)p);
    device_release((u64)p);
  });
  return api("cudaFreeAsync", cudaSuccess);
}
API cudaError_t cudaMemPoolCreate(cudaMemPool_t* p, const cudaMemPoolProps* props) {
  LOCK;
  auto* x = new Pool{};
  x->dev = props->location.id;
  pools().insert(x);
  *p = (cudaMemPool_t)x;
  return api("cudaMemPoolCreate", cudaSuccess);
}
API cudaError_t cudaMemPoolDestroy(cudaMemPool_t p) {
  LOCK;
  auto* x = (Pool*)p;
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

// ---- Streams and events ----
API cudaError_t cudaStreamCreateWithFlags(cudaStream_t* s, unsigned fl) {
  LOCK;
  auto* x = new Stream;
  x->dev = t_device;
  x->blocking = !(fl & cudaStreamNonBlocking);
  x->id = ++g_stream_ids;
  streams().insert(x);
  *s = (cudaStream_t)x;
  return api("cudaStreamCreate", cudaSuccess);
}
API cudaError_t cudaStreamCreate(cudaStream_t* s) { return cudaStreamCreateWithFlags(s, 0); }
API cudaError_t cudaStreamCreateWithPriority(cudaStream_t* s, unsigned fl, int) { return cudaStreamCreateWithFlags(s, fl); }
API cudaError_t cudaStreamDestroy(cudaStream_t st) {
  LOCK;
  Stream* s = stream_of(st);
  if (!s || s == null_stream()) return api("cudaStreamDestroy", cudaErrorInvalidResourceHandle);
  drain(s);
  streams().erase(s);
  return api("cudaStreamDestroy", cudaSuccess);
}
API cudaError_t cudaStreamSynchronize(cudaStream_t st) {
  LOCK;
  Stream* s = stream_of(st);
  if (!s) return api("cudaStreamSynchronize", cudaErrorInvalidResourceHandle);
  if (mode() == RANDOM) progress_some((int)(rng() % 6));
  drain(s);
  return api("cudaStreamSynchronize", cudaSuccess);
}
API cudaError_t cudaStreamQuery(cudaStream_t st) {
  LOCK;
  Stream* s = stream_of(st);
  if (!s) return api("cudaStreamQuery", cudaErrorInvalidResourceHandle);
  if (s->q.empty()) return api("cudaStreamQuery", cudaSuccess);
  progress_some(1);
  return api("cudaStreamQuery", cudaErrorNotReady);
}
API cudaError_t cudaStreamWaitEvent(cudaStream_t st, cudaEvent_t ev, unsigned) {
  LOCK;
  Stream* s = stream_of(st);
  auto* e = (Event*)ev;
  if (!s || !events().count(e)) {
    diag("cudaStreamWaitEvent on a handle that there is not");
    return api("cudaStreamWaitEvent", cudaErrorInvalidResourceHandle);
  }
  if (e->mark && !e->mark->done) push(s, "wait", [] {}, e->mark);
  return api("cudaStreamWaitEvent", cudaSuccess);
}
API cudaError_t cudaStreamIsCapturing(cudaStream_t, cudaStreamCaptureStatus* c) {
  *c = cudaStreamCaptureStatusNone;
  return cudaSuccess;
}
API cudaError_t cudaStreamGetFlags(cudaStream_t st, unsigned* f) {
  LOCK;
  Stream* s = stream_of(st);
  *f = s && !s->blocking ? cudaStreamNonBlocking : 0;
  return cudaSuccess;
}
API cudaError_t cudaStreamGetDevice(cudaStream_t, int* d) {
  *d = 0;
  return cudaSuccess;
}
API cudaError_t cudaEventCreateWithFlags(cudaEvent_t* ev, unsigned fl) {
  LOCK;
  auto* e = new Event{nullptr, fl, t_device};
  events().insert(e);
  *ev = (cudaEvent_t)e;
  return api("cudaEventCreate", cudaSuccess);
}
API cudaError_t cudaEventCreate(cudaEvent_t* ev) { return cudaEventCreateWithFlags(ev, 0); }
API cudaError_t cudaEventDestroy(cudaEvent_t ev) {
  LOCK;
  auto* e = (Event*)ev;
  if (!events().erase(e)) return api("cudaEventDestroy", cudaErrorInvalidResourceHandle);
  delete e;
  return api("cudaEventDestroy", cudaSuccess);
}
API cudaError_t cudaEventRecord(cudaEvent_t ev, cudaStream_t st) {
  LOCK;
  Stream* s = stream_of(st);
  auto* e = (Event*)ev;
  if (!s || !events().count(e)) {
    diag("cudaEventRecord on a handle that there is not");
    return api("cudaEventRecord", cudaErrorInvalidResourceHandle);
  }
  if (s->dev >= 0 && s->dev != e->dev) {
    diag("an event of device %d is recorded on a stream of device %d", e->dev, s->dev);
    return api("cudaEventRecord", cudaErrorInvalidResourceHandle);
  }
  auto m = std::make_shared<Mark>();
  m->s = s;
  e->mark = m;
  push(s, "record", [m] {
    m->done = true;
    m->time = now();
  });
  return api("cudaEventRecord", cudaSuccess);
}
API cudaError_t cudaEventQuery(cudaEvent_t ev) {
  LOCK;
  auto* e = (Event*)ev;
  if (!events().count(e)) return api("cudaEventQuery", cudaErrorInvalidResourceHandle);
  if (!e->mark || e->mark->done) return api("cudaEventQuery", cudaSuccess);
  if (e->mark->s) progress_some(1);
  return api("cudaEventQuery", cudaErrorNotReady);
}
API cudaError_t cudaEventSynchronize(cudaEvent_t ev) {
  LOCK;
  auto* e = (Event*)ev;
  if (!events().count(e)) return api("cudaEventSynchronize", cudaErrorInvalidResourceHandle);
  if (mode() == RANDOM) progress_some((int)(rng() % 6));
  if (e->mark && !e->mark->done) advance_to(e->mark);
  return api("cudaEventSynchronize", cudaSuccess);
}
API cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t a, cudaEvent_t b) {
  LOCK;
  auto *x = (Event*)a, *y = (Event*)b;
  *ms = x->mark && y->mark ? (float)((y->mark->time - x->mark->time) * 1e3) : 0;
  return api("cudaEventElapsedTime", cudaSuccess);
}
API void* __cudaInterpretedHostOf(void const* p, size_t n, char const* what) {
  LOCK;
  Alloc* a = find_alloc((u64)p);
  if (!a || (u64)p + n > a->lo + a->size) {
    diag("%s: %zu bytes at %p are not (all) allocated", what, n, p);
    if (g_sticky == cudaSuccess) g_sticky = cudaErrorIllegalAddress;
    return nullptr;
  }
  return host_of((u64)p);
}
API cudaError_t cudaLaunchHostFunc(cudaStream_t st, cudaHostFn_t f, void* d) {
  LOCK;
  Stream* s = stream_of(st);
  push(s, "host", [=] { f(d); });
  return api("cudaLaunchHostFunc", cudaSuccess);
}
}

static struct Report {
  ~Report() {
    if (!env("INTERPRETER_QUIET", 0) && g_warp_instructions)
      fprintf(stderr, "interpreter: %.1f M thread instructions, %.1f M warp instructions\n", (double)g_thread_instructions * 1e-6,
              (double)g_warp_instructions * 1e-6);
  }
} g_report;
