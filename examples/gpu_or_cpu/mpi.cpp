/// @file mpi.cpp
/// The same program, with a cluster among its backends: for mpirun.
#include <trireme/mpi.hpp>

#include "main.cpp"
