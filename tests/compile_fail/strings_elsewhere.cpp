// Elements that can't be copied to other memory.
// expect: this executor copies its data, so that elements must be trivially copyable, or tuples, pairs or arrays of such
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <string>
#include <vector>

int main() {
  testing::far_executor const far;
  auto const out = trireme::transform(far, std::vector<std::string>{"a"}, [](std::string const&) { return 1; });
}
