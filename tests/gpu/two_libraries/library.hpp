/// @file library.hpp
/// What each of two shared libraries does on its own: the same algorithms, with kernels of the same names.
#pragma once
#include <vector>

namespace first_library {
std::vector<double> results(bool on_device);
}
namespace second_library {
std::vector<double> results(bool on_device);
}
