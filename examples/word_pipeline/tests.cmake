# On the library's own texts, with a file among them that the decoder aborts on, and one that is not there.
file(GLOB_RECURSE texts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.hpp)
add_test(NAME example.word_pipeline COMMAND example_word_pipeline ${PROJECT_SOURCE_DIR}/README.md
  ${CMAKE_CURRENT_SOURCE_DIR}/data/word_pipeline/cut_off.txt ${PROJECT_SOURCE_DIR}/LICENSE nowhere.txt ${texts})
set_tests_properties(example.word_pipeline PROPERTIES TIMEOUT 60
  PASS_REGULAR_EXPRESSION "cut_off.txt crashed its worker \\(signal 6\\).*nowhere.txt: it can't be opened.* different words\n +[0-9]+ [a-z]")
trireme_add_lost_output_of(word_pipeline ${PROJECT_SOURCE_DIR}/LICENSE)
