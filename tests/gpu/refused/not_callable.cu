// A kernel that can't be called with the elements.
// expect: the kernel can't be called with these elements
#include <trireme/cuda.hpp>

#include <vector>

inline constexpr auto length = [](char const* text) { return *text; };

int main() {
  trireme::cuda_device const gpu;
  static_cast<void>(trireme::transform(gpu, std::vector{1, 2, 3}, trireme::fn<length>));
}
