// The CUDA backend in a file that is not for nvcc.
// expect: trireme: <trireme/cuda.hpp> holds device code: compile this file with nvcc, as a .cu file
#include <trireme/cuda.hpp>

int main() {}
