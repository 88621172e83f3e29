// What follows a task, but does not take its result.
// expect: trireme: then: f can't be called with the result of the task
#include <trireme/trireme.hpp>

#include <string>

int main() {
  trireme::thread_pool const pool(2);
  auto const next = trireme::submit(pool, [] { return 5; }).then([](std::string const& text) { return text.size(); });
}
