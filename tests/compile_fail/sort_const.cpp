// A range that can't be sorted in place.
// expect: sort: the range is const, or an expression: nothing can be moved there
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  std::vector const v{3, 1, 2};
  trireme::sort(pool, v);
}
