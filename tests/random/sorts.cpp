/// @file sorts.cpp
/// Random calls of sort, against std::stable_sort.
#include <trireme/algorithm/sort.hpp>
#include <trireme/core/buffer.hpp>

#include "executors.hpp"
#include "kernels.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <numeric>
#include <span>
#include <type_traits>

namespace tri = trireme;
using namespace testing;

namespace {

template <class E>
struct tried_on {
  using type = types<double, std::uint8_t, large<1024>, aligned<64>>;
};
template <>
struct tried_on<tri::inline_executor> {
  using type = types<float, std::pair<double, std::string>>;
};
template <>
struct tried_on<tri::thread_pool> {
  using type = types<double, int128, no_default, std::string, large<5120>>;
};
#if defined(__linux__)
template <>
struct tried_on<tri::process_pool> {
  using type = types<float, std::int32_t, long double, no_default, aligned<128>>;
};
#endif

/// By what is left of a word: many elements are equivalent, and have to keep their order. Now and then it throws.
struct by_rest {
  std::uint64_t modulus;
  fault bad;
  template <class T>
  bool operator()(T const& a, T const& b) const {
    std::uint64_t const x = word_of(a);
    bad.at(x);
    return x % modulus < word_of(b) % modulus;
  }
};

/// As std::stable_sort does it: of positions, since it keeps elements in memory that is not aligned for all of them.
template <class T, class Less>
std::vector<T> stably_sorted(std::vector<T> const& x, Less const& less) {
  std::vector<std::size_t> order(x.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return less(x[a], x[b]); });
  std::vector<T> out;
  for (std::size_t const i : order) out.push_back(x[i]);
  return out;
}

/// Puts x in another order, of those that sorts are quick or slow with.
template <class T, class Less>
void arrange(random_call& call, std::vector<T>& x, Less const& less) {
  std::size_t const how = call.below(5);
  if (how > 2) return;
  call.note(how == 0 ? "sorted," : how == 1 ? "falling," : "two sorted runs,");
  auto const sorted = stably_sorted(x, less);
  x.clear();
  if (how == 0) x = sorted;
  if (how == 1) x.assign(sorted.rbegin(), sorted.rend());
  for (std::size_t first = 0; first < 2; ++first)
    for (std::size_t i = first; how == 2 && i < sorted.size(); i += 2) x.push_back(sorted[i]);
}

/// Sorts x where it lies, and as std::stable_sort does. After a throw all elements have to be there.
template <class E, class T, class Less>
void sort_once(random_call& call, E const& ex, std::vector<T> x, Less const& less, Less const& right, fault const& bad) {
  tri::call_options options;
  follower watch;
  some_options(call, options, watch);
  arrange(call, x, right);
  auto const before = x;
  bool threw = false;
  if constexpr (std::is_trivially_copyable_v<T>) {
    if (call.once_in(3)) {
      call.note("a buffer");
      tri::buffer on(ex, x);
      threw = throws_or_not(bad, [&] { tri::sort(ex, on, less, options); });
      x = on.to_host();
    } else {
      threw = throws_or_not(bad, [&] { tri::sort(ex, x, less, options); });
    }
  } else {
    threw = throws_or_not(bad, [&] { tri::sort(ex, std::span(x), less, options); });
  }
  if (threw) {
    auto const by_word = [](T const& a, T const& b) { return word_of(a) < word_of(b); };
    call.require(same_elements(stably_sorted(x, by_word), stably_sorted(before, by_word)), "an element was lost");
  } else {
    call.require(same_elements(x, stably_sorted(before, right)), "the order");
    call.require(watch.right(x.size()), "the progress that was told");
  }
}

/// The default order, written down: numbers, then NaNs.
struct numbers_first {
  template <class T>
  bool operator()(T const& a, T const& b) const {
    if constexpr (std::is_floating_point_v<T>)
      return a == a && (b != b || a < b);
    else
      return a < b;
  }
};

template <class E, class T>
void any_order_once(random_call& call, E const& ex, std::vector<T> x) {
  if constexpr (requires(T const& a) { a < a; } && !is_large<T>) {
    if (call.once_in(2)) {
      call.note("by its own order,");
      if constexpr (std::is_floating_point_v<T>) {
        if (call.once_in(2)) {
          call.note("with NaNs,");
          for (T& e : x)
            if (call.once_in(10)) e = std::numeric_limits<T>::quiet_NaN();
        }
      }
      follower watch;
      tri::call_options options;
      some_options(call, options, watch);
      arrange(call, x, numbers_first{});
      auto const expected = stably_sorted(x, numbers_first{});
      tri::sort(ex, x, tri::ascending{}, options);
      return call.require(same_elements(x, expected), "the order");
    }
  }
  by_rest less{call.one_of<std::uint64_t>({1, 2, 10, 1000, ~std::uint64_t{0}}), {}};
  call.note("by the rest of ", less.modulus, ',');
  by_rest const right = less;
  if (x.size() > 1) less.bad = some_fault(call, x);
  sort_once(call, ex, std::move(x), less, right, less.bad);
}

} // namespace

TEST_CASE("random calls of sort") {
  make_random_calls(500, [](random_call& call) {
    on_some_executor(call, [&]<class E>(E const& ex) {
      with_one_of(typename tried_on<E>::type{}, call,
                  [&]<class T>(std::type_identity<T>) { any_order_once(call, ex, some_elements<T>(call)); });
    });
  });
}

TEST_CASE("random calls of sort on elements that lie apart") {
  make_random_calls(100, [](random_call& call) {
    auto const x = some_elements<double>(call);
    std::deque<double> deque(x.begin(), x.end());
    auto const expected = stably_sorted(x, std::greater<>{});
    on_some_executor(call, [&]<class E>(E const& ex) {
      if constexpr (std::same_as<E, tri::thread_pool> || std::same_as<E, far_executor>) {
        tri::sort(ex, deque, std::greater<>{});
        call.require(same_elements(deque, expected), "the order");
      }
    });
  });
}
