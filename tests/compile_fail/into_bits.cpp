// Workers that write bits of one word lose some.
// expect: into: a std::vector<bool> can't be written by several workers at once
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  std::vector<bool> out(3);
  trireme::transform(pool, std::vector{1, 2, 3}, [](int x) { return x > 1; }, trireme::into(out));
}
