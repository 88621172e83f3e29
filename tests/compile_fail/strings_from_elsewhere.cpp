// Results that can't be copied from other memory.
// expect: this executor copies its results, so that they must be trivially copyable, or tuples, pairs or arrays of such
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <string>
#include <vector>

int main() {
  testing::far_executor const far;
  auto const out = trireme::transform(far, std::vector{1, 2, 3}, [](int x) { return std::to_string(x); });
}
