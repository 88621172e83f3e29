/// @file processes/map.hpp
/// Chunks of a map on a process_pool: elements and results travel by value, exceptions in parts.
#pragma once
#include <trireme/algorithm/chunks.hpp>
#include <trireme/algorithm/map.hpp>
#include <trireme/processes/executor.hpp>
#include <trireme/processes/failure.hpp>
#include <trireme/processes/submit.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// An exception of an element, as it travels: its place, code and value, and its texts.
using travelling_failure = std::tuple<std::uint64_t, std::int32_t, std::int32_t, std::string>;

/// The values, the failures, and the seconds that all took.
template <class R>
using travelling_results = std::tuple<std::vector<R>, std::vector<travelling_failure>, double>;

/// f of each element of a chunk, in a worker.
template <class R, class F>
struct chunk_kernel {
  using parts = parts_of<F>;
  F f;
  template <class T>
  travelling_results<R> operator()(std::vector<T> const& elements) const {
    travelling_results<R> out;
    auto& [values, failures, seconds] = out;
    values.reserve(elements.size());
    auto const begun = std::chrono::steady_clock::now();
    for (std::size_t k = 0; k < elements.size(); ++k) try {
        if (worker_side::stop_requested()) throw cancelled{};
        values.push_back(f(elements[k]));
      } catch (...) {
        exception_parts const p = take_apart_current();
        failures.emplace_back(k, p.code, p.value, p.joined());
      }
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return out;
  }
};

template <class R, class F>
class chunk_launcher<process_pool, R, F> {
public:
  static constexpr bool by_address = false;
  chunk_launcher(process_pool const& ex, F f, std::stop_token const&) : ex_(ex), kernel_{std::move(f)} {}
  template <class Elements>
  future<travelling_results<R>> operator()(Elements const& elements) const {
    return submit(ex_, kernel_, elements);
  }
  static chunk_results<R> received(travelling_results<R> from) {
    chunk_results<R> results;
    auto& [values, failures, seconds] = from;
    if constexpr (std::same_as<R, bool>)
      results.values.assign(values.begin(), values.end());
    else
      results.values = std::move(values);
    results.seconds = seconds;
    for (auto const& [place, code, value, texts] : failures) {
      exception_parts parts{code, value, {}, {}};
      parts.split(texts);
      results.failures.emplace_back(place, put_together(parts));
    }
    return results;
  }

private:
  process_pool ex_;
  chunk_kernel<R, F> kernel_;
};

}}} // namespace trireme::v1::detail
