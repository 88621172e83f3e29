# Compiles one file that is wrong on purpose, and passes if the compiler refuses it in the right words.
#
#   cmake -D compiler=… -D options=… -D includes=… -D file=… [-D precompiled=…] [-D most_lines=…] -P check.cmake
#
# The file says what is right in comment lines of its own:
#   // expect: <text>       the compiler's output holds this text; several such lines: all of them
#   // errors: <n>          so many lines of the output speak of an error or a warning; without this line: one, the reason
#   // flags: <flags>       compile with these too
cmake_minimum_required(VERSION 3.24)

file(READ "${file}" source)

# Not by file(STRINGS) and lists: the texts may hold semicolons and brackets.
function(next_value key source_in_out value_out)
  set(value)
  set(source "${${source_in_out}}")
  if(source MATCHES "(^|\n)// ${key}: ([^\n]*)")
    set(value "${CMAKE_MATCH_2}")
    string(REPLACE "// ${key}: ${value}" "" source "${source}")
  endif()
  set(${source_in_out} "${source}" PARENT_SCOPE)
  set(${value_out} "${value}" PARENT_SCOPE)
endfunction()

next_value(flags source flags)
separate_arguments(flags)
next_value(errors source wanted)
if(wanted STREQUAL "")
  set(wanted 1)
endif()
list(TRANSFORM includes PREPEND -I)
if(DEFINED precompiled AND flags STREQUAL "")  # other flags make other code of the headers
  list(APPEND flags -include ${precompiled})
endif()

execute_process(COMMAND ${compiler} ${options} ${includes} ${flags} ${file}
  RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)

function(fail reason)
  message("${output}")
  message(FATAL_ERROR "${reason}\n(${file})")
endfunction()

if(status EQUAL 0)
  fail("It is accepted, and should not be.")
endif()

next_value(expect source text)
if(text STREQUAL "")
  fail("It has no line \"// expect: <text>\".")
endif()
while(NOT text STREQUAL "")
  string(FIND "${output}" "${text}" position)
  if(position EQUAL -1)
    fail("It is refused, but the compiler does not say\n  ${text}")
  endif()
  next_value(expect source text)
endwhile()

string(REGEX REPLACE "[][;]" " " lines "${output}")
string(REGEX MATCHALL "[^\n]*(error|warning):[^\n]*" lines "${lines}")
list(LENGTH lines errors)
if(NOT errors EQUAL wanted)
  fail("It is refused in ${errors} lines of errors, and should be in ${wanted}.")
endif()
if(DEFINED most_lines)
  string(REGEX MATCHALL "\n" lines "${lines}")
  list(LENGTH lines said)
  if(said GREATER most_lines)
    fail("It is refused in ${said} lines of output, and should be in ${most_lines} at most.")
  endif()
endif()
