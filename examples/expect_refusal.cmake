# cmake -DEXPECT=regex -P expect_refusal.cmake -- program arguments...
# Passes if the program says exactly one line on stderr that matches, nothing on stdout, and exits with 1.
set(command "")
set(after FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE 1 ${last})
  if(after)
    list(APPEND command "${CMAKE_ARGV${i}}")
  elseif(CMAKE_ARGV${i} STREQUAL "--")
    set(after TRUE)
  endif()
endforeach()
execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT status STREQUAL "1" OR NOT out STREQUAL "" OR NOT err MATCHES "^[^\n]+\n$"
   OR NOT err MATCHES "${EXPECT}")
  message(FATAL_ERROR "exit status ${status}\nstdout: ${out}\nstderr: ${err}\nexpected 1 and one line: ${EXPECT}")
endif()
