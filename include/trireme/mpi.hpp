/// @file mpi.hpp
/// The MPI backend: mpi_cluster, and the algorithms that run on it.
#pragma once
#include <trireme/mpi/batch_map.hpp>
#include <trireme/mpi/batch_matmul.hpp>
#include <trireme/mpi/buffer.hpp>
#include <trireme/mpi/cluster.hpp>
#include <trireme/mpi/for_each.hpp>
#include <trireme/mpi/matmul.hpp>
#include <trireme/mpi/matrix.hpp>
#include <trireme/mpi/monte_carlo.hpp>
#include <trireme/mpi/reduce.hpp>
#include <trireme/mpi/scan.hpp>
#include <trireme/mpi/sort.hpp>
#include <trireme/mpi/tasks.hpp>
#include <trireme/mpi/transform.hpp>
#include <trireme/trireme.hpp>
