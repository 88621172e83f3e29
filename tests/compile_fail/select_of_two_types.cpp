// A select between floats and a double is a double for numbers.
// expect: select between a pack and a wider type
#include <trireme/trireme.hpp>

int main() {
  trireme::thread_pool const pool(2);
  std::vector<float> const v(100);
  trireme::for_each(pool, v, trireme::simd([](auto x) { static_cast<void>(trireme::select(x < 1, x, 0.5)); }));
}
