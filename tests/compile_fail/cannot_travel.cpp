// An argument that can't be copied to another process.
// expect: trireme: submit: an argument can't travel to another process: give its type a serialize function for cereal
#include <trireme/processes/submit.hpp>
#include <trireme/trireme.hpp>

#include <memory>
#include <string>

struct named {
  explicit named(std::string n) : name(std::move(n)) {}
  std::string name;
};
inline constexpr auto length = [](named const& x) { return x.name.size(); };

int main() {
  trireme::process_pool const pool(1);
  return static_cast<int>(trireme::submit(pool, trireme::fn<length>, named("x")).get());
}
