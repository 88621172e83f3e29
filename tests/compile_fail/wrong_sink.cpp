// A sink that takes single results.
// expect: batch_map: the sink can't be called with a std::span of results
#include <trireme/trireme.hpp>

#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  trireme::batch_map(pool, std::vector{1, 2, 3}, [](int x) { return x; }, [](int) {});
}
