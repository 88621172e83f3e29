// One line for each pair of types: with an init that is an integer, a sum of halves would be 0; in a narrower one it would wrap.
// expect: init is an integer, to which each of these floating-point values would be cut: write 0.0 for 0, or a cast in the f of transform_reduce
// expect: init is a narrower integer than the values, which would wrap: give it their type, such as std::int64_t{0} for 0
// errors: 14
#include <trireme/trireme.hpp>

#include <Eigen/Core>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace tri = trireme;

template <class R, class Init>
void adds(Init init) {
  R const in(10);
  static_cast<void>(tri::reduce(tri::inline_executor{}, in, init));
}

int main() {
  tri::process_pool const pool(2);
  std::vector<double> const halves(10, 0.5);
  std::vector<std::int64_t> const large(10, std::int64_t{1} << 40);
  std::vector<std::int64_t> out(10);
  auto const plus = std::plus<>{};
  static_cast<void>(tri::reduce(pool, halves, 0));
  static_cast<void>(tri::reduce(pool, tri::buffer(pool, halves), 0L, plus));
  static_cast<void>(tri::transform_reduce(pool, large, 0u, plus, [](std::int64_t x) { return static_cast<double>(x); }));
  static_cast<void>(tri::exclusive_scan(pool, halves, short{0}));
  adds<std::vector<long double>>(0);
  adds<std::vector<float>>(false);
  adds<Eigen::VectorXf>(0u);
  static_cast<void>(tri::reduce(pool, large, 0));
  static_cast<void>(tri::transform_reduce(pool, halves, short{0}, plus, [](double x) { return static_cast<std::int64_t>(x); }));
  tri::exclusive_scan(pool, large, 0u, plus, tri::into(out));
  adds<std::vector<std::size_t>>(0);
  adds<std::vector<int>>(false);
  adds<std::vector<int>>(short{0});
#if defined(__SIZEOF_INT128__)
  adds<std::vector<__int128>>(0L);
#else
  adds<std::vector<long>>(short{1});
#endif
}
