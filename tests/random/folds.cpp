/// @file folds.cpp
/// Random calls of reduce, transform_reduce and the scans, against the fixed shape written down plainly.
#include <trireme/algorithm/reduce.hpp>
#include <trireme/algorithm/scan.hpp>
#include <trireme/core/buffer.hpp>

#include "executors.hpp"
#include "kernels.hpp"
#include "model.hpp"

#include <optional>
#include <type_traits>

namespace tri = trireme;
using namespace testing;

namespace {

/// The types that are tried on E: each on some executors, since the time to compile is that of all pairs.
template <class E>
struct tried_on { // on what copies its data
  using type = types<double, bool, aligned<64>, empty, affine>;
};
template <>
struct tried_on<tri::inline_executor> {
  using type = types<std::int32_t, std::string>;
};
template <>
struct tried_on<tri::thread_pool> {
  using type = types<float, int128, large<5120>, affine>;
};
#if defined(__linux__)
template <>
struct tried_on<tri::process_pool> {
  using type = types<std::uint8_t, long double, large<1024>, no_default>;
};
#endif

/// What numbers are added up in.
template <class T>
struct wide {
  using type = T;
};
template <>
struct wide<std::int32_t> {
  using type = std::int64_t;
};
template <>
struct wide<std::uint8_t> {
  using type = std::int64_t;
};
template <>
struct wide<float> {
  using type = double;
};
template <>
struct wide<double> {
  using type = long double;
};

struct same_value {
  template <class T>
  T const& operator()(T const& x) const {
    return x;
  }
};

/// One call that combines x, which lies on the host or in a buffer.
template <class E, class T, class Data>
void fold_once(random_call& call, E const& ex, std::vector<T> const& x, Data const& data) {
  tri::call_options options;
  follower watch;
  some_options(call, options, watch);
  combine<T> const op{call.one_of({way::sum, way::least, way::most, way::order})};
  call.note("op ", static_cast<int>(op.how), ',');
  T const init = made<T>(call.word());

  auto const check_totals = [&](auto const& out, std::optional<T> from) {
    auto const expected = totals<T>(x, std::move(from), op);
    if constexpr (tri::any_buffer<decltype(out)>)
      call.require(same_elements(out.to_host(), expected), "the totals");
    else
      call.require(same_elements(out, expected), "the totals");
  };
  constexpr bool scans = !std::same_as<T, bool>;
  switch (call.below(scans ? 4 : 2)) {
    case 0:
      call.note("reduce");
      call.require(same(tri::reduce(ex, data, init, op, options), reduced(x, init, op, same_value{})), "the result");
      break;
    case 1: {
      using A = typename wide<T>::type;
      call.note("transform_reduce in ", name_of<A>());
      to<T> f{call.word(), {}};
      f.bad = some_fault(call, x);
      combine<A> const op_in{op.how};
      A const from = made<A>(call.word());
      std::optional<A> got;
      if (throws(call, f.bad, [&] { got.emplace(tri::transform_reduce(ex, data, from, op_in, f, options)); })) return;
      call.require(same(*got, reduced(x, from, op_in, f)), "the result");
    } break;
    case 2:
      if constexpr (scans) {
        call.note("inclusive_scan");
        check_totals(tri::inclusive_scan(ex, data, op, options), std::nullopt);
      }
      break;
    default:
      if constexpr (scans) {
        call.note("exclusive_scan");
        check_totals(tri::exclusive_scan(ex, data, init, op, options), init);
      }
  }
  call.require(watch.right(x.size()), "the progress that was told");
}

} // namespace

TEST_CASE("random calls of reductions and scans") {
  make_random_calls(1000, [](random_call& call) {
    on_some_executor(call, [&]<class E>(E const& ex) {
      with_one_of(typename tried_on<E>::type{}, call, [&]<class T>(std::type_identity<T>) {
        auto const x = some_elements<T>(call);
        if constexpr (std::is_trivially_copyable_v<T>) {
          if (call.once_in(2)) {
            call.note("in a buffer,");
            return fold_once(call, ex, x, tri::buffer(ex, x));
          }
        }
        fold_once(call, ex, x, x);
      });
    });
  });
}
