/// @file cuda.hpp
/// The CUDA backend: cuda_device, and all that it does better than the general definitions. For files that nvcc compiles.
#pragma once
#if !defined(__CUDACC__)
#error "trireme: <trireme/cuda.hpp> holds device code: compile this file with nvcc, as a .cu file"
#else
#include <trireme/cuda/executor.hpp>
#include <trireme/cuda/matmul.hpp>
#include <trireme/cuda/monte_carlo.hpp>
#include <trireme/cuda/reduce.hpp>
#include <trireme/cuda/scan.hpp>
#include <trireme/cuda/sort.hpp>
#include <trireme/trireme.hpp>
#endif
