// A temporary range, whose copy would be changed elsewhere.
// expect: this executor would change a copy of a temporary range, which nobody could read
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <vector>

int main() {
  testing::far_executor const far;
  trireme::sort(far, std::vector{3, 1, 2});
}
