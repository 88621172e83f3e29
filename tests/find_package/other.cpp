#include <trireme/trireme.hpp>

#include <vector>

double sum_of_squares(int n) {
  std::vector<double> squares;
  for (int i = 1; i <= n; ++i) squares.push_back(i * i);
  return trireme::reduce(trireme::thread_pool(2), squares);
}
