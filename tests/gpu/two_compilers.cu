/// @file two_compilers.cu
/// Objects of the C++ compiler and of nvcc in one program: the same layouts, overloads, bits and exceptions.
#include <trireme/cuda.hpp>

#include "../support.hpp"
#include "../testing.hpp"
#include "two_compilers.hpp"

namespace tri = trireme;

TEST_CASE("two compilers: what one makes, the other one takes") {
  CHECK(testing::layout() == testing::layout_by_cxx());
  tri::thread_pool const pool(2);
  CHECK(testing::same_bits(testing::results(pool), testing::results_by_cxx(pool)));
  auto const made_there = testing::buffer_by_cxx(pool);
  CHECK(made_there.executor() == pool);
  CHECK(tri::reduce(pool, made_there) == 6);
  try {
    testing::throw_by_cxx();
    FAIL("nothing was thrown");
  } catch (tri::cuda_error const& e) {
    CHECK(e.code() == 700);
    CHECK(e.name() == "a name");
    CHECK(e.call() == "a call");
  }
}
