/// @file as_completed.hpp
/// Futures in the order in which their tasks end.
#pragma once
#include <trireme/core/ends.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace trireme { inline namespace v1 {

namespace detail {

/// The order in which n tasks end. Kept by its range, and by the ends that have not come.
class order_of_ends {
public:
  explicit order_of_ends(std::vector<state_ptr<task_state>> states)
      : states_(std::move(states)), ends_(*this, states_.size()),
        order_(std::make_unique<std::atomic<std::uint32_t>[]>(states_.size())), users_(states_.size() + 1) {}
  order_of_ends(order_of_ends const&) = delete;
  order_of_ends& operator=(order_of_ends const&) = delete;

  /// By who iterates: so those that have ended need wake nobody.
  void start() noexcept {
    std::size_t over = 0;
    for (std::size_t k = 0; k < states_.size(); ++k)
      if (states_[k]->done() || !states_[k]->attach(ends_[k])) {
        place_next(k);
        ++over;
      }
    let_go(over);
  }
  [[nodiscard]] std::size_t size() const noexcept { return states_.size(); }
  /// Which task ended as number k. Waits for it.
  std::size_t operator[](std::size_t k) noexcept {
    std::atomic<std::uint32_t>& place = order_[k];
    auto const there = [&] { return place.load(std::memory_order_acquire) != 0; };
    if (task_worker::with_room() != nullptr && !there())
      for (auto const& state : states_)
        if (!state->done() && state->help() && there()) break;
    if (!there()) {
      firing::rest();
      if (!spun_until(there)) {
        blocking const here;
        place.wait(0);
      }
    }
    return place.load(std::memory_order_acquire) - 1;
  }
  void ended(std::size_t index) noexcept {
    place_next(index).notify_one();
    let_go();
  }
  /// By the range: what has not ended keeps nothing of it.
  void abandon() noexcept {
    if (count_.load() != states_.size())
      for (std::size_t k = 0; k < states_.size(); ++k)
        if (states_[k]->detach(ends_[k])) let_go();
    let_go();
  }

private:
  ~order_of_ends() = default;
  std::atomic<std::uint32_t>& place_next(std::size_t index) noexcept {
    std::atomic<std::uint32_t>& place = order_[count_.fetch_add(1, std::memory_order_relaxed)];
    place.store(static_cast<std::uint32_t>(index + 1), std::memory_order_release);
    return place;
  }
  void let_go(std::size_t users = 1) noexcept {
    if (users_.fetch_sub(users, std::memory_order_acq_rel) == users) delete this;
  }
  std::vector<state_ptr<task_state>> states_;
  ends<order_of_ends> ends_;
  std::unique_ptr<std::atomic<std::uint32_t>[]> order_; ///< 0: not yet; else 1 + which
  alignas(64) std::atomic<std::size_t> count_{0};       ///< apart from what the reader looks at all the time
  std::atomic<std::size_t> users_;
};

/// An input range over Futures, which it owns or refers to, by positions in the order of ends.
template <class Futures, class Pick>
class completed_range {
public:
  completed_range(Futures futures, std::vector<state_ptr<task_state>> states, Pick pick)
      : futures_(std::forward<Futures>(futures)), pick_(std::move(pick)), order_(new order_of_ends(std::move(states))) {
    order_->start();
  }

  class iterator {
  public:
    using iterator_concept = std::input_iterator_tag;
    using difference_type = std::ptrdiff_t;
    using value_type = std::remove_cvref_t<std::invoke_result_t<Pick const&, std::remove_reference_t<Futures>&, std::size_t>>;
    iterator() = default;
    explicit iterator(completed_range* range) noexcept : range_(range) {}
    decltype(auto) operator*() const { return range_->pick_(range_->futures_, (*range_->order_)[range_->at_]); }
    iterator& operator++() noexcept {
      ++range_->at_;
      return *this;
    }
    void operator++(int) noexcept { ++*this; }
    friend bool operator==(iterator const& i, std::default_sentinel_t) noexcept { return i.range_->size() == 0; }

  private:
    completed_range* range_ = nullptr;
  };
  iterator begin() noexcept { return iterator(this); }
  [[nodiscard]] static std::default_sentinel_t end() noexcept { return {}; }
  [[nodiscard]] std::size_t size() const noexcept { return order_->size() - at_; } ///< how many are still to come

private:
  struct letting_go {
    void operator()(order_of_ends* order) const noexcept { order->abandon(); }
  };
  Futures futures_;
  [[no_unique_address]] Pick pick_;
  std::unique_ptr<order_of_ends, letting_go> order_;
  std::size_t at_ = 0;
};

/// The future at a position of a range.
struct pick_from_range {
  template <class Futures>
  decltype(auto) operator()(Futures& futures, std::size_t k) const {
    return *std::ranges::next(std::ranges::begin(futures), static_cast<std::ranges::range_difference_t<Futures>>(k));
  }
};
/// A pointer to the future at a position of a tuple, as that alternative.
struct pick_from_tuple {
  template <class... F>
  std::variant<F*...> operator()(std::tuple<F&...>& futures, std::size_t k) const {
    std::variant<F*...> picked;
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      static_cast<void>(((I == k && (picked.template emplace<I>(&std::get<I>(futures)), true)) || ...));
    }(std::index_sequence_for<F...>{});
    return picked;
  }
};

} // namespace detail

/// The futures of a range in the order in which their tasks end, as an input range of references: `for (auto& f :
/// as_completed(futures)) use(f.get());`. The range is read here, and kept if it is an rvalue; else it stays as it is until
/// the last has come. Whoever iterates sleeps until the next end. To leave the loop early is fine.
/// @throws std::logic_error where a future is not valid.
/// Cost: some bytes a future, and no lock.
template <detail::futures R>
  requires std::ranges::random_access_range<R>
[[nodiscard]] auto as_completed(R&& futures) {
  std::vector<detail::state_ptr<detail::task_state>> states;
  states.reserve(static_cast<std::size_t>(std::ranges::distance(futures)));
  for (auto& f : futures) states.emplace_back(detail::future_access::keep(f));
  using kept = std::conditional_t<std::is_lvalue_reference_v<R>, R, std::remove_cvref_t<R>>;
  return detail::completed_range<kept, detail::pick_from_range>(std::forward<R>(futures), std::move(states), {});
}

/// The same for futures of different types: each comes as a std::variant of pointers, whose index() is the position.
template <detail::any_future... F>
  requires(sizeof...(F) > 1)
[[nodiscard]] auto as_completed(F&... futures) {
  std::vector<detail::state_ptr<detail::task_state>> states;
  (states.emplace_back(detail::future_access::keep(futures)), ...);
  return detail::completed_range<std::tuple<F&...>, detail::pick_from_tuple>(std::tie(futures...), std::move(states), {});
}

}} // namespace trireme::v1
