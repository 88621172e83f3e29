/// @file elementwise.cpp
/// Random calls of transform, starmap, for_each, for_each_index and batch_map.
#include <trireme/algorithm/batch_map.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/buffer.hpp>
#include <trireme/simd/kernel.hpp>
#include <trireme/simd/math.hpp>

#include "executors.hpp"
#include "kernels.hpp"
#include "model.hpp"
#include "ranges.hpp"

#include <algorithm>
#include <list>
#include <numeric>
#include <optional>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>

namespace tri = trireme;
using namespace testing;

namespace {

template <class E>
struct tried_on {
  using type = types<double, large<5120>, empty>;
};
template <>
struct tried_on<tri::inline_executor> {
  using type = types<std::int32_t, long double, no_default>;
};
template <>
struct tried_on<tri::thread_pool> {
  using type = types<bool, std::complex<double>, aligned<128>, std::pair<double, std::string>>;
};
#if defined(__linux__)
template <>
struct tried_on<tri::process_pool> {
  using type = types<std::uint8_t, int128, large<1024>, no_default>;
};
#endif

/// bool comes as bytes.
template <class U>
using stored = std::conditional_t<std::same_as<U, bool>, std::uint8_t, U>;

template <class U, class F, class T>
std::vector<stored<U>> each(F const& f, std::vector<T> const& x) {
  std::vector<stored<U>> out;
  for (auto const& e : x) out.push_back(static_cast<stored<U>>(f(e)));
  return out;
}

tri::loop_options loop(random_call& call, std::size_t n, follower& watch) {
  tri::loop_options o;
  some_options(call, o, watch);
  if (call.once_in(2)) {
    o.chunk_size = call.one_of<std::size_t>({1, 2, 7, 64, 1000, n, n + 1, ~std::size_t{0} >> 1});
    if (n > 5000 && o.chunk_size < 7u) o.chunk_size = 7;
    call.note("chunk_size ", static_cast<std::size_t>(o.chunk_size), ',');
  }
  return o;
}

template <class E, class T>
void element_once(random_call& call, E const& ex, std::vector<T> const& x) {
  using U = std::conditional_t<std::same_as<T, double>, bool, std::conditional_t<is_large<T>, empty, T>>; // of the result
  follower watch;
  auto options = loop(call, x.size(), watch);
  to<U> const f{call.word(), some_fault(call, x)};
  auto const expected = [&] { return each<U>(to<U>{f.salt, {}}, x); };
  switch (call.below(4)) {
    case 0: {
      call.note("transform");
      if constexpr (std::is_trivially_copyable_v<T> && std::is_trivially_copyable_v<U>) {
        if (call.once_in(2)) {
          call.note("of a buffer");
          std::optional<tri::buffer<stored<U>, E>> out;
          if (throws(call, f.bad, [&] { out.emplace(tri::transform(ex, tri::buffer(ex, x), f, options)); })) return;
          call.require(same_elements(out->to_host(), expected()), "the result");
          break;
        }
      }
      std::vector<stored<U>> out;
      if (throws(call, f.bad, [&] { out = tri::transform(ex, x, f, options); })) return;
      call.require(same_elements(out, expected()), "the result");
    } break;
    case 1:
      if constexpr (!std::same_as<T, bool>) {
        call.note("for_each, in place");
        auto changed = x;
        change<T> const g{{f.salt, f.bad}};
        if (throws(call, f.bad, [&] { tri::for_each(ex, changed, g, options); })) return;
        call.require(same_elements(changed, each<T>(to<T>{f.salt, {}}, x)), "the result");
      }
      break;
    case 2:
      if constexpr (!std::same_as<T, bool>) {
        call.note("transform, in place");
        auto changed = x;
        to<T> const g{f.salt, f.bad};
        if (throws(call, f.bad, [&] { tri::transform(ex, changed, g, tri::into(changed), options); })) return;
        call.require(same_elements(changed, each<T>(to<T>{f.salt, {}}, x)), "the result");
      }
      break;
    default:
      if constexpr (std::is_default_constructible_v<U>) {
        call.note("batch_map");
        tri::batch_options batches;
        some_options(call, batches, watch);
        batches.batch_size = call.one_of<std::size_t>({17, 1000, 4096, 65536, x.size() + 1, ~std::size_t{0} >> 1});
        if (x.size() < 1000 && call.once_in(2)) batches.batch_size = 1 + call.below(3);
        call.note("of ", static_cast<std::size_t>(batches.batch_size));
        std::vector<stored<U>> out;
        if (throws(call, f.bad, [&] {
              if (call.once_in(2)) {
                out = tri::batch_map(ex, x, f, batches);
              } else {
                auto const sink = [&out](std::span<stored<U> const> batch) { out.insert(out.end(), batch.begin(), batch.end()); };
                tri::batch_map(ex, x, f, sink, batches);
              }
            }))
          return;
        call.require(same_elements(out, expected()), "the result");
        return; // which has told the progress of batches
      }
  }
  call.require(watch.right(x.size()), "the progress that was told");
}

/// Numbers in a range of some kind, to one of some kind.
template <class E>
void range_once(random_call& call, E const& ex) {
  auto x = some_elements<double>(call);
  if (call.once_in(8)) x.assign(7, made<double>(call.word())); // which also an array has
  follower watch;
  auto const options = loop(call, x.size(), watch);
  to<double> const f{call.word(), some_fault(call, x)};
  to<double> const right{f.salt, {}};
  if (call.once_in(4)) {
    std::vector<double> out;
    if (!throws(call, f.bad, [&] {
          out = into_some_range(call, x.size(), [&]<class Out>(Out&& place) {
            tri::transform(ex, x, f, tri::into(std::forward<Out>(place)), options);
          });
        }))
      call.require(same_elements(out, each<double>(right, x)), "the result");
    return;
  }
  as_some_range(call, x, [&]<class R>(R&& range) {
    std::vector<double> out;
    auto const take = [&out](auto&& result) { out.assign(result.data(), result.data() + result.size()); };
    switch (call.below(3)) {
      case 0:
        call.note("transform");
        if (throws(call, f.bad, [&] { take(tri::transform(ex, std::forward<R>(range), f, options)); })) return;
        break;
      case 1: {
        call.note("batch_map");
        tri::batch_options const batches{.batch_size = 1 + call.below(10'000)};
        if (throws(call, f.bad, [&] { take(tri::batch_map(ex, std::forward<R>(range), f, batches)); })) return;
      } break;
      default: {
        call.note("reduce");
        combine<double> const op{call.one_of({way::sum, way::order})};
        double const got = tri::reduce(ex, std::forward<R>(range), 0.5, op);
        return call.require(same(got, reduced(x, 0.5, op, [](double e) { return e; })), "the result");
      }
    }
    call.require(same_elements(out, each<double>(right, x)), "the result");
  });
}

/// x · a, bent.
struct bent {
  double a;
  auto operator()(auto x) const { return tri::select(x * a > 0.25, x * a, 1.0 - x); }
};

/// Kernels that take packs.
template <class E>
void packs_once(random_call& call, E const& ex) {
  auto const x = some_elements<double>(call);
  bent const f{made<double>(call.word())};
  auto const right = [&f](double e) { return e * f.a > 0.25 ? e * f.a : 1.0 - e; };
  if (call.once_in(2)) {
    call.note("transform by packs");
    auto const out = tri::transform(ex, x, tri::simd(f));
    return call.require(same_elements(out, each<double>(right, x)), "the result");
  }
  call.note("transform_reduce by packs");
  combine<double> const op{way::sum};
  call.require(same(tri::transform_reduce(ex, x, 0.5, op, tri::simd(f)), reduced(x, 0.5, op, right)), "the result");
}

/// Two ranges, tuples, indices.
template <class E>
void several_once(random_call& call, E const& ex) {
  auto x = some_elements<std::int32_t>(call);
#if !defined(__clang__) || __clang_major__ >= 16 // clang 14 can't compile the views of libstdc++ 12
  bool const counted = call.once_in(3);
  if (counted) std::iota(x.begin(), x.end(), 0);
#endif
  std::vector<float> y;
  for (std::size_t i = 0; i < x.size(); ++i) y.push_back(made<float>(i));
  follower watch;
  auto const options = loop(call, x.size(), watch);
  to<double> const f{call.word(), some_fault(call, x)};
  std::vector<double> out, expected;
  for (std::size_t i = 0; i < x.size(); ++i) expected.push_back(to<double>{f.salt, {}}(x[i], y[i]));
#if !defined(__clang__) || __clang_major__ >= 16
  if (counted) {
    call.note("of a view, with a list");
    std::list<float> const list(y.begin(), y.end());
    auto const view = std::views::iota(0, static_cast<std::int32_t>(x.size()));
    if (!throws(call, f.bad, [&] { out = tri::transform(ex, view, list, f, options); }))
      call.require(same_elements(out, expected), "the result");
    return;
  }
#endif
  if (call.once_in(2)) {
    call.note("transform of two");
    if (throws(call, f.bad, [&] { out = tri::transform(ex, x, y, f, options); })) return;
  } else {
    call.note("starmap");
    std::vector<std::pair<std::int32_t, float>> pairs;
    for (std::size_t i = 0; i < x.size(); ++i) pairs.emplace_back(x[i], y[i]);
    if (throws(call, f.bad, [&] { out = tri::starmap(ex, pairs, f, options); })) return;
  }
  call.require(same_elements(out, expected), "the result");
  call.require(watch.right(x.size()), "the progress that was told");
}

inline constexpr auto count_visit = [](std::span<std::uint8_t> visits, fault bad, std::size_t i) {
  bad.at(i);
  ++visits[i];
};

template <class E>
void indices_once(random_call& call, E const& ex) {
  std::size_t const n = some_size(call, 1);
  follower watch;
  auto const options = loop(call, n, watch);
  call.note("for_each_index");
  tri::buffer visits(ex, std::vector<std::uint8_t>(n));
  fault bad;
  if (n != 0 && call.once_in(4)) bad = {call.below(n), 1 + static_cast<std::uint32_t>(call.below(3))};
  bool const threw =
      throws(call, bad, [&] { tri::for_each_index(ex, n, tri::bind_front<count_visit>(visits.view(), bad), options); });
  auto const seen = visits.to_host();
  auto const most = static_cast<std::size_t>(std::ranges::count(seen, 1));
  auto const none = static_cast<std::size_t>(std::ranges::count(seen, 0));
  call.require(most + none == n, "an index was visited twice");
  call.require(threw ? none != 0 && seen[bad.word] == 0 : none == 0, "which indices were visited");
  if (!threw) call.require(watch.right(n), "the progress that was told");
}

} // namespace

TEST_CASE("random calls of element-wise algorithms, of elements of many types") {
  make_random_calls(800, [](random_call& call) {
    on_some_executor(call, [&]<class E>(E const& ex) {
      with_one_of(typename tried_on<E>::type{}, call,
                  [&]<class T>(std::type_identity<T>) { element_once(call, ex, some_elements<T>(call)); });
    });
  });
}

TEST_CASE("random calls of element-wise algorithms, on ranges of many kinds") {
  make_random_calls(800, [](random_call& call) {
    on_some_executor(call, [&]<class E>(E const& ex) {
      switch (call.below(4)) {
        case 0: return several_once(call, ex);
        case 1: return indices_once(call, ex);
        case 2: return packs_once(call, ex);
        default:
          if constexpr (std::same_as<E, tri::thread_pool> || std::same_as<E, far_executor>) range_once(call, ex);
      }
    });
  });
}
