// A task whose function does not take its arguments.
// expect: trireme: submit: f can't be called with these arguments
#include <trireme/trireme.hpp>

#include <string>

int main() {
  trireme::thread_pool const pool(2);
  trireme::submit(pool, [](std::string const& text) { return text.size(); }, 5);
}
