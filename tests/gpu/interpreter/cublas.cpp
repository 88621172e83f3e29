/// @file cublas.cpp
/// The entry points of cuBLAS that Trireme calls, by plain loops on the memory of devices: neither its speed nor its bits.
#include <cublas_v2.h>
#include <cuda_runtime_api.h>

#include <complex>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <vector>
extern "C" void* __cudaInterpretedHostOf(void const* p, size_t bytes,
                                         char const* what); // in libcudart: null where it is not allocated
struct Handle {
  cudaStream_t stream = nullptr;
  int device = [] {
    int d = 0;
    cudaGetDevice(&d);
    return d;
  }();
};
static void call(void* p) {
  auto* f = (std::function<void()>*)p;
  (*f)();
  delete f;
}
static cublasStatus_t enqueue(cublasHandle_t h, std::function<void()> f) {
  return cudaLaunchHostFunc(((Handle*)h)->stream, call, new std::function<void()>(std::move(f))) == cudaSuccess
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_EXECUTION_FAILED;
}
template <class T>
static void multiply(cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, T alpha, T const* a,
                     int64_t lda, T const* b, int64_t ldb, T beta, T* c, int64_t ldc) {
  auto extent = [](int64_t ld, int64_t rows, int64_t cols) {
    return rows && cols ? (size_t)(ld * (cols - 1) + rows) * sizeof(T) : 0;
  };
  if (k > 0) {
    a = (T const*)__cudaInterpretedHostOf(a, ta ? extent(lda, k, m) : extent(lda, m, k), "gemm a");
    b = (T const*)__cudaInterpretedHostOf(b, tb ? extent(ldb, n, k) : extent(ldb, k, n), "gemm b");
  }
  c = (T*)__cudaInterpretedHostOf(c, extent(ldc, m, n), "gemm c");
  if (!c || (k > 0 && (!a || !b))) return;
  for (int64_t j = 0; j < n; ++j)
    for (int64_t i = 0; i < m; ++i) {
      T s(0);
      for (int64_t l = 0; l < k; ++l) s += (ta ? a[l + i * lda] : a[i + l * lda]) * (tb ? b[j + l * ldb] : b[l + j * ldb]);
      c[i + j * ldc] = beta == T(0) ? alpha * s : alpha * s + beta * c[i + j * ldc];
    }
}
static bool bad(cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, int64_t lda, int64_t ldb,
                int64_t ldc) {
  bool b = m < 0 || n < 0 || k < 0 || lda < std::max<int64_t>(1, ta ? k : m) || ldb < std::max<int64_t>(1, tb ? n : k) ||
           ldc < std::max<int64_t>(1, m) || ta > 1 || tb > 1;
  if (b)
    fprintf(stderr, "interpreter: DIAG: gemm with m %ld n %ld k %ld lda %ld ldb %ld ldc %ld ops %d %d\n", (long)m, (long)n,
            (long)k, (long)lda, (long)ldb, (long)ldc, (int)ta, (int)tb);
  return b;
}
template <class T>
static cublasStatus_t gemm(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
                           T const* alpha, T const* a, int64_t lda, T const* b, int64_t ldb, T const* beta, T* c, int64_t ldc) {
  if (bad(ta, tb, m, n, k, lda, ldb, ldc)) return CUBLAS_STATUS_INVALID_VALUE;
  T const x = *alpha, y = *beta;
  return enqueue(h, [=] { multiply<T>(ta, tb, m, n, k, x, a, lda, b, ldb, y, c, ldc); });
}
template <class T>
static cublasStatus_t batched(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k,
                              T const* alpha, T const* const* a, int64_t lda, T const* const* b, int64_t ldb, T const* beta,
                              T* const* c, int64_t ldc, int64_t count) {
  if (bad(ta, tb, m, n, k, lda, ldb, ldc) || count < 0) return CUBLAS_STATUS_INVALID_VALUE;
  T const x = *alpha, y = *beta;
  return enqueue(h, [=] {
    size_t const bytes = (size_t)count * sizeof(void*);
    auto* as = (T const**)__cudaInterpretedHostOf(a, bytes, "addresses a");
    auto* bs = (T const**)__cudaInterpretedHostOf(b, bytes, "addresses b");
    auto* cs = (T**)__cudaInterpretedHostOf(c, bytes, "addresses c");
    if (as && bs && cs)
      for (int64_t i = 0; i < count; ++i) multiply<T>(ta, tb, m, n, k, x, as[i], lda, bs[i], ldb, y, cs[i], ldc);
  });
}
extern "C" {
#define API __attribute__((visibility("default")))
API cublasStatus_t cublasCreate_v2(cublasHandle_t* h) {
  *h = (cublasHandle_t) new Handle;
  return CUBLAS_STATUS_SUCCESS;
}
API cublasStatus_t cublasDestroy_v2(cublasHandle_t h) {
  auto* x = (Handle*)h;
  int d = 0;
  cudaGetDevice(&d);
  if (d != x->device)
    fprintf(stderr, "interpreter: DIAG: cublasDestroy while device %d is current, of a handle that device %d made\n", d,
            x->device);
  if (x->stream && cudaStreamQuery(x->stream) == cudaErrorInvalidResourceHandle)
    fprintf(stderr, "interpreter: DIAG: cublasDestroy after its stream was destroyed\n");
  delete x;
  return CUBLAS_STATUS_SUCCESS;
}
API cublasStatus_t cublasSetStream_v2(cublasHandle_t h, cudaStream_t s) {
  ((Handle*)h)->stream = s;
  return CUBLAS_STATUS_SUCCESS;
}
API const char* cublasGetStatusName(cublasStatus_t s) {
  return s == CUBLAS_STATUS_SUCCESS         ? "CUBLAS_STATUS_SUCCESS"
         : s == CUBLAS_STATUS_INVALID_VALUE ? "CUBLAS_STATUS_INVALID_VALUE"
                                            : "CUBLAS_STATUS_EXECUTION_FAILED";
}
API const char* cublasGetStatusString(cublasStatus_t s) { return cublasGetStatusName(s); }
#define GEMM(L, C, T)                                                                                                            \
  API cublasStatus_t cublas##L##gemm_v2_64(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n,   \
                                           int64_t k, C const* al, C const* a, int64_t lda, C const* b, int64_t ldb,             \
                                           C const* be, C* c, int64_t ldc) {                                                     \
    return gemm<T>(h, ta, tb, m, n, k, (T const*)al, (T const*)a, lda, (T const*)b, ldb, (T const*)be, (T*)c, ldc);              \
  }                                                                                                                              \
  API cublasStatus_t cublas##L##gemm_v2(cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int m, int n, int k,       \
                                        C const* al, C const* a, int lda, C const* b, int ldb, C const* be, C* c, int ldc) {     \
    return gemm<T>(h, ta, tb, m, n, k, (T const*)al, (T const*)a, lda, (T const*)b, ldb, (T const*)be, (T*)c, ldc);              \
  }                                                                                                                              \
  API cublasStatus_t cublas##L##gemmBatched_64(                                                                                  \
      cublasHandle_t h, cublasOperation_t ta, cublasOperation_t tb, int64_t m, int64_t n, int64_t k, C const* al,                \
      C const* const a[], int64_t lda, C const* const b[], int64_t ldb, C const* be, C* const c[], int64_t ldc, int64_t count) { \
    return batched<T>(h, ta, tb, m, n, k, (T const*)al, (T const* const*)a, lda, (T const* const*)b, ldb, (T const*)be,          \
                      (T* const*)c, ldc, count);                                                                                 \
  }
GEMM(S, float, float)
GEMM(D, double, double) GEMM(C, cuComplex, std::complex<float>) GEMM(Z, cuDoubleComplex, std::complex<double>)
}
