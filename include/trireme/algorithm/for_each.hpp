/// @file for_each.hpp
/// Call a function for every index or element, for its effect.       Definition for every executor.
#pragma once
#include <trireme/algorithm/pieces.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/deadline.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/schedule.hpp>
#include <trireme/simd/kernel.hpp>

#include <cstddef>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// Options of the element-wise algorithms.
struct loop_options {
  count<"chunk_size"> chunk_size = 0;  ///< elements that a worker takes at once; 0: from the time that they take; a device's: one
  progress_callback progress = {};     ///< called by the calling thread between pieces of work
  std::stop_token stop = {};           ///< a request leaves the rest undone and throws `cancelled`
  time_span timeout = {};              ///< for the whole call: then it leaves the rest undone and throws `timed_out`; 0: none
  schedule_type schedule = fixed;      ///< of the ranks of a cluster; one executor's workers share by need: nothing else is taken
};

namespace detail {

template <class F>
struct index_run {
  using parts = parts_of<F>;
  F f;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    for (std::size_t i = first; i < last; ++i) f(i);
  }
};

template <class View, class F>
struct element_run {
  using parts = parts_of<F>;
  View view;
  F f;
  constexpr void operator()(std::size_t first, std::size_t last) const {
    View const elements = view;
    std::size_t i = first;
#if !defined(__CUDA_ARCH__)
    if constexpr (takes_packs<F, View>) {
      constexpr std::size_t lanes = simd_lanes<F>;
      for (; i + lanes <= last; i += lanes) {
        auto p = load_lanes<lanes>(elements, i);
        if constexpr (std::is_invocable_v<F const&, decltype(p)>) { // takes a temporary too, and so changes nothing
          f(p);
        } else {
          f(p);
          p.store(elements.data() + i);
        }
      }
    }
#endif
    for (; i < last; ++i) f(elements[i]);
  }
};

template <executor E>
bulk_options<completion_t<E>> to_bulk(loop_options const& o) {
  return {.grain = static_cast<std::size_t>(o.chunk_size), .stop = o.stop, .after = {}};
}

/// For the calls on one executor, before any work.
inline void check_schedule(char const* call, loop_options const& o) {
  if (o.schedule != fixed)
    throw std::invalid_argument(std::string("trireme: ") + call +
                                ": schedule is for the ranks of a cluster; the workers of one executor always share by need");
}

} // namespace detail

/// f(i) for every i in [0, n).
template <executor E, class F>
void on_for_each_index(E const& ex, std::size_t n, F const& f, loop_options const& options) {
  detail::watched_bulk(ex, n, detail::index_run<F>{f}, detail::to_bulk<E>(options), options.progress);
}

/// f(view[i]) for every i.
template <executor E, class View, class F>
void on_for_each(E const& ex, View view, F const& f, loop_options const& options) {
  detail::watched_bulk(ex, view.size(), detail::element_run<View, F>{view, f}, detail::to_bulk<E>(options), options.progress);
}

namespace detail {

/// The same for data as the caller gave it.
template <executor E, class Data, class F>
void for_each_of(E const& ex, Data& data, F const& f, loop_options const& options) {
  if constexpr (Data::passes) {
    auto const make = [&](auto view) { return element_run<decltype(view), F>{view, f}; };
    run_in_pieces(ex, data.size(), to_bulk<E>(options), options.progress, make, data.passenger());
  } else {
    on_for_each(ex, data.view(), f, options);
  }
}

} // namespace detail

/// Calls f(i) for every i in [0, n), in any order; returns when all are done.
/// @param n  of any integral type. @throws std::invalid_argument for a negative n, or a schedule off a cluster; what f throws: the loop then ends
/// early, and the indices that have not begun are left out.
/// Cost: some hundred nanoseconds beside the calls; runs of cheap indices are dealt out together.
template <executor E, class F>
void for_each_index(E const& ex, count<"n"> n, F f, loop_options options = {}) {
  if constexpr (detail::accepts_kernel<E, F, std::size_t>()) {
    detail::check_schedule("for_each_index", options);
    detail::within("for_each_index", options, [&](loop_options const& o) { on_for_each_index(ex, n, f, o); });
  }
}

/// Calls f(x) for every element x, in any order; returns when all are done.
///
/// f may take its element by reference and change it. On an executor that does not see host memory a host range is
/// copied in, and back if f takes its element by non-const reference. The bits of a std::vector<bool> can only be read.
/// @throws what f throws; which elements were then visited is unspecified.
template <executor E, class R, class F>
void for_each(E const& ex, R&& range, F f, loop_options options = {}) {
  if constexpr (detail::packed_bits<R>) {
    for_each(ex, std::as_const(range), std::move(f), std::move(options));
  } else if constexpr (detail::accepts_data<E, R>()) {
    detail::check_schedule("for_each", options);
    using element = typename detail::data_element<R>::type;
    // Copied in only, where f also takes a temporary, and so does not want to change what it is given.
    if constexpr (!any_buffer<R> && !host_executor<E> && std::is_invocable_v<F const&, element>) {
      detail::input<E, R> data(ex, std::forward<R>(range));
      if constexpr (detail::accepts_kernel<E, F, decltype(data.view()[0])>())
        detail::within("for_each", options, [&](loop_options const& o) { detail::for_each_of(ex, data, f, o); });
    } else {
      detail::storage<E, R, true> data(ex, range);
      if constexpr (detail::accepts_kernel<E, F, decltype(data.view()[0])>())
        detail::within("for_each", options, [&](loop_options const& o) { detail::for_each_of(ex, data, f, o); });
    }
  }
}

}} // namespace trireme::v1
