# cmake -D build=… -D prefix=… -P install.cmake: install the build tree, then move what was installed to `prefix`.

file(REMOVE_RECURSE ${prefix} ${prefix}-staged)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${prefix}-staged COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${prefix}-staged ${prefix})

file(GLOB_RECURSE descriptions ${prefix}/*.cmake)
foreach(file IN LISTS descriptions)
  file(STRINGS ${file} leaks REGEX "${build}|${prefix}")
  if(leaks)
    message(FATAL_ERROR "${file} names a folder of this machine: ${leaks}")
  endif()
endforeach()
