// Not only by the header that includes all.
// expect: -ffast-math, or a part of it, breaks the promise of equal bits
// flags: -ffinite-math-only
#include <trireme/algorithm/reduce.hpp>

int main() {}
