// A reduction whose sum has nothing to do with the elements.
// expect: what is to be combined can't be converted to the type of init
#include <trireme/trireme.hpp>

#include <string>
#include <vector>

int main() {
  trireme::thread_pool const pool(2);
  static_cast<void>(trireme::reduce(pool, std::vector<std::string>{"a"}, 0.0));
}
