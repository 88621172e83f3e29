/// @file batch_map.hpp
/// Map data that need not fit: batches flow through, one being read while another is worked on and a third fetched.
/// Definition for every executor.
#pragma once
#include <trireme/algorithm/transform.hpp>
#include <trireme/core/accepts.hpp>
#include <trireme/core/count.hpp>
#include <trireme/core/deadline.hpp>
#include <trireme/core/error.hpp>
#include <trireme/core/gathered.hpp>
#include <trireme/core/limits.hpp>
#include <trireme/core/operand.hpp>
#include <trireme/core/progress.hpp>
#include <trireme/core/result.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <type_traits>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 {

/// Options of batch_map.
struct batch_options {
  count<"batch_size"> batch_size = 65536; ///< elements read, computed and handed on together; at least 1
  progress_callback progress = {};        ///< called after each batch; its total is 0 where the range does not know it
  std::stop_token stop = {};              ///< a request ends the call with `cancelled` after the batches at hand
  time_span timeout = {};    ///< for the whole call, which then ends with `timed_out` in the same way; 0: none
};

namespace detail {

/// A range as batches of elements that lie side by side, which the caller sees.
template <class R>
class batch_reader {
  using range = std::remove_reference_t<R>;

public:
  using value_type = element_t<R>;
  static constexpr bool in_place = false; ///< whether the batches lie in the executor's memory

  explicit batch_reader(range& r) : range_(r), at_(std::ranges::begin(r)) {}

  /// The next batch of up to `most` elements, gathered in `room` if they do not already lie side by side.
  std::span<value_type const> next(std::size_t most, gathered<value_type>& room) {
    if constexpr (contiguous_storage<range>) {
      std::size_t const left = static_cast<std::size_t>(std::ranges::end(range_) - at_);
      std::span<value_type const> const batch(std::to_address(at_), std::min(most, left));
      at_ += static_cast<std::ptrdiff_t>(batch.size());
      return batch;
    } else {
      room.clear();
      while (room.size() < most) {
        // A stream that is asked for one more waits for input: only when that one is wanted.
        if (std::exchange(taken_, false)) ++at_;
        if (at_ == std::ranges::end(range_)) break;
        room.push_back(*at_);
        taken_ = true;
      }
      return {room.data(), room.size()};
    }
  }

  /// The number of elements, where the range knows it, else 0.
  [[nodiscard]] std::size_t total() const {
    if constexpr (requires(range& r) { r.size(); })
      return static_cast<std::size_t>(range_.size());
    else if constexpr (std::ranges::sized_range<range>)
      return static_cast<std::size_t>(std::ranges::size(range_));
    else
      return 0;
  }

private:
  range& range_;
  std::ranges::iterator_t<range> at_;
  bool taken_ = false;
};

/// The same of a buffer, whose batches are already where the work is.
template <any_buffer R>
class batch_reader<R> {
public:
  using value_type = typename std::remove_cvref_t<R>::value_type;
  static constexpr bool in_place = true;

  explicit batch_reader(std::remove_reference_t<R>& b) : all_(std::as_const(b).data(), b.size()) {}
  std::span<value_type const> next(std::size_t most, gathered<value_type>&) {
    auto const batch = all_.subspan(done_, std::min(most, all_.size() - done_));
    done_ += batch.size();
    return batch;
  }
  [[nodiscard]] std::size_t total() const { return all_.size(); }

private:
  std::span<value_type const> all_;
  std::size_t done_ = 0;
};

/// One batch on its way: read, on the executor, and back.
template <class E, class Reader, class Result, class F>
class batch {
  using value_type = typename Reader::value_type;
  using out_view = std::span<Result>;
  using run = transform_run<out_view, F, std::span<value_type const>>;

public:
  explicit batch(E const& ex) : ex_(ex) {}

  bool read(Reader& reader, std::size_t most) {
    in_ = reader.next(most, room_);
    return !in_.empty();
  }

