/// @file many_waits.cpp
/// Work that waits: a hundred tasks of a tenth of a second on ten workers, shown as they end; then a thousand waits at
/// once as coroutines, on two threads.
#include <trireme/algorithm/as_completed.hpp>
#include <trireme/algorithm/submit.hpp>
#include <trireme/core/task.hpp>
#include <trireme/core/timer.hpp>
#include <trireme/threads/executor.hpp>

#include "output.hpp"

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <thread>
#include <vector>

namespace tri = trireme;
using namespace std::chrono_literals;
using std::chrono::steady_clock;

namespace {

double seconds_since(steady_clock::time_point begun) {
  return std::chrono::duration<double>(steady_clock::now() - begun).count();
}

/// As a call to a server would be: it blocks its thread.
int ask_and_wait(int question) {
  std::this_thread::sleep_for(100ms);
  return question * question;
}

/// The same as a coroutine, whose thread does something else meanwhile.
tri::task<int> ask(int question) {
  co_await tri::sleep_for(100ms);
  co_return question* question;
}

template <class Start>
void show(char const* what, int n, Start const& start) {
  auto const begun = steady_clock::now();
  std::vector<tri::future<int>> answers;
  for (int k = 0; k < n; ++k) answers.push_back(start(k));
  int count = 0;
  for (auto& answer : tri::as_completed(answers)) {
    int const value = answer.get();
    if (++count % (n / 10) == 0) std::printf("  %4d answers after %.2f s, the last one %d\n", count, seconds_since(begun), value);
  }
  std::printf("%s: %.2f s\n", what, seconds_since(begun));
}

} // namespace

int main() {
  tri::thread_pool const ten(10), two(2);
  show("100 waits of 0.1 s on ten workers", 100, [&](int k) { return tri::submit(ten, ask_and_wait, k); });
  show("1000 waits of 0.1 s as coroutines on two threads", 1000, [&](int k) { return tri::submit(two, ask(k)); });
  return finished("many_waits");
}
