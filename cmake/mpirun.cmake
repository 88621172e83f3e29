# Tests of programs on several ranks of this machine, also where it has fewer cores, and as root.

# RES_OPTIONS: Open MPI asks for the machine's own name, which a container may not know, and would wait long for the answer.
set(trireme_mpi_environment "RES_OPTIONS=timeout:1 attempts:1" OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
  OMPI_MCA_hwloc_base_binding_policy=none OMPI_MCA_mpi_yield_when_idle=1 OMPI_MCA_orte_execute_quiet=1
  "LSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/mpi/leaks.txt:print_suppressions=0:fast_unwind_on_malloc=0")

# trireme_add_mpi_test(name ranks [UNDER command...] PROGRAM target arguments...): with UNDER, that command is given mpirun's.
function(trireme_add_mpi_test name ranks)
  cmake_parse_arguments(arg "" "" "UNDER;PROGRAM" ${ARGN})
  list(POP_FRONT arg_PROGRAM program)
  add_test(NAME ${name} COMMAND ${arg_UNDER} ${MPIEXEC_EXECUTABLE} ${MPIEXEC_NUMPROC_FLAG} ${ranks} ${MPIEXEC_PREFLAGS}
    $<TARGET_FILE:${program}> ${MPIEXEC_POSTFLAGS} ${arg_PROGRAM})
  set_tests_properties(${name} PROPERTIES LABELS mpi RUN_SERIAL ON TIMEOUT 120 ENVIRONMENT "${trireme_mpi_environment}")
endfunction()
