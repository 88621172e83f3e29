// A place that is gone with the result in it.
// expect: into: the storage is a temporary that would be gone with the result in it
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  trireme::transform(pool, std::vector{1, 2, 3}, [](int x) { return x; }, trireme::into(std::vector<int>(3)));
}
