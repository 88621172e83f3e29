// A buffer of another kind of executor.
// expect: the buffer lives on another kind of executor; copy it with to_host()
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  trireme::buffer const b(trireme::inline_executor{}, std::vector{1, 2, 3});
  auto const out = trireme::transform(pool, b, [](int x) { return x; });
}
