/// @file map.hpp
/// The results of a function for every element, as a range that is read while the rest is computed.
/// Definition for every executor that has tasks, by algorithm/chunks.hpp.
#pragma once
#include <trireme/algorithm/chunks.hpp>
#include <trireme/algorithm/for_each.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/progress.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <ranges>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// Reads a range in chunks, and keeps a window of them under way. Range: a reference, or a range of its own.
template <class E, class Range, class F, class R>
class map_state {
  using range = std::remove_reference_t<Range>;
  using launcher = chunk_launcher<E, R, F>;
  using reference = std::ranges::range_reference_t<range>;
  using value = std::ranges::range_value_t<range>;
  static constexpr bool by_address = launcher::by_address && std::ranges::forward_range<range> &&
                                     std::is_lvalue_reference_v<reference> && std::same_as<std::remove_cvref_t<reference>, value>;
  using elements = std::vector<std::conditional_t<by_address, value const*, value>>;
  using clock = std::chrono::steady_clock;

public:
  map_state(E const& ex, Range&& r, F f, loop_options options)
      : options_(std::move(options)), forward_(options_.stop, request{&stop_}), launch_(ex, std::move(f), stop_.get_token()),
        window_(4 * ex.concurrency() + 4), range_(std::forward<Range>(r)), next_(std::ranges::begin(range_)) {
    if constexpr (std::ranges::sized_range<range>) {
      total_ = static_cast<std::size_t>(std::ranges::size(range_));
      most_ = std::max<std::size_t>(1, total_ / (4 * ex.concurrency()));
    }
    check_timeout("map", options_.timeout);
    if (options_.timeout.count() != 0) deadline_ = after(options_.timeout);
    fill();
  }
  map_state(map_state const&) = delete;
  map_state& operator=(map_state const&) = delete;
  ~map_state() {
    stop_.request_stop();
    for (auto& c : chunks_) c.results.cancel();
    for (auto& c : chunks_) c.results.wait(); // f may refer to what goes next
    for (auto& f : late_) f.wait();
  }

  [[nodiscard]] bool at_end() const noexcept { return chunks_.empty() && left_ == 0 && !end_failure_; }

  /// The result of the present element. @throws its exception, or the one that ends the range here.
  R& get() {
    if (left_ == 0 && !chunks_.empty()) receive();
    if (left_ == 0) std::rethrow_exception(end_failure_);
    if (chunk_failure_) std::rethrow_exception(chunk_failure_);
    if (failure_ != present_.failures.end() && failure_->first == at_) std::rethrow_exception(failure_->second);
    return *value_;
  }
  void advance() {
    if (left_ == 0 && !chunks_.empty()) try {
        receive(); // passed over without a look
      } catch (...) {
      }
    if (left_ == 0) return end();
    if (!chunk_failure_) {
      if (failure_ != present_.failures.end() && failure_->first == at_)
        ++failure_;
      else
        ++value_;
    }
    ++at_;
    if (--left_ != 0) return;
    done_ += at_;
    tell_.tell({done_, total_}, chunks_.empty());
  }

private:
  struct request {
    std::stop_source* stop;
    void operator()() const noexcept { stop->request_stop(); }
  };
  using future_type = decltype(std::declval<launcher const&>()(std::declval<elements>()));
  struct chunk {
    future_type results;
    std::size_t size;
  };

  /// Reads on, until the window is full. The range's own exception comes behind the results of what it gave before.
  void fill() {
    while (chunks_.size() < window_ && !read_) {
      elements some;
      try {
        read(some);
      } catch (...) {
        read_ = true;
        end_failure_ = std::current_exception();
      }
      std::size_t const n = some.size();
      if (n != 0) try {
          chunks_.push_back({launch_(std::move(some)), n});
        } catch (...) {
          if (chunks_.empty() && done_ == 0) throw; // nothing has begun
          read_ = true;
          end_failure_ = std::current_exception();
        }
    }
  }
  void read(elements& some) {
    std::size_t const size = next_size();
    some.reserve(std::min(size, most_)); // who asks for one chunk of all need not know how many there are
    for (; some.size() < size && next_ != std::ranges::end(range_); ++next_) {
      if constexpr (by_address)
        some.push_back(std::addressof(*next_));
      else
        some.push_back(static_cast<value>(*next_));
    }
    read_ = some.size() < size;
  }
  /// Chunks of about a millisecond, but so many that there is work for all.
  [[nodiscard]] std::size_t next_size() const {
    if (options_.chunk_size != 0u) return options_.chunk_size;
    return std::clamp<std::size_t>(seconds_ < 0 ? 1 : static_cast<std::size_t>(1e-3 / std::max(seconds_, 1e-8)), 1,
                                   std::min(most_, 2 * largest_));
  }

