// A buffer itself as a bound argument, which a kernel could not copy.
// expect: bind_front: a buffer stays with its owner: bind b.view(), the span of its elements
#include <trireme/trireme.hpp>

#include <span>
#include <vector>

inline constexpr auto first = [](std::span<int const> b, int x) { return b[0] + x; };

int main() {
  trireme::inline_executor const ex;
  trireme::buffer const b(ex, std::vector{1, 2, 3});
  auto const out = trireme::transform(ex, std::vector{1, 2, 3}, trireme::bind_front<first>(b));
}
