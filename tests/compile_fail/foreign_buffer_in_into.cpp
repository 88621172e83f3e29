// The same as the place for a result.
// expect: the buffer lives on another kind of executor
#include <trireme/trireme.hpp>

#include "../far_executor.hpp"

#include <vector>

int main() {
  testing::far_executor const far;
  trireme::buffer b(trireme::inline_executor{}, std::vector{1, 2, 3});
  trireme::transform(far, std::vector{1, 2, 3}, [](int x) { return x; }, trireme::into(b));
}
