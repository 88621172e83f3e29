// A kernel that does not take what the range has.
// expect: the kernel can't be called with these elements
#include <trireme/trireme.hpp>

#include <string>
#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  auto const out = trireme::transform(pool, std::vector{1, 2, 3}, [](std::string const& s) { return s.size(); });
}
