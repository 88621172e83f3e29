// expect: sort: less can't be called with two elements; without a less they need a <
#include <trireme/trireme.hpp>

#include <vector>

struct trade {
  double value;
};

int main() {
  std::vector<trade> trades;
  trireme::sort(trireme::thread_pool(2), trades);
}