  /// Starts the work on the batch.
  void launch(F const& f, std::stop_token const& stop) {
    out_.resize(in_.size());
    if constexpr (host_executor<E>) {
      work_ = ex_.bulk(in_.size(), run{out_, f, in_}, {.grain = 0, .stop = stop, .after = {}});
    } else {
      std::span<value_type const> from = in_;
      if constexpr (!Reader::in_place) {
        if (elements_.size() < in_.size()) elements_ = buffer<value_type, E>(ex_, in_.size());
        up_ = ex_.upload(in_.data(), elements_.data(), in_.size_bytes(), {});
        from = {elements_.data(), in_.size()};
      }
      if (results_.size() < in_.size()) results_ = buffer<Result, E>(ex_, in_.size());
      out_view const to{results_.data(), in_.size()};
      work_ = ex_.bulk(in_.size(), run{to, f, from}, {.grain = 0, .stop = stop, .after = up_});
      down_ = ex_.download(to.data(), out_.data(), to.size_bytes(), {.after = work_});
    }
  }

  /// Waits for the results; `before` elements have gone before. @throws what the work threw.
  std::span<Result const> results(std::size_t before) {
    part_of_whole{before, 1, before + in_.size()}([&] { work_.wait(); });
    down_.wait();
    return out_;
  }

private:
  struct no_buffer {
    explicit no_buffer(E const&, std::size_t) {}
  };
  template <class T>
  static auto room_on(E const& ex) {
    if constexpr (host_executor<E>)
      return no_buffer(ex, 0);
    else
      return buffer<T, E>(ex, 0);
  }

  E ex_;
  gathered<value_type> room_;
  std::vector<Result> out_;
  std::span<value_type const> in_;
  decltype(room_on<value_type>(std::declval<E const&>())) elements_ = room_on<value_type>(ex_);
  decltype(room_on<Result>(std::declval<E const&>())) results_ = room_on<Result>(ex_);
  completion_t<E> up_, work_, down_; // last: destroyed, and so waited for, before the memory they use
};

/// Two batches take turns: while one is worked on, its predecessor's results are handed on and its successor is read.
template <class R, class E, class Reader, class F, class Sink>
void run_batches_until(E const& ex, Reader reader, F const& f, Sink&& sink, batch_options const& options) {
  std::size_t const most = options.batch_size;
  if (most == 0) throw std::invalid_argument("trireme: batch_map: batch_size must be at least 1");
  std::size_t done = 0;
  std::array<batch<E, Reader, R, F>, 2> both{batch<E, Reader, R, F>(ex), batch<E, Reader, R, F>(ex)};
  struct stopping { // of what is under way: when one batch fails, nobody waits for all of the other
    std::stop_source source;
    ~stopping() { source.request_stop(); }
  } const stop;
  std::stop_callback const pass_on(options.stop, [&] { stop.source.request_stop(); });
  auto const read = [&](std::size_t k) {
    if (options.stop.stop_requested()) throw cancelled{};
    return both[k].read(reader, most);
  };
  auto const hand_on = [&](std::size_t k) {
    auto const results = both[k].results(done);
    sink(results);
    done += results.size();
    if (options.progress) options.progress({done, reader.total()});
  };
  if (!read(0)) return;
  both[0].launch(f, stop.source.get_token());
  std::size_t k = 1;
  auto const read_next = [&] {
    try {
      return read(k);
    } catch (...) {
      hand_on(1 - k); // what came before the failure is complete, and wanted
      throw;
    }
  };
  for (; read_next(); k = 1 - k) {
    both[k].launch(f, stop.source.get_token());
    hand_on(1 - k);
  }
  hand_on(1 - k);
}

template <class R, class E, class Reader, class F, class Sink>
void run_batches(E const& ex, Reader reader, F const& f, Sink&& sink, batch_options const& options) {
  within("batch_map", options, [&](batch_options const& o) { run_batches_until<R>(ex, std::move(reader), f, sink, o); });
}

template <class R, class F>
using batch_result_t = stored_t<std::invoke_result_t<F const&, typename data_element<R>::type const&>>;

template <class E, class R, class F>
consteval bool accepts_batches() {
  if constexpr (accepts_data<E, R>()) {
    using element = typename data_element<R>::type;
    if constexpr (accepts_kernel<E, F, element const&>()) {
      using result = batch_result_t<R, F>;
      static_assert(!std::is_void_v<result>, "trireme: batch_map: the kernel returns nothing");
      if constexpr (!std::is_void_v<result>) {
        constexpr bool ok = std::is_default_constructible_v<result>;
        static_assert(ok, "trireme: batch_map: the kernel's result needs a default constructor");
        return ok && accepts_value<E, result>();
      }
    }
  }
  return false;
}

template <class E, class R, class F, class Sink>
consteval bool accepts_sink() {
  if constexpr (accepts_batches<E, R, F>()) {
    constexpr bool ok = std::invocable<Sink&, std::span<batch_result_t<R, F> const>>;
    static_assert(ok, "trireme: batch_map: the sink can't be called with a std::span of results as const");
    return ok;
  } else {
    return false;
  }
}

} // namespace detail

