file(GLOB tables CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/data/crash_proof/*.table)
add_test(NAME example.crash_proof COMMAND example_crash_proof ${tables})
set_tests_properties(example.crash_proof PROPERTIES TIMEOUT 60 RUN_SERIAL ON LABELS memory_limit  # which the address sanitizer can't keep
  PASS_REGULAR_EXPRESSION "endless_repeat.table +too large.*includes_itself.table +(crashed|too large).*no_number.table +refused: no number.*overflow.table +refused: its sum is infinite.*short_row.table +hung.*9 of 14 files were read")
trireme_add_lost_output_of(crash_proof ${CMAKE_CURRENT_SOURCE_DIR}/data/crash_proof/good_1.table)
