/// @file cuda/failure.hpp
/// How a thread on a device says that its kernel can't go on: see core/fail.hpp.
#pragma once
#include <cstddef>

namespace trireme { inline namespace v1 { namespace detail {

/// What the threads of one launch leave: how many indices they completed, and why one of them failed. Thread blocks add to
/// `done`; the last of them hands the sum to the host and leaves zeros for the next launch, so that nothing else needs to be
/// enqueued. Where a thread failed, the host reads the record and clears it.
struct launch_record {
  unsigned long long done;
  unsigned int blocks;
  unsigned int failed;
  char why[496]; ///< of the first that failed; longer texts are cut
};

#if defined(__CUDACC__)
/// The record of the launch that this thread block belongs to. Kernels that call users' functions set it before that.
__device__ inline launch_record*& record_of_block() {
  __shared__ launch_record* here;
  return here;
}

/// Writes down why, unless another thread was first, and ends this one. Those that go on may wait for each other by barriers,
/// shuffles and votes, which a thread that has ended does not hold up (PTX ISA, bar and shfl.sync: "non-exited threads").
[[noreturn]] __device__ __noinline__ inline void fail_on_device(char const* why) {
  launch_record* const record = record_of_block();
  if (*const_cast<unsigned volatile*>(&record->failed) == 0 && atomicExch(&record->failed, 1u) == 0)
    for (std::size_t k = 0; k + 1 < sizeof record->why && why[k] != 0; ++k) record->why[k] = why[k];
  asm volatile("exit;");
  __builtin_unreachable();
}

/// Whether all 32 threads of this warp are there. What one that has ended would have handed over is no value: users'
/// functions must not meet it.
__device__ inline bool whole_warp() { return __ballot_sync(~0u, 1) == ~0u; }
#endif

}}} // namespace trireme::v1::detail
