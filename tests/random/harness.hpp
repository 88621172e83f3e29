/// @file harness.hpp
/// Random calls, each from one seed, which is said where the call goes wrong.
///
/// A test makes as many calls as fit into the gate, from seeds 0, 1, …: the same ones each time. `TRIREME_RANDOM=600` goes on for
/// 600 seconds from a seed of its own; `TRIREME_RANDOM_SEED=7` makes the call of seed 7 alone.
#pragma once
#include "../support.hpp"
#include "../testing.hpp"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <sstream>
#include <stdexcept>
#include <string>
#include <type_traits>

extern "C" [[gnu::weak]] void __sanitizer_set_death_callback(void (*)()); // there in a sanitised program alone

namespace testing {

/// What a random call is made from, and what it turned out to be.
class random_call {
public:
  explicit random_call(std::uint64_t seed) : state_(seed << 20) {}

  std::uint64_t word() { return scramble(state_++); }
  /// One of 0, …, n - 1.
  std::size_t below(std::size_t n) { return static_cast<std::size_t>((word() >> 16) % n); }
  bool once_in(std::size_t n) { return below(n) == 0; }
  template <class T>
  T one_of(std::initializer_list<T> all) {
    return *(all.begin() + below(all.size()));
  }

  /// For the report.
  template <class... Part>
  void note(Part const&... part) {
    ((said_ << part), ...) << ' ';
  }
  [[nodiscard]] std::string said() const { return said_.str(); }

  /// Ends the call where something is not as it should be.
  void require(bool right, char const* what) {
    if (!right) throw std::logic_error(std::string("wrong: ") + what);
  }

private:
  std::uint64_t state_;
  std::ostringstream said_;
};

template <class... T>
struct types {};

/// Calls f with one of the types.
template <class... T, class F>
void with_one_of(types<T...>, random_call& call, F const& f) {
  std::size_t k = call.below(sizeof...(T));
  ((k-- == 0 ? f(std::type_identity<T>{}) : void()), ...);
}

namespace detail {

inline std::uint64_t volatile present_seed = 0;

/// Nothing but what a signal handler may call.
inline void tell_seed() {
  char text[] = "the random call of seed 00000000000000000000\n";
  std::uint64_t seed = present_seed;
  for (char* digit = text + sizeof text - 3; seed != 0; seed /= 10) *digit-- = static_cast<char>('0' + seed % 10);
  static_cast<void>(!::write(STDERR_FILENO, text, sizeof text - 1));
}
inline void on_alarm(int) {
  tell_seed();
  std::abort();
}

} // namespace detail

/// Makes calls one(call), which throw where something is wrong, and reports those that do. One that takes minutes is taken for
/// one that never ends.
template <class One>
void make_random_calls(std::uint64_t usual, One const& one) {
  using clock = std::chrono::steady_clock;
  char const* const seconds = std::getenv("TRIREME_RANDOM");
  char const* const only = std::getenv("TRIREME_RANDOM_SEED");
  std::uint64_t first = 0, calls = usual;
  auto end = clock::time_point::max();
  // ctest ends a test after 300 s; a long run may be one that hardly gets the processor.
  unsigned const patience = seconds != nullptr ? 1800 : 240;
  if (only != nullptr) {
    first = std::strtoull(only, nullptr, 10);
    calls = 1;
  } else if (seconds != nullptr) {
    first = static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) >> 20;
    calls = ~std::uint64_t{0};
    end = clock::now() + std::chrono::seconds(std::atoll(seconds));
  }
  ::signal(SIGALRM, detail::on_alarm);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(detail::tell_seed);
  std::size_t wrong = 0;
  std::uint64_t made = 0;
  for (; made < calls && wrong < 10 && clock::now() < end; ++made) {
    std::uint64_t const seed = first + made;
    detail::present_seed = seed;
    random_call call(seed);
    ::alarm(patience);
    std::string failure;
    try {
      one(call);
    } catch (std::exception const& e) {
      failure = e.what();
    }
    ::alarm(0);
    if (failure.empty()) continue;
    ++wrong;
    UNSCOPED_INFO("TRIREME_RANDOM_SEED=" << seed << ": " << call.said() << ": " << failure);
    CHECK(failure.empty());
  }
  CHECK(wrong == 0);
  CHECK(made != 0);
  if (seconds != nullptr)
    std::printf("%llu random calls from seed %llu, %zu of them wrong\n", static_cast<unsigned long long>(made),
                static_cast<unsigned long long>(first), wrong);
}

} // namespace testing
