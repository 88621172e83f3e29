// expect: nothing, this is a right program
#include <trireme/trireme.hpp>

int main() {}
