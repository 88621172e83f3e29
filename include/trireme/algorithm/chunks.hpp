/// @file chunks.hpp
/// Chunks of a map as tasks.            Definition for host executors; override: processes/map.hpp.
#pragma once
#include <trireme/algorithm/submit.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/future.hpp>

#include <chrono>
#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// Results side by side, each of which a reference can lead to.
template <class R>
using result_list = std::conditional_t<std::same_as<R, bool>, std::deque<R>, std::vector<R>>;

/// What became of a chunk: the values of the elements that have one, and the others' exceptions.
template <class R>
struct chunk_results {
  result_list<R> values;
  std::vector<std::pair<std::size_t, std::exception_ptr>> failures; ///< with the place in the chunk, ascending
  double seconds = 0;
};

/// f of each element of a chunk, as a task that sees the caller's memory.
template <class R, class F, class Elements>
struct chunk_task {
  std::shared_ptr<F const> f;
  Elements elements;
  std::stop_token stop;
  chunk_results<R> operator()() {
    chunk_results<R> out;
    if constexpr (!std::same_as<R, bool>) out.values.reserve(elements.size());
    auto const begun = std::chrono::steady_clock::now();
    for (std::size_t k = 0; k < elements.size(); ++k) try {
        if (stop.stop_requested()) throw cancelled{};
        out.values.push_back((*f)(element(elements[k])));
      } catch (...) {
        out.failures.emplace_back(k, std::current_exception());
      }
    out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    return out;
  }
  template <class T>
  static T const& element(T const& x) {
    return x;
  }
  template <class T>
  static T const& element(T const* const& x) {
    return *x;
  }
};

/// How chunks are launched on an executor. For a host executor by the address of elements that stay, else by value.
template <class E, class R, class F>
class chunk_launcher {
public:
  static constexpr bool by_address = true;
  chunk_launcher(E const& ex, F f, std::stop_token stop)
      : ex_(ex), f_(std::make_shared<F const>(std::move(f))), stop_(std::move(stop)) {}
  template <class Elements>
  future<chunk_results<R>> operator()(Elements elements) const {
    return submit(ex_, chunk_task<R, F, Elements>{f_, std::move(elements), stop_});
  }
  static chunk_results<R> received(chunk_results<R> results) { return results; }

private:
  E ex_;
  std::shared_ptr<F const> f_;
  std::stop_token stop_;
};

}}} // namespace trireme::v1::detail
