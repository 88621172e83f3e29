/// @file executor.hpp
/// The one concept that every backend models, and what an algorithm may ask of it.
#pragma once
#include <trireme/core/count.hpp>
#include <trireme/core/float_model.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace trireme { inline namespace v1 {

/// Work that was handed to an executor and may still be under way.
///
/// Default-constructed it is complete. `wait()` returns when the work is, and rethrows what it threw, each time
/// it is called. The destructor waits, and drops an exception that nobody asked for.
template <class C>
concept completion = std::default_initializable<C> && std::movable<C> && !std::copyable<C> && requires(C& c, C const& constant) {
  { constant.ready() } noexcept -> std::same_as<bool>;
  { c.wait() } -> std::same_as<void>;
};

/// "Not before this": a reference to a completion, or to none. Only the order is taken from it, not its failure.
template <class C>
class after_ref {
public:
  constexpr after_ref() = default;
  constexpr after_ref(C const& c) noexcept : completion_(&c) {}
  constexpr after_ref(C const* c) noexcept : completion_(c) {}
  constexpr explicit operator bool() const noexcept { return completion_ != nullptr; }
  constexpr C const* operator->() const noexcept { return completion_; }

private:
  C const* completion_ = nullptr;
};

/// Options of `bulk`.
template <class C>
struct bulk_options {
  count<"grain"> grain = 0;  ///< indices that a worker takes at once; 0: from the time that they take
  std::stop_token stop = {}; ///< asked between runs; wait() then throws `cancelled` if indices were left out
  after_ref<C> after = {};   ///< starts only when this is complete; read before bulk returns
};

/// Options of `upload` and `download`.
template <class C>
struct copy_options {
  after_ref<C> after = {}; ///< starts only when this is complete
};

namespace detail {
/// Stands for any kernel where the concept is checked, so that the check instantiates none of the user's.
struct bulk_archetype {
  constexpr void operator()(std::size_t, std::size_t) const {}
};

/// For every model's bulk: says in one line what f must be.
template <class F>
consteval void check_run_kernel() {
  static_assert(std::is_invocable_v<F const&, std::size_t, std::size_t>,
                "trireme: bulk: f is called as const with a run of indices, f(first, last)");
}

/// Any kernel by reference, a plain function too, and a number added to its indices. What takes this is compiled once, and not for
/// each kernel.
class run_ref {
public:
  template <class F>
  explicit run_ref(F const& f, std::size_t base = 0) noexcept
      : f_(address_of(f)), call_([](void const* kernel, std::size_t first, std::size_t last) {
          if constexpr (std::is_function_v<F>)
            reinterpret_cast<F*>(const_cast<void*>(kernel))(first, last);
          else
            (*static_cast<F const*>(kernel))(first, last);
        }),
        base_(base) {}
  void operator()(std::size_t first, std::size_t last) const { call_(f_, base_ + first, base_ + last); }

private:
  template <class F>
  static void const* address_of(F const& f) noexcept {
    if constexpr (std::is_function_v<F>)
      return reinterpret_cast<void const*>(&f);
    else
      return std::addressof(f);
  }
  void const* f_;
  void (*call_)(void const*, std::size_t, std::size_t);
  std::size_t base_;
};
} // namespace detail

/// Where work runs: a cheap, copyable, comparable handle. All members are called on a const handle.
///
/// - `E::completion_type`: what its asynchronous calls return.
/// - `concurrency()`: how many workers run at once; at least 1.
/// - `bulk(n, f, options)`: n of any integral type; calls `f(first, last)` on disjoint runs that together are [0, n), in any order, and at
///   once where it can. f is copied and lives until the work is complete; it is called as const, from many
///   workers at a time. Its exception comes from `wait()`; runs that have not begun by then are left out.
/// - `allocate(bytes, align)`: memory that f may touch, at least `align`-aligned; std::bad_alloc where there is none.
/// - `upload`, `download`: copies between host memory and the executor's.
template <class E>
concept executor = std::copyable<E> && std::equality_comparable<E> && completion<typename E::completion_type> &&
                   requires(E const& ex, std::size_t n, detail::bulk_archetype f, void* p, void const* q,
                            bulk_options<typename E::completion_type> bulk, copy_options<typename E::completion_type> copy) {
                     { ex.concurrency() } noexcept -> std::same_as<std::size_t>;
                     { ex.bulk(n, f, bulk) } -> std::same_as<typename E::completion_type>;
                     { ex.allocate(n, n) } -> std::same_as<void*>;
                     { ex.deallocate(p, n) } noexcept;
                     { ex.upload(q, p, n, copy) } -> std::same_as<typename E::completion_type>;
                     { ex.download(q, p, n, copy) } -> std::same_as<typename E::completion_type>;
                   };

/// An executor whose workers see the caller's memory, so that any callable is a kernel and no range is copied.
/// A model says so by `static constexpr bool shares_host_memory = true`.
template <class E>
concept host_executor = executor<E> && requires { requires E::shares_host_memory; };

template <executor E>
using completion_t = typename E::completion_type;

/// `bulk`, and the wait for it: what every algorithm of the library runs on. An executor on which the calling
/// thread can do its share of the work overloads it, which saves the copy of f, an allocation and a wake-up.
template <executor E, class F>
void on_bulk(E const& ex, std::size_t n, F const& f, bulk_options<completion_t<E>> const& options) {
  ex.bulk(n, f, options).wait();
}

}} // namespace trireme::v1
