/// @file main.cpp
/// Runs the benchmarks, and notes on which device; where there is none it says that they are skipped.
#include <trireme/cuda/runtime.hpp>

#include <benchmark/benchmark.h>

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
  if (!trireme::cuda_available()) {
    std::puts("skipped: there is no CUDA device");
    return 0;
  }
  cudaDeviceProp is{};
  int driver = 0, runtime = 0;
  trireme::detail::cuda_check(cudaGetDeviceProperties(&is, 0), "cudaGetDeviceProperties");
  trireme::detail::cuda_check(cudaDriverGetVersion(&driver), "cudaDriverGetVersion");
  trireme::detail::cuda_check(cudaRuntimeGetVersion(&runtime), "cudaRuntimeGetVersion");
  auto const version = [](int v) { return std::to_string(v / 1000) + '.' + std::to_string(v % 1000 / 10); };
  benchmark::AddCustomContext("device", is.name);
  benchmark::AddCustomContext("cuda", "driver for CUDA " + version(driver) + ", runtime " + version(runtime));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
