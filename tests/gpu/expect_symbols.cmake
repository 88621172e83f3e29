# cmake -D nm=… -D program=… -P expect_symbols.cmake: the program has the kernels and calls of the CUDA overloads, none of the
# general definitions that they stand for, and no call that waits for the whole device or works on the default stream.
execute_process(COMMAND ${nm} --demangle ${program} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
foreach(expected IN ITEMS
    "fold_tiles_by_warp<double, .*element_source<" "fold_tiles_by_warp<double, .*mapped_source<" "fold_tiles_by_warp<.*moments_source<"
    "index_body<[^\n]*simulate_each<" "DeviceMergeSort" "DeviceScan" "cublasDgemm(_v2)?_64" "cublasDgemmBatched_64")
  if(NOT symbols MATCHES "${expected}")
    message(FATAL_ERROR "${program} has no symbol that matches ${expected}")
  endif()
endforeach()
foreach(general IN ITEMS plain_batch)
  if(symbols MATCHES "index_body<[^\n]*${general}")
    message(FATAL_ERROR "${program} has a kernel of the general definition: ${general}")
  endif()
endforeach()
foreach(call IN ITEMS DeviceSynchronize Malloc Free Memcpy Memset)
  if(symbols MATCHES " U cuda${call}(@[^\n]*)?\n")
    message(FATAL_ERROR "${program} calls cuda${call}")
  endif()
endforeach()
