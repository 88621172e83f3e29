/// @file transform.hpp
/// Apply a function to every element of one range, of two, or of a range of tuples.    Definition for every executor.
#pragma once
#include <trireme/algorithm/for_each.hpp>
#include <trireme/algorithm/pieces.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/into.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/result.hpp>
#include <trireme/simd/kernel.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

namespace detail {

/// Results of so many bytes would push all else out of the caches, and come back from them only to be written over: they go
/// past them, which saves a third of the traffic of one input. Not in place, where the caches have them already.
inline constexpr std::size_t streamed_bytes = std::size_t{64} << 20;

template <class T, class... In>
bool is_streamed(std::span<T> to, std::span<In>... from) {
  return to.size_bytes() >= streamed_bytes &&
         ((static_cast<void const*>(to.data()) != static_cast<void const*>(from.data())) && ...);
}

/// to[i] = f(from[i]…) by packs, as far as whole ones go. Returns the first i that is left.
template <class Out, class F, class... T>
constexpr std::size_t transform_packs(Out const& to, std::size_t first, std::size_t last, F const& f, std::span<T>... from) {
#if !defined(__CUDA_ARCH__)
  using value = std::remove_cvref_t<std::invoke_result_t<F const&, T&...>>;
  constexpr std::size_t lanes = simd_lanes<F>;
  if constexpr (is_pack_view<Out>) {
    using stored = std::remove_cvref_t<decltype(to[0])>;
    if constexpr (std::same_as<stored, value>) {
      if (is_streamed(to, from...)) {
        using unit = unit<4 * lanes>;
        constexpr std::size_t in_register = 4 * lanes / sizeof(value);
        while (first < last && reinterpret_cast<std::uintptr_t>(to.data() + first) % (4 * lanes) != 0) {
          to[first] = f(from[first]...);
          ++first;
        }
        for (; first + lanes <= last; first += lanes) {
          auto const p = lanes_of<value, lanes>::from(f(load_lanes<lanes>(from, first)...));
          for (std::size_t k = 0; k < p.parts; ++k) unit::stream(to.data() + first + k * in_register, p.part[k]);
        }
        unit::fence();
        return first;
      }
    }
    for (; first + lanes <= last; first += lanes)
      store_lanes<value, lanes>(to.data() + first, f(load_lanes<lanes>(from, first)...));
  } else {
    value row[lanes];
    for (; first + lanes <= last; first += lanes) {
      store_lanes<value, lanes>(row, f(load_lanes<lanes>(from, first)...));
      for (std::size_t j = 0; j < lanes; ++j) to[first + j] = row[j];
    }
  }
#endif
  return first;
}

template <class Out, class F, class... In>
struct transform_run;

template <class Out, class F, class In>
struct transform_run<Out, F, In> {
  using parts = parts_of<F>;
  Out out;
  F f;
  In in;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    // Copies, so that a store through `to` is not taken for one that moves them.
    Out const to = out;
    In const from = in;
    std::size_t i = first;
    if constexpr (takes_packs<F, In>) i = transform_packs(to, first, last, f, from);
    for (; i < last; ++i) to[i] = f(from[i]);
  }
};

template <class Out, class F, class In1, class In2>
struct transform_run<Out, F, In1, In2> {
  using parts = parts_of<F>;
  Out out;
  F f;
  In1 in1;
  In2 in2;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    Out const to = out;
    In1 const from1 = in1;
    In2 const from2 = in2;
    std::size_t i = first;
    if constexpr (takes_packs<F, In1, In2>) i = transform_packs(to, first, last, f, from1, from2);
    for (; i < last; ++i) to[i] = f(from1[i], from2[i]);
  }
};

/// f(get<0>(t), get<1>(t), …) of a tuple t. Not by std::apply, which can't be asked whether it works.
template <class F, class T, std::size_t... I>
constexpr auto apply_elements(F const& f, T&& t, std::index_sequence<I...>) -> decltype(f(std::get<I>(std::forward<T>(t))...)) {
  return f(std::get<I>(std::forward<T>(t))...);
}

/// The kernel of starmap.
template <class F>
struct applied {
  using parts = parts_of<F>;
  F f;
  template <class T, class Places = std::make_index_sequence<std::tuple_size<std::remove_cvref_t<T>>::value>>
  constexpr auto operator()(T&& t) const -> decltype(apply_elements(f, std::forward<T>(t), Places{})) {
    return apply_elements(f, std::forward<T>(t), Places{});
  }
};

} // namespace detail

/// out[i] = f(in[i]…) for every i.
template <executor E, class Out, class F, class... In>
void on_transform(E const& ex, Out out, F const& f, loop_options const& options, In... in) {
  detail::watched_bulk(ex, out.size(), detail::transform_run<Out, F, In...>{out, f, in...}, detail::to_bulk<E>(options),
                       options.progress);
}

