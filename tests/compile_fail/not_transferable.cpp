// A function object with a string inside, where kernels are copied byte by byte.
// expect: this executor copies kernels byte by byte, and this one is not trivially copyable: specialise tri::enable_transferable if it may
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <string>
#include <vector>

struct kernel {
  std::string text;
  int operator()(int x) const { return x; }
};

int main() {
  testing::far_executor const far;
  auto const out = trireme::transform(far, std::vector{1, 2, 3}, kernel{"text"});
}
