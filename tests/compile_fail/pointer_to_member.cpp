// Called as f(x), not as std::invoke(f, x).
// expect: the kernel can't be called with these elements
#include <trireme/trireme.hpp>

#include <string>
#include <vector>

int main() { (void)trireme::transform(trireme::thread_pool(2), std::vector<std::string>{"a"}, &std::string::size); }
