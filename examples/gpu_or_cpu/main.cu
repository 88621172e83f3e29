/// @file main.cu
/// The same program, with CUDA devices among its backends.
#include "main.cpp"
