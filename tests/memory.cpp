/// What the algorithms allocate: the result, and little else. Every operator new of this program is counted.
#include <trireme/algorithm/monte_carlo.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/scan.hpp>
#include <trireme/algorithm/simulate.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "testing.hpp"

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>
#include <vector>

namespace tri = trireme;

namespace {
std::atomic<std::size_t> allocated{0};
}

// Not inlined: g++ would pair the malloc in one with the delete in the other, and warn.
[[gnu::noinline]] void* operator new(std::size_t bytes, std::nothrow_t const&) noexcept {
  allocated += bytes;
  return std::malloc(bytes != 0 ? bytes : 1);
}
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (void* const p = operator new(bytes, std::nothrow)) return p;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t align) {
  allocated += bytes;
  auto const unit = static_cast<std::size_t>(align);
  if (void* const p = std::aligned_alloc(unit, (bytes + unit - 1) / unit * unit)) return p;
  throw std::bad_alloc{};
}
// All arrays too: the library's own operator new[] would pair with these under a sanitizer, or not.
[[gnu::noinline]] void* operator new[](std::size_t bytes) { return operator new(bytes); }
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::align_val_t align) { return operator new(bytes, align); }
[[gnu::noinline]] void operator delete[](void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace {

template <class F>
std::size_t bytes_of(F const& f) {
  std::size_t const before = allocated;
  f();
  return allocated - before;
}

constexpr std::size_t n = 1'000'000;
constexpr std::size_t result = n * sizeof(double);
constexpr std::size_t tiles = n / tri::tile_size + 1;
constexpr std::size_t small = 4096; // handles, shares of a loop

struct twice {
  constexpr double operator()(double x) const { return 2 * x; }
};
struct draw {
  constexpr double operator()(auto& rng) const { return rng.uniform(); }
};

template <class E>
void check(E const& ex) {
  std::vector<double> const in(n, 1.0);
  std::vector<double> out(n);
  std::size_t const windows = 4 * ex.concurrency() * tri::tile_size * sizeof(double);

  CHECK(bytes_of([&] { tri::transform(ex, in, twice{}, tri::into(out)); }) <= small);
  CHECK(bytes_of([&] { (void)tri::transform(ex, in, twice{}); }) <= result + small);
  CHECK(bytes_of([&] { (void)tri::reduce(ex, in); }) <= tiles * sizeof(double) + small);
  CHECK(bytes_of([&] { (void)tri::transform_reduce(ex, in, 0.0, std::plus<>{}, twice{}); }) <=
        tiles * sizeof(double) + windows + small);
  CHECK(bytes_of([&] { (void)tri::monte_carlo(ex, n, draw{}); }) <= tiles * 2 * sizeof(double) + windows + small);
  CHECK(bytes_of([&] { tri::simulate(ex, n, draw{}, tri::into(out)); }) <= small);
  // A total for each of 32 segments in a tile, and their totals.
  CHECK(bytes_of([&] { tri::inclusive_scan(ex, in, std::plus<>{}, tri::into(out)); }) <= 33 * tiles * sizeof(double) + small);
}

} // namespace

TEST_CASE("an algorithm allocates its result and O(tiles + concurrency * tile_size)") {
  check(tri::inline_executor{});
  check(tri::thread_pool(3));
}

TEST_CASE("host executors read a host range where it is") {
  std::vector<double> const in(100, 1.0);
  double const* seen = nullptr;
  tri::for_each(tri::inline_executor{}, in, [&](double const& x) {
    if (seen == nullptr) seen = &x;
  });
  CHECK(seen == in.data());
}
