/// @file pieces.hpp
/// Host data for workers that don't see it, in pieces: while some are worked on, others are copied in and out. So data of
/// any size passes through a little memory of the executor, which soon is warm.
#pragma once
#include <trireme/core/error.hpp>
#include <trireme/core/executor.hpp>
#include <trireme/core/passing.hpp>
#include <trireme/core/progress.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <tuple>
#include <utility>
#include <vector>

namespace trireme { inline namespace v1 { namespace detail {

/// A piece on its way: in, through the kernel that `make` returns for its views, and out.
template <executor E, class Make, class... Passing>
class piece {
public:
  piece(E const& ex, Make const& make, Passing... data) : ex_(ex), make_(make), data_(std::move(data)...) {}

  void start(std::size_t first, std::size_t count, bulk_options<completion_t<E>> options) {
    first_ = first;
    count_ = count;
    std::apply(
        [&](Passing&... data) {
          auto entering = entering_.begin();
          auto leaving = leaving_.begin();
          ((*entering = data.enter(first, count, options.after), options.after = *entering++), ...);
          work_ = ex_.bulk(count, make_(data.view()...), options);
          ((*leaving++ = data.leave(work_)), ...);
        },
        data_);
  }
  [[nodiscard]] bool ready() const noexcept { return work_.ready(); }
  [[nodiscard]] std::size_t first() const noexcept { return first_; }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

  /// Returns when its results are where they belong. @throws what the kernel threw.
  void finish() {
    part_of_whole{first_, 1, first_ + count_}([&] { work_.wait(); });
    for (auto& c : leaving_) c.wait();
    std::apply([](Passing&... data) { (data.settle(), ...); }, data_);
  }

private:
  E ex_;
  Make const& make_;
  std::tuple<Passing...> data_;
  std::size_t first_ = 0, count_ = 0;
  std::array<completion_t<E>, sizeof...(Passing)> entering_; // these last: waited for before the memory goes
  completion_t<E> work_;
  std::array<completion_t<E>, sizeof...(Passing)> leaving_;
};

/// Calls the kernel that make(views…) returns for all indices of every piece of n elements. Whichever piece is ready makes
/// room for the next: a slow one holds up no other.
template <executor E, class Make, class... Passenger>
void run_in_pieces(E const& ex, std::size_t n, bulk_options<completion_t<E>> const& options, progress_callback const& progress,
                   Make const& make, Passenger const&... data) {
  constexpr std::size_t bytes = std::size_t{1} << 20, fewest = 8, most = 64; // of a piece; pieces at once
  constexpr std::size_t element = (Passenger::element_size + ...);
  std::size_t const workers = ex.concurrency();
  std::size_t const size = std::min(n, std::max(bytes / element, 4 * workers));
  std::size_t const at_once = std::clamp(2 * workers, fewest, most);

  using piece_type = piece<E, Make, typename Passenger::place...>;
  std::vector<std::unique_ptr<piece_type>> pieces;
  std::size_t done = 0;
  progress_teller tell(progress);
  auto const finish = [&](piece_type& p) {
    p.finish();
    done += p.count();
    tell({done, n});
  };
  // Whoever waits does so for the oldest, before which no other can have failed unseen for long.
  auto const older = [](auto const& a, auto const& b) { return a->first() < b->first(); };
  auto const room = [&]() -> piece_type& {
    if (pieces.size() < at_once) return *pieces.emplace_back(std::make_unique<piece_type>(ex, make, data.in_pieces(size)...));
    auto const ready = std::find_if(pieces.begin(), pieces.end(), [](auto const& p) { return p->ready(); });
    auto& taken = **(ready != pieces.end() ? ready : std::min_element(pieces.begin(), pieces.end(), older));
    finish(taken);
    return taken;
  };
  std::stop_source stop; // the caller's wish or one piece's failure stops all
  std::stop_callback const forward(options.stop, [&] { stop.request_stop(); });
  try {
    for (std::size_t first = 0; first < n; first += size)
      room().start(first, std::min(size, n - first), {.grain = options.grain, .stop = stop.get_token(), .after = {}});
    std::sort(pieces.begin(), pieces.end(), older);
    for (auto const& p : pieces) finish(*p);
  } catch (...) {
    stop.request_stop();
    throw;
  }
}

}}} // namespace trireme::v1::detail
