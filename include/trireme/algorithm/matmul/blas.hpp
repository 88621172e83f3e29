/// @file algorithm/matmul/blas.hpp
/// Large products by the system's BLAS: pieces of the output on the workers, each by one thread of the library. Included
/// where TRIREME_BLAS is defined, as the CMake target trireme::blas does for a whole program.
#pragma once
#include <trireme/algorithm/matmul/kernel.hpp>
#include <trireme/algorithm/matmul/pieces.hpp>
#include <trireme/core/matrix_view.hpp>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <limits>
#include <mutex>
#include <optional>
#include <type_traits>

namespace trireme { inline namespace v1 { namespace detail { namespace gemm {

// Declared under names of our own: other headers declare these functions as well, each a little differently. What sets a
// number of threads is weak, since each library has its own.
#define TRIREME_NAMED_2(prefix, name) __asm__(#prefix name)
#define TRIREME_NAMED_1(prefix, name) TRIREME_NAMED_2(prefix, name)
#define TRIREME_NAMED(name) TRIREME_NAMED_1(__USER_LABEL_PREFIX__, name)
#define TRIREME_GEMM(type, name)                                                                                                 \
  void blas_gemm(char const* transposed_a, char const* transposed_b, int const* m, int const* n, int const* k,                   \
                 type const* alpha, type const* a, int const* stride_a, type const* b, int const* stride_b, type const* beta,    \
                 type* c, int const* stride_c, std::size_t, std::size_t) TRIREME_NAMED(name)
TRIREME_GEMM(float, "sgemm_");
TRIREME_GEMM(double, "dgemm_");
TRIREME_GEMM(std::complex<float>, "cgemm_");
TRIREME_GEMM(std::complex<double>, "zgemm_");
[[gnu::weak]] int openblas_threads() TRIREME_NAMED("openblas_get_num_threads");
[[gnu::weak]] void set_openblas_threads(int) TRIREME_NAMED("openblas_set_num_threads");
[[gnu::weak]] int openmp_threads() TRIREME_NAMED("omp_get_max_threads");
[[gnu::weak]] void set_openmp_threads(int) TRIREME_NAMED("omp_set_num_threads");
[[gnu::weak]] int exchange_mkl_threads(int) TRIREME_NAMED("MKL_Set_Num_Threads_Local");
#undef TRIREME_GEMM
#undef TRIREME_NAMED
#undef TRIREME_NAMED_1
#undef TRIREME_NAMED_2

/// While there is one, OpenBLAS, which has one number for the program, works on the thread that calls it.
class one_openblas_thread {
public:
  one_openblas_thread() {
    if (set_openblas_threads == nullptr) return;
    std::lock_guard const lock(count().mutex);
    if (count().users++ != 0) return;
    count().before = openblas_threads();
    set_openblas_threads(1);
  }
  ~one_openblas_thread() {
    if (set_openblas_threads == nullptr) return;
    std::lock_guard const lock(count().mutex);
    if (--count().users == 0) set_openblas_threads(count().before);
  }
  one_openblas_thread(one_openblas_thread const&) = delete;
  one_openblas_thread& operator=(one_openblas_thread const&) = delete;

private:
  struct counter {
    std::mutex mutex;
    int users = 0, before = 1;
  };
  static counter& count() {
    static counter one;
    return one;
  }
};

/// While there is one, those that have a number for each thread that calls them work on that thread.
class one_thread_here {
public:
  one_thread_here() {
    if (exchange_mkl_threads != nullptr) mkl_ = exchange_mkl_threads(1);
    if (set_openmp_threads == nullptr) return;
    openmp_ = openmp_threads();
    set_openmp_threads(1);
  }
  ~one_thread_here() {
    if (exchange_mkl_threads != nullptr) exchange_mkl_threads(mkl_);
    if (set_openmp_threads != nullptr) set_openmp_threads(openmp_);
  }
  one_thread_here(one_thread_here const&) = delete;
  one_thread_here& operator=(one_thread_here const&) = delete;

private:
  int mkl_ = 0, openmp_ = 1;
};

/// A matrix as BLAS knows one: columns that lie `stride` apart, or the transpose of such.
struct blas_layout {
  char transposed;
  int stride;
};
template <class T>
std::optional<blas_layout> layout_for_blas(matrix_view<T> v) {
  constexpr index_t most = std::numeric_limits<int>::max();
  if (std::max(v.rows, v.cols) > most) return {};
  if (v.row_stride == 1 && v.col_stride >= v.rows && v.col_stride <= most) return {{'N', static_cast<int>(v.col_stride)}};
  if (v.col_stride == 1 && v.row_stride >= v.cols && v.row_stride <= most) return {{'T', static_cast<int>(v.row_stride)}};
  return {};
}

template <class T>
struct blas_pieces {
  matrix_view<T const> a, b;
  blas_layout layout_a, layout_b;
  int stride_c;
  output_grid<T> out;
  bool add;

  void operator()(std::size_t first, std::size_t last) const {
    one_thread_here const alone;
    for (auto n = static_cast<index_t>(first); n < static_cast<index_t>(last); ++n) {
      auto const c = out.piece(n);
      int const rows = static_cast<int>(c.rows), cols = static_cast<int>(c.cols), depth = static_cast<int>(a.cols);
      T const one(1), before(add ? 1 : 0);
      blas_gemm(&layout_a.transposed, &layout_b.transposed, &rows, &cols, &depth, &one, &a(out.row(n), 0), &layout_a.stride,
                &b(0, out.col(n)), &layout_b.stride, &before, c.data, &stride_c, 1, 1);
    }
  }
};

/// About equal parts of n, of at most `most`, in whole cache lines.
inline index_t even_parts(index_t n, index_t most) { return (pieces(n, pieces(n, most)) + 15) / 16 * 16; }

/// c = a·b, or with `add` c += a·b, cut in places that the shape fixes. Returns whether BLAS can: whether it knows the type and the strides.
template <class T, class Run>
bool blas_multiply(Run const& run, matrix_view<T const> a, matrix_view<T const> b, matrix_view<T> c, bool add) {
  if constexpr (std::is_same_v<real_t<T>, float> || std::is_same_v<real_t<T>, double>) {
    constexpr index_t most = 512;
    auto const x = layout_for_blas(a), y = layout_for_blas(b), z = layout_for_blas(c);
    if (!x || !y || !z || z->transposed == 'T') return false;
    blas_pieces<T> const work{a, b, *x, *y, z->stride, {c, even_parts(c.rows, most), even_parts(c.cols, most)}, add};
    one_openblas_thread const alone;
    run(work.out.size(), work);
    return true;
  } else {
    return false;
  }
}

}}}} // namespace trireme::v1::detail::gemm
