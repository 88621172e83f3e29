// What a program does with a result that is refused is no error as well.
// expect: the kernel can't be called with these elements
// errors: 2
#include <trireme/trireme.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace tri = trireme;

int main() {
  tri::thread_pool const pool(2);
  auto const f = [](std::string const& text) { return text; };
  auto const out = tri::transform(pool, std::vector{1, 2, 3}, f);
  for (auto const& x : out) std::cout << x << ' ' << out[0] << ' ' << out.size() << '\n';
  std::vector<std::string> const texts = tri::batch_map(pool, std::vector{1, 2, 3}, f);
  double const sum = tri::reduce(pool, out, 0.0) + tri::reduce(pool, tri::transform(pool, out, f), 1.0);
  auto const pi = tri::monte_carlo(pool, 100, f);
  std::cout << pi << ' ' << pi.mean << ' ' << sum << ' ' << texts.size() << '\n';
}
