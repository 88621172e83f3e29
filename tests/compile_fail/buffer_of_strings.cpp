// expect: a buffer's elements must be trivially copyable
// max-errors: 1
#include <trireme/trireme.hpp>

#include <string>

int main() {
  trireme::inline_executor const ex;
  trireme::buffer<std::string, trireme::inline_executor> const b(ex, 3);
}