  /// Takes the next chunk's results, and launches another.
  void receive() {
    auto& front = chunks_.front();
    if (options_.stop.stop_requested()) throw_at_end(std::make_exception_ptr(cancelled{}));
    if (deadline_ != clock::time_point::max() && !front.results.wait_until(deadline_))
      throw_at_end(std::make_exception_ptr(timed_out("trireme: map: it took longer than its timeout")));
    at_ = 0;
    left_ = front.size;
    chunk_failure_ = nullptr;
    present_ = {};
    try {
      part_of_whole{done_, front.size, done_ + front.size}([&] { present_ = launcher::received(front.results.get()); });
      seconds_ = present_.seconds / static_cast<double>(front.size);
      largest_ = std::max(largest_, front.size);
    } catch (...) {
      chunk_failure_ = std::current_exception(); // of each of its elements
    }
    chunks_.pop_front();
    value_ = present_.values.begin();
    failure_ = present_.failures.begin();
    if (options_.stop.stop_requested()) throw_at_end(std::make_exception_ptr(cancelled{}));
    fill();
  }
  [[noreturn]] void throw_at_end(std::exception_ptr e) {
    stop_.request_stop();
    left_ = 0;
    read_ = true;
    end_failure_ = std::move(e);
    for (auto& c : chunks_) {
      if (!c.results.valid()) continue;
      c.results.cancel();
      late_.push_back(std::move(c.results));
    }
    chunks_.clear();
    std::rethrow_exception(end_failure_);
  }
  void end() noexcept {
    end_failure_ = nullptr;
    read_ = true;
  }

  loop_options options_;
  progress_teller tell_{options_.progress};
  std::stop_source stop_;
  std::stop_callback<request> forward_;
  launcher launch_;
  std::size_t window_, total_ = 0, most_ = std::size_t{1} << 16;
  clock::time_point deadline_ = clock::time_point::max();
  Range range_;
  std::ranges::iterator_t<range> next_;
  bool read_ = false;
  double seconds_ = -1; ///< that an element takes
  std::size_t largest_ = 1, done_ = 0;
  std::deque<chunk> chunks_;
  std::vector<future_type> late_; ///< given up
  chunk_results<R> present_;
  typename result_list<R>::iterator value_{};
  typename std::vector<std::pair<std::size_t, std::exception_ptr>>::iterator failure_{};
  std::size_t at_ = 0, left_ = 0; ///< in the present chunk
  std::exception_ptr chunk_failure_, end_failure_;
};

} // namespace detail

/// What `map` returns: an input range of results in the order of the elements. Move-only. Its destructor cancels what has
/// not begun, and waits for what has.
template <class E, class Range, class F, class R>
class [[nodiscard]] mapped_range {
  using state = detail::map_state<E, Range, F, R>;

public:
  mapped_range(E const& ex, Range&& r, F f, loop_options options)
      : state_(std::make_unique<state>(ex, std::forward<Range>(r), std::move(f), std::move(options))) {}

  class iterator {
  public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = R;
    iterator() = default;
    explicit iterator(state& s) noexcept : state_(&s) {}
    /// Waits for it. @throws what f threw for this element; the next ones can be had nevertheless.
    R& operator*() const { return state_->get(); }
    iterator& operator++() {
      state_->advance();
      return *this;
    }
    void operator++(int) { ++*this; }
    friend bool operator==(iterator const& i, std::default_sentinel_t) noexcept { return i.state_->at_end(); }

  private:
    state* state_ = nullptr;
  };
  iterator begin() { return iterator(*state_); }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }

private:
  std::unique_ptr<state> state_;
};

namespace detail {

template <class R, class F>
using map_result_t = std::decay_t<std::invoke_result_t<F const&, std::ranges::range_value_t<R> const&>>;

template <class E, class R, class F>
consteval bool accepts_lazy_map() {
  constexpr bool range = std::ranges::input_range<R>;
  static_assert(range, "trireme: map: the data must be a range");
  if constexpr (range) {
    if constexpr (accepts_kernel<E, F, std::ranges::range_value_t<R> const&>()) {
      constexpr bool some = !std::is_void_v<map_result_t<R, F>>;
      static_assert(some, "trireme: map: the kernel returns nothing: for_each calls it for its effect");
      return some;
    }
  }
  return false;
}

} // namespace detail

/// f of every element, as an input range in their order, which is read while the rest is computed: `for (auto& result :
/// tri::map(pool, files, parse)) …`. It begins at once. The range is read by the calling thread, a window of chunks ahead: any
/// input range will do, also an endless one. An rvalue is moved in; an lvalue stays, unchanged, until the last result.
///
/// An exception of f is thrown where its element's result is read; the iteration may go on behind it. With .stop the next
/// element throws `cancelled`, with .timeout (for the whole) `timed_out`, and the range ends there.
/// @param f  called once for each element, as const, with the element as const; portable_kernel where ex does not see host
/// memory: elements and results then travel as with submit, and a worker that ends takes its chunk with it.
/// @param options  .chunk_size 0: chunks of about a millisecond. .progress is called on the reading thread, after a chunk.
/// Cost: 4 · concurrency + 4 chunks of elements and results at a time; an allocation and some for each chunk.
template <executor E, class R, class F>
[[nodiscard]] auto map(E const& ex, R&& in, F f, loop_options options = {}) {
  if constexpr (detail::accepts_lazy_map<E, std::remove_reference_t<R>, F>()) {
    detail::check_schedule("map", options);
    using kept = std::conditional_t<std::is_lvalue_reference_v<R>, R, std::remove_cvref_t<R>>;
    using result = detail::map_result_t<std::remove_reference_t<R>, F>;
    return mapped_range<E, kept, F, result>(ex, std::forward<R>(in), std::move(f), std::move(options));
  } else {
    return detail::refused{};
  }
}

}} // namespace trireme::v1
