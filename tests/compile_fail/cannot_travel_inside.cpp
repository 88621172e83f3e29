// A result that holds something which can't be copied to another process: the compiler's note names the type.
// expect: trireme: submit: the result can't travel from another process: give its type a serialize function for cereal
#include <trireme/processes/submit.hpp>

#include <cstddef>
#include <memory>
#include <vector>

struct with_handle {
  std::unique_ptr<int> handle;
};
inline constexpr auto make = [](std::size_t n) { return std::vector<with_handle>(n); };

int main() {
  trireme::process_pool const pool(1);
  return static_cast<int>(trireme::submit(pool, trireme::fn<make>, std::size_t{1}).get().size());
}
