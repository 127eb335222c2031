# The guards of the repository as ctest tests (label guard): what the sources may say, what the objects may import, and
# the columns of the determinism matrix. Each guard has a test that planted violations are found.

# tests/tidy links to no room, so it runs even when a room does not compile.
file(GLOB tidy_sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/tidy/*.cc)
add_executable(tidy_test ${tidy_sources})
target_include_directories(tidy_test PRIVATE ${CMAKE_SOURCE_DIR})
target_link_libraries(tidy_test PRIVATE gtest gtest_main)
target_compile_definitions(tidy_test PRIVATE DREY_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(tidy_test PRIVATE -Wno-restrict) # gcc 12 sees overlaps in string concatenation (PR 105651)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(tidy_test PRIVATE -Wno-global-constructors)
endif()
gtest_discover_tests(tidy_test DISCOVERY_MODE PRE_TEST PROPERTIES LABELS guard TIMEOUT 300)

# drey_guard(NAME labels timeout command...): a script from the root of the repository.
function(drey_guard name labels timeout)
  add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS "${labels}" TIMEOUT ${timeout} SKIP_RETURN_CODE 77)
endfunction()

# The scripts look at the build folders by name, so they belong to one preset.
if(CMAKE_BINARY_DIR STREQUAL "${CMAKE_SOURCE_DIR}/build/release")
  drey_guard(guard.symbols guard 120 tools/symbols.sh build/release)
  drey_guard(guard.symbols_finds_planted guard 120 tools/symbols.sh --self-test)
  drey_guard(guard.compiler_finds_planted guard 300 tools/planted.sh)
  drey_guard(guard.report_page guard 60 tools/page_sources.sh)
  drey_guard(guard.report_page_finds_planted guard 60 tools/page_sources.sh --self-test)
  drey_guard(e2e.report_in_browser e2e 900 tests/browser/run.sh build/release)
  drey_guard(e2e.report_finds_planted e2e 300 tests/browser/run.sh build/release --self-test)
  # They measure how fast a page opens.
  set_tests_properties(e2e.report_in_browser e2e.report_finds_planted PROPERTIES RUN_SERIAL TRUE)
  drey_guard(guard.format guard 300 tools/format.sh --check)
  drey_guard(guard.shell guard 120 tools/check_scripts.sh)
  drey_guard(guard.fuzz_reader guard 300 tools/fuzz.sh 60)
  drey_guard(guard.fuzz_reader_long nightly 3600 tools/fuzz.sh 1800)
  # What-if answers beside measurements of real Flink.
  drey_guard(study.calibration_fast guard 300 scenarios/studies/calibration/measure.py --fast --check 25)
  drey_guard(study.calibration_finds_planted guard 300 scenarios/studies/calibration/measure.py --self-test)
  drey_guard(study.calibration nightly 7200 scenarios/studies/calibration/measure.py --check 25)
  drey_guard(study.t1_iot nightly 7200 scenarios/studies/t1-iot/fit.py --check)
  drey_guard(guard.clang_tidy nightly 7200 tools/tidy.sh)
  drey_guard(matrix.release guard 1800 tools/determinism.sh release)
  drey_guard(matrix.clang guard 1800 tools/determinism.sh clang)
  drey_guard(matrix.clang_libcxx guard 1800 tools/determinism.sh clang-libc++)
  drey_guard(matrix.finds_planted guard 300 tools/determinism.sh --self-test)
endif()
