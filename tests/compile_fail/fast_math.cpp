// expect: -ffast-math, or a part of it, breaks the promise of equal bits
// flags: -ffast-math
#include <trireme/trireme.hpp>

int main() {}
