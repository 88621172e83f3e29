/// @file cuda/matmul.hpp
/// Matrix products on a device, by cuBLAS: overloads of those of algorithm/matmul.hpp and batch_matmul.hpp. Other types
/// than float, double and std::complex of them, and views without a unit stride, stay with the general definitions.
#pragma once
#include <trireme/algorithm/matmul.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/core/matrix_view.hpp>
#include <trireme/cuda/executor.hpp>

#include <cuComplex.h>
#include <cublas_v2.h>

#include <algorithm>
#include <complex>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

inline void cublas_check(cublasStatus_t status, char const* call) {
  if (status != CUBLAS_STATUS_SUCCESS)
    throw cuda_error(static_cast<int>(status), cublasGetStatusName(status), call, cublasGetStatusString(status));
}

/// Calls use(handle) with the context's handle, which works on the compute stream; one thread at a time, as cuBLAS asks.
template <class Use>
void with_cublas(cuda_device const& ex, Use const& use) {
  auto& library = ex.context()->library;
  std::lock_guard const lock(library.mutex);
  if (!library.handle) {
    cublasHandle_t made = nullptr;
    cublas_check(cublasCreate(&made), "cublasCreate");
    library.handle =
        std::shared_ptr<void>(made, [](void* h) { static_cast<void>(cublasDestroy(static_cast<cublasHandle_t>(h))); });
    cublas_check(cublasSetStream(made, ex.context()->compute()), "cublasSetStream");
  }
  use(static_cast<cublasHandle_t>(library.handle.get()));
}

/// What cuBLAS calls its functions for a scalar.
template <class T>
struct blas;
template <>
struct blas<float> {
  using scalar = float;
  static constexpr auto gemm = cublasSgemm_64;
  static constexpr auto gemm_batched = cublasSgemmBatched_64;
};
template <>
struct blas<double> {
  using scalar = double;
  static constexpr auto gemm = cublasDgemm_64;
  static constexpr auto gemm_batched = cublasDgemmBatched_64;
};
template <>
struct blas<std::complex<float>> {
  using scalar = cuComplex;
  static constexpr auto gemm = cublasCgemm_64;
  static constexpr auto gemm_batched = cublasCgemmBatched_64;
};
template <>
struct blas<std::complex<double>> {
  using scalar = cuDoubleComplex;
  static constexpr auto gemm = cublasZgemm_64;
  static constexpr auto gemm_batched = cublasZgemmBatched_64;
};
/// A view as cuBLAS takes it: column-major, transposed or not.
struct blas_operand {
  cublasOperation_t op;
  std::int64_t leading;
};
/// Whether one of the strides is 1 and the other one is large enough; then `is` says how it is read.
template <class T>
bool as_blas(matrix_view<T> const& m, blas_operand& is) {
  if (m.row_stride == 1 && m.col_stride >= std::max<std::ptrdiff_t>(1, m.rows)) {
    is = {CUBLAS_OP_N, m.col_stride};
    return true;
  }
  if (m.col_stride == 1 && m.row_stride >= std::max<std::ptrdiff_t>(1, m.cols)) {
    is = {CUBLAS_OP_T, m.row_stride};
    return true;
  }
  return false;
}

/// c = a·b or products of as many; c's column-major form decides which of the two is computed, c or its transpose.
template <class T>
struct blas_product {
  blas_operand a, b;
  std::int64_t rows, cols, inner, leading;
  bool transposed;
  bool operator==(blas_product const& o) const {
    return a.op == o.a.op && a.leading == o.a.leading && b.op == o.b.op && b.leading == o.b.leading && rows == o.rows &&
           cols == o.cols && inner == o.inner && leading == o.leading && transposed == o.transposed;
  }
};
template <class T>
bool as_blas_product(matrix_view<T const> const& a, matrix_view<T const> const& b, matrix_view<T> const& c, blas_product<T>& p) {
  blas_operand is{};
  if (!as_blas(c, is)) return false;
  p.transposed = is.op == CUBLAS_OP_T;
  p.leading = is.leading;
  auto const x = p.transposed ? b.transposed() : a, y = p.transposed ? a.transposed() : b;
  p.rows = x.rows;
  p.cols = y.cols;
  p.inner = x.cols;
  return as_blas(x, p.a) && as_blas(y, p.b);
}

