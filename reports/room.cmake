# Only reports/run_database.cc includes it (tidy).
target_link_libraries(drey_reports PRIVATE SQLite::SQLite3)
# The build names itself in every result. The commit is that of the last configuration.
execute_process(COMMAND git -C ${CMAKE_SOURCE_DIR} rev-parse --short=12 HEAD
                OUTPUT_VARIABLE drey_commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
if(NOT drey_commit)
  set(drey_commit unknown)
endif()
set_source_files_properties(
  ${CMAKE_SOURCE_DIR}/reports/build_identity.cc
  PROPERTIES COMPILE_DEFINITIONS "DREY_VERSION=\"${PROJECT_VERSION}\";DREY_COMMIT=\"${drey_commit}\"")
# The report's page becomes part of the binary (report_page.cc).
set(drey_report_page ${CMAKE_SOURCE_DIR}/reports/page/dist/report.html)
set_source_files_properties(
  ${CMAKE_SOURCE_DIR}/reports/report_page.cc
  PROPERTIES COMPILE_DEFINITIONS "DREY_REPORT_PAGE=\"${drey_report_page}\"" OBJECT_DEPENDS ${drey_report_page})
