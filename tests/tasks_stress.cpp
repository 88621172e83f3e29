/// @file tasks_stress.cpp
/// Random schedules of submit, then, cancel, the waits, when_any, coroutines and pools that go, many times over. Each
/// future's result is known from how it was made.
#include <trireme/algorithm/as_completed.hpp>
#include <trireme/algorithm/submit.hpp>
#include <trireme/algorithm/when.hpp>
#include <trireme/core/task.hpp>
#include <trireme/core/timer.hpp>
#include <trireme/inline/executor.hpp>
#include <trireme/threads/executor.hpp>

#include "support.hpp"
#include "testing.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

namespace tri = trireme;

namespace {

/// Counts its live copies, so that what is lost or destroyed twice shows.
struct tracked {
  static inline std::atomic<long> alive = 0;
  int value;
  explicit tracked(int v) : value(v) { ++alive; }
  tracked(tracked const& other) : value(other.value) { ++alive; }
  tracked(tracked&& other) noexcept : value(other.value) { ++alive; }
  tracked& operator=(tracked const&) = default;
  tracked& operator=(tracked&&) = default;
  ~tracked() { --alive; }
};

class dice {
public:
  explicit dice(std::uint64_t seed) : state_(seed) {}
  std::size_t operator()(std::size_t sides) { return static_cast<std::size_t>((testing::scramble(state_++) >> 16) % sides); }

private:
  std::uint64_t state_;
};

tri::task<tracked> waits_for(tri::future<tracked> f) {
  auto x = co_await f;
  co_return tracked(x.value + 1);
}

/// A future and the value that it has unless it was cancelled, broken, or failed on purpose.
struct expected {
  tri::future<tracked> future;
  int value;
};

class schedule {
public:
  explicit schedule(std::uint64_t seed) : dice_(seed), pool_(std::in_place, 1 + dice_(3)), other_(1 + dice_(2)) {}

  std::size_t run() {
    for (std::size_t steps = 10 + dice_(20); steps != 0; --steps) step();
    for (auto& e : open_) check(e);
    return wrong_;
  }

private:
  void step() {
    switch (dice_(14)) {
      case 0:
      case 1:
      case 2: submit_one(); break;
      case 3:
        if (auto* const e = any()) { // follow
          bool const throws = dice_(8) == 0;
          auto f = [throws](tracked x) {
            if (throws) throw 1;
            return tracked(x.value + 1);
          };
          e->future = dice_(2) == 0 ? e->future.then(f) : e->future.then(other_, f);
          ++e->value;
        }
        break;
      case 4:
        if (auto* const e = any()) { // a future of a future
          e->future = e->future.then([this_other = other_](tracked x) {
            return tri::submit(this_other, [](tracked y) { return tracked(y.value + 1); }, std::move(x));
          });
          ++e->value;
        }
        break;
      case 5:
        if (auto* const e = any()) e->future.cancel();
        break;
      case 6:
        if (auto* const e = any()) static_cast<void>(e->future.wait_for(std::chrono::microseconds(dice_(50))));
        break;
      case 7:
        if (auto* const e = any()) {
          check(*e);
          *e = std::move(open_.back());
          open_.pop_back();
        }
        break;
      case 8:
        if (auto* const e = any()) {
          *e = std::move(open_.back());
          open_.pop_back();
        }
        break; // dropped
      case 9:
        if (auto* const e = any()) {
          e->future = tri::submit(other_, waits_for(std::move(e->future)));
          ++e->value;
        }
        break;
      case 10:
        if (!open_.empty()) {
          std::vector<tri::future<tracked>> all;
          for (auto& e : open_) all.push_back(std::move(e.future));
          std::size_t const first = tri::when_any(all).get();
          wrong_ += first >= all.size() || !all[first].ready();
          for (std::size_t k = 0; k < all.size(); ++k) open_[k].future = std::move(all[k]);
        }
        break;
      case 11:
        if (open_.size() > 1) { // two become one
          auto last = std::move(open_.back());
          open_.pop_back();
          auto& e = open_[dice_(open_.size())];
          e.value += last.value;
          e.future = tri::when_all(e.future, last.future).then(other_, [](auto both) {
            return tracked(std::get<0>(both).value + std::get<1>(both).value);
          });
        }
        break;
      case 12: { // waits inside a task
        int const v = static_cast<int>(dice_(1000));
        open_.push_back({tri::submit(other_,
                                     [v, inner = other_] {
                                       return tri::submit(inner, [v] { return tracked(v); })
                                           .then([](tracked x) { return tracked(x.value + 1); })
                                           .get();
                                     }),
                         v + 1});
      } break;
      default:
        if (dice_(3) == 0) { // a pool goes, with what is in it
          pool_.reset();
          pool_.emplace(1 + dice_(3));
        }
        break;
    }
  }
  void submit_one() {
    int const v = static_cast<int>(dice_(1000));
    std::size_t const kind = dice_(4);
    auto work = [kind](std::stop_token stop, tracked x) {
      if (kind == 1) std::this_thread::yield();
      if (kind == 2 && stop.stop_requested()) std::this_thread::yield();
      return x;
    };
    if (dice_(3) == 0)
      open_.push_back({tri::submit(other_, work, tracked(v)), v});
    else
      open_.push_back({tri::submit(*pool_, work, tracked(v)), v});
  }
  expected* any() { return open_.empty() ? nullptr : &open_[dice_(open_.size())]; }
  void check(expected& e) {
    try {
      wrong_ += e.future.get().value != e.value;
    } catch (tri::cancelled const&) {
    } catch (int) {
    }
  }

  dice dice_;
  std::optional<tri::thread_pool> pool_;
  tri::thread_pool other_;
  std::vector<expected> open_;
  std::size_t wrong_ = 0;
};

} // namespace

TEST_CASE("tasks under stress: random schedules") {
  // More with an instrumented build: TRIREME_STRESS=100000.
  char const* const more = std::getenv("TRIREME_STRESS");
  std::uint64_t const rounds = more != nullptr ? std::strtoull(more, nullptr, 10) : 2000;
  std::size_t wrong = 0;
  for (std::uint64_t seed = 0; seed < rounds; ++seed) wrong += schedule(seed << 20).run();
  CHECK(wrong == 0);
  CHECK(tracked::alive == 0);
}

TEST_CASE("tasks under stress: threads that submit to one pool, and let go of it at once") {
  for (int round = 0; round < 200; ++round) {
    std::atomic<int> done = 0;
    {
      tri::thread_pool const pool(2);
      std::vector<std::jthread> threads;
      for (int t = 0; t < 4; ++t)
        threads.emplace_back([pool, &done] { // a handle for each
          std::vector<tri::future<void>> futures;
          for (int k = 0; k < 50; ++k) futures.push_back(tri::submit(pool, [&done] { ++done; }).then([] {}));
          for (auto& f : futures) f.get();
        });
    }
    CHECK(done == 200);
  }
}