/// f of every element, in input order, batch by batch: each finished batch goes to sink(std::span<R const>), in order,
/// from the calling thread. Neither the input nor the results need fit into memory.
///
/// `in` may be any input range: a file being read, a generator. It is read by the calling thread while workers compute
/// the batch before; with a device, one batch is uploaded, one computed and one downloaded at a time.
/// @param f  called with each element as const; portable_kernel where ex does not see host memory.
/// @throws std::invalid_argument for a batch_size of 0 or less, before any work; what the range, f, sink or progress
/// throw, after the batches before it went to the sink; `cancelled`.
/// Cost: two batches of elements and results at a time; contiguous elements and those of buffers are not copied where
/// ex sees them.
template <executor E, class R, class F, class Sink>
  requires(!std::convertible_to<Sink, batch_options>)
void batch_map(E const& ex, R&& in, F f, Sink&& sink, batch_options options = {}) {
  if constexpr (detail::accepts_sink<E, R, F, Sink>()) {
    if constexpr (any_buffer<R>) static_cast<void>(detail::whole_buffer(ex, in));
    detail::run_batches<detail::batch_result_t<R, F>>(ex, detail::batch_reader<R>(in), f, sink, options);
  }
}

/// The same, returning all results: a std::vector for a host range, a vector of Eigen for one, a buffer for a buffer.
template <executor E, class R, class F>
[[nodiscard]] auto batch_map(E const& ex, R&& in, F f, batch_options options = {}) {
  if constexpr (detail::accepts_batches<E, R, F>()) {
    using result = detail::batch_result_t<R, F>;
    if constexpr (any_buffer<R>) {
      std::size_t const n = in.size(), most = options.batch_size;
      if (most == 0) throw std::invalid_argument("trireme: batch_map: batch_size must be at least 1");
      auto const from = detail::const_view(detail::whole_buffer(ex, in).view());
      buffer<result, E> out(ex, n);
      detail::within("batch_map", options, [&](batch_options const& o) {
        for (std::size_t i = 0; i < n; i += most) {
          std::size_t const size = std::min(most, n - i);
          detail::part_of_whole{i, 1, n}([&] {
            on_transform(ex, out.view().subspan(i, size), f, {.chunk_size = 0, .stop = o.stop}, from.subspan(i, size));
          });
          if (options.progress) options.progress({i + size, n});
        }
      });
      return out;
    } else {
      detail::batch_reader<R> reader(in);
      auto out = detail::host_vector<result, R>(reader.total());
      std::size_t done = 0;
      detail::run_batches<result>(
          ex, std::move(reader), f,
          [&](std::span<result const> batch) {
            if constexpr (requires { out.push_back(std::declval<result>()); })
              if (out.size() < done + batch.size()) out.resize(done + batch.size());
            // The batch is ours, and its memory is written anew: move-only results can leave it.
            for (auto& x : batch) out.data()[done++] = std::move(const_cast<result&>(x));
          },
          options);
      return out;
    }
  } else {
    return detail::refused{};
  }
}

}} // namespace trireme::v1
