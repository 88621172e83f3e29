// expect: a buffer's elements must be transferable: trivially copyable, or tuples, pairs or arrays of such
#include <trireme/trireme.hpp>

#include <string>

int main() {
  trireme::inline_executor const ex;
  trireme::buffer<std::string, trireme::inline_executor> const b(ex, 3);
}