/// Numbers as cuBLAS takes them, which has complex types of its own.
template <class T>
auto blas_number(T* x) {
  using scalar = typename blas<std::remove_const_t<T>>::scalar;
  return reinterpret_cast<std::conditional_t<std::is_const_v<T>, scalar const, scalar>*>(x);
}

/// One product, or as many as there are addresses.
template <class T>
void blas_gemm(cublasHandle_t handle, blas_product<T> const& p, T const* a, T const* b, T* c) {
  T const one(1), zero(0);
  cublas_check(blas<T>::gemm(handle, p.a.op, p.b.op, p.rows, p.cols, p.inner, blas_number(&one), blas_number(a), p.a.leading,
                             blas_number(b), p.b.leading, blas_number(&zero), blas_number(c), p.leading),
               "cublas gemm");
}
template <class T>
void blas_gemm(cublasHandle_t handle, blas_product<T> const& p, T* const* as, T* const* bs, T* const* cs, std::size_t count) {
  T const one(1), zero(0);
  auto const addresses = [](T* const* all) { return reinterpret_cast<typename blas<T>::scalar* const*>(all); };
  cublas_check(blas<T>::gemm_batched(handle, p.a.op, p.b.op, p.rows, p.cols, p.inner, blas_number(&one), addresses(as),
                                     p.a.leading, addresses(bs), p.b.leading, blas_number(&zero), addresses(cs), p.leading,
                                     static_cast<std::int64_t>(count)),
               "cublas gemmBatched");
}

} // namespace detail

/// Returns when the product is complete.
template <detail::blas_scalar T>
auto on_matmul(cuda_device const& ex, detail::matrix_view<T const> a, detail::matrix_view<T const> b, detail::matrix_view<T> c) {
  using namespace detail;
  if (c.empty()) return;
  blas_product<T> p{};
  if (a.empty() || !as_blas_product(a, b, c, p)) return detail::gemm::plain_multiply(ex, a, b, c);
  on_device const here(ex.ordinal());
  with_cublas(ex, [&](cublasHandle_t handle) {
    blas_gemm(handle, p, p.transposed ? b.data : a.data, p.transposed ? a.data : b.data, c.data);
  });
  cuda_check(cudaStreamSynchronize(ex.context()->compute()), "cublas gemm");
}

namespace detail {

/// Products of one shape, strides and all, as their three addresses each.
template <class T>
struct blas_batch {
  blas_product<T> product;
  std::vector<T*> as, bs, cs;
};

} // namespace detail

/// Returns when all products are complete. Those of one shape and layout are one call of cuBLAS.
template <class As, class Bs, class Cs>
  requires detail::blas_scalar<typename std::remove_cvref_t<decltype(std::declval<Cs const&>()[0])>::value_type>
auto on_batch_matmul(cuda_device const& ex, As const& as, Bs const& bs, Cs const& cs) {
  using namespace detail;
  using T = typename std::remove_cvref_t<decltype(cs[0])>::value_type;
  std::vector<blas_batch<T>> batches;
  for (std::size_t i = 0; i < cs.size(); ++i) {
    matrix_view<T const> const a = as[i], b = bs[i];
    matrix_view<T> const c = cs[i];
    if (c.empty()) continue;
    blas_product<T> p{};
    if (a.empty() || !as_blas_product(a, b, c, p)) {
      detail::gemm::plain_multiply(ex, a, b, c);
      continue;
    }
    auto batch = std::find_if(batches.begin(), batches.end(), [&](auto const& known) { return known.product == p; });
    if (batch == batches.end()) batch = batches.insert(batch, {p, {}, {}, {}});
    batch->as.push_back(const_cast<T*>(p.transposed ? b.data : a.data)); // of one type, to travel in one piece
    batch->bs.push_back(const_cast<T*>(p.transposed ? a.data : b.data));
    batch->cs.push_back(c.data);
  }
  on_device const here(ex.ordinal());
  for (auto& batch : batches) {
    std::size_t const count = batch.cs.size();
    std::vector<T*> addresses = std::move(batch.as);
    addresses.insert(addresses.end(), batch.bs.begin(), batch.bs.end());
    addresses.insert(addresses.end(), batch.cs.begin(), batch.cs.end());
    buffer const there(ex, addresses);
    with_cublas(ex, [&](cublasHandle_t handle) {
      blas_gemm(handle, batch.product, there.data(), there.data() + count, there.data() + 2 * count, count);
    });
    cuda_check(cudaStreamSynchronize(ex.context()->compute()), "cublas gemmBatched");
  }
}

}} // namespace trireme::v1
