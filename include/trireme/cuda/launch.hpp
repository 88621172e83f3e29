/// @file cuda/launch.hpp
/// Kernels whose threads count what they complete.
#pragma once
#include <trireme/cuda/completion.hpp>
#include <trireme/cuda/context.hpp>
#include <trireme/cuda/failure.hpp>
#include <trireme/cuda/runtime.hpp>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 { namespace detail {

inline constexpr unsigned threads_per_block = 256;

/// Runs body(thread, threads), which returns how many indices it has completed, in every thread. A thread that ends
/// early adds nothing; a block without its first thread does not even come to the end. Behind a launch that failed it does
/// nothing, and counts as failed itself: what it was to work on may be no values. (nvcc gives the stubs of templates
/// internal linkage, so that libraries with the same kernel can live in one process.)
template <class Body>
__global__ void __launch_bounds__(threads_per_block)
    counted_kernel(Body const body, launch_record const* const before, launch_record* const count,
                   unsigned long long volatile* const host) {
  if (before != nullptr && before->failed != 0) {
    if (blockIdx.x == 0 && threadIdx.x == 0) count->failed = 1;
    return;
  }
  __shared__ unsigned long long completed;
  if (threadIdx.x == 0) {
    completed = 0;
    record_of_block() = count;
  }
  __syncthreads();
  std::size_t const thread = std::size_t{blockIdx.x} * threads_per_block + threadIdx.x;
  unsigned long long const mine = body(thread, std::size_t{gridDim.x} * threads_per_block);
  if (mine != 0) atomicAdd(&completed, mine);
  __syncthreads();
  if (threadIdx.x != 0) return;
  atomicAdd(&count->done, completed);
  __threadfence();
  if (atomicAdd(&count->blocks, 1u) + 1 != gridDim.x) return;
  *host = atomicExch(&count->done, 0ull);
  count->blocks = 0;
  __threadfence_system();
}

/// f(i, i + 1) for every index from `first` to before `last`: neighbours by neighbouring threads, which read and write side by side.
template <class F>
struct index_body {
  F f;
  std::size_t first, last;
  __device__ unsigned long long operator()(std::size_t thread, std::size_t threads) const {
    unsigned long long done = 0;
    for (std::size_t i = first + thread; i < last; i += threads) {
      f(i, i + 1);
      ++done;
    }
    return done;
  }
};

/// Enqueues the body on the compute stream, with some `threads` threads, which are to complete `expected` indices; nothing
/// of it is done where the launch `before` it failed.
template <class Body>
std::shared_ptr<cuda_launch> launch(std::shared_ptr<cuda_context> const& context, std::size_t threads, std::size_t expected,
                                    Body const& body, cuda_launch const* before = nullptr) {
  static_assert(sizeof(Body) <= 32'000, "trireme: cuda_device: a kernel with its bound values takes at most 32,000 bytes: put "
                                        "what is larger into a tri::buffer");
  auto work = std::make_shared<cuda_launch>(context, expected);
  // Enough blocks to fill the device several times over, so that those that end early make room for others.
  std::size_t const most = 32 * context->processors() * 8;
  std::size_t const blocks = std::clamp<std::size_t>((threads + threads_per_block - 1) / threads_per_block, 1, most);
  counted_kernel<Body><<<static_cast<unsigned>(blocks), threads_per_block, 0, context->compute()>>>(
      body, before == nullptr ? nullptr : before->slot().device, work->slot().device, work->slot().host);
  cuda_check(cudaGetLastError(), "kernel launch");
  work->record(context->compute());
  return work;
}

}}} // namespace trireme::v1::detail
