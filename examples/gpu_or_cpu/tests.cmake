# Little work on every backend: it exits with 1 where the bits are not those that are promised.
add_test(NAME example.gpu_or_cpu COMMAND example_gpu_or_cpu --scale 0.0005)
set_tests_properties(example.gpu_or_cpu PROPERTIES RUN_SERIAL ON TIMEOUT 120)
add_test(NAME example.gpu_or_cpu.against COMMAND example_gpu_or_cpu --scale 0 --backend inline --against threads:2)
set_tests_properties(example.gpu_or_cpu.against PROPERTIES TIMEOUT 60
  PASS_REGULAR_EXPRESSION "against threads:2:.*\n  threads:2 +2 .*\n  inline +1 .*matmul, 1² floats.*π, 1 samples")
trireme_add_refusal_of(gpu_or_cpu unknown_backend "trireme: no executor is named \"abacus\"; there are inline, threads" --backend abacus)
trireme_add_refusal_of(gpu_or_cpu unknown_reference "trireme: no executor is named \"abacus\"; there are inline, threads" --against abacus)
trireme_add_lost_output_of(gpu_or_cpu --scale 0 --backend inline)
trireme_add_refusal_of(gpu_or_cpu negative_scale "--scale: \"-1\" is no number of 0 or more" --scale -1)

if(TARGET example_gpu_or_cpu_mpi)
  trireme_add_mpi_test(example.gpu_or_cpu_mpi 4 PROGRAM example_gpu_or_cpu_mpi --backend mpi:threads:1 --scale 0.0002)
  set_tests_properties(example.gpu_or_cpu_mpi PROPERTIES FAIL_REGULAR_EXPRESSION "Milliseconds.*Milliseconds")
  trireme_add_refusal_of(gpu_or_cpu_mpi unknown_reference
    "trireme: no executor is named \"abacus\"; there are inline, threads.*, mpi:threads" --against abacus)
endif()