namespace detail {

/// The same for data as the caller gave it.
template <executor E, class Out, class F, class... In>
void transform_data(E const& ex, Out& out, F const& f, loop_options const& options, In&... in) {
  if constexpr (Out::passes && (In::passes && ...)) {
    auto const make = [&](auto to, auto... from) { return transform_run<decltype(to), F, decltype(from)...>{to, f, from...}; };
    within("transform", options, [&](loop_options const& o) {
      run_in_pieces(ex, out.size(), to_bulk<E>(o), o.progress, make, out.passenger(), in.passenger()...);
    });
  } else {
    within("transform", options, [&](loop_options const& o) { on_transform(ex, out.view(), f, o, in.view()...); });
  }
}

} // namespace detail

/// out[i] = f(in[i]) for every i.
///
/// Returns a std::vector for a host range, a vector of Eigen for one, and a buffer for a buffer: in.size() elements, in
/// input order. Where f returns bool they are bytes.
/// @param f  called once for each element, in any order, as const; portable_kernel where ex does not see host memory.
/// @throws what f throws; what was computed by then is discarded. std::invalid_argument for a schedule off a cluster.
/// Cost: one pass. Host data is not copied where ex sees it; elsewhere it is copied in and out piece by piece, while other
/// pieces are worked on, through some megabytes of the executor's memory. Of a forward range, pointers to the elements are
/// collected; a single-pass range is read into memory first. A result type without a default constructor costs a move.
template <executor E, class R, class F>
[[nodiscard]] auto transform(E const& ex, R&& in, F f, loop_options options = {}) {
  if constexpr (detail::accepts_map<E, F, R>()) {
    detail::check_schedule("transform", options);
    detail::input<E, R> data(ex, std::forward<R>(in));
    detail::fresh<E, detail::result_t<E, F, R>, R> out(ex, data.size());
    detail::transform_data(ex, out, f, options, data);
    return out.finish();
  } else {
    return detail::refused{};
  }
}

/// The same into existing storage, which may be the input. @throws std::invalid_argument where the sizes differ,
/// before any work.
template <executor E, class R, class F, class Out>
void transform(E const& ex, R&& in, F f, into_type<Out> place, loop_options options = {}) {
  if constexpr (detail::accepts_map_into<E, Out, F, R>()) {
    detail::check_schedule("transform", options);
    detail::input<E, R> data(ex, std::forward<R>(in));
    detail::existing<E, Out> out(ex, place, data.size());
    detail::transform_data(ex, out, f, options, data);
    out.finish();
  }
}

/// out[i] = f(in1[i], in2[i]) for every i; the result is of the kind of in1.
/// @throws std::invalid_argument where the sizes differ, before any work.
template <executor E, class R1, detail::data R2, class F>
[[nodiscard]] auto transform(E const& ex, R1&& in1, R2&& in2, F f, loop_options options = {}) {
  if constexpr (detail::accepts_map<E, F, R1, R2>()) {
    detail::check_schedule("transform", options);
    detail::input<E, R1> data1(ex, std::forward<R1>(in1));
    detail::input<E, R2> data2(ex, std::forward<R2>(in2));
    detail::check_same_size(data2.size(), data1.size(), "transform: in2");
    detail::fresh<E, detail::result_t<E, F, R1, R2>, R1> out(ex, data1.size());
    detail::transform_data(ex, out, f, options, data1, data2);
    return out.finish();
  } else {
    return detail::refused{};
  }
}

template <executor E, class R1, detail::data R2, class F, class Out>
void transform(E const& ex, R1&& in1, R2&& in2, F f, into_type<Out> place, loop_options options = {}) {
  if constexpr (detail::accepts_map_into<E, Out, F, R1, R2>()) {
    detail::check_schedule("transform", options);
    detail::input<E, R1> data1(ex, std::forward<R1>(in1));
    detail::input<E, R2> data2(ex, std::forward<R2>(in2));
    detail::check_same_size(data2.size(), data1.size(), "transform: in2");
    detail::existing<E, Out> out(ex, place, data1.size());
    detail::transform_data(ex, out, f, options, data1, data2);
    out.finish();
  }
}

/// f(get<0>(t), get<1>(t), …) for every tuple, pair or array t of a range; else as transform.
template <executor E, class R, class F>
[[nodiscard]] auto starmap(E const& ex, R&& tuples, F f, loop_options options = {}) {
  detail::check_schedule("starmap", options);
  return transform(ex, std::forward<R>(tuples), detail::applied<F>{std::move(f)}, options);
}
template <executor E, class R, class F, class Out>
void starmap(E const& ex, R&& tuples, F f, into_type<Out> place, loop_options options = {}) {
  detail::check_schedule("starmap", options);
  transform(ex, std::forward<R>(tuples), detail::applied<F>{std::move(f)}, place, options);
}

}} // namespace trireme::v1
