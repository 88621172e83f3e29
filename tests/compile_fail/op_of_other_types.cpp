// The idiom of std::accumulate, which has no order of its own to give up.
// expect: op can't be called with two values of the type of init: to map the elements first, give transform_reduce
#include <trireme/trireme.hpp>

#include <vector>

struct total {
  double sum = 0;
};

int main() {
  (void)trireme::reduce(trireme::thread_pool(2), std::vector{1.0, 2.0}, total{},
                        [](total t, double x) { return total{t.sum + x}; });
}
