// Results that can't be put where they should.
// expect: into: the results can't be assigned to the elements of the storage
#include <trireme/trireme.hpp>

#include <string>
#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  std::vector<int> out(3);
  trireme::transform(pool, std::vector{1, 2, 3}, [](int x) { return std::to_string(x); }, trireme::into(out));
}
