/// @file two_compilers.cpp
/// The half that the C++ compiler makes.
#include "two_compilers.hpp"

namespace testing {

std::vector<std::size_t> layout_by_cxx() { return layout(); }
std::vector<double> results_by_cxx(tri::thread_pool const& pool) { return results(pool); }
void throw_by_cxx() { throw tri::cuda_error(700, "a name", "a call", "a text"); }
tri::buffer<double, tri::thread_pool> buffer_by_cxx(tri::thread_pool const& pool) { return {pool, std::vector<double>{1, 2, 3}}; }

} // namespace testing
