file(GLOB tables CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/data/crash_proof/*.table)
add_test(NAME example.crash_proof COMMAND example_crash_proof ${tables})
set_tests_properties(example.crash_proof PROPERTIES TIMEOUT 60 LABELS memory_limit  # which the address sanitizer can't keep
  PASS_REGULAR_EXPRESSION "endless_repeat.table +too large.*includes_itself.table +(crashed|too large).*no_number.table +refused: no number.*short_row.table +hung.*9 of 13 files were read")
